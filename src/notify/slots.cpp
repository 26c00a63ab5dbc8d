#include "notify/slots.h"

#include <algorithm>
#include <iterator>

namespace streaky::notify {
namespace {

constexpr std::int64_t kSecondUs = 1'000'000;
constexpr std::int64_t kMilliUs = 1'000;

std::int64_t divide_up(std::int64_t value, std::int64_t by) { return (value + by - 1) / by; }

}  // namespace

// A hundredth wider than the limit says, and rounded up: messages are some milliseconds longer or
// shorter on their way, and without room for that the service would count one too many every few
// seconds and refuse it, which costs more.
Slots::Slots(int per_second)
    : width_us_(divide_up(kSecondUs + kSecondUs / 100, std::clamp(per_second, 1, kFastest))) {}

Slots::Slot Slots::slot_at(runtime::Millis at) const {
  return divide_up(at.count() * kMilliUs, width_us_);
}

runtime::Millis Slots::begin_of(Slot slot) const {
  return runtime::Millis{divide_up(slot * width_us_, kMilliUs)};
}

Slots::Slot Slots::first_free(Slot from) const {
  const auto after = taken_.upper_bound(from);
  if (after == taken_.begin()) return from;
  return std::max(from, std::prev(after)->second);
}

void Slots::take(Slot slot) {
  Slot begin = slot;
  Slot end = slot + 1;
  auto next = taken_.lower_bound(slot);
  if (next != taken_.begin() && std::prev(next)->second >= begin) {
    begin = std::prev(next)->first;
    end = std::max(end, std::prev(next)->second);
    taken_.erase(std::prev(next));
  }
  if (next != taken_.end() && next->first <= end) {
    end = std::max(end, next->second);
    taken_.erase(next);
  }
  taken_.emplace(begin, end);
}

Slots::Slot Slots::behind() const { return taken_.empty() ? 0 : std::prev(taken_.end())->second; }

void Slots::close(Slot begin, Slot end) {
  if (begin < end) taken_.emplace(begin, end);
}

void Slots::forget_before(Slot slot) {
  while (!taken_.empty() && taken_.begin()->second <= slot) taken_.erase(taken_.begin());
}

}  // namespace streaky::notify
