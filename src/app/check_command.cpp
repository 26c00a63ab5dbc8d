// `streaky check LOGIN`: one look at one user, alone, with nothing but a token.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "app/check_notify.h"
#include "app/command.h"
#include "app/heat_map.h"
#include "app/local_zone.h"
#include "app/option_table.h"
#include "app/terminal.h"
#include "app/wiring.h"
#include "engine/checker.h"
#include "github/forms.h"
#include "streak/local_day.h"
#include "streak/message.h"
#include "streak/streak.h"

namespace streaky::app {

namespace {

struct CheckArguments {
  std::string login;
  std::string token;
  std::string time_zone;
  bool json = false;
  bool notify = false;
};

constexpr runtime::Millis kDeadline{60'000};

/// What one look showed, in the user's own day.
struct Shown {
  std::string login;
  std::string zone;
  streak::Label today;
  std::chrono::minutes left{0};
  github::Sight sight;
  streak::Longest longest;
  bool whole = true;  // false: older history could not be read, and the lengths are lower bounds
};

int exit_code_of(streak::Verdict verdict) {
  switch (verdict) {
    case streak::Verdict::safe:
    case streak::Verdict::no_streak:
    case streak::Verdict::day_off:
      return kExitDone;
    case streak::Verdict::at_risk:
      return kExitFailed;
    case streak::Verdict::unknown:
    case streak::Verdict::gone:
      break;
  }
  return kExitUnknown;
}

const char* words_for(streak::Verdict verdict) {
  switch (verdict) {
    case streak::Verdict::safe:
      return "safe: you have contributed";
    case streak::Verdict::at_risk:
      return "at risk: GitHub shows no contribution yet today";
    case streak::Verdict::no_streak:
      return "no streak to lose";
    case streak::Verdict::day_off:
      return "a day off: the streak waits";
    case streak::Verdict::unknown:
      return "could not tell";
    case streak::Verdict::gone:
      break;
  }
  return "GitHub knows no such user";
}

void print_json(const Shown& shown) {
  const streak::Judgement& judgement = shown.sight.judgement;
  boost::json::object object;
  object["login"] = shown.login;
  object["verdict"] = streak::to_text(judgement.verdict);
  object["time_zone"] = shown.zone;
  object["today"] = streak::to_text(shown.today);
  object["today_count"] = judgement.today_count;
  object["current_streak"] = judgement.streak;
  object["streak_is_lower_bound"] = !shown.whole;
  if (judgement.began) object["streak_began"] = streak::to_text(*judgement.began);
  object["longest_streak"] = shown.longest.length;
  object["minutes_left"] = shown.left.count();
  object["seen_at"] = runtime::to_rfc3339(shown.sight.seen_at);
  boost::json::array days;
  for (const auto& [label, count] : shown.sight.calendar) {
    if (label < shown.today - std::chrono::days{365}) continue;
    days.push_back(boost::json::object{{"date", streak::to_text(label)}, {"count", count}});
  }
  object["days"] = std::move(days);
  fmt::print("{}\n", boost::json::serialize(object));
}

/// The shape of an answer, with the reason why there is none.
void print_unseen_json(const std::string& login, const runtime::Error& error) {
  const bool gone = error.code == "not_found";
  boost::json::object object;
  object["login"] = login;
  object["verdict"] = streak::to_text(gone ? streak::Verdict::gone : streak::Verdict::unknown);
  object["error"] = error.code;
  object["message"] = printable(error.message, 400);
  fmt::print("{}\n", boost::json::serialize(object));
}

void print_text(const Shown& shown) {
  const streak::Judgement& judgement = shown.sight.judgement;
  fmt::print("{}: {}\n\n", shown.login, words_for(judgement.verdict));
  fmt::print("  today           {}\n", judgement.today_count);
  const char* bound = shown.whole ? "" : "at least ";
  fmt::print("  current streak  {}{}\n", bound, streak::days_text(judgement.streak));
  fmt::print("  longest streak  {}{}\n", bound, streak::days_text(shown.longest.length));
  fmt::print("  time left       {} ({})\n\n", streak::duration_text(shown.left), shown.zone);
  fmt::print("{}", heat_map(shown.sight.calendar, shown.today, use_colour()));
}

/// The user as stored in the data folder, where there is one.
std::optional<store::User> stored_user(Base& base, store::Database& database,
                                       const std::string& login) {
  store::Users users(database);
  return base.run(users.find({.login = login, .node_id = {}, .database_id = {}}));
}

/// The token of the command line or the environment comes before those of the options.
void choose_token(Options& options, const CheckArguments& arguments) {
  std::string token = arguments.token;
  const char* variable = std::getenv("GITHUB_TOKEN");  // NOLINT(concurrency-mt-unsafe): one thread
  if (token.empty() && variable != nullptr) token = variable;
  if (token.empty()) return;
  options.github_tokens.clear();
  options.github_tokens.emplace_back(std::move(token));
}

/// Tokens are opaque; a line break in one would become a header of its own.
bool is_one_word(std::string_view text) {
  constexpr std::size_t kLongestToken = 255;
  return text.size() <= kLongestToken &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

struct Target {
  std::unique_ptr<store::Database> database;
  std::unique_ptr<crypto::Sealer> sealer;
  std::optional<store::User> user;
};

/// The data folder is optional here: `check` works alone.
Target find_target(Base& base, const Options& options, const CheckArguments& arguments) {
  Target target;
  const bool here = !options.store_url.empty() || file_exists(options.data_dir + "/streaky.db");
  if (!here) return target;
  target.database = open_database(base, options, false);
  target.user = stored_user(base, *target.database, arguments.login);
  if (arguments.notify && target.user) target.sealer = open_keys(options, false);
  return target;
}

/// The exit code when login or token are none, having said so.
std::optional<int> refused(const Options& options, const CheckArguments& arguments) {
  if (!github::is_github_login(arguments.login)) {
    return complain("LOGIN: expected a GitHub login, 1 to 39 letters, digits and hyphens",
                    kExitUsage);
  }
  if (options.github_tokens.empty()) {
    return complain("a GitHub token is needed: set GITHUB_TOKEN or give --token", kExitUsage);
  }
  if (!is_one_word(options.github_tokens.front().reveal())) {
    return complain("the GitHub token: expected printable characters without spaces, at most 255",
                    kExitUsage);
  }
  return std::nullopt;
}

/// Who is told is looked at as `serve` does it: by frozen id, and with the user's own token
/// besides.
runtime::Result<github::Subject> subject_of(Base& base, Outside& outside, const Shown& shown,
                                            const CheckArguments& arguments, const Target& target) {
  github::Subject subject;
  if (arguments.notify) {
    engine::Checker checker(outside.github, *target.sealer, *base.clock, *base.log);
    auto stored = checker.subject_of(*target.user, shown.today, false);
    if (!stored) return std::unexpected(std::move(stored.error()));
    subject = std::move(*stored);
  } else {
    subject.login = arguments.login;
    if (target.user) subject.rules = target.user->rules;
  }
  subject.today = shown.today;
  subject.full_history = true;
  return subject;
}

/// What is certain of an answer: all of it, or its last days.
std::optional<github::Sight> certain(github::Seen& seen, bool* whole) {
  *whole = seen.has_value();
  return seen ? std::move(*seen) : std::move(seen.error().partial);
}

int check(Options& options, const CheckArguments& arguments) {
  choose_token(options, arguments);
  if (const auto code = refused(options, arguments)) return *code;
  Base base(options);
  const Target target = find_target(base, options, arguments);
  if (arguments.notify && !target.user) {
    return complain("--notify: " + arguments.login + " is no user here; see `streaky user add`",
                    kExitUsage);
  }
  std::string zone_name = arguments.time_zone;
  if (zone_name.empty()) zone_name = target.user ? target.user->time_zone : local_zone_name();
  const auto zone = streak::Zone::find(zone_name);
  if (!zone) {
    return complain("--time-zone " + zone_name + ": no such zone; did you mean " +
                        streak::Zone::nearest_name(zone_name) + "?",
                    kExitUsage);
  }
  if (arguments.notify && zone_name != target.user->time_zone) {
    return complain("--time-zone: with --notify it is the user's own, " + target.user->time_zone,
                    kExitUsage);
  }
  const runtime::TimePoint now = base.clock->now();
  Shown shown;
  shown.zone = zone_name;
  shown.today = zone->local_date(now);
  shown.left = std::chrono::floor<std::chrono::minutes>(zone->end_of(shown.today) - now);

  Outside outside(base, options);
  auto subject = subject_of(base, outside, shown, arguments, target);
  if (!subject) return complain(arguments.login + ": " + subject.error().message, kExitFailed);
  const auto seen = base.run(outside.github.see(std::move(*subject), now + kDeadline));
  auto sight = certain(*seen, &shown.whole);
  if (!sight) {
    const runtime::Error& error = seen->error().error;
    if (arguments.json) print_unseen_json(arguments.login, error);
    return complain(arguments.login + ": " + error.message + " (" + error.code + ")", kExitUnknown);
  }
  shown.sight = std::move(*sight);
  shown.login = shown.sight.login.empty() ? arguments.login : shown.sight.login;
  streak::DayRules no_rules;
  shown.longest =
      streak::longest_streak(shown.sight.calendar, target.user ? target.user->rules : no_rules);
  if (arguments.json) {
    print_json(shown);
  } else {
    print_text(shown);
  }
  const int code = exit_code_of(shown.sight.judgement.verdict);
  if (!arguments.notify) return code;
  if (shown.sight.judgement.verdict != streak::Verdict::at_risk) return code;
  const bool told = notify_by_hand({.base = base,
                                    .outside = outside,
                                    .options = options,
                                    .database = *target.database,
                                    .sealer = *target.sealer,
                                    .user = *target.user,
                                    .sight = shown.sight,
                                    .today = shown.today,
                                    .midnight = zone->end_of(shown.today)});
  return told ? code : kExitUnknown;
}

}  // namespace

void add_check_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand(
      "check",
      "Look at one user now: today's count, streaks, time left, the year's heat map.\n"
      "Exit code: 0 safe, 1 at risk, 3 could not tell, 2 wrong usage");
  auto arguments = std::make_shared<CheckArguments>();  // shared with the callback below
  command->add_option("LOGIN", arguments->login, "GitHub login")->required();
  command->add_option("--token", arguments->token, "GitHub token (better: GITHUB_TOKEN)");
  command->add_option("--time-zone", arguments->time_zone, "IANA zone (default: this machine's)");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->add_flag("--notify", arguments->notify,
                    "If at risk, send today's reminder to the channels of the stored user; each\n"
                    "channel hears it once a day, however often this is called");
  command->callback([&invocation, arguments] {
    invocation.run = [arguments](Options& options) { return check(options, *arguments); };
  });
}

}  // namespace streaky::app
