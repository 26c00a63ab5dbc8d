// `streaky user pause|resume|remove LOGIN`.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "account/user_view.h"
#include "app/prompt.h"
#include "app/terminal.h"
#include "app/user_commands.h"

namespace streaky::app {

namespace {

struct ChangeArguments {
  std::string login;
  std::string until;
  bool yes = false;
  bool json = false;
};

enum class Verb { pause, resume };

int print_changed(const store::User& user, bool as_json, runtime::TimePoint now) {
  if (as_json) {
    fmt::print("{}\n", boost::json::serialize(account::user_json(user, now)));
    return kExitDone;
  }
  const std::string next =
      user.next_check_at ? "; next check " + account::local_text(user, *user.next_check_at) : "";
  fmt::print("{}: {}{}\n", user.login, account::status_text(user, now), next);
  return kExitDone;
}

/// One try; nothing when somebody else's edit came first.
std::optional<int> try_change(UserDesk& desk, const ChangeArguments& arguments,
                              std::optional<streak::Label> until, Verb verb) {
  const runtime::TimePoint now = desk.now();
  auto found = desk.base.run(find_for_edit(&desk.users, arguments.login, now));
  if (!found) return complain_of_unknown(arguments.login);
  const bool told = found->told_today;
  const store::User& user = found->user;
  if (verb == Verb::resume && user.status == store::UserStatus::active &&
      !account::pause_in_force(user, now)) {
    fmt::print(stderr, "{} is not paused\n", user.login);
    return arguments.json ? print_changed(user, true, now) : kExitDone;
  }
  auto edited = verb == Verb::pause ? account::pause_user(user, until, told, now)
                                    : account::resume_user(user, told, now);
  if (!edited) return complain(edited.error().message, kExitUsage);
  std::vector<store::UserEdit> edits(1);
  edits.front().before = user;
  edits.front().after = std::move(*edited);
  const auto saved = desk.base.run(desk.users.edit(std::move(edits), now));
  if (!saved.front()) return std::nullopt;
  return print_changed(*saved.front(), arguments.json, now);
}

int change(const Options& options, const ChangeArguments& arguments, Verb verb) {
  if (!is_user_name(arguments.login)) return complain_of_login();
  std::optional<streak::Label> until;
  if (!arguments.until.empty()) {
    until = streak::parse_label(arguments.until);
    if (!until) return complain("--until: expected a date such as 2026-08-31", kExitUsage);
  }
  UserDesk desk(options, false);
  for (int round = 0; round < kMostEditRounds; ++round) {
    const auto code = try_change(desk, arguments, until, verb);
    if (code) return *code;
  }
  return complain(kOvertaken, kExitFailed);
}

int remove(const Options& options, const ChangeArguments& arguments) {
  if (!is_user_name(arguments.login)) return complain_of_login();
  UserDesk desk(options, false);
  const auto user = desk.base.run(find_named(&desk.users, arguments.login));
  if (!user) return complain_of_unknown(arguments.login);
  if (!arguments.yes) {
    if (!is_terminal(STDIN_FILENO)) {
      return complain("nobody is there to ask: say --yes to remove " + arguments.login, kExitUsage);
    }
    const std::string question =
        fmt::format("Remove {} with all settings, credentials and history?", user->login);
    if (!confirm(question)) return complain("nothing was removed", kExitFailed);
  }
  const bool removed = desk.base.run(desk.users.remove(user->id));
  if (!removed) return complain_of_unknown(arguments.login);
  fmt::print("removed {}\n", user->login);
  return kExitDone;
}

/// The command with what all of them take.
CLI::App* begin(CLI::App& user, const char* name, const char* documentation,
                ChangeArguments& arguments) {
  CLI::App* command = user.add_subcommand(name, documentation);
  command->add_option("login", arguments.login, "GitHub login or id")->required();
  return command;
}

}  // namespace

void add_user_pause(CLI::App& user, Invocation& invocation) {
  auto arguments = std::make_shared<ChangeArguments>();  // shared with the callback below
  auto* command = begin(user, "pause", "No reminders until resumed, or until a date", *arguments);
  command->add_option("--until", arguments->until,
                      "Last day of the pause, such as 2026-08-31; these days keep the streak");
  command->add_flag("--json", arguments->json, "Print the user as JSON");
  command->callback([&invocation, arguments] {
    invocation.run = [arguments](Options& options) {
      return change(options, *arguments, Verb::pause);
    };
  });
}

void add_user_resume(CLI::App& user, Invocation& invocation) {
  auto arguments = std::make_shared<ChangeArguments>();  // shared with the callback below
  auto* command = begin(user, "resume", "End a pause", *arguments);
  command->add_flag("--json", arguments->json, "Print the user as JSON");
  command->callback([&invocation, arguments] {
    invocation.run = [arguments](Options& options) {
      return change(options, *arguments, Verb::resume);
    };
  });
}

void add_user_remove(CLI::App& user, Invocation& invocation) {
  auto arguments = std::make_shared<ChangeArguments>();  // shared with the callback below
  auto* command = begin(user, "remove", "Remove a user with everything that is stored", *arguments);
  command->add_flag("--yes", arguments->yes, "Do not ask");
  command->callback([&invocation, arguments] {
    invocation.run = [arguments](Options& options) { return remove(options, *arguments); };
  });
}

}  // namespace streaky::app
