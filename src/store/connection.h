// One open database, of either kind: transactions, and the driver's errors in plain words. Private
// to store/. Threading: one thread at a time.
#pragma once

#include <memory>
#include <string_view>

#include "store/database.h"
#include "store/session.h"

namespace streaky::store {

class Connection {
 public:
  virtual ~Connection() = default;

  /// Runs `work` in a transaction and commits; whatever is thrown rolls back. Everything that the
  /// driver throws comes out as DatabaseError. PostgreSQL runs `work` again when it had to give way
  /// to another transaction.
  virtual void transact(bool write, const Database::Work& work) = 0;
  /// From any thread, while `transact` runs: what waits for the server's answer gets none. Where
  /// there is no server it does nothing.
  virtual void cut_off() {}
  [[nodiscard]] int schema_version() const { return schema_version_; }
  [[nodiscard]] int known_schema() const { return known_schema_; }

 protected:
  int schema_version_ = 0;  // of the database
  int known_schema_ = 0;    // of this program
};

/// What the triggers of retired_keys say (migrations/0002_retired_keys.sql), and what is told for
/// it after the database's name.
constexpr std::string_view kRetiredWords = "sealed with a key that was retired";
constexpr const char* kRetiredAdvice =
    "does not take a value: it was sealed with a key that was retired meanwhile; give this machine "
    "the newest key file and try again";

/// A process's first connection brings the schema up to date, or refuses it; further ones take it
/// as it is.
enum class Opening { first, further };

/// By the url's scheme. Throws DatabaseError.
std::unique_ptr<Connection> open_connection(const Database::Options& options, Opening opening);

}  // namespace streaky::store
