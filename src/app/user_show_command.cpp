// `streaky user list` and `streaky user show LOGIN`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <memory>

#include "account/user_edit.h"
#include "account/user_view.h"
#include "app/terminal.h"
#include "app/user_commands.h"
#include "store/deliveries.h"
#include "streak/message.h"

namespace streaky::app {

namespace {

constexpr int kDeliveriesShown = 10;

struct ShowArguments {
  std::string login;
  bool json = false;
};

std::string next_check_text(const store::User& user) {
  return user.next_check_at ? account::local_text(user, *user.next_check_at) : "none";
}

int list(const Options& options, bool as_json) {
  UserDesk desk(options, false);
  const runtime::TimePoint now = desk.now();
  Table table({"LOGIN", "ZONE", "TIMES", "CHANNELS", "STATUS", "NEXT CHECK", "STREAK"});
  std::int64_t last_id = 0;
  while (true) {
    const auto users = desk.base.run(desk.users.list(last_id, kUsersPerPage));
    for (const store::User& user : users) {
      last_id = user.id;
      if (as_json) {
        fmt::print("{}\n", boost::json::serialize(account::user_json(user, now)));
      } else {
        table.add_row({printable(user.login), printable(user.time_zone), account::times_text(user),
                       account::channels_text(user), account::status_text(user, now),
                       next_check_text(user), account::streak_text(user)});
      }
    }
    if (!as_json && last_id > 0) table.print(stdout);
    if (users.size() < static_cast<std::size_t>(kUsersPerPage)) break;
  }
  if (!as_json && last_id == 0) {
    fmt::print("no users yet: `streaky user add LOGIN` adds one\n");
  }
  return kExitDone;
}

std::string github_id_text(const store::User& user) {
  if (!user.node_id.empty()) return printable(user.node_id);
  return user.database_id ? std::to_string(*user.database_id) : "not known yet";
}

void print_line(const char* name, const std::string& value) {
  fmt::print("{} {}\n", style(Style::dim, fmt::format("{:<14}", name)), value);
}

void print_streak(const store::User& user) {
  const store::StreakState& state = user.streak;
  print_line("streak", account::streak_text(user));
  if (!state.seen_at) return;
  if (state.began) print_line("began", streak::to_text(*state.began));
  if (state.longest > 0) print_line("longest", streak::days_text(state.longest));
  const std::string day = state.today ? " for " + streak::to_text(*state.today) : "";
  print_line("last verdict", fmt::format("{}{}, {} contributed", streak::to_text(state.verdict),
                                         day, state.today_count));
  print_line("seen", fmt::format("{} with the {} view", account::local_text(user, *state.seen_at),
                                 printable(state.views)));
}

void print_channels(const store::User& user) {
  if (user.channels.empty()) print_line("channels", "none");
  for (const store::Channel& channel : user.channels) {
    const std::string off =
        channel.on ? "" : style(Style::red, " off: " + printable(channel.off_reason));
    print_line(channel.kind.c_str(), printable(channel.hint) + off);
  }
}

void print_deliveries(const store::User& user,
                      const std::vector<store::Deliveries::History>& deliveries) {
  if (deliveries.empty()) return;
  fmt::print("\n");
  Table table({"MESSAGE", "CHANNEL", "KIND", "STATE", "SUBJECT"});
  for (const store::Deliveries::History& delivery : deliveries) {
    const std::string reason =
        delivery.reason.empty() ? "" : " (" + printable(delivery.reason) + ")";
    table.add_row({account::local_text(user, delivery.at), printable(delivery.channel_kind),
                   printable(delivery.kind), printable(delivery.state),
                   printable(delivery.subject) + reason});
  }
  table.print(stdout);
}

void print_user(const store::User& user, runtime::TimePoint now) {
  const std::string rest_days = account::rest_days_in_force(user, now).to_text();
  const char* shared = user.login_taken ? " (another user is found under this login)" : "";
  print_line("login", style(Style::bold, printable(user.login)) + shared);
  print_line("GitHub id", github_id_text(user));
  print_line("status", account::status_text(user, now));
  print_line("time zone", printable(user.time_zone));
  print_line("remind at", account::times_text(user));
  print_line("rest days", rest_days.empty() ? "none" : rest_days);
  print_line("daily summary", user.daily_summary ? "yes" : "no");
  print_line("GitHub token", account::token_text(user));
  print_line("next check", next_check_text(user));
  print_channels(user);
  print_streak(user);
}

int show(const Options& options, const ShowArguments& arguments) {
  if (!is_user_name(arguments.login)) return complain_of_login();
  UserDesk desk(options, false);
  const auto user = desk.base.run(find_named(&desk.users, arguments.login));
  if (!user) return complain_of_unknown(arguments.login);
  store::Deliveries outbox(*desk.database);
  const auto deliveries = desk.base.run(outbox.history(user->id, kDeliveriesShown));
  const runtime::TimePoint now = desk.now();
  if (!arguments.json) {
    print_user(*user, now);
    print_deliveries(*user, deliveries);
    return kExitDone;
  }
  boost::json::object object = account::user_json(*user, now);
  boost::json::array history;
  for (const auto& delivery : deliveries) history.push_back(account::delivery_json(delivery));
  object["deliveries"] = std::move(history);
  fmt::print("{}\n", boost::json::serialize(object));
  return kExitDone;
}

}  // namespace

void add_user_list(CLI::App& user, Invocation& invocation) {
  auto* command = user.add_subcommand("list", "Show all users");
  auto arguments = std::make_shared<ShowArguments>();  // shared with the callback below
  command->add_flag("--json", arguments->json, "One JSON object per line");
  command->callback([&invocation, arguments] {
    invocation.run = [arguments](Options& options) { return list(options, arguments->json); };
  });
}

void add_user_show(CLI::App& user, Invocation& invocation) {
  auto* command = user.add_subcommand("show", "Show one user, without credentials");
  auto arguments = std::make_shared<ShowArguments>();  // shared with the callback below
  command->add_option("login", arguments->login, "GitHub login or id")->required();
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([&invocation, arguments] {
    invocation.run = [arguments](Options& options) { return show(options, *arguments); };
  });
}

}  // namespace streaky::app
