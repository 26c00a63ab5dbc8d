// The file in which a house moves: `streaky export` writes it, `streaky import` reads it.
//
// JSON Lines: a first line that says what it is, lines of some rows of one table each, and a last
// line with each table's number of rows and checksum. Credentials in it are sealed as they are in
// the database; logins and messages are in the clear. Threading: one thread at a time. Errors:
// std::runtime_error with one plain line.
#pragma once

#include <cstdint>
#include <functional>
#include <istream>
#include <map>
#include <ostream>
#include <string>

#include "crypto/checksum.h"
#include "store/move.h"

namespace streaky::app {

/// Rows and checksum of each table.
class MoveTally {
 public:
  void add(const store::MovedRows& part);
  /// By table: "3 <checksum>".
  [[nodiscard]] std::map<std::string, std::string> text() const;
  [[nodiscard]] std::int64_t rows(const std::string& table) const;
  [[nodiscard]] std::int64_t all_rows() const;

 private:
  struct Table {
    std::int64_t rows = 0;
    crypto::Checksum sum;
  };
  std::map<std::string, Table> tables_;
};

class MoveWriter {
 public:
  MoveWriter(std::ostream& out, int schema, std::string made_at);

  void add(const store::MovedRows& part);
  /// The last line. Throws when anything could not be written.
  void end();
  [[nodiscard]] const MoveTally& tally() const { return tally_; }

 private:
  std::ostream& out_;  // borrowed
  MoveTally tally_;
};

class MoveReader {
 public:
  static constexpr std::size_t kLongestLine = 64U << 20U;

  /// `schema` is this program's: only a file of the same one is taken. The stream must be one that
  /// can be read again from its start.
  MoveReader(std::istream& in, int schema) : in_(in), schema_(schema) {}

  /// What store::Move::write asks for. The reader outlives it.
  store::Incoming incoming();
  [[nodiscard]] const MoveTally& tally() const { return came_; }

 private:
  void rewind();
  bool next(store::MovedRows& part);
  void compare() const;
  bool take_line(std::string& line);
  [[noreturn]] void refuse(const std::string& why) const;

  std::istream& in_;  // borrowed
  const int schema_;
  std::int64_t line_ = 0;
  MoveTally came_;  // from the file
  MoveTally held_;  // by the database
};

}  // namespace streaky::app
