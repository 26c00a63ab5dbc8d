// What happened, to be read when something went wrong: the last events of each person and of the
// world, and a sum over all of them by which two runs are compared. One thread.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/time.h"

namespace streaky::simulation {

class Diary {
 public:
  static constexpr std::size_t kMostKept = 60;  // per person, and of the world

  explicit Diary(std::size_t people) : people_(people) {}

  void note(std::size_t person, runtime::TimePoint at, std::string_view text);
  void note_world(runtime::TimePoint at, std::string_view text);
  /// The last of both, in order of time.
  [[nodiscard]] std::string of(std::size_t person) const;
  /// Follows from every event in its order.
  [[nodiscard]] std::uint64_t sum() const { return sum_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  struct Event {
    runtime::TimePoint at;
    std::uint64_t order = 0;
    std::string text;
  };
  using Events = std::deque<Event>;

  void add(Events& events, std::uint64_t who, runtime::TimePoint at, std::string_view text);

  std::vector<Events> people_;
  Events world_;
  std::uint64_t sum_ = 0;
  std::uint64_t events_ = 0;
};

}  // namespace streaky::simulation
