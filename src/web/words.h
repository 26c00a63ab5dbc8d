// Dates, times and states as pages say them. Pure; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "runtime/time.h"
#include "streak/local_day.h"

namespace streaky::web {

/// `6 August 2026`, `Thu 6 Aug`.
std::string long_date(streak::Label label);
std::string short_date(streak::Label label);
void append_short_date(std::string& text, streak::Label label);
/// `today 20:05`, `yesterday 20:05`, `tomorrow 20:05`, `Thu 6 Aug 20:05`; by the clock of the zone.
std::string local_when(const streak::Zone& zone, runtime::TimePoint at, runtime::TimePoint now);
/// `just now`, `5 min ago`, `3 h ago`, `2 days ago`.
std::string ago(runtime::TimePoint at, runtime::TimePoint now);
/// `1 contribution`, `12 contributions`.
std::string contributions_text(int count);
/// `discord` → `Discord`.
std::string channel_name(std::string_view kind);
/// The user's zone; UTC where tzdata has lost it.
streak::Zone zone_or_utc(const std::string& name);

}  // namespace streaky::web
