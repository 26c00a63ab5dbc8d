#include "runtime/time.h"

#include <fmt/format.h>

namespace streaky::runtime {

namespace {

/// Reads exactly `width` digits at `at` and moves on.
std::optional<int> digits(std::string_view text, std::size_t& at, std::size_t width) {
  if (at + width > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < width; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  at += width;
  return value;
}

bool skip(std::string_view text, std::size_t& at, std::string_view accepted) {
  if (at >= text.size() || accepted.find(text[at]) == std::string_view::npos) return false;
  ++at;
  return true;
}

/// Any number of fraction digits, of which three count.
std::optional<int> fraction_ms(std::string_view text, std::size_t& at) {
  if (!skip(text, at, ".")) return 0;
  int value = 0;
  int scale = 100;
  const std::size_t start = at;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
    value += scale * (text[at] - '0');
    scale /= 10;
  }
  if (at == start) return std::nullopt;
  return value;
}

std::optional<std::chrono::minutes> offset(std::string_view text, std::size_t& at) {
  if (skip(text, at, "Zz")) return std::chrono::minutes{0};
  if (at >= text.size()) return std::nullopt;
  const int sign = text[at] == '-' ? -1 : 1;
  if (!skip(text, at, "+-")) return std::nullopt;
  const auto hours = digits(text, at, 2);
  if (!hours || !skip(text, at, ":")) return std::nullopt;
  const auto minutes = digits(text, at, 2);
  if (!minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return std::chrono::minutes{sign * (*hours * 60 + *minutes)};
}

std::optional<std::chrono::sys_days> date_part(std::string_view text, std::size_t& at) {
  const auto year = digits(text, at, 4);
  if (!year || !skip(text, at, "-")) return std::nullopt;
  const auto month = digits(text, at, 2);
  if (!month || !skip(text, at, "-")) return std::nullopt;
  const auto day = digits(text, at, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

}  // namespace

std::string to_rfc3339(TimePoint at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::optional<TimePoint> parse_rfc3339(std::string_view text) {
  std::size_t at = 0;
  const auto date = date_part(text, at);
  if (!date || !skip(text, at, "Tt ")) return std::nullopt;
  const auto hours = digits(text, at, 2);
  if (!hours || !skip(text, at, ":")) return std::nullopt;
  const auto minutes = digits(text, at, 2);
  if (!minutes || !skip(text, at, ":")) return std::nullopt;
  const auto seconds = digits(text, at, 2);
  const auto ms = fraction_ms(text, at);
  if (!seconds || !ms || *hours > 23 || *minutes > 59 || *seconds > 60) return std::nullopt;
  const auto zone = offset(text, at);
  if (!zone || at != text.size()) return std::nullopt;
  return TimePoint{*date} + std::chrono::hours{*hours} + std::chrono::minutes{*minutes} +
         std::chrono::seconds{*seconds} + Millis{*ms} - *zone;
}

std::string to_human(Millis duration) {
  const auto ms = duration.count();
  if (ms < 1'000) return fmt::format("{} ms", ms);
  if (ms < 60'000) return fmt::format("{:.1f} s", static_cast<double>(ms) / 1'000);
  const auto minutes = ms / 60'000;
  if (minutes < 60) return fmt::format("{} min {} s", minutes, ms / 1'000 % 60);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

}  // namespace streaky::runtime
