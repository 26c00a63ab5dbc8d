#include "account/user_draft.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "github/forms.h"
#include "notify/channel.h"
#include "runtime/bytes.h"
#include "streak/local_day.h"

namespace streaky::account {

namespace {

constexpr std::size_t kLongestNodeId = 100;
constexpr std::size_t kMostListItems = 100;
constexpr std::size_t kLongestFieldName = 24;
constexpr int kDefaultMinute = 20 * 60;
constexpr std::string_view kNone = "none";

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const char* begin = text.data();
  const char* end = begin + text.size();
  const auto [stop, error] = std::from_chars(begin, end, number);
  if (!is_digits(text) || error != std::errc{} || stop != end || number <= 0) return std::nullopt;
  return number;
}

/// The new form begins with the kind of thing that it names (docs/remote-apis.md §1.6). An id is
/// never taken back once it is stored, so that what is none must not get in.
bool is_new_node_id(std::string_view text) { return text.starts_with("U_") && text.size() > 2; }

/// `MDQ6VXNlcjU4MzIzMQ==` says `04:User583231` in Base64 (docs/remote-apis.md §1.6). It finds the
/// account whatever its login is by now; the number recognises it once the new form is known.
std::optional<std::int64_t> number_in_old_node_id(std::string_view text) {
  std::string plain(text.substr(0, text.find_last_not_of('=') + 1));
  std::ranges::replace(plain, '+', '-');
  std::ranges::replace(plain, '/', '_');
  const auto decoded = runtime::base64url_decode(plain);
  constexpr std::string_view kStart = "04:User";
  if (!decoded || !decoded->starts_with(kStart)) return std::nullopt;
  return parse_number(std::string_view(*decoded).substr(kStart.size()));
}

bool is_node_id(std::string_view text) {
  static constexpr std::string_view kMarks = "_-=+/";
  return !text.empty() && text.size() <= kLongestNodeId && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kMarks.contains(c);
  });
}

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty() && items.size() <= kMostListItems) {
    const std::size_t end = std::min(text.find_first_of(";, \t\n"), text.size());
    if (end > 0) items.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return items;
}

Reason set_daily_summary(UserDraft& draft, std::string_view text) {
  const std::string word = runtime::to_lower_ascii(text);
  if (word == "true" || word == "yes" || word == "1") {
    draft.daily_summary.set(true);
  } else if (word == "false" || word == "no" || word == "0") {
    draft.daily_summary.set(false);
  } else {
    return "daily_summary: expected true or false";
  }
  return {};
}

/// False for fields that `none` cannot clear.
bool clear_field(UserDraft& draft, std::string_view name) {
  if (name == "time_zone") {
    draft.time_zone.clear();
  } else if (name == "remind_at") {
    draft.remind_at.clear();
  } else if (name == "rest_days") {
    draft.rest_days.clear();
  } else if (name == "daily_summary") {
    draft.daily_summary.clear();
  } else if (name == "github_token") {
    draft.github_token.clear();
  } else if (name == "discord_webhook") {
    draft.discord_webhook.clear();
  } else {
    return false;
  }
  return true;
}

Reason set_text_field(UserDraft& draft, std::string_view name, std::string_view text) {
  if (name == "login") return set_login(draft, text);
  if (name == "github_id") return set_github_id(draft, text);
  if (text == kNone && clear_field(draft, name)) return {};
  if (name == "time_zone") return set_time_zone(draft, text);
  if (name == "remind_at") return set_remind_at(draft, split_list(text));
  if (name == "rest_days") return set_rest_days(draft, split_list(text));
  if (name == "daily_summary") return set_daily_summary(draft, text);
  if (name == "github_token") return set_github_token(draft, text);
  if (name == "discord_webhook") return set_discord_webhook(draft, text);
  return unknown_field(name, text_field_names());
}

Reason set_telegram_texts(UserDraft& draft, std::string_view token, std::string_view chat_id,
                          const runtime::Secret& bot_token) {
  if (token.empty() && chat_id.empty()) return {};
  if (chat_id == kNone && (token.empty() || token == kNone)) {
    draft.telegram.clear();
    return {};
  }
  return set_telegram(draft, token, chat_id, bot_token);
}

}  // namespace

store::UserKey UserDraft::key() const {
  return store::UserKey{.login = login, .node_id = node_id, .database_id = database_id};
}

const streak::StageMinutes& default_remind_at() {
  static const streak::StageMinutes kDefault = {kDefaultMinute};
  return kDefault;
}

Reason set_login(UserDraft& draft, std::string_view text) {
  if (!github::is_github_login(text)) {
    return "login: expected a GitHub login, 1 to 39 letters, digits and hyphens";
  }
  draft.login = text;
  return {};
}

