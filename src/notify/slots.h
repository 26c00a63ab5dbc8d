// An even rate: time cut into slots of equal width, one message each.
//
// Private to notify/. Slots may be taken ahead of time, in any order; however they are taken, no
// second holds more than `per_second` of them. Threading: one thread.
#pragma once

#include <cstdint>
#include <map>

#include "runtime/time.h"

namespace streaky::notify {

class Slots {
 public:
  using Slot = std::int64_t;
  static constexpr int kFastest = 1'000'000;

  /// `per_second` is kept within 1 and `kFastest`.
  explicit Slots(int per_second);

  /// The first slot that begins at `at` or later.
  [[nodiscard]] Slot slot_at(runtime::Millis at) const;
  /// When the slot has begun, rounded up to milliseconds.
  [[nodiscard]] runtime::Millis begin_of(Slot slot) const;

  /// The first free slot from this one on.
  [[nodiscard]] Slot first_free(Slot from) const;
  void take(Slot slot);
  /// The first one behind all that are taken.
  [[nodiscard]] Slot behind() const;
  /// Takes all from `begin` until before `end`, of which none is taken.
  void close(Slot begin, Slot end);
  /// Forgets what lies before; past slots are never asked for again.
  void forget_before(Slot slot);

 private:
  std::int64_t width_us_;
  std::map<Slot, Slot> taken_;  // begin → end (exclusive), merged where they touch
};

}  // namespace streaky::notify
