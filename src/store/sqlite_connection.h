// A connection to an SQLite file. Private to store/. Threading: one thread at a time.
#pragma once

#include <memory>
#include <string>

#include "store/connection.h"
#include "store/statements.h"

namespace streaky::store {

class SqliteConnection final : public Connection {
 public:
  /// Opens the file and brings the schema up to date. Throws DatabaseError.
  explicit SqliteConnection(const Database::Options& options);

  void transact(bool write, const Database::Work& work) override;

 private:
  void connect(const Database::Options& options);
  void reopen();
  void wait_for_locks(runtime::Millis longest);
  void set_rules(runtime::Millis busy_timeout);
  void use_write_ahead_log(runtime::Millis busy_timeout);
  void run_transaction(bool write, const Database::Work& work);
  void end_statements();
  void roll_back();
  [[noreturn]] void rethrow();
  [[noreturn]] void raise(int code, const std::string& detail) const;

  Database::Options options_;
  std::string file_;     // for messages
  bool broken_ = false;  // it may be inside a transaction that cannot be ended: to be opened anew
  Statements statements_;
  std::unique_ptr<soci::session> connection_;
  std::unique_ptr<Session> session_;  // before the connection goes: it holds its statements
};

}  // namespace streaky::store
