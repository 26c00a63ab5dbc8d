// A simulated world with a house (the engine) in it, sharing one virtual clock.
#pragma once

#include <memory>

#include "sim/world.h"
#include "sim/world_client.h"
#include "support/house.h"

namespace streaky::testing_support {

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
  /// Imports everybody of the world, as `user import` would; gives their number.
  std::size_t move_in();

  runtime::VirtualClock clock;
  sim::World world;
  House house;
};

}  // namespace streaky::testing_support
