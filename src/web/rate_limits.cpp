#include "web/rate_limits.h"

#include <algorithm>
#include <cmath>

namespace streaky::web {

namespace {

constexpr double kMinuteMs = 60'000;

}  // namespace

runtime::Millis RateLimits::take(const Rate& rate, const std::string& who, runtime::Millis now) {
  if (buckets_.size() >= kMostBuckets) make_room(now);
  Bucket& bucket = buckets_[std::string(rate.name) + " " + who];
  bucket.drain = rate.per_minute / kMinuteMs;
  const auto passed = static_cast<double>((now - bucket.at).count());
  bucket.level = std::max(0.0, bucket.level - passed * bucket.drain);
  bucket.at = now;
  if (bucket.level + 1 > rate.burst) {
    const double wait = (bucket.level + 1 - rate.burst) / bucket.drain;
    return runtime::Millis{std::max<std::int64_t>(1, static_cast<std::int64_t>(std::ceil(wait)))};
  }
  bucket.level += 1;
  return runtime::Millis{0};
}

void RateLimits::make_room(runtime::Millis now) {
  std::erase_if(buckets_, [now](const auto& entry) {
    const Bucket& bucket = entry.second;
    const auto passed = static_cast<double>((now - bucket.at).count());
    return bucket.level <= passed * bucket.drain;
  });
  if (buckets_.size() >= kMostBuckets) buckets_.clear();
}

}  // namespace streaky::web
