// Moving house: everything that a database holds, out of one and into another of either kind.
//
// Rows travel as JSON arrays in one form (Boost.JSON's), tables in an order in which they can be
// written. What is about running processes alone (members) stays behind; credentials stay sealed.
// Threading, errors: see database.h; the functions of Incoming and `take` are called on the
// database's thread, while the caller waits.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "store/database.h"

namespace streaky::store {

/// Some rows of one table.
struct MovedRows {
  std::string table;
  std::vector<std::string> rows;
};

/// Where rows come from, and who compares. PostgreSQL may run a transaction again: `rewind` begins
/// it.
struct Incoming {
  std::function<void()> rewind;
  std::function<bool(MovedRows&)> next;             // false after the last
  std::function<void(const MovedRows&)> read_back;  // what the database holds by then
  std::function<void()> compare;                    // after the last; throws when they differ
};

class Move {
 public:
  static constexpr int kMostRows = 1'000;  // in one MovedRows

  explicit Move(Database& database) : database_(database) {}

  /// Everything as it is at one instant.
  runtime::Task<void> read(std::function<void(const MovedRows&)> take);
  /// Writes everything in one transaction. Throws DatabaseError (rejected) for a database that has
  /// been used, and for a table or row that is none of ours; whatever is thrown, nothing is
  /// written.
  runtime::Task<void> write(Incoming incoming);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
