// What goes wrong when: outages, storms, slow and wrong answers, a full disk, kills, sleep and
// clocks that are set wrong, all drawn from the seed before the simulation begins.
//
// A spell lasts from one instant to another; spells of different kinds overlap. `Weather` keeps the
// world's faults as the spells in force have them, and tells the uptime what counts as down. A
// drizzle (a few failures among many answers) does not: Streaky has to cope with that at any time.
// What the machine itself suffers is done by the simulation. One thread.
#pragma once

#include <string>
#include <vector>

#include "sim/world.h"
#include "simulation/shim_vfs.h"
#include "simulation/uptime.h"
#include "simulation/wire.h"

namespace streaky::simulation {

enum class Trouble : std::uint8_t {
  github_down,     // refused, silent, or nothing but errors
  github_wrong,    // answers that are damaged, halved or not JSON
  github_halves,   // answers without their last week: the worst, since they look whole
  github_limited,  // rate limits and resource limits
  github_slow,     // answers take longer than anybody waits, or nearly
  github_drizzle,  // a few failures
  discord_down,
  discord_limited,  // storms of 429, and the limit that no header shows
  telegram_down,
  telegram_limited,
  channel_drizzle,  // a few failures, a few lost answers
  database_busy,
  database_full,
  kill,       // a spell lasts until the process is started again
  torn_kill,  // in the middle of a transaction
  restart,    // in good order
  asleep,
  wrong_clock,
};
inline constexpr int kTroubles = 18;
const char* to_text(Trouble trouble);

struct Spell {
  runtime::TimePoint from;
  runtime::TimePoint to;
  Trouble trouble = Trouble::github_down;
  int style = 0;          // one of the trouble's shapes
  std::uint64_t key = 0;  // whatever else it needs
};

/// In order of `from`; two of one trouble never overlap.
std::vector<Spell> forecast(std::uint64_t seed, runtime::TimePoint from, runtime::TimePoint to,
                            double severity);

/// A wrong clock is trusted again when it was right for as long as it was wrong by.
runtime::Millis clock_error_of(const Spell& spell);

class Weather {
 public:
  Weather(sim::World& world, WireState& wire, ShimVfs& disk, Uptime& uptime);

  void begin(const Spell& spell, runtime::TimePoint now);
  void end(const Spell& spell, runtime::TimePoint now);

 private:
  void renew();
  void apply(const Spell& spell);
  void apply_github(const Spell& spell);
  void apply_channel(sim::Service service, const Spell& spell);
  void drizzle(sim::Service service);
  void rule(sim::Service service, sim::Fault fault, double probability);

  sim::World& world_;
  WireState& wire_;
  ShimVfs& disk_;
  Uptime& uptime_;
  sim::WorldOptions fair_;  // the rules on a good day
  std::vector<Spell> spells_;
};

/// What a spell puts down; nothing for a drizzle.
std::vector<Part> parts_of(const Spell& spell);
/// How much longer than the spell itself its consequences last: limits that were announced, and a
/// clock that was ahead.
runtime::Millis after_effect(const Spell& spell);

}  // namespace streaky::simulation
