// Token buckets per kind of request and per who asks: an address (a /64) or a user.
//
// Threading: one thread. Time: `Clock::monotonic`, handed in. At most `kMostBuckets` are kept; when
// there is no room, those that are full again go, and then all: who floods with addresses gains a
// burst, and no memory.
#pragma once

#include <string>
#include <unordered_map>

#include "runtime/time.h"

namespace streaky::web {

struct Rate {
  const char* name;
  int burst;       // requests at once
  int per_minute;  // and then so many
};

class RateLimits {
 public:
  static constexpr std::size_t kMostBuckets = 50'000;

  /// Zero: go on. Else how long until there is room for one more.
  runtime::Millis take(const Rate& rate, const std::string& who, runtime::Millis now);
  [[nodiscard]] std::size_t buckets() const { return buckets_.size(); }

 private:
  struct Bucket {
    double level = 0;  // how much of the burst is used
    double drain = 0;  // per millisecond
    runtime::Millis at{0};
  };

  void make_room(runtime::Millis now);

  std::unordered_map<std::string, Bucket> buckets_;
};

}  // namespace streaky::web
