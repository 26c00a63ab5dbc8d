// `streaky user …`: one function per sub-command, and what they share. Private to these commands.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/command.h"
#include "app/user_save.h"
#include "app/wiring.h"
#include "store/database.h"
#include "store/users.h"

namespace CLI {
class App;
}

namespace streaky::app {

void add_user_add(CLI::App& user, Invocation& invocation);
void add_user_import(CLI::App& user, Invocation& invocation);
void add_user_export(CLI::App& user, Invocation& invocation);
void add_user_list(CLI::App& user, Invocation& invocation);
void add_user_show(CLI::App& user, Invocation& invocation);
void add_user_pause(CLI::App& user, Invocation& invocation);
void add_user_resume(CLI::App& user, Invocation& invocation);
void add_user_remove(CLI::App& user, Invocation& invocation);

/// The parts that every user command needs, for as long as it runs.
struct UserDesk {
  /// Throws what `open_database` throws; `create` makes a missing database.
  UserDesk(const Options& options, bool create)
      : base(options), database(open_database(base, options, create)), users(*database) {}

  Base base;
  std::unique_ptr<store::Database> database;
  store::Users users;

  [[nodiscard]] runtime::TimePoint now() const { return base.clock->now(); }
};

/// Users are read from the database this many at a time.
inline constexpr int kUsersPerPage = 1'000;

/// Complaints that several commands share; exit code 2.
int complain_of_login();
int complain_of_unknown(const std::string& login);

}  // namespace streaky::app
