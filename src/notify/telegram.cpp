#include "notify/telegram.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>
#include <cstddef>
#include <system_error>
#include <utility>

#include "notify/telegram_bot.h"
#include "notify/text.h"
#include "runtime/bytes.h"

namespace streaky::notify {
namespace {

constexpr std::size_t kMaxTokenBytes = 80;
constexpr std::uint64_t kMaxBotId = std::uint64_t{1} << 54U;
constexpr std::size_t kShortestName = 4;
constexpr std::size_t kLongestName = 32;
constexpr std::size_t kMaxAnswerBytes = 256U << 10U;
constexpr std::size_t kMaxSubject = 256;
constexpr std::size_t kMaxText = 4096;
constexpr std::size_t kMaxLinks = 2048;  // of the text
constexpr std::string_view kGap = "\n\n";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool is_chat_name(std::string_view text) {
  if (!text.starts_with('@')) return false;
  text.remove_prefix(1);
  return text.size() >= kShortestName && text.size() <= kLongestName && is_letter(text.front()) &&
         std::ranges::all_of(text, [](char c) { return is_letter(c) || is_digit(c) || c == '_'; });
}

/// Buttons below the text, one in a row.
boost::json::array keyboard_of(const std::vector<streak::Link>& links) {
  boost::json::array rows;
  for (const streak::Link& link : links) {
    boost::json::object button;
    button["text"] = link.label;
    button["url"] = link.url;
    boost::json::array row;
    row.push_back(std::move(button));
    rows.push_back(std::move(row));
  }
  return rows;
}

/// Without mark-up the links stand in the text, where none can be refused.
std::string lines_of(const std::vector<streak::Link>& links) {
  std::string lines;
  for (const streak::Link& link : links) lines += fmt::format("\n\n{}: {}", link.label, link.url);
  return lines.size() <= kMaxLinks ? lines : std::string();
}

std::string text_of(const streak::Message& message, TelegramText kind) {
  std::string links;
  if (kind == TelegramText::plain) links = lines_of(safe_links(message.links));
  const std::size_t body_limit = kMaxText - kMaxSubject - kGap.size() - links.size();
  std::string subject;
  std::string body;
  if (kind == TelegramText::html) {
    subject = telegram_html(message.subject, kMaxSubject);
    body = telegram_html(message.body, body_limit);
    if (!subject.empty()) subject = "<b>" + subject + "</b>";
  } else {
    subject = plain_text(message.subject, kMaxSubject);
    body = plain_text(message.body, body_limit) + links;
  }
  if (subject.empty() || body.empty()) return subject + body;
  return fmt::format("{}{}{}", subject, kGap, body);
}

Answer make(Meaning meaning, std::string code, std::string reason) {
  Answer answer;
  answer.meaning = meaning;
  answer.code = std::move(code);
  answer.reason = std::move(reason);
  return answer;
}

// Telegram has no codes of its own for what went wrong, only these words.
struct Row {
  std::string_view words;
  Meaning meaning;
  const char* code;
  const char* reason;
};

constexpr const char* kNoRight = "no_right_to_write";
constexpr const char* kNoRightReason =
    "the Telegram bot has no permission to write to this chat any more";

constexpr std::array kBadRequests = {
    Row{"chat not found", Meaning::dead, "chat_not_found",
        "Telegram knows no such chat: start a conversation with the bot, or check the chat id"},
    Row{"not enough rights", Meaning::dead, kNoRight, kNoRightReason},
    Row{"have no rights to send", Meaning::dead, kNoRight, kNoRightReason},
    Row{"chat_write_forbidden", Meaning::dead, kNoRight, kNoRightReason},
    Row{"need administrator rights", Meaning::dead, kNoRight, kNoRightReason},
    Row{"topic_closed", Meaning::dead, "topic_closed",
        "the general topic of the Telegram group is closed"},
    Row{"can't parse entities", Meaning::as_plain, "bad_markup", "Telegram refused the mark-up"},
    Row{"message is too long", Meaning::as_plain, "too_long", "Telegram finds the text too long"},
    Row{"message text is empty", Meaning::as_plain, "empty", "Telegram finds the text empty"},
};

constexpr std::array kForbidden = {
    Row{"blocked by the user", Meaning::dead, "bot_blocked", "the user blocked the Telegram bot"},
    Row{"user is deactivated", Meaning::dead, "user_deactivated",
        "the user's Telegram account was deleted"},
    Row{"was kicked", Meaning::dead, "bot_kicked",
        "the Telegram bot was removed from the group or channel"},
    Row{"not a member", Meaning::dead, "bot_not_member",
        "the Telegram bot is not a member of the chat"},
    Row{"was deleted", Meaning::dead, "chat_deleted", "the Telegram group was deleted"},
    Row{"can't initiate conversation", Meaning::dead, "needs_start",
        "the user has to press Start in the chat with the Telegram bot first"},
};

template <std::size_t N>
const Row* find_row(const std::array<Row, N>& rows, std::string_view description) {
  const std::string lower = runtime::to_lower_ascii(description);
  const auto found = std::ranges::find_if(
      rows, [&lower](const Row& row) { return lower.find(row.words) != std::string::npos; });
  return found == rows.end() ? nullptr : &*found;
}

Answer of_row(const Row& row) { return make(row.meaning, row.code, row.reason); }

Answer bad_request(const boost::json::object& body, std::string_view description) {
  const boost::json::value* parameters = body.if_contains("parameters");
  if (parameters != nullptr && parameters->is_object()) {
    const auto moved = integer_at(parameters->get_object(), "migrate_to_chat_id");
    if (moved && *moved != 0) {
      Answer answer = make(Meaning::moved, "chat_moved", "the Telegram group became a supergroup");
      answer.moved_to = std::to_string(*moved);
      return answer;
    }
  }
  if (const Row* row = find_row(kBadRequests, description)) return of_row(*row);
  return make(Meaning::refused, "bad_request", "Telegram refused the message");
}

Answer not_found(std::string_view description) {
  if (runtime::to_lower_ascii(description).find("method not found") != std::string::npos) {
    return make(Meaning::retry, "method_not_found",
                "the server at telegram.api_url knows no sendMessage");
  }
  return make(Meaning::dead, "bad_bot_token", "Telegram does not know this bot's token");
}

Answer too_many_requests(const net::HttpResponse& response, const boost::json::object& body,
                         bool is_group, runtime::TimePoint now) {
  std::optional<runtime::Millis> wait;
  const boost::json::value* parameters = body.if_contains("parameters");
  if (parameters != nullptr && parameters->is_object()) {
    const auto seconds = number_at(parameters->get_object(), "retry_after");
    if (seconds) wait = wait_from_seconds(*seconds);
  }
  if (!wait) wait = wait_from_retry_after(response, now);
  Answer answer = make(Meaning::retry, "rate_limited", "Telegram asked to wait");
  if (!wait) return answer;
  answer.meaning = Meaning::wait;
  answer.wait = *wait;
  // Groups have a limit of their own; a private chat is paced too slowly to reach one, so there
  // it is the bot as a whole that sends too much.
  answer.scope = is_group ? Scope::narrow : Scope::wide;
  return answer;
}

Answer of_failure(const net::HttpResponse& response, const boost::json::object& body,
                  std::int64_t code, bool is_group, runtime::TimePoint now) {
  const auto description = text_at(body, "description");
  switch (code) {
    case 400:
      return bad_request(body, description);
    case 401:
      return make(Meaning::dead, "bot_token_dead", "the Telegram bot's token no longer works");
    case 403:
      if (const Row* row = find_row(kForbidden, description)) return of_row(*row);
      return make(Meaning::dead, "forbidden", "Telegram forbids the bot to write to this chat");
    case 404:
      return not_found(description);
    case 429:
      return too_many_requests(response, body, is_group, now);
    default:
      return make(Meaning::retry, "unexpected_status",
                  fmt::format("Telegram answered with error code {}", code));
  }
}

}  // namespace

std::string TelegramChat::bot_id() const {
  return std::string(token.reveal().substr(0, token.reveal().find(':')));
}

bool TelegramChat::is_group() const { return chat_id.starts_with('-') || chat_id.starts_with('@'); }

bool is_telegram_token(std::string_view text) {
  if (text.size() > kMaxTokenBytes) return false;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return false;
  const auto id = text.substr(0, colon);
  const auto secret = text.substr(colon + 1);
  const auto number = parse_number<std::uint64_t>(id);
  return number && *number < kMaxBotId && !secret.empty() &&
         std::ranges::all_of(
             secret, [](char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '-'; });
}

std::optional<std::string> parse_chat_id(std::string_view text) {
  if (is_chat_name(text)) return std::string(text);
  const auto number = parse_number<std::int64_t>(text);
  if (!number || *number == 0) return std::nullopt;
  return std::to_string(*number);
}

std::optional<TelegramChat> parse_telegram(std::string_view credential) {
  const auto object = parse_object(credential);
  if (!object) return std::nullopt;
  const auto token = text_at(*object, "token");
  auto chat_id = parse_chat_id(text_at(*object, "chat_id"));
  if (!is_telegram_token(token) || !chat_id) return std::nullopt;
  return TelegramChat{runtime::Secret(std::string(token)), std::move(*chat_id)};
}

runtime::Secret telegram_credential(std::string_view token, std::string_view chat_id) {
  // Both are made of characters that need no escaping in JSON.
  return runtime::Secret(fmt::format(R"({{"token":"{}","chat_id":"{}"}})", token, chat_id));
}

void take_present_token(TelegramChat& chat, const runtime::Secret& present) {
  const auto bot = telegram_bot_id(present.reveal());
  if (bot && bot == telegram_bot_id(chat.token.reveal())) chat.token = present.clone();
}

runtime::Result<runtime::Secret> normalise_telegram(std::string_view token,
                                                    std::string_view chat_id) {
  token = runtime::trim_ascii(token);
  if (!is_telegram_token(token)) {
    return runtime::fail_for_good("telegram_token_invalid",
                                  "not a Telegram bot token; accepted is <number>:<secret> as "
                                  "@BotFather gives it, at most 80 characters");
  }
  const auto chat = parse_chat_id(runtime::trim_ascii(chat_id));
  if (!chat) {
    return runtime::fail_for_good("telegram_chat_invalid",
                                  "not a Telegram chat id; accepted is a whole number (groups are "
                                  "negative) or @name of 4 to 32 letters, digits and _");
  }
  return telegram_credential(token, *chat);
}

std::optional<net::HttpRequest> telegram_request(const TelegramChat& chat,
                                                 const streak::Message& message, TelegramText text,
                                                 const NotifierOptions& options) {
  const std::string content = text_of(message, text);
  if (content.empty()) return std::nullopt;

  boost::json::object preview;
  preview["is_disabled"] = true;
  boost::json::object body;
  if (const auto number = parse_number<std::int64_t>(chat.chat_id)) {
    body["chat_id"] = *number;
  } else {
    body["chat_id"] = chat.chat_id;
  }
  body["text"] = content;
  if (text == TelegramText::html) body["parse_mode"] = "HTML";
  body["link_preview_options"] = std::move(preview);
  if (message.silent) body["disable_notification"] = true;
  const auto links = safe_links(message.links);
  if (text == TelegramText::html && !links.empty()) {
    boost::json::object markup;
    markup["inline_keyboard"] = keyboard_of(links);
    body["reply_markup"] = std::move(markup);
  }

  net::HttpRequest request;
  request.url = fmt::format("{}/bot{}/sendMessage", options.telegram_api_url, chat.token.reveal());
  request.headers.push_back({"Content-Type", "application/json"});
  request.body = boost::json::serialize(body);
  request.timeout = options.request_timeout;
  request.max_body_bytes = kMaxAnswerBytes;
  return request;
}

Answer telegram_answer(const net::HttpResponse& response, bool is_group, runtime::TimePoint now) {
  const auto body = parse_object(response.body);
  if (body && true_at(*body, "ok") && response.status == 200) {
    const boost::json::value* result = body->if_contains("result");
    const auto id = result != nullptr && result->is_object()
                        ? integer_at(result->get_object(), "message_id")
                        : std::nullopt;
    if (id) {
      Answer answer;
      answer.meaning = Meaning::sent;
      answer.remote_id = std::to_string(*id);
      return answer;
    }
  }
  if (response.status >= 500) return answer_of_trouble(response, now);
  const auto code = body ? integer_at(*body, "error_code") : std::nullopt;
  if (body && body->contains("ok") && !true_at(*body, "ok") && code) {
    if (*code >= 500) return answer_of_trouble(response, now);
    return of_failure(response, *body, *code, is_group, now);
  }
  if (response.status == 429) return too_many_requests(response, {}, is_group, now);
  // Not Telegram's form: something between us and it has answered, so nothing is switched off.
  Answer answer = make(Meaning::retry, "unexpected_answer",
                       fmt::format("status {} without Telegram's form of answer", response.status));
  answer.maybe_seen = response.status >= 200 && response.status < 300;
  return answer;
}

}  // namespace streaky::notify
