#include "streak/reminder_plan.h"

#include <algorithm>

#include "streak/digits.h"

namespace streaky::streak {

namespace {

constexpr int kMinutesPerHour = 60;
constexpr int kMinutesPerDay = 24 * kMinutesPerHour;
/// No zone ever left out two days in a row; the third day from now is looked at for certain.
constexpr int kDaysAhead = 3;
/// Where the clock jumps over the last hour of a day (Nuuk, each March), "after the gap" would be
/// after the user's midnight. Such a reminder comes this long before the day ends instead.
constexpr std::chrono::minutes kLastCall{30};

/// The stages of one date in order; none when the zone left that date out.
std::vector<Stage> stages_of(const Zone& zone, std::span<const int> minutes, Label date) {
  std::vector<Stage> stages;
  const Instant begin = zone.instant_of(date, 0);
  const Instant end = zone.end_of(date);
  if (begin >= end) return stages;
  for (const int minute : minutes) {
    if (minute < 0 || minute >= kMinutesPerDay) continue;
    Instant at = zone.instant_of(date, minute);
    if (at >= end) at = std::max<Instant>(begin, end - kLastCall);
    if (!stages.empty() && at <= stages.back().at) {
      stages.back().minute = minute;
    } else {
      stages.push_back(Stage{.date = date, .minute = minute, .at = at});
    }
  }
  return stages;
}

}  // namespace

std::optional<int> parse_minute(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos || colon < 1 || colon > 2) return std::nullopt;
  if (text.size() != colon + 3) return std::nullopt;
  int hour = 0;
  for (const char character : text.substr(0, colon)) {
    if (!is_digit(character)) return std::nullopt;
    hour = hour * 10 + (character - '0');
  }
  const char tens = text[colon + 1];
  const char ones = text[colon + 2];
  if (!is_digit(tens) || !is_digit(ones)) return std::nullopt;
  const int minute = (tens - '0') * 10 + (ones - '0');
  if (hour >= 24 || minute >= kMinutesPerHour) return std::nullopt;
  return hour * kMinutesPerHour + minute;
}

std::string minute_text(int minute) {
  return two_digits(minute / kMinutesPerHour) + ":" + two_digits(minute % kMinutesPerHour);
}

std::optional<Stage> next_stage(const Zone& zone, std::span<const int> minutes, Instant after) {
  const Label today = zone.local_date(after);
  for (int day = 0; day <= kDaysAhead; ++day) {
    for (const Stage& stage : stages_of(zone, minutes, today + std::chrono::days(day))) {
      if (stage.at > after) return stage;
    }
  }
  return std::nullopt;
}

std::optional<Stage> latest_stage_today(const Zone& zone, std::span<const int> minutes,
                                        Instant now) {
  std::optional<Stage> latest;
  for (const Stage& stage : stages_of(zone, minutes, zone.local_date(now))) {
    if (stage.at <= now) latest = stage;
  }
  return latest;
}

}  // namespace streaky::streak
