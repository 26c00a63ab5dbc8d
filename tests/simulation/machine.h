// The machine under test and the time around it. The world's time is the truth; the machine's wall
// clock may be set wrong, and its monotonic clock stands still while it sleeps. One thread.
#pragma once

#include "runtime/clock.h"

namespace streaky::simulation {

class Machine {
 public:
  explicit Machine(runtime::TimePoint start) : start_(start), clock_(start) {}

  [[nodiscard]] runtime::TimePoint truth() const { return start_ + clock_.monotonic() + slept_; }
  /// What the machine's clock shows at that true instant.
  [[nodiscard]] runtime::TimePoint wall(runtime::TimePoint truth) const { return truth + error_; }
  [[nodiscard]] runtime::TimePoint from_wall(runtime::TimePoint wall) const {
    return wall - error_;
  }
  [[nodiscard]] runtime::Millis error() const { return error_; }
  runtime::VirtualClock& clock() { return clock_; }

  /// Suspended until that true instant: timers do not run on.
  void sleep_until(runtime::TimePoint truth) {
    const runtime::Millis by = truth - this->truth();
    clock_.step_wall(by);
    slept_ += by;
  }
  void set_wrong(runtime::Millis error) {
    clock_.step_wall(error - error_);
    error_ = error;
  }

 private:
  runtime::TimePoint start_;
  runtime::VirtualClock clock_;
  runtime::Millis slept_{0};
  runtime::Millis error_{0};
};

}  // namespace streaky::simulation
