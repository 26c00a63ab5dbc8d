#include "streak/day_word.h"

#include <algorithm>

namespace streaky::streak {

std::optional<Instant> snooze_end(const Zone& zone, Instant now) {
  const auto in_an_hour = std::chrono::ceil<std::chrono::minutes>(now + kSnooze);
  const auto latest = std::chrono::floor<std::chrono::minutes>(zone.end_of(zone.local_date(now)) -
                                                               kSnoozeEndsBefore);
  const Instant end = std::min(in_an_hour, latest);
  if (end <= now) return std::nullopt;
  return end;
}

std::optional<Stage> snoozed_stage(const Zone& zone, const std::optional<DayWord>& word) {
  if (!word || word->stopped || !word->snoozed_until) return std::nullopt;
  const Instant at = *word->snoozed_until;
  if (zone.local_date(at) != word->date) return std::nullopt;
  return Stage{.date = word->date, .minute = zone.local_minute(at), .at = at};
}

bool keeps_quiet(const Zone& zone, const std::optional<DayWord>& word, Label date, Instant now) {
  if (!word || word->date != date) return false;
  if (word->stopped) return true;
  const auto stage = snoozed_stage(zone, word);
  return stage && now < stage->at;
}

}  // namespace streaky::streak
