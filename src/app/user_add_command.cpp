// `streaky user add LOGIN …`: one line of an import, from flags.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "account/user_view.h"
#include "app/prompt.h"
#include "app/stored_keys.h"
#include "app/user_commands.h"

namespace streaky::app {

namespace {

/// A flag and the import field that it gives.
struct FieldFlag {
  const char* flag;
  const char* field;
  bool secret;
  const char* documentation;
};

constexpr std::array<FieldFlag, 8> kFlags = {{
    {"--github-id", "github_id", false, "GitHub's node id or number of the account"},
    {"--time-zone", "time_zone", false, "IANA zone, such as Europe/Berlin (default UTC)"},
    {"--remind-at", "remind_at", false, "Times of the day, such as 20:00,22:30 (default 20:00)"},
    {"--rest-days", "rest_days", false, "Days that do not count, such as sat,sun; or none"},
    {"--github-token", "github_token", true, "The user's own GitHub token; - asks for it"},
    {"--discord-webhook", "discord_webhook", true, "Discord webhook URL; - asks for it"},
    {"--telegram-token", "telegram_token", true,
     "Telegram bot token; - asks for it (default: telegram.bot_token)"},
    {"--telegram-chat-id", "telegram_chat_id", false,
     "Telegram chat, a number (negative for groups) or @name"},
}};

struct AddArguments {
  std::string login;
  std::array<std::string, kFlags.size()> texts;
  bool daily_summary = false;
  bool no_daily_summary = false;
  bool json = false;
};

/// Replaces every "-" by what the person types; the reason when there is nothing.
std::string ask_for_secrets(AddArguments& arguments, std::vector<runtime::Secret>& asked) {
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    if (!kFlags.at(i).secret || arguments.texts.at(i) != "-") continue;
    auto secret = read_secret(kFlags.at(i).field);
    if (!secret) return secret.error().message;
    asked.at(i) = std::move(*secret);
  }
  return {};
}

runtime::Result<account::UserDraft> draft_of(const AddArguments& arguments,
                                             const std::vector<runtime::Secret>& asked,
                                             const runtime::Secret& bot_token) {
  std::vector<account::TextField> fields = {{.name = "login", .text = arguments.login}};
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    const std::string_view text =
        asked.at(i).empty() ? std::string_view(arguments.texts.at(i)) : asked.at(i).reveal();
    fields.push_back(account::TextField{.name = kFlags.at(i).field, .text = text});
  }
  if (arguments.daily_summary) fields.push_back({.name = "daily_summary", .text = "true"});
  if (arguments.no_daily_summary) fields.push_back({.name = "daily_summary", .text = "false"});
  return account::draft_from_texts(fields, bot_token);
}

void print_saved(const SaveReport& report, bool json, runtime::TimePoint now) {
  const store::User& user = report.users.front();
  if (json) {
    fmt::print("{}\n", boost::json::serialize(account::user_json(user, now)));
  } else {
    const std::string next =
        user.next_check_at
            ? fmt::format("next check {} ({})", account::local_text(user, *user.next_check_at),
                          user.time_zone)
            : std::string("paused");
    fmt::print("{} {}: {}\n", report.added > 0 ? "added" : "changed", user.login, next);
  }
  if (user.channels.empty()) {
    fmt::print(stderr,
               "{} has no channel yet, so no reminder can be sent: add --discord-webhook or "
               "--telegram-chat-id\n",
               user.login);
  }
}

int add(const Options& options, AddArguments arguments) {
  std::vector<runtime::Secret> asked(kFlags.size());
  if (std::string reason = ask_for_secrets(arguments, asked); !reason.empty()) {
    return complain(reason, kExitUsage);
  }
  auto draft = draft_of(arguments, asked, options.telegram_bot_token);
  if (!draft) return complain(draft.error().message, kExitUsage);
  draft->revive = true;

  UserDesk desk(options, true);
  const auto sealer = open_or_make_keys(desk.base, *desk.database, options);
  std::vector<DraftReader::Draft> drafts;
  drafts.push_back({.line = 1, .user = std::move(*draft)});
  const runtime::TimePoint now = desk.now();
  LinesByUser lines;
  const SaveReport report =
      desk.base.run(save_drafts(&desk.users, sealer.get(), std::move(drafts), &lines, now));
  if (report.users.empty()) return complain(report.bad.front().reason, kExitUsage);
  print_saved(report, arguments.json, now);
  return kExitDone;
}

}  // namespace

void add_user_add(CLI::App& user, Invocation& invocation) {
  auto* command = user.add_subcommand("add", "Add a user, or change the settings that are given");
  auto arguments = std::make_shared<AddArguments>();  // shared with the callback below
  command->add_option("login", arguments->login, "GitHub login")->required();
  for (std::size_t i = 0; i < kFlags.size(); ++i) {
    command->add_option(kFlags.at(i).flag, arguments->texts.at(i), kFlags.at(i).documentation);
  }
  auto* summary = command->add_flag("--daily-summary", arguments->daily_summary,
                                    "Send a message on days with a contribution, too");
  command->add_flag("--no-daily-summary", arguments->no_daily_summary, "No such message")
      ->excludes(summary);
  command->add_flag("--json", arguments->json, "Print the user as JSON");
  command->callback([&invocation, arguments] {
    invocation.run = [arguments](Options& options) { return add(options, *arguments); };
  });
}

}  // namespace streaky::app
