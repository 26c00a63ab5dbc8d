#include "notify/telegram_bot.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <utility>

#include "notify/answer.h"
#include "notify/telegram.h"
#include "notify/text.h"
#include "runtime/bytes.h"

namespace streaky::notify {
namespace {

namespace json = boost::json;
using runtime::Result;
using runtime::Task;

/// Telegram's are 32 bits wide; the next one after it must be a number, too.
constexpr std::int64_t kMostUpdateId = std::int64_t{1} << 53U;
constexpr std::size_t kMostBytes = 4U << 20U;
constexpr std::size_t kMostText = 4096;
constexpr runtime::Millis kTimeout{15'000};
constexpr std::string_view kStart = "/start";

std::unexpected<runtime::Error> trouble(std::string words) {
  return runtime::fail("telegram_trouble", std::move(words));
}

std::unexpected<runtime::Error> refusal(std::int64_t code) {
  switch (code) {
    case 401:
    case 404:
      return runtime::fail_for_good("bot_token_dead", "Telegram does not know the bot's token");
    case 409:
      return runtime::fail("conflict",
                           "another program listens to this bot, or a webhook is set for it");
    case 429:
      return runtime::fail("rate_limited", "Telegram asked to wait");
    default:
      return trouble(fmt::format("Telegram answered with error code {}", code));
  }
}

/// The `result` of an answer that is one.
Result<json::value> result_of(const Result<net::HttpResponse>& response) {
  if (!response) return trouble("Telegram could not be reached: " + response.error().code);
  const auto body = parse_object(response->body);
  if (!body) return trouble(fmt::format("status {} without JSON", response->status));
  if (!true_at(*body, "ok")) {
    return refusal(integer_at(*body, "error_code").value_or(response->status));
  }
  const json::value* result = body->if_contains("result");
  if (result == nullptr) return trouble("an answer without a result");
  return *result;
}

const json::object* object_at(const json::object& object, const char* key) {
  const json::value* value = object.if_contains(key);
  return value == nullptr ? nullptr : value->if_object();
}

/// Nothing for updates of other kinds.
std::optional<ChatMessage> message_of(const json::object& update) {
  const json::object* message = object_at(update, "message");
  const json::object* chat = message == nullptr ? nullptr : object_at(*message, "chat");
  const auto id = chat == nullptr ? std::nullopt : integer_at(*chat, "id");
  if (!id || *id == 0) return std::nullopt;
  ChatMessage read;
  read.chat_id = std::to_string(*id);
  read.is_private = text_at(*chat, "type") == "private";
  read.text = text_at(*message, "text");
  return read;
}

}  // namespace

std::optional<std::int64_t> telegram_bot_id(std::string_view token) {
  if (!is_telegram_token(token)) return std::nullopt;
  const std::string_view digits = token.substr(0, token.find(':'));
  std::int64_t id = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), id);
  return id;
}

TelegramBot::TelegramBot(net::HttpClient& http, std::string api_url, runtime::Secret token)
    : http_(http),
      api_url_(std::move(api_url)),
      token_(std::move(token)),
      id_(telegram_bot_id(token_.reveal()).value_or(0)) {
  while (api_url_.ends_with('/')) api_url_.pop_back();
}

net::HttpRequest TelegramBot::request(std::string_view method) const {
  net::HttpRequest request;
  request.url = fmt::format("{}/bot{}/{}", api_url_, token_.reveal(), method);
  request.headers.push_back({"Content-Type", "application/json"});
  request.timeout = kTimeout;
  request.max_body_bytes = kMostBytes;
  return request;
}

Task<Result<std::string>> TelegramBot::username() {
  net::HttpRequest asking = request("getMe");
  asking.body = "{}";
  auto sending = http_.send(std::move(asking));
  const auto result = result_of(co_await std::move(sending));
  if (!result) co_return std::unexpected(result.error());
  const json::object* me = result->if_object();
  std::string name(me == nullptr ? std::string_view() : text_at(*me, "username"));
  if (!parse_chat_id("@" + name)) co_return trouble("the bot has no user name");
  co_return name;
}

Task<Result<BotUpdates>> TelegramBot::updates(std::int64_t from, std::chrono::seconds wait) {
  json::object body;
  if (from != 0) body["offset"] = from;
  body["limit"] = kMostUpdates;
  body["timeout"] = wait.count();
  json::array kinds;
  kinds.push_back("message");
  body["allowed_updates"] = std::move(kinds);
  net::HttpRequest asking = request("getUpdates");
  asking.body = json::serialize(body);
  asking.timeout += wait;
  auto sending = http_.send(std::move(asking));
  const auto result = result_of(co_await std::move(sending));
  if (!result) co_return std::unexpected(result.error());
  if (!result->is_array()) co_return trouble("news in an unknown form");
  BotUpdates updates;
  updates.next = from;
  for (const json::value& value : result->get_array()) {
    const json::object* update = value.if_object();
    const auto id = update == nullptr ? std::nullopt : integer_at(*update, "update_id");
    if (!id || *id < 0 || *id > kMostUpdateId) continue;
    updates.next = std::max(updates.next, *id + 1);
    auto message = message_of(*update);
    if (!message) continue;
    message->update_id = *id;
    updates.messages.push_back(std::move(*message));
  }
  co_return updates;
}

Task<Result<void>> TelegramBot::say(std::string chat_id, std::string text) {
  std::int64_t chat = 0;
  std::from_chars(chat_id.data(), chat_id.data() + chat_id.size(), chat);
  json::object body;
  body["chat_id"] = chat;
  body["text"] = plain_text(text, kMostText);
  net::HttpRequest asking = request("sendMessage");
  asking.body = json::serialize(body);
  auto sending = http_.send(std::move(asking));
  const auto result = result_of(co_await std::move(sending));
  if (!result) co_return std::unexpected(result.error());
  co_return Result<void>{};
}

std::optional<std::string> start_code(std::string_view text, std::string_view username) {
  if (!text.starts_with(kStart)) return std::nullopt;
  text.remove_prefix(kStart.size());
  if (text.starts_with('@')) {
    const std::string_view name = text.substr(1, text.find(' ') - 1);
    if (runtime::to_lower_ascii(name) != runtime::to_lower_ascii(username)) return std::nullopt;
    text.remove_prefix(name.size() + 1);
  }
  if (!text.empty() && text.front() != ' ') return std::nullopt;
  return std::string(runtime::trim_ascii(text));
}

}  // namespace streaky::notify
