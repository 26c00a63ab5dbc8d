// A connection to a PostgreSQL database. Private to store/.
//
// It may be a pooler's (PgBouncer in transaction mode): nothing outlives a transaction on the
// server, neither a prepared statement nor a setting nor a lock. A connection that was lost is made
// anew by the next transaction; one that is lost before a transaction did anything is made anew at
// once. Threading: one thread at a time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include "store/connection.h"
#include "store/statements.h"

namespace streaky::store {

class PostgresConnection final : public Connection {
 public:
  /// Connects and, the first of a process, brings the schema up to date. Throws DatabaseError.
  PostgresConnection(const Database::Options& options, Opening opening);
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;
  ~PostgresConnection() override;

  void transact(bool write, const Database::Work& work) override;
  void cut_off() override;

 private:
  void connect();
  void disconnect();
  void keep_socket(int socket);
  void wait_for_locks(std::int64_t longest_ms);
  void expect_unicode(Session& session) const;
  void prepare_schema(bool create);
  void begin(bool write);
  void compare_clocks(runtime::TimePoint server);
  void run_transaction(bool write, const Database::Work& work);
  void roll_back();
  [[nodiscard]] bool lost() const;
  [[nodiscard]] bool was_cut_off() const;
  /// The driver's error as a DatabaseError; `doing` says when it came.
  [[noreturn]] void raise(const soci::soci_error& error, const char* doing) const;

  std::string connect_;  // secret
  std::string name_;     // for messages
  long long lock_timeout_ms_;
  runtime::Millis clocks_apart_;
  std::function<runtime::TimePoint()> wall_;
  runtime::Millis ahead_{0};  // of this machine's clock is the server's
  Statements statements_{Dialect::postgres};
  mutable std::mutex socket_mutex_;  // guards the two below
  /// Our own name for the connection's socket: libpq closes its one when it sees fit, and another
  /// file may have its number by then.
  int socket_ = -1;
  bool cut_off_ = false;
  std::atomic<bool> unhurried_ = false;  // the present transaction may take as long as it takes
  std::unique_ptr<soci::session> connection_;
  std::unique_ptr<Session> session_;  // before the connection goes: it holds its statements
};

}  // namespace streaky::store
