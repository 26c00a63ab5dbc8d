// Counts what Discord counts against an address: 10,000 refused requests (401, 403, 429) within
// ten minutes ban it (docs/remote-apis.md §3). We stop at half, since thousands may be under way.
//
// Private to notify/. Instants are of the monotonic clock. Threading: one thread.
#pragma once

#include <cstddef>
#include <deque>

#include "runtime/time.h"

namespace streaky::notify {

class InvalidRequests {
 public:
  static constexpr std::size_t kStopAt = 5'000;
  static constexpr runtime::Millis kWindow{10LL * 60 * 1000};

  /// True when it is time to stop for a whole window; the count then begins anew.
  bool note(runtime::Millis now) {
    while (!seen_.empty() && seen_.front() + kWindow <= now) seen_.pop_front();
    seen_.push_back(now);
    if (seen_.size() < kStopAt) return false;
    seen_.clear();
    return true;
  }

 private:
  std::deque<runtime::Millis> seen_;
};

}  // namespace streaky::notify
