// Which days rows of jobs and deliveries are of. Private to store/. Pure functions.
//
// A row's `date` is its user's local date, of which there are up to three at any instant: from
// UTC's date - 1 to + 1. It is worthless from the user's midnight on.
#pragma once

#include <chrono>

#include "runtime/time.h"
#include "streak/calendar.h"

namespace streaky::store {

inline streak::Label utc_date(runtime::TimePoint at) {
  return std::chrono::floor<std::chrono::days>(at);
}

/// Of everything that may be claimed at `now`: it began at most 14 hours sooner than by UTC and
/// ends at most 12 hours later. Two hours more on each side, since clocks differ: two or three
/// days.
inline streak::LabelRange days_alive(runtime::TimePoint now) {
  return {utc_date(now - std::chrono::hours{14}), utc_date(now + std::chrono::hours{16})};
}

/// The same with what has ended not long ago: results come late, leases are still to be ended. It
/// holds everything that was made in the 24 hours before `now`.
inline streak::LabelRange days_around(runtime::TimePoint now) {
  return {utc_date(now - std::chrono::hours{36}), utc_date(now + std::chrono::hours{20})};
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
