#include "notify/proxy_wire.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "notify/answer.h"
#include "notify/text.h"
#include "runtime/bytes.h"

namespace streaky::notify {
namespace {

namespace json = boost::json;
using runtime::Millis;
using runtime::TimePoint;
using streak::Urgency;

constexpr std::array kUrgencies = {Urgency::none, Urgency::low, Urgency::medium, Urgency::high};
constexpr std::size_t kMaxCodeBytes = 64;
constexpr std::size_t kMaxRemoteIdBytes = 64;
constexpr std::int64_t kMostAttempts = 1'000'000;

bool is_word_char(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_';
}

/// Ids, codes and the like: never empty, nothing that a log or a header could trip over.
bool is_word(std::string_view text, std::size_t limit) {
  return !text.empty() && text.size() <= limit &&
         std::ranges::all_of(text, [](char c) { return is_word_char(c) || c == '.' || c == ':'; });
}

/// One bad byte would make the whole request malformed, and hold up everybody else's message.
std::string as_utf8(std::string_view text) {
  std::string out(text);
  if (runtime::is_utf8(out)) return out;
  std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) >= 0x80U; }, '?');
  return out;
}

std::unexpected<runtime::Error> malformed(std::string_view what) {
  return runtime::fail_for_good("malformed", std::string(what));
}

std::optional<Urgency> parse_urgency(std::string_view text) {
  const auto found = std::ranges::find_if(
      kUrgencies, [text](Urgency urgency) { return text == streak::to_text(urgency); });
  if (found == kUrgencies.end()) return std::nullopt;
  return *found;
}

json::array links_json(const std::vector<streak::Link>& links) {
  json::array array;
  for (const streak::Link& link : links) {
    json::object one;
    one["label"] = as_utf8(link.label);
    one["url"] = as_utf8(link.url);
    array.push_back(std::move(one));
  }
  return array;
}

runtime::Result<std::vector<streak::Link>> read_links(const json::object& message) {
  std::vector<streak::Link> links;
  const json::value* value = message.if_contains("links");
  if (value == nullptr) return links;
  if (!value->is_array() || value->get_array().size() > kMostLinks) {
    return malformed("message.links: expected a list of at most 5");
  }
  for (const json::value& one : value->get_array()) {
    if (!one.is_object()) return malformed("message.links: expected objects");
    links.push_back({std::string(text_at(one.get_object(), "label")),
                     std::string(text_at(one.get_object(), "url"))});
  }
  if (safe_links(links).size() != links.size()) {
    return malformed(
        "message.links: expected label (1 to 64) and url (http or https, at most 512)");
  }
  return links;
}

runtime::Result<streak::Message> read_message(const json::object& object) {
  const json::value* value = object.if_contains("message");
  if (value == nullptr || !value->is_object()) return malformed("message: expected an object");
  const json::object& fields = value->get_object();
  streak::Message message;
  message.subject = text_at(fields, "subject");
  message.body = text_at(fields, "body");
  const auto urgency = parse_urgency(text_at(fields, "urgency"));
  if (message.subject.size() > kMaxSubjectBytes) {
    return malformed("message.subject: expected at most 2,048 bytes");
  }
  if (message.body.size() > kMaxBodyBytes) {
    return malformed("message.body: expected at most 16,384 bytes");
  }
  if (message.subject.empty() && message.body.empty()) {
    return malformed("message: expected a subject or a body");
  }
  if (!urgency) return malformed("message.urgency: expected none, low, medium or high");
  message.urgency = *urgency;
  auto links = read_links(fields);
  if (!links) return std::unexpected(std::move(links).error());
  message.links = std::move(*links);
  message.silent = true_at(fields, "silent");
  return message;
}

void say(json::object& line, const Sent& sent) {
  line["outcome"] = "sent";
  line["remote_id"] = sent.remote_id;
}
void say(json::object& line, const Dead& dead) {
  line["outcome"] = "dead";
  line["code"] = dead.code;
  line["reason"] = as_utf8(dead.reason);
}
void say(json::object& line, const Refused& refused) {
  line["outcome"] = "invalid";
  line["code"] = refused.code;
  line["reason"] = as_utf8(refused.reason);
}
void say(json::object& line, const RetryAt& retry, TimePoint now) {
  line["outcome"] = "retry";
  line["after_ms"] = std::max<std::int64_t>(0, (retry.at - now).count());
  line["code"] = retry.code;
  line["reason"] = as_utf8(retry.reason);
  line["maybe_seen"] = retry.maybe_seen;
  line["own_pause"] = retry.own_pause;
}

std::string reason_at(const json::object& line) {
  const std::string_view reason = text_at(line, "reason");
  return std::string(reason.size() <= kMaxReasonBytes ? reason
                                                      : "(the proxy's reason is too long)");
}

std::optional<Outcome> read_retry(const json::object& line, std::string code, TimePoint now) {
  const auto after = integer_at(line, "after_ms");
  if (!after || *after < 0) return std::nullopt;
  return RetryAt{.at = now + std::min(Millis{*after}, kLongestServiceWait),
                 .reason = reason_at(line),
                 .maybe_seen = true_at(line, "maybe_seen"),
                 .own_pause = true_at(line, "own_pause"),
                 .code = std::move(code)};
}

