// Is it one webhook that is refused, or our address? Discord says 403 without a reason for both.
//
// Private to notify/. Likely the address when several lanes were refused within a minute and
// nothing was sent in between. Instants are of the monotonic clock. Threading: one thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "runtime/time.h"

namespace streaky::notify {

class RefusedLanes {
 public:
  static constexpr std::size_t kStopAt = 5;
  static constexpr runtime::Millis kWindow{60'000};

  /// True when it is likely the address; the count then begins anew.
  bool note(const std::string& lane, runtime::Millis now) {
    std::erase_if(refused_, [&lane, now](const Refused& one) {
      return one.lane == lane || one.at + kWindow <= now;
    });
    refused_.push_back({lane, now});
    if (refused_.size() < kStopAt) return false;
    refused_.clear();
    return true;
  }
  /// Something was sent from this address.
  void passed() { refused_.clear(); }

 private:
  struct Refused {
    std::string lane;
    runtime::Millis at{0};
  };
  std::vector<Refused> refused_;  // fewer than kStopAt
};

}  // namespace streaky::notify
