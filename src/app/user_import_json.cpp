// One line of JSON → a draft. See user_import.h.
#include <boost/json.hpp>
#include <charconv>

#include "app/user_import.h"

namespace streaky::app {

namespace {

namespace json = boost::json;

constexpr std::size_t kDeepest = 4;

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> kNames = {
      "login",         "github_id",    "time_zone",       "remind_at", "rest_days",
      "daily_summary", "github_token", "discord_webhook", "telegram"};
  return kNames;
}

std::optional<std::int64_t> integer_of(const json::value& value) {
  if (value.is_int64()) return value.get_int64();
  return std::nullopt;  // what parses as unsigned alone is above every id
}

std::optional<std::vector<std::string>> texts_of(const json::value& value) {
  const json::array* array = value.if_array();
  if (array == nullptr) return std::nullopt;
  std::vector<std::string> texts;
  for (const json::value& element : *array) {
    const json::string* text = element.if_string();
    if (text == nullptr) return std::nullopt;
    texts.emplace_back(*text);
  }
  return texts;
}

account::Reason set_json_id(account::UserDraft& draft, const json::value& value) {
  if (value.is_null()) return {};  // "not known": a frozen id is never taken back
  if (const auto number = integer_of(value)) return account::set_github_number(draft, *number);
  if (const json::string* text = value.if_string()) return account::set_github_id(draft, *text);
  return "github_id: expected a node id in quotes, or a number";
}

account::Reason set_json_telegram(account::UserDraft& draft, const json::value& value,
                                  const runtime::Secret& bot_token) {
  static const std::vector<std::string> kNames = {"token", "chat_id"};
  if (value.is_null()) {
    draft.telegram.clear();
    return {};
  }
  const json::object* object = value.if_object();
  if (object == nullptr) return "telegram: expected an object with token and chat_id";
  std::string_view token;
  std::string chat_id;
  bool no_chat = false;
  for (const auto& [name, member] : *object) {
    const json::string* text = member.if_string();
    const auto number = integer_of(member);
    if (name == "token") {
      if (text == nullptr && !member.is_null()) return "telegram: expected a token in quotes";
      if (text != nullptr) token = *text;
    } else if (name == "chat_id") {
      no_chat = member.is_null();
      if (no_chat) continue;
      if (text == nullptr && !number) return "telegram: expected chat_id as text or whole number";
      chat_id = text != nullptr ? std::string(*text) : std::to_string(*number);
    } else {
      return "telegram: " + account::unknown_field(name, kNames);
    }
  }
  if (no_chat && token.empty()) {
    draft.telegram.clear();
    return {};
  }
  return account::set_telegram(draft, token, chat_id, bot_token);
}

/// A field that null clears and that otherwise is text.
template <typename T>
account::Reason set_json_text(account::UserDraft& draft, account::Change<T>& change,
                              const json::value& value,
                              account::Reason (*set)(account::UserDraft&, std::string_view),
                              const char* name) {
  if (value.is_null()) {
    change.clear();
    return {};
  }
  const json::string* text = value.if_string();
  if (text == nullptr) return std::string(name) + ": expected text in quotes, or null";
  return set(draft, *text);
}

template <typename T>
account::Reason set_json_list(account::UserDraft& draft, account::Change<T>& change,
                              const json::value& value,
                              account::Reason (*set)(account::UserDraft&,
                                                     const std::vector<std::string>&),
                              const char* name) {
  if (value.is_null()) {
    change.clear();
    return {};
  }
  const auto texts = texts_of(value);
  if (!texts) return std::string(name) + ": expected a list of texts, or null";
  return set(draft, *texts);
}

account::Reason set_json_field(account::UserDraft& draft, std::string_view name,
                               const json::value& value, const runtime::Secret& bot_token) {
  if (name == "login") {
    const json::string* text = value.if_string();
    return text != nullptr ? account::set_login(draft, *text) : "login: expected text in quotes";
  }
  if (name == "github_id") return set_json_id(draft, value);
  if (name == "time_zone") {
    return set_json_text(draft, draft.time_zone, value, account::set_time_zone, "time_zone");
  }
  if (name == "remind_at") {
    return set_json_list(draft, draft.remind_at, value, account::set_remind_at, "remind_at");
  }
  if (name == "rest_days") {
    return set_json_list(draft, draft.rest_days, value, account::set_rest_days, "rest_days");
  }
  if (name == "daily_summary") {
    if (!value.is_bool() && !value.is_null()) return "daily_summary: expected true or false";
    draft.daily_summary.set(value.is_bool() && value.get_bool());
    return {};
  }
  if (name == "github_token") {
    return set_json_text(draft, draft.github_token, value, account::set_github_token,
                         "github_token");
  }
  if (name == "discord_webhook") {
    return set_json_text(draft, draft.discord_webhook, value, account::set_discord_webhook,
                         "discord_webhook");
  }
  if (name == "telegram") return set_json_telegram(draft, value, bot_token);
  return account::unknown_field(name, field_names());
}

}  // namespace

runtime::Result<account::UserDraft> parse_json_line(std::string_view text,
                                                    const runtime::Secret& bot_token) {
  json::parse_options options;
  options.max_depth = kDeepest;
  boost::system::error_code error;
  const json::value value = json::parse(text, error, {}, options);
  const json::object* object = error ? nullptr : value.if_object();
  if (object == nullptr) {
    return runtime::fail_for_good(
        "bad_field", error ? "not valid JSON: " + error.message() : "expected a JSON object");
  }
  account::UserDraft draft;
  for (const auto& [name, member] : *object) {
    account::Reason reason = set_json_field(draft, name, member, bot_token);
    if (!reason.empty()) return runtime::fail_for_good("bad_field", std::move(reason));
  }
  if (draft.login.empty()) return runtime::fail_for_good("bad_field", "the login is missing");
  return draft;
}

}  // namespace streaky::app
