#include "simulation/uptime.h"

#include <algorithm>

namespace streaky::simulation {

using runtime::TimePoint;

void Uptime::down(Part part, TimePoint at) {
  Line& line = lines_[static_cast<std::size_t>(part)];
  if (line.depth++ > 0) return;
  if (!line.downs.empty() && line.downs.back().to >= at) {
    line.downs.back().to = TimePoint::max();
  } else {
    line.downs.push_back(Down{at, TimePoint::max()});
  }
}

void Uptime::up(Part part, TimePoint at) {
  Line& line = lines_[static_cast<std::size_t>(part)];
  if (--line.depth == 0) line.downs.back().to = at;
}

const Uptime::Down* Uptime::first_after(Part part, TimePoint at) const {
  const auto& downs = lines_[static_cast<std::size_t>(part)].downs;
  const auto found = std::ranges::upper_bound(downs, at, {}, &Down::to);
  return found == downs.end() ? nullptr : &*found;
}

std::optional<TimePoint> Uptime::window(const std::vector<Part>& parts, TimePoint from,
                                        TimePoint to, runtime::Millis length) const {
  TimePoint begin = from;
  while (begin + length <= to) {
    TimePoint blocked_until = begin;
    for (const Part part : parts) {
      const Down* down = first_after(part, begin);
      if (down != nullptr && down->from < begin + length) {
        blocked_until = std::max(blocked_until, down->to);
      }
    }
    if (blocked_until == begin) return begin;
    if (blocked_until == TimePoint::max()) break;
    begin = blocked_until;
  }
  return std::nullopt;
}

bool Uptime::down_throughout(Part part, TimePoint from, TimePoint to) const {
  const Down* down = first_after(part, from);
  return down != nullptr && down->from <= from && down->to >= to;
}

bool Uptime::down_within(Part part, TimePoint from, TimePoint to) const {
  const Down* down = first_after(part, from);
  return down != nullptr && down->from < to;
}

}  // namespace streaky::simulation
