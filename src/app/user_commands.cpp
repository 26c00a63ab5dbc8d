#include "app/user_commands.h"

#include <CLI/CLI.hpp>

namespace streaky::app {

void add_user_commands(CLI::App& root, Invocation& invocation) {
  CLI::App* user = root.add_subcommand("user", "Add, see, change and remove users");
  user->require_subcommand(1);
  add_user_add(*user, invocation);
  add_user_list(*user, invocation);
  add_user_show(*user, invocation);
  add_user_pause(*user, invocation);
  add_user_resume(*user, invocation);
  add_user_remove(*user, invocation);
  add_user_import(*user, invocation);
  add_user_export(*user, invocation);
}

int complain_of_login() {
  return complain(
      "LOGIN: expected a GitHub login, 1 to 39 letters, digits and hyphens, or a GitHub id",
      kExitUsage);
}

int complain_of_unknown(const std::string& login) {
  return complain("there is no user " + login + "; `streaky user list` shows all", kExitUsage);
}

}  // namespace streaky::app
