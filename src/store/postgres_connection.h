// A connection to a PostgreSQL database. Private to store/.
//
// It may be a pooler's (PgBouncer in transaction mode): nothing outlives a transaction on the
// server, neither a prepared statement nor a setting nor a lock. A connection that was lost is made
// anew by the next transaction; one that is lost before a transaction did anything is made anew at
// once. Threading: one thread at a time.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "store/connection.h"
#include "store/statements.h"

namespace streaky::store {

class PostgresConnection final : public Connection {
 public:
  /// Connects and, the first of a process, brings the schema up to date. Throws DatabaseError.
  PostgresConnection(const Database::Options& options, Opening opening);

  void transact(bool write, const Database::Work& work) override;

 private:
  void connect();
  void wait_for_locks(std::int64_t longest_ms);
  void prepare_schema(bool create);
  void begin(bool write);
  void compare_clocks(runtime::TimePoint server);
  void run_transaction(bool write, const Database::Work& work);
  void roll_back();
  [[nodiscard]] bool lost() const;
  /// The driver's error as a DatabaseError; `doing` says when it came.
  [[noreturn]] void raise(const soci::soci_error& error, const char* doing) const;

  std::string connect_;  // secret
  std::string name_;     // for messages
  long long lock_timeout_ms_;
  std::function<runtime::TimePoint()> wall_;
  runtime::Millis ahead_{0};  // of this machine's clock is the server's
  Statements statements_{Dialect::postgres};
  std::unique_ptr<soci::session> connection_;
  std::unique_ptr<Session> session_;  // before the connection goes: it holds its statements
};

}  // namespace streaky::store
