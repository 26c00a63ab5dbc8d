// Is GitHub down as a whole? Then single requests must not insist.
//
// Likely when many requests in a row failed and none was answered in between, over several waves:
// requests that were under way together fail together, for instance because all were too heavy, and
// that is one wave.
#pragma once

#include "runtime/time.h"

namespace streaky::github {

class OutageWatch {
 public:
  static constexpr int kFailures = 8;
  static constexpr int kWaves = 3;

  [[nodiscard]] bool likely() const { return failures_ >= kFailures && waves_ >= kWaves; }

  void answered() {
    failures_ = 0;
    waves_ = 0;
  }
  /// A request that began at `begun` failed at `now`, in a way that only time can mend.
  void failed(runtime::Millis begun, runtime::Millis now) {
    if (failures_ < kFailures) ++failures_;
    if (waves_ > 0 && begun < wave_at_) return;
    if (waves_ < kWaves) ++waves_;
    wave_at_ = now;
  }

 private:
  int failures_ = 0;
  int waves_ = 0;
  runtime::Millis wave_at_{0};  // of the monotonic clock
};

}  // namespace streaky::github