Reason set_github_id(UserDraft& draft, std::string_view text) {
  constexpr const char* kExpected =
      "github_id: expected a node id such as U_kgDOADP9xw, or GitHub's number";
  const auto number = parse_number(text);
  if (number) return set_github_number(draft, *number);
  const auto old_number = number_in_old_node_id(text);
  if (!is_node_id(text) || !(old_number || is_new_node_id(text))) return kExpected;
  draft.node_id = text;
  draft.database_id = old_number;
  return {};
}

Reason set_github_number(UserDraft& draft, std::int64_t number) {
  if (number <= 0) return "github_id: expected a number above 0";
  draft.database_id = number;
  return {};
}

Reason set_time_zone(UserDraft& draft, std::string_view text) {
  if (!streak::Zone::find(text)) {
    return fmt::format("time_zone: no zone of that name; did you mean {}?",
                       streak::Zone::nearest_name(text));
  }
  draft.time_zone.set(std::string(text));
  return {};
}

Reason set_remind_at(UserDraft& draft, const std::vector<std::string>& times) {
  streak::StageMinutes minutes;
  for (const std::string& time : times) {
    const auto minute = streak::parse_minute(time);
    if (!minute) return "remind_at: expected times of the day such as 20:00, from 00:00 to 23:59";
    minutes.push_back(*minute);
    if (times.size() > kMostListItems) break;
  }
  std::ranges::sort(minutes);
  const auto doubles = std::ranges::unique(minutes);
  minutes.erase(doubles.begin(), doubles.end());
  if (minutes.empty() || minutes.size() > streak::kMostStages || times.size() > kMostListItems) {
    return "remind_at: expected 1 to 24 times of the day";
  }
  draft.remind_at.set(std::move(minutes));
  return {};
}

Reason set_rest_days(UserDraft& draft, const std::vector<std::string>& days) {
  streak::Weekdays weekdays;
  if (days.size() > kMostListItems) return "rest_days: expected at most seven days";
  for (const std::string& day : days) {
    if (!weekdays.add(day)) return "rest_days: expected days of the week such as sat or sunday";
  }
  draft.rest_days.set(weekdays);
  return {};
}

Reason set_github_token(UserDraft& draft, std::string_view text) {
  if (!github::is_github_token(text)) {
    return "github_token: expected ghp_…, github_pat_…, gho_…, ghu_… or ghs_…, at most 255 "
           "characters";
  }
  draft.github_token.set(runtime::Secret(std::string(text)));
  return {};
}

Reason set_discord_webhook(UserDraft& draft, std::string_view text) {
  auto webhook = notify::normalise_discord_webhook(text);
  if (!webhook) return "discord_webhook: " + webhook.error().message;
  draft.discord_webhook.set(std::move(*webhook));
  return {};
}

Reason set_telegram(UserDraft& draft, std::string_view token, std::string_view chat_id,
                    const runtime::Secret& bot_token) {
  if (chat_id.empty()) return "telegram: the chat_id is missing";
  if (token.empty() && bot_token.empty()) {
    return "telegram: the token is missing";
  }
  auto credential = notify::normalise_telegram(token.empty() ? bot_token.reveal() : token, chat_id);
  if (!credential) return "telegram: " + credential.error().message;
  draft.telegram.set(std::move(*credential));
  return {};
}

runtime::Result<UserDraft> draft_from_texts(const std::vector<TextField>& fields,
                                            const runtime::Secret& bot_token) {
  UserDraft draft;
  std::string_view token;
  std::string_view chat_id;
  for (const TextField& field : fields) {
    const std::string_view text = runtime::trim_ascii(field.text);
    if (text.empty()) continue;
    if (field.name == "telegram_token") {
      token = text;
    } else if (field.name == "telegram_chat_id") {
      chat_id = text;
    } else if (Reason reason = set_text_field(draft, field.name, text); !reason.empty()) {
      return runtime::fail_for_good("bad_field", std::move(reason));
    }
  }
  Reason reason = set_telegram_texts(draft, token, chat_id, bot_token);
  if (reason.empty() && draft.login.empty()) reason = "the login is missing";
  if (!reason.empty()) return runtime::fail_for_good("bad_field", std::move(reason));
  return draft;
}

const std::vector<std::string>& text_field_names() {
  static const std::vector<std::string> kNames = {
      "login",         "github_id",    "time_zone",       "remind_at",      "rest_days",
      "daily_summary", "github_token", "discord_webhook", "telegram_token", "telegram_chat_id"};
  return kNames;
}

Reason unknown_field(std::string_view name, const std::vector<std::string>& known) {
  const auto is_name_like = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' || c == ' ';
  };
  if (name.empty() || name.size() > kLongestFieldName || !std::ranges::all_of(name, is_name_like)) {
    return fmt::format("a field name that is none: expected {}", fmt::join(known, ", "));
  }
  const std::string wanted = runtime::to_lower_ascii(name);
  const auto nearest = std::ranges::min_element(known, {}, [&wanted](const std::string& other) {
    return runtime::edit_distance(wanted, other);
  });
  return fmt::format("unknown field \"{}\"; did you mean {}?", name, *nearest);
}

}  // namespace streaky::account
