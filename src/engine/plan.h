// When to look at whom: settings and an instant → the next check, the job to make now.
// Pure functions; the scheduler and the commands that edit users share them.
#pragma once

#include <optional>
#include <string>

#include "runtime/time.h"
#include "store/schedule.h"
#include "streak/local_day.h"

namespace streaky::engine {

/// For a user whose `next_check_at` has come: the latest stage of the user's present day, if any
/// has passed, and the next one. A scheduler that was down thus catches up with one job at most,
/// never about yesterday. A zone that tzdata does not know makes no job, and is tried in an hour.
store::Planned plan_due(const store::DueUser& user, runtime::TimePoint now);

/// For a check that somebody asked for by hand; leaves `next_check_at` as it is.
store::Planned plan_manual(const store::DueUser& user, runtime::TimePoint now);

/// The first check of a user whose settings were saved at `now`: strictly in the future, but for an
/// edit which leaves no stage today when nothing was said today: that is checked now.
struct Saved {
  bool is_new = false;
  bool told_today = false;
};
std::optional<runtime::TimePoint> first_check(const streak::Zone& zone,
                                              const streak::StageMinutes& remind_at, Saved saved,
                                              runtime::TimePoint now);

/// When the day of a job or delivery ends for its user, who may have moved to another zone since it
/// was made: by the clock there, and at once if it is another date there by now.
runtime::TimePoint end_of_day(const store::User& user, const std::string& zone, streak::Label date,
                              runtime::TimePoint expires_at, runtime::TimePoint now);

/// The hour of a job's stage; when it was made, for one that was asked for by hand.
runtime::TimePoint called_at(const std::string& zone, streak::Label date, int stage,
                             runtime::TimePoint created_at);

/// The instant of the last try before an unknown answer becomes an honest "could not check":
/// fifteen minutes before midnight; for a job that was made later than that, soon after it began.
runtime::TimePoint honest_at(runtime::TimePoint created_at, runtime::TimePoint expires_at);

}  // namespace streaky::engine
