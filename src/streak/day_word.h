// What a user has said about one day: "remind me later", or "nothing more today".
// Pure functions over values. The word holds for its date alone; a newer one takes its place.
#pragma once

#include <chrono>
#include <optional>

#include "streak/local_day.h"
#include "streak/reminder_plan.h"

namespace streaky::streak {

inline constexpr std::chrono::minutes kSnooze{60};
/// A snooze ends at least this long before the day does: there must be time to act.
inline constexpr std::chrono::minutes kSnoozeEndsBefore{30};

struct DayWord {
  Label date;
  bool stopped = false;
  std::optional<Instant> snoozed_until{};
  friend bool operator==(const DayWord&, const DayWord&) = default;
};

/// When a snooze that begins at `now` ends, on a whole minute; nothing where the day is nearly
/// over.
std::optional<Instant> snooze_end(const Zone& zone, Instant now);

/// The stage that takes the place of what a snooze holds back. Nothing without a snooze, and where
/// it no longer ends on its own date, since the user has moved to another zone.
std::optional<Stage> snoozed_stage(const Zone& zone, const std::optional<DayWord>& word);

/// True when the user wants to hear nothing about `date` at `now`. A snooze keeps quiet only where
/// its stage is still to come.
bool keeps_quiet(const Zone& zone, const std::optional<DayWord>& word, Label date, Instant now);

}  // namespace streaky::streak
