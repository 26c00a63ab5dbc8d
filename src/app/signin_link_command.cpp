// `streaky signin-link [LOGIN]`: prints a link that signs one in, once, within ten minutes.
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <memory>

#include "app/command.h"
#include "app/signin_link.h"
#include "app/terminal.h"
#include "app/user_commands.h"
#include "crypto/tokens.h"
#include "store/sessions.h"

namespace streaky::app {

namespace {

constexpr int kTerminalFd = STDERR_FILENO;
constexpr mode_t kOwnerOnly = 0600;

/// False when it could not be written; the file is replaced, never widened.
bool write_private(const std::string& path, std::string_view text) {
  ::unlink(path.c_str());
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnerOnly);
  if (file < 0) return false;
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  return ::close(file) == 0 && written;
}

int print_link(const Options& options, const std::string& login) {
  UserDesk desk(options, true);
  std::int64_t user_id = 0;
  if (!login.empty()) {
    const auto user = desk.base.run(find_named(&desk.users, login));
    if (!user) return complain_of_unknown(login);
    user_id = user->id;
  } else if (desk.base.run(desk.users.list(0, 2)).size() > 1) {
    return complain("there are several users: name the one to sign in, streaky signin-link LOGIN",
                    kExitUsage);
  }
  const runtime::Secret link = make_signin_link(desk.base, *desk.database, options, user_id);
  fmt::print("{}\n", link.reveal());
  fmt::print(stderr, "It works once, within ten minutes, while streaky serve runs.\n");
  return kExitDone;
}

}  // namespace

runtime::Secret make_signin_link(Base& base, store::Database& database, const Options& options,
                                 std::int64_t user_id) {
  store::Sessions sessions(database);
  const runtime::Secret token = crypto::make_token();
  base.run(sessions.make_link(crypto::hash_token(token.reveal()), user_id, base.clock->now()));
  return runtime::Secret(
      fmt::format("{}/sign-in/link/{}", options.server_public_url, token.reveal()));
}

void offer_signin_link(Base& base, store::Database& database, const Options& options) {
  if (!options.github_client_id.empty()) return;
  store::Users users(database);
  if (base.run(users.list(0, 2)).size() > 1) return;
  const runtime::Secret link = make_signin_link(base, database, options, 0);
  if (is_terminal(kTerminalFd)) {
    fmt::print(stderr, "\nSign in here, once, within ten minutes:\n\n    {}\n\n", link.reveal());
    return;
  }
  const std::string path = options.data_dir + "/signin-link";
  if (write_private(path, std::string(link.reveal()) + "\n")) {
    base.log->info("a sign-in link that works once, for ten minutes, is kept in a file",
                   {{"file", path}});
  } else {
    base.log->warn("the sign-in link cannot be kept; make one with streaky signin-link",
                   {{"file", path}});
  }
}

void add_signin_link_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand("signin-link",
                                      "Print a link that signs somebody in, once, within ten "
                                      "minutes; the only user of a server without "
                                      "an OAuth app runs it, too");
  auto login = std::make_shared<std::string>();  // shared with the callback below
  command->add_option("login", *login, "GitHub login (default: the only user, or a new one)");
  command->callback([&invocation, login] {
    invocation.run = [login](Options& options) { return print_link(options, *login); };
  });
}

}  // namespace streaky::app
