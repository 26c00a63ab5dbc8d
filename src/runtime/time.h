// Instants and durations, as every room above `streak` uses them.
//
// All instants are UTC wall-clock milliseconds; all durations are milliseconds unless a name says
// otherwise. The database keeps instants as Unix milliseconds, JSON as RFC 3339.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace streaky::runtime {

using Millis = std::chrono::milliseconds;
using TimePoint = std::chrono::sys_time<Millis>;

constexpr std::int64_t to_unix_ms(TimePoint at) { return at.time_since_epoch().count(); }
constexpr TimePoint from_unix_ms(std::int64_t ms) { return TimePoint{Millis{ms}}; }

/// `2026-08-06T11:00:00.000Z` (RFC 3339, section 5.6).
std::string to_rfc3339(TimePoint at);

/// Accepts RFC 3339 with `Z` or a numeric offset and any number of fraction digits; anything else,
/// also a date that does not exist, is nothing.
std::optional<TimePoint> parse_rfc3339(std::string_view text);

/// `2 h 5 min`, `3.4 s`, `120 ms`: for people.
std::string to_human(Millis duration);

}  // namespace streaky::runtime
