// From a wall clock somewhere to the instant: the oracle's own way, by looking at the clock alone.
// Uses sim/zones and nothing of streak/. One thread.
#pragma once

#include "sim/zones.h"

namespace streaky::simulation {

/// The first instant at which the clock there has come to `minute` of `day`, or past it: the first
/// of two in an overlap, the end of a gap.
runtime::TimePoint instant_of(const sim::Zones& zones, std::uint8_t zone, sim::Day day, int minute);
/// The first instant of the day after.
runtime::TimePoint end_of(const sim::Zones& zones, std::uint8_t zone, sim::Day day);

}  // namespace streaky::simulation
