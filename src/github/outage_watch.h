// Is GitHub down as a whole? Then single requests must not insist.
//
// Likely when many requests in a row failed and none was answered in between, over several waves:
// requests that were under way together fail together, and that is one wave. Where a request may
// just have been too heavy, only a clearly lighter one that fails as well makes another wave.
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
    lightest_ = 0;
  }
  /// A request for `users` that began at `begun` failed at `now`. `heavy`: it may have asked for
  /// too much; else only time can mend it.
  void failed(runtime::Millis begun, runtime::Millis now, int users, bool heavy) {
    if (failures_ < kFailures) ++failures_;
    if (waves_ > 0 && begun < wave_at_) return;
    const bool lighter = lightest_ == 0 || users * 3 <= lightest_ * 2;
    if (heavy && users > 1 && !lighter) return;
    if (lighter) lightest_ = users;
    if (waves_ < kWaves) ++waves_;
    wave_at_ = now;
  }

 private:
  int failures_ = 0;
  int waves_ = 0;
  int lightest_ = 0;            // users in the smallest request that failed
  runtime::Millis wave_at_{0};  // of the monotonic clock
};

}  // namespace streaky::github
