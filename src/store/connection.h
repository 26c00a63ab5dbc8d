// One open database: connecting, the rules of the connection, migrations, transactions, and the
// driver's errors in plain words. Private to store/. Threading: one thread at a time.
#pragma once

#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "store/database.h"
#include "store/session.h"
#include "store/statements.h"

namespace streaky::store {

class Connection {
 public:
  /// Connects and brings the schema up to date. Throws DatabaseError.
  explicit Connection(const Database::Options& options);

  /// Runs `work` in a transaction and commits; whatever is thrown rolls back. Everything that the
  /// driver throws comes out as DatabaseError.
  void transact(bool write, const Database::Work& work);
  [[nodiscard]] int schema_version() const { return schema_version_; }

 private:
  void connect(const Database::Options& options);
  void reopen();
  void set_rules(runtime::Millis busy_timeout);
  void use_write_ahead_log(runtime::Millis busy_timeout);
  void migrate();
  void migrate_in_transaction(Session& session);
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
  int schema_version_ = 0;
};

}  // namespace streaky::store
