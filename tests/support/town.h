// A simulated world with a house (the engine) in it, sharing one virtual clock.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/world.h"
#include "sim/world_client.h"
#include "support/house.h"

namespace streaky::testing_support {

/// A person of the world, whom `People` may move about in memory.
class Neighbour {
 public:
  Neighbour(sim::People& people, std::uint32_t index) : people_(people), index_(index) {}
  sim::Person* operator->() const { return &people_.at(index_); }
  [[nodiscard]] std::uint32_t index() const { return index_; }

 private:
  sim::People& people_;
  std::uint32_t index_;
};

class Town {
 public:
  explicit Town(runtime::TimePoint start = default_start(), House::Settings settings = {},
                sim::WorldOptions world_options = {});

  static runtime::TimePoint default_start() {
    return runtime::parse_rfc3339("2026-07-01T12:00:00Z").value();
  }

  void start_process();
  /// Kills the process and starts another one on the same database.
  void crash();
  /// Somebody with a living streak of that many days and nothing today, told on Discord at 20:00.
  /// Change the person before `move_in`.
  Neighbour settle(const char* zone, int streak_days);
  /// Messages that reached this person, oldest first.
  std::vector<std::string> heard(const Neighbour& person,
                                 std::optional<sim::Service> service = std::nullopt);
  /// Everything on that service meets this fault with that probability; 0 lifts it.
  void fault(sim::Service service, sim::Fault kind, double probability);
  void no_faults();

  /// Imports everybody of the world, as `user import` would; gives their number.
  std::size_t move_in();

  runtime::VirtualClock clock;
  sim::World world;
  House house;
};

}  // namespace streaky::testing_support
