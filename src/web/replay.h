// "With these settings you would have heard on these days": the last weeks, judged as they ended.
// Pure. A contribution that came late in the day left no trace of its hour, so that day is not
// among them though a reminder may have come before it.
#pragma once

#include <vector>

#include "streak/calendar.h"
#include "streak/day_rules.h"

namespace streaky::web {

inline constexpr int kReplayDays = 30;

/// Oldest first; days of which too little is known are left out.
std::vector<streak::Label> replay(const streak::Calendar& calendar, const streak::DayRules& rules,
                                  streak::Label today);

}  // namespace streaky::web
