// When to look at a user: wall-clock times of the user's own day → UTC instants (rule 10).
// Pure functions over values.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "streak/local_day.h"

namespace streaky::streak {

/// Minutes since local midnight, 0 to 1439; at most `kMostStages` of them, sorted, unique.
using StageMinutes = std::vector<int>;
inline constexpr std::size_t kMostStages = 24;

/// One stage of one local day.
struct Stage {
  Label date;
  int minute = 0;
  Instant at;
};

/// "20:05" → 1205; hours 00 to 23 with or without a leading zero, minutes two digits.
std::optional<int> parse_minute(std::string_view text);
std::string minute_text(int minute);

/// The first stage strictly after `after`; nothing when there are no stages. Times that a DST gap
/// moves onto another stage of the same day make one stage (the later minute). A date that the zone
/// left out has no stages. Where a gap swallows the end of a day, its stages come 30 minutes before
/// the day ends instead of after it: a reminder after midnight would be no reminder.
/// `minutes` are sorted.
std::optional<Stage> next_stage(const Zone& zone, std::span<const int> minutes, Instant after);

/// The latest stage of the local day of `now` that is not after `now`; nothing when the day's first
/// stage is still to come. This is what a scheduler that was down catches up on.
std::optional<Stage> latest_stage_today(const Zone& zone, std::span<const int> minutes,
                                        Instant now);

}  // namespace streaky::streak
