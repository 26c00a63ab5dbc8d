// Which days rows of jobs and deliveries are of. Private to store/. Pure functions.
//
// A row's `date` is its user's local date, of which there are up to three at any instant: from
// UTC's date - 1 to + 1. It is worthless from the user's midnight on, at most 36 hours after the
// date began by UTC.
#pragma once

#include <chrono>

#include "runtime/time.h"
#include "streak/calendar.h"

namespace streaky::store {

inline streak::Label utc_date(runtime::TimePoint at) {
  return std::chrono::floor<std::chrono::days>(at);
}

/// Of everything that waits at `now`, is in hand, or was made in the 24 hours before, with a day
/// more on each side than there can be: clocks differ.
inline streak::LabelRange days_around(runtime::TimePoint now) {
  constexpr std::chrono::days kMargin{2};
  return {utc_date(now) - kMargin, utc_date(now) + kMargin};
}

/// The days before those: whatever is unfinished there has expired.
inline streak::LabelRange days_before(runtime::TimePoint now) {
  return {streak::Label{}, days_around(now).from - std::chrono::days{1}};
}

/// Of everything that was made before `at`.
inline streak::LabelRange days_until(runtime::TimePoint at) {
  return {streak::Label{}, utc_date(at) + std::chrono::days{1}};
}

}  // namespace streaky::store
