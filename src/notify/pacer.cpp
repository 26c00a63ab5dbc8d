#include "notify/pacer.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace streaky::notify {
namespace {

using runtime::Millis;

Millis longest_window(std::span<const Limit> limits) {
  Millis longest{0};
  for (const Limit& limit : limits) longest = std::max(longest, limit.per);
  return longest;
}

std::size_t largest_count(std::span<const Limit> limits) {
  int count = 1;
  for (const Limit& limit : limits) count = std::max(count, limit.count);
  return static_cast<std::size_t>(count);
}

// The first instant at which one more message keeps all limits of the lane.
Millis first_turn(const std::vector<Millis>& turns, std::span<const Limit> limits, Millis from) {
  Millis at = from;
  if (!turns.empty()) at = std::max(at, turns.back());
  for (const Limit& limit : limits) {
    const auto count = static_cast<std::size_t>(limit.count);
    if (turns.size() >= count) at = std::max(at, turns[turns.size() - count] + limit.per);
  }
  return at;
}

void push_bounded(std::vector<Millis>& turns, Millis at, std::size_t limit) {
  turns.insert(std::ranges::upper_bound(turns, at), at);
  if (turns.size() > limit) turns.erase(turns.begin());
}

// What was granted and what was promised for later, in order.
std::vector<Millis> all_ahead(const std::vector<Millis>& turns, const std::vector<Millis>& promises,
                              Millis now) {
  std::vector<Millis> all = turns;
  std::ranges::copy_if(promises, std::back_inserter(all), [now](Millis at) { return at > now; });
  std::ranges::sort(all);
  return all;
}

constexpr Millis kBetweenSweeps{1'000};

}  // namespace

// Losing an entry costs at worst one 429, which is obeyed; losing memory would cost everything.
template <typename Entry>
void Pacer::make_room(Map<Entry>& map, Millis now) {
  if (map.size() < kMaxKeys) return;
  if (now >= next_sweep_) {
    std::erase_if(map, [now](const auto& entry) { return entry.second.busy_until <= now; });
    next_sweep_ = now + kBetweenSweeps;
  }
  if (map.size() >= kMaxKeys) map.erase(map.begin());
}

Pacer::Lane& Pacer::lane(const Route& route, Millis now) {
  if (const auto found = lanes_.find(route.lane); found != lanes_.end()) return found->second;
  make_room(lanes_, now);
  return lanes_[route.lane];
}

Pacer::Road& Pacer::road(const Route& route, Millis now) {
  if (const auto found = roads_.find(route.road); found != roads_.end()) return found->second;
  make_room(roads_, now);
  return roads_.try_emplace(route.road, route.road_per_second).first->second;
}

Millis Pacer::promise_lane(Lane& lane, std::span<const Limit> limits, Millis from, Millis now) {
  const Millis at = first_turn(all_ahead(lane.turns, lane.promises, now), limits, from);
  push_bounded(lane.promises, at, largest_count(limits));
  lane.busy_until = std::max(lane.busy_until, at + longest_window(limits));
  return at;
}

Millis Pacer::promise_road(Road& road, Slots::Slot slot, Millis now) {
  if (road.slots.begin_of(road.promised) > now) slot = std::max(slot, road.promised + 1);
  road.promised = slot;
  const Millis at = road.slots.begin_of(slot);
  road.busy_until = std::max(road.busy_until, at);
  return at;
}

void Pacer::change_rate(Road& road, int per_second, Millis now) {
  Slots slots(per_second);
  slots.close(slots.slot_at(now), slots.slot_at(road.slots.begin_of(road.slots.behind())));
  road.promised = slots.slot_at(road.slots.begin_of(road.promised));
  road.slots = std::move(slots);
  road.per_second = per_second;
}

Turn Pacer::reserve(const Route& route, Millis now, Millis deadline) {
  Lane& lane = this->lane(route, now);
  Road& road = this->road(route, now);
  if (road.per_second != route.road_per_second) change_rate(road, route.road_per_second, now);
  const std::span<const Limit> limits = route.lane_limits;

  const Millis from_now = std::max(now, lane.paused_until);
  Millis at = first_turn(lane.turns, limits, from_now);
  if (!route.came_back && !lane.promises.empty()) {
    at = first_turn(all_ahead(lane.turns, lane.promises, now), limits, from_now);
  }
  // When the road is closed for longer than the lane, the road spreads those who come back.
  if (at > std::max(now, deadline) && at >= road.paused_until) {
    return {promise_lane(lane, limits, from_now, now), false};
  }

  road.slots.forget_before(road.slots.slot_at(now));
  Slots::Slot from = road.slots.slot_at(std::max(at, road.paused_until));
  const bool others_first = !route.came_back && road.slots.begin_of(road.promised) > now;
  if (others_first) from = std::max(from, road.promised + 1);
  const Slots::Slot slot = road.slots.first_free(from);
  at = road.slots.begin_of(slot);
  if (at > deadline) return {promise_road(road, slot, now), false};

  road.slots.take(slot);
  road.busy_until = std::max(road.busy_until, at);
  push_bounded(lane.turns, at, largest_count(limits));
  lane.busy_until = std::max(lane.busy_until, at + longest_window(limits));
  return {at, true};
}

Millis Pacer::promise(const Route& route, Millis now) {
  return reserve(route, now, now - Millis{1}).at;
}

bool Pacer::stands(const Route& route, Millis now) const {
  const auto lane = lanes_.find(route.lane);
  if (lane != lanes_.end() && lane->second.paused_until > now) return false;
  const auto road = roads_.find(route.road);
  return road == roads_.end() || road->second.paused_until <= now;
}

void Pacer::pause_lane(const Route& route, Millis now, Millis until) {
  Lane& lane = this->lane(route, now);
  lane.paused_until = std::max(lane.paused_until, until);
  lane.busy_until = std::max(lane.busy_until, until);
}

void Pacer::pause_road(const Route& route, Millis now, Millis until) {
  Road& road = this->road(route, now);
  road.paused_until = std::max(road.paused_until, until);
  road.busy_until = std::max(road.busy_until, until);
}

}  // namespace streaky::notify
