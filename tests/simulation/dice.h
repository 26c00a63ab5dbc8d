// Draws that follow from a key alone: the same key, the same draws, whatever else happens.
#pragma once

#include <cmath>
#include <cstdint>

#include "runtime/time.h"
#include "sim/mix.h"

namespace streaky::simulation {

class Dice {
 public:
  explicit Dice(std::uint64_t key) : state_(sim::mix(key)) {}
  Dice(std::uint64_t a, std::uint64_t b) : Dice(sim::mix(a, b)) {}

  std::uint64_t next() { return state_ = sim::mix(state_); }
  /// 0 to limit − 1.
  std::uint64_t below(std::uint64_t limit) { return next() % limit; }
  int between(int low, int high) {
    return low + static_cast<int>(below(static_cast<std::uint64_t>(high - low) + 1));
  }
  bool percent(double chance) { return unit() * 100 < chance; }
  double unit() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  /// As likely between 1 and 2 minutes as between 1 and 2 hours.
  runtime::Millis stretch(runtime::Millis low, runtime::Millis high) {
    const double ratio = static_cast<double>(high.count()) / static_cast<double>(low.count());
    const double drawn = static_cast<double>(low.count()) * std::pow(ratio, unit());
    return runtime::Millis{static_cast<std::int64_t>(drawn)};
  }

 private:
  std::uint64_t state_;
};

}  // namespace streaky::simulation
