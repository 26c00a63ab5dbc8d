// What a service's answer means, before the notifier turns it into an Outcome.
//
// Private to notify/. Codes are stable and lower-case; reasons are our own words: nothing that a
// service said is repeated, since it may echo a credential. Threading: any thread.
#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_client.h"
#include "notify/channel.h"
#include "runtime/time.h"

namespace streaky::notify {

enum class Meaning {
  sent,
  wait,      // the service named a time, or it is known: `wait`, within `scope`
  retry,     // no time was named: backoff
  dead,      // never again on this channel
  refused,   // not this message
  moved,     // Telegram: the chat is `moved_to` now
  as_plain,  // Telegram: the mark-up was refused, the bare text may pass
};

/// What else has to wait when one message has to.
enum class Scope { narrow, wide };  // this webhook or chat alone; everything on this address or bot

struct Answer {
  Meaning meaning = Meaning::retry;
  std::string code;
  std::string reason;
  std::string remote_id;
  runtime::Millis wait{0};
  Scope scope = Scope::narrow;
  bool maybe_seen = false;
  bool maybe_address = false;      // the same may be said to everybody on this address
  bool counts_as_invalid = false;  // Discord bans addresses that collect these
  std::string moved_to;
};

/// The longest time that a service may make us wait: beyond it the number is not believed.
inline constexpr runtime::Millis kLongestServiceWait{24LL * 3600 * 1000};
inline constexpr runtime::Millis kShortestServiceWait{100};

/// Seconds, perhaps with decimals, rounded up to milliseconds and kept within the two above.
/// Nothing when the number is negative or not finite.
std::optional<runtime::Millis> wait_from_seconds(double seconds);
/// The same from a header's text; nothing when it is not a decimal number.
std::optional<runtime::Millis> wait_from_header(std::string_view text);
/// What `Retry-After` says, a number or a date, kept within the two above.
std::optional<runtime::Millis> wait_from_retry_after(const net::HttpResponse& response,
                                                     runtime::TimePoint now);

/// An object, or nothing: not JSON, too deep, or something else than an object.
std::optional<boost::json::object> parse_object(std::string_view body);
std::optional<std::int64_t> integer_at(const boost::json::object& object, std::string_view key);
std::optional<double> number_at(const boost::json::object& object, std::string_view key);
std::string_view text_at(const boost::json::object& object, std::string_view key);
bool true_at(const boost::json::object& object, std::string_view key);

/// The request ended without an answer.
Answer answer_of_error(const runtime::Error& error);
/// 5xx: the service is in trouble; the message may have gone out all the same.
Answer answer_of_trouble(const net::HttpResponse& response, runtime::TimePoint now);

}  // namespace streaky::notify