std::optional<Outcome> read_kind_of_outcome(const json::object& line, TimePoint now) {
  const std::string_view word = text_at(line, "outcome");
  if (word == "sent") {
    const std::string_view remote_id = text_at(line, "remote_id");
    if (!remote_id.empty() && !is_word(remote_id, kMaxRemoteIdBytes)) return std::nullopt;
    return Sent{std::string(remote_id)};
  }
  std::string code(text_at(line, "code"));
  if (!is_word(code, kMaxCodeBytes)) return std::nullopt;
  if (word == "retry") return read_retry(line, std::move(code), now);
  if (word == "dead") return Dead{std::move(code), reason_at(line)};
  if (word == "invalid") return Refused{std::move(code), reason_at(line)};
  return std::nullopt;
}

}  // namespace

bool looks_sealed(std::string_view text) {
  return !text.empty() && text.size() <= kMaxSealedTextBytes &&
         std::ranges::all_of(text, [](char c) { return is_word_char(c) || c == '.'; });
}

std::string delivery_text(const SealedOutgoing& outgoing, TimePoint now) {
  json::object message;
  message["subject"] = as_utf8(outgoing.message.subject);
  message["body"] = as_utf8(outgoing.message.body);
  message["urgency"] = streak::to_text(outgoing.message.urgency);
  if (outgoing.message.silent) message["silent"] = true;
  // What the proxy would refuse is left out here: a link must not cost the message.
  const auto links = safe_links(outgoing.message.links);
  if (!links.empty()) message["links"] = links_json(links);
  json::object delivery;
  delivery["id"] = outgoing.delivery_id;
  delivery["user_id"] = outgoing.user_id;
  delivery["channel_id"] = outgoing.channel_id;
  delivery["kind"] = to_text(outgoing.kind);
  delivery["sealed"] = outgoing.sealed;
  delivery["message"] = std::move(message);
  delivery["attempt"] = outgoing.attempt;
  if (outgoing.expires_at) {
    const Millis left = std::clamp(*outgoing.expires_at - now, Millis{1}, kLongestLife);
    delivery["expires_in_ms"] = left.count();
  }
  return json::serialize(delivery);
}

std::optional<std::string> delivery_id_of(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const std::string_view id = text_at(value.get_object(), "id");
  if (!is_word(id, kMaxDeliveryIdBytes)) return std::nullopt;
  return std::string(id);
}

runtime::Result<SealedOutgoing> read_delivery(const json::value& value, TimePoint now) {
  auto id = delivery_id_of(value);
  if (!id) return malformed("id: expected 1 to 64 of A-Z a-z 0-9 . : _ -");
  const json::object& object = value.get_object();
  SealedOutgoing out;
  out.delivery_id = std::move(*id);
  const auto user = integer_at(object, "user_id");
  const auto channel = integer_at(object, "channel_id");
  if (!user || *user <= 0) return malformed("user_id: expected a positive whole number");
  if (!channel || *channel <= 0) return malformed("channel_id: expected a positive whole number");
  out.user_id = *user;
  out.channel_id = *channel;
  const auto kind = parse_channel_kind(text_at(object, "kind"));
  if (!kind) return malformed("kind: expected discord or telegram");
  out.kind = *kind;
  out.sealed = text_at(object, "sealed");
  if (!looks_sealed(out.sealed)) return malformed("sealed: expected a sealed credential");
  auto message = read_message(object);
  if (!message) return std::unexpected(std::move(message).error());
  out.message = std::move(*message);
  if (object.contains("attempt")) {
    const auto attempt = integer_at(object, "attempt");
    if (!attempt || *attempt < 1 || *attempt > kMostAttempts) {
      return malformed("attempt: expected a whole number from 1 to 1,000,000");
    }
    out.attempt = static_cast<int>(*attempt);
  }
  if (object.contains("expires_in_ms")) {
    const auto left = integer_at(object, "expires_in_ms");
    if (!left || *left < 1 || Millis{*left} > kLongestLife) {
      return malformed("expires_in_ms: expected a whole number from 1 to 172,800,000");
    }
    out.expires_at = now + Millis{*left};
  }
  return out;
}

std::string outcome_line(std::string_view delivery_id, const Carried& carried, TimePoint now) {
  json::object line;
  line["id"] = delivery_id;
  if (const auto* sent = std::get_if<Sent>(&carried.outcome)) say(line, *sent);
  if (const auto* retry = std::get_if<RetryAt>(&carried.outcome)) say(line, *retry, now);
  if (const auto* dead = std::get_if<Dead>(&carried.outcome)) say(line, *dead);
  if (const auto* refused = std::get_if<Refused>(&carried.outcome)) say(line, *refused);
  if (!carried.resealed.empty()) line["resealed"] = carried.resealed;
  return json::serialize(line) + "\n";
}

std::string heartbeat_line(std::size_t open) { return fmt::format("{{\"open\":{}}}\n", open); }

std::optional<OutcomeOf> read_outcome(std::string_view line, TimePoint now) {
  if (line.size() > kMaxOutcomeLineBytes) return std::nullopt;
  const auto object = parse_object(line);
  if (!object) return std::nullopt;
  OutcomeOf out;
  out.delivery_id = text_at(*object, "id");
  if (!is_word(out.delivery_id, kMaxDeliveryIdBytes)) return std::nullopt;
  auto outcome = read_kind_of_outcome(*object, now);
  if (!outcome) return std::nullopt;
  out.carried.outcome = std::move(*outcome);
  out.carried.resealed = text_at(*object, "resealed");
  if (!out.carried.resealed.empty() && !looks_sealed(out.carried.resealed)) return std::nullopt;
  return out;
}

}  // namespace streaky::notify
