// Who may send when: each service's limits, kept before the service has to remind us.
//
// Private to notify/. A message passes a *lane* (its webhook or chat: so many in so long, bursts
// allowed) and a *road* (the host or the bot: an even rate). A turn within the deadline is reserved
// at once, so messages wait for different instants and nobody polls. A turn beyond it is promised:
// the caller comes back at that instant. Newcomers stand behind what was promised, those who come
// back do not, so nobody is passed over for ever. Promises are not held: one that is not kept
// costs nothing but its instant.
//
// All instants are of the monotonic clock. Threading: one thread.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "notify/slots.h"
#include "runtime/time.h"

namespace streaky::notify {

struct Limit {
  int count;
  runtime::Millis per;
};

struct Route {
  std::string lane;
  std::span<const Limit> lane_limits;  // static storage
  std::string road;
  int road_per_second = 1;
  bool came_back = false;  // this message was promised its turn before
};

struct Turn {
  runtime::Millis at{0};
  bool reserved = false;  // else only promised
};

class Pacer {
 public:
  /// Beyond this many lanes or roads the idle ones are forgotten, then any.
  static constexpr std::size_t kMaxKeys = 50'000;

  /// Reserves the first turn if it is at `deadline` or before, else promises one. A rate of the
  /// road that differs from the last one holds from the end of what is reserved.
  Turn reserve(const Route& route, runtime::Millis now, runtime::Millis deadline);
  /// Promises a turn and reserves none.
  runtime::Millis promise(const Route& route, runtime::Millis now);
  /// True when a reserved turn still stands: nothing was paused since.
  [[nodiscard]] bool stands(const Route& route, runtime::Millis now) const;

  void pause_lane(const Route& route, runtime::Millis now, runtime::Millis until);
  void pause_road(const Route& route, runtime::Millis now, runtime::Millis until);

  [[nodiscard]] std::size_t keys() const { return lanes_.size() + roads_.size(); }

 private:
  struct Lane {
    std::vector<runtime::Millis> turns;     // the latest, in order, as many as the largest limit
    std::vector<runtime::Millis> promises;  // those yet to come, likewise
    runtime::Millis paused_until{0};
    runtime::Millis busy_until{0};  // idle, and so forgettable, from then on
  };
  struct Road {
    explicit Road(int rate) : per_second(rate), slots(rate) {}

    int per_second;
    Slots slots;
    Slots::Slot promised = 0;
    runtime::Millis paused_until{0};
    runtime::Millis busy_until{0};
  };
  template <typename Entry>
  using Map = std::unordered_map<std::string, Entry>;

  static runtime::Millis promise_lane(Lane& lane, std::span<const Limit> limits,
                                      runtime::Millis from, runtime::Millis now);
  static runtime::Millis promise_road(Road& road, Slots::Slot slot, runtime::Millis now);
  static void change_rate(Road& road, int per_second, runtime::Millis now);
  Lane& lane(const Route& route, runtime::Millis now);
  Road& road(const Route& route, runtime::Millis now);

  template <typename Entry>
  void make_room(Map<Entry>& map, runtime::Millis now);

  Map<Lane> lanes_;
  Map<Road> roads_;
  runtime::Millis next_sweep_{0};
};

}  // namespace streaky::notify
