#include "simulation/local_time.h"

#include <chrono>
#include <tuple>

namespace streaky::simulation {

using runtime::TimePoint;

namespace {

/// Clocks are set forth and back at quarters of an hour, by at most 24 hours.
constexpr std::chrono::minutes kQuarter{15};
constexpr std::chrono::hours kAhead{4};

bool reached(const sim::Zones::Local& local, sim::Day day, int minute) {
  return std::tie(local.day, local.minute) >= std::tie(day, minute);
}

}  // namespace

TimePoint instant_of(const sim::Zones& zones, std::uint8_t zone, sim::Day day, int minute) {
  const TimePoint wall{std::chrono::days{day} + std::chrono::minutes{minute}};
  const sim::Zones::Local there = zones.local(zone, wall);
  const auto offset =
      std::chrono::days{there.day} + std::chrono::minutes{there.minute} - wall.time_since_epoch();
  TimePoint at = wall - std::chrono::floor<std::chrono::minutes>(offset) - kAhead;
  while (reached(zones.local(zone, at), day, minute)) at -= kAhead;
  while (!reached(zones.local(zone, at), day, minute)) at += kQuarter;
  at -= kQuarter;
  while (!reached(zones.local(zone, at), day, minute)) at += std::chrono::minutes{1};
  return at;
}

TimePoint end_of(const sim::Zones& zones, std::uint8_t zone, sim::Day day) {
  return instant_of(zones, zone, day + 1, 0);
}

}  // namespace streaky::simulation
