#include "sim/activity.h"

#include <algorithm>

#include "sim/mix.h"

namespace streaky::sim {
namespace {

/// Long enough to hold a day that no rest-day rule can skip: the streak surely begins after it.
constexpr Day kQuietDays = 8;
constexpr runtime::Millis kAheadOfUtc{14LL * 3'600'000};
constexpr std::uint64_t kOldActivityPercent = 55;
constexpr std::uint64_t kRestDayPercent = 30;

int amount(std::uint64_t draw) { return 1 + static_cast<int>((draw >> 32U) % 12); }

}  // namespace

Moment Activity::moment(const Person& person, runtime::TimePoint now) const {
  const Zones::Local local = zones_.local(person.zone, now);
  return Moment{now, local.day, local.minute, utc_day(now + kAheadOfUtc)};
}

int Activity::drawn(const Person& person, Day day, const Moment& moment) const {
  if (day < person.created || day > moment.last) {
    return 0;
  }
  const std::uint64_t draw = mix(person.salt, static_cast<std::uint64_t>(day));
  if (day == person.base) {
    return person.today ? amount(draw) : 0;
  }
  if (day == person.base + 1 && person.tomorrow) {
    return amount(draw);
  }
  if (day > person.base) {
    const std::uint64_t chance = person.rests(day) ? kRestDayPercent : person.diligence;
    const int minute = static_cast<int>((draw >> 8U) % 1'440);
    const bool reached = moment.today > day || (moment.today == day && moment.minute >= minute);
    return draw % 100 < chance && reached ? amount(draw) : 0;
  }
  if (person.has_streak && day >= person.began) {
    const bool idle = person.rests(day) && day != person.began && draw % 100 >= kRestDayPercent;
    return idle ? 0 : amount(draw);
  }
  const Day quiet_until = person.has_streak ? person.began : person.base;
  if (day >= quiet_until - kQuietDays) {
    return 0;
  }
  return draw % 100 < kOldActivityPercent ? amount(draw) : 0;
}

Activity::Split Activity::split(const Person& person, Day day, const Moment& moment) const {
  const int count = drawn(person, day, moment);
  Split result;
  switch (person.privacy) {
    case Privacy::open:
      result.open = count;
      break;
    case Privacy::private_only:
      result.hidden = count;
      break;
    case Privacy::shared:
    case Privacy::hidden:
      if (mix(person.salt ^ 0x70726976ULL, static_cast<std::uint64_t>(day)) % 2 == 0) {
        result.hidden = count;
      } else {
        result.open = count;
      }
      break;
  }
  if (morning_ && day == moment.today && result.open == 0) {
    result.open = 1;
  }
  if (!extra_.empty()) {
    const auto found = extra_.find(key(person, day));
    if (found != extra_.end()) {
      for (const Extra& extra : found->second) {
        (extra.hidden ? result.hidden : result.open) += extra.at <= moment.at ? extra.count : 0;
      }
    }
  }
  return result;
}

DayCount Activity::seen(const Person& person, Day day, const Moment& moment, View view) const {
  const Split parts = split(person, day, moment);
  DayCount result{parts.open, 0};
  if (view == View::owner_repo) {
    result.count += parts.hidden;
  } else if (view == View::stranger && person.privacy == Privacy::shared) {
    result.count += parts.hidden;
    result.restricted = parts.hidden;
  }
  return result;
}

int Activity::best(const Person& person, Day day, const Moment& moment) const {
  const int outside = seen(person, day, moment, View::stranger).count;
  if (person.token == OwnToken::plain) {
    return std::max(outside, seen(person, day, moment, View::owner_plain).count);
  }
  if (person.token == OwnToken::repo) {
    return std::max(outside, seen(person, day, moment, View::owner_repo).count);
  }
  return outside;
}

std::uint64_t Activity::key(const Person& person, Day day) {
  return (static_cast<std::uint64_t>(person.index) << 32U) | static_cast<std::uint32_t>(day);
}

void Activity::contribute(const Person& person, Day day, int count, runtime::TimePoint at,
                          bool hidden) {
  extra_[key(person, day)].push_back(Extra{at, count, hidden});
}

void Activity::forget() {
  extra_.clear();
  morning_ = false;
}

}  // namespace streaky::sim
