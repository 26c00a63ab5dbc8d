#include "net/retry_after.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <string>
#include <string_view>
#include <system_error>

#include "runtime/bytes.h"

namespace streaky::net {

namespace {

using runtime::Millis;
using runtime::TimePoint;

constexpr double kMostSeconds = 10.0 * 366 * 86'400;  // ten years: no honest answer asks for more
constexpr std::size_t kLongestDate = 64;              // characters

std::optional<Millis> seconds_in(std::string_view text) {
  double seconds = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds, std::chars_format::fixed);
  if (error != std::errc{} || stop != end || !std::isfinite(seconds) || seconds < 0) return {};
  const double millis = std::ceil(std::min(seconds, kMostSeconds) * 1'000.0);
  return Millis{static_cast<std::int64_t>(millis)};
}

std::optional<TimePoint> date_in(std::string_view text) {
  // Dates of HTTP name the day of the week, all others are not meant here.
  if (text.empty() || text.size() > kLongestDate || text.front() < 'A' || text.front() > 'Z') {
    return std::nullopt;
  }
  const std::time_t at = curl_getdate(std::string(text).c_str(), nullptr);
  if (at < 0) return std::nullopt;
  return runtime::from_unix_ms(std::int64_t{at} * 1'000);
}

}  // namespace

std::optional<Millis> retry_after(const HttpResponse& response, TimePoint now) {
  const std::string_view text = runtime::trim_ascii(response.header("Retry-After"));
  if (const auto seconds = seconds_in(text)) return seconds;
  const auto at = date_in(text);
  if (!at) return std::nullopt;
  const TimePoint from = date_in(runtime::trim_ascii(response.header("Date"))).value_or(now);
  return std::max(*at - from, Millis{0});
}

}  // namespace streaky::net
