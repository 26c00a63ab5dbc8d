#include "proxy/original.h"

#include <boost/json.hpp>
#include <limits>
#include <utility>
#include <variant>

#include "crypto/original_form.h"

namespace streaky::proxy {
namespace {

namespace json = boost::json;
using runtime::Result;

std::unexpected<runtime::Error> bad_field(const std::string& what) {
  return runtime::fail_for_good("bad_field", what);
}

Result<std::string> text_field(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr) return bad_field("missing field " + std::string(name));
  if (!value->is_string()) return bad_field(std::string(name) + ": expected a string");
  return std::string(value->get_string());
}

/// Absent and null are the same: nothing.
bool read_optional(const json::object& object, std::string_view name,
                   std::optional<std::string>& out) {
  const json::value* value = object.if_contains(name);
  if (value == nullptr || value->is_null()) return true;
  if (!value->is_string()) return false;
  out = std::string(value->get_string());
  return true;
}

std::optional<std::int32_t> small_integer(const json::value& value) {
  using Limits = std::numeric_limits<std::int32_t>;
  if (!value.is_int64()) return std::nullopt;
  const std::int64_t number = value.get_int64();
  if (number < Limits::min() || number > Limits::max()) return std::nullopt;
  return static_cast<std::int32_t>(number);
}

Result<void> read_message(const json::object& fields, OriginalRequest& request) {
  auto username = text_field(fields, "username");
  if (!username) return std::unexpected(std::move(username).error());
  request.username = std::move(*username);
  auto message = text_field(fields, "message");
  if (!message) return std::unexpected(std::move(message).error());
  request.message = std::move(*message);
  const json::value* streak = fields.if_contains("current_streak");
  if (streak == nullptr) return bad_field("missing field current_streak");
  const auto days = small_integer(*streak);
  if (!days) return bad_field("current_streak: expected a whole number");
  request.current_streak = *days;
  const json::value* today = fields.if_contains("contributions_today");
  if (today == nullptr || today->is_null()) return {};
  request.contributions_today = small_integer(*today);
  if (!request.contributions_today) {
    return bad_field("contributions_today: expected a whole number or null");
  }
  return {};
}

Result<runtime::Secret> open(const std::optional<std::string>& sealed, const char* name,
                             const char* channel, const runtime::Secret& key) {
  if (!sealed) {
    return runtime::fail_for_good(
        "missing", "Missing " + std::string(name) + " for " + channel + " notification");
  }
  return crypto::open_original(key, *sealed);
}

Result<notify::Credential> telegram(const OriginalRequest& request, const runtime::Secret& key) {
  const auto token = open(request.token, "encrypted_token", "Telegram", key);
  if (!token) return std::unexpected(token.error());
  const auto chat_id = open(request.chat_id, "encrypted_chat_id", "Telegram", key);
  if (!chat_id) return std::unexpected(chat_id.error());
  auto value = notify::normalise_telegram(token->reveal(), chat_id->reveal());
  if (!value) return std::unexpected(std::move(value).error());
  return notify::Credential{notify::ChannelKind::telegram, std::move(*value)};
}

Result<notify::Credential> discord(const OriginalRequest& request, const runtime::Secret& key) {
  const auto url = open(request.webhook, "encrypted_webhook", "Discord", key);
  if (!url) return std::unexpected(url.error());
  auto value = notify::normalise_discord_webhook(url->reveal());
  if (!value) return std::unexpected(std::move(value).error());
  return notify::Credential{notify::ChannelKind::discord, std::move(*value)};
}

}  // namespace

Result<OriginalRequest> read_original(std::string_view body) {
  boost::system::error_code error;
  const json::value value = json::parse(body, error);
  if (error) return runtime::fail_for_good("bad_json", "the body is not JSON");
  if (!value.is_object()) return bad_field("expected an object");
  const json::object& object = value.get_object();
  OriginalRequest request;
  auto type = text_field(object, "type");
  if (!type) return std::unexpected(std::move(type).error());
  request.type = std::move(*type);
  const bool sealed = read_optional(object, "encrypted_webhook", request.webhook) &&
                      read_optional(object, "encrypted_token", request.token) &&
                      read_optional(object, "encrypted_chat_id", request.chat_id);
  if (!sealed) return bad_field("encrypted_…: expected a string or null");
  const json::value* message = object.if_contains("message");
  if (message == nullptr) return bad_field("missing field message");
  if (!message->is_object()) return bad_field("message: expected an object");
  const auto read = read_message(message->get_object(), request);
  if (!read) return std::unexpected(read.error());
  return request;
}

Result<notify::Credential> original_credential(const OriginalRequest& request,
                                               const runtime::Secret& key) {
  if (request.type == "discord") return discord(request, key);
  if (request.type == "telegram") return telegram(request, key);
  return runtime::fail_for_good("unknown_type", "Invalid notification type");
}

streak::Message original_message(const OriginalRequest& request) {
  const bool contributed = request.contributions_today.value_or(0) > 0;
  streak::Message message;
  message.subject = contributed ? "GitHub streak of " : "GitHub streak reminder for ";
  message.subject += request.username + ": " + streak::days_text(request.current_streak);
  message.body = request.message;
  message.urgency = contributed ? streak::Urgency::none : streak::Urgency::medium;
  return message;
}

std::string original_failure(std::string_view error) {
  json::object answer;
  answer["success"] = false;
  answer["error"] = error;
  return json::serialize(answer);
}

std::string original_answer(const notify::Outcome& outcome) {
  if (std::holds_alternative<notify::Sent>(outcome)) return R"({"success":true,"error":null})";
  if (const auto* retry = std::get_if<notify::RetryAt>(&outcome)) {
    return original_failure("not sent: " + retry->reason);
  }
  if (const auto* dead = std::get_if<notify::Dead>(&outcome)) return original_failure(dead->reason);
  return original_failure(std::get<notify::Refused>(outcome).reason);
}

}  // namespace streaky::proxy
