// Time, handed in: the only source of "now" and the only way to wait.
//
// Two clocks in one: `now()` is the wall clock, which may be stepped; `monotonic()` never goes back
// and counts the time in which the machine sleeps. Calendar decisions use the wall clock, limits
// and leases inside the process use the monotonic one.
//
// Threading: `now()` and `monotonic()` from any thread; everything else on the executor's thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/task.h"
#include "runtime/time.h"

namespace streaky::runtime {

class Clock {
 public:
  using TimerId = std::uint64_t;

  Clock() = default;
  Clock(const Clock&) = delete;
  Clock& operator=(const Clock&) = delete;
  virtual ~Clock() = default;

  [[nodiscard]] virtual TimePoint now() const = 0;
  [[nodiscard]] virtual Millis monotonic() const = 0;

  /// Calls back once, on the executor, when `monotonic()` has reached `at`. Never inline.
  virtual TimerId call_at(Millis at, std::function<void()> callback) = 0;
  /// A timer that has fired or is unknown is ignored.
  virtual void cancel(TimerId id) = 0;

  /// Sleeps by the wall clock: looks again at least every `kLongestNap`, so that a stepped clock
  /// or a machine that slept is noticed within that time.
  Task<void> sleep_until(TimePoint at);
  Task<void> sleep_for(Millis duration);

  static constexpr Millis kLongestNap{5'000};
};

/// The machine's clocks, on an Asio executor.
std::unique_ptr<Clock> make_system_clock(Executor executor);

/// A clock that moves only when told: for tests and the simulation. Starts at `start`.
///
/// `advance_to_next()` moves to the earliest timer and fires all timers due then; it is false when
/// none is left. `step_wall` moves the wall clock alone, as an operator's `date -s` would.
class VirtualClock final : public Clock {
 public:
  explicit VirtualClock(TimePoint start) : wall_offset_(start.time_since_epoch()) {}

  [[nodiscard]] TimePoint now() const override { return TimePoint{wall_offset_ + monotonic_}; }
  [[nodiscard]] Millis monotonic() const override { return monotonic_; }
  TimerId call_at(Millis at, std::function<void()> callback) override;
  void cancel(TimerId id) override;

  bool advance_to_next();
  void advance_to(TimePoint at);
  /// Moves on without a stop: timers that were due in between fire late and together, as on a
  /// machine that had no time for them.
  void leap_to(TimePoint at);
  void step_wall(Millis by) { wall_offset_ += by; }
  [[nodiscard]] std::size_t timers() const { return by_time_.size(); }
  /// When the earliest timer is due, by the wall clock as it stands.
  [[nodiscard]] std::optional<TimePoint> next_timer() const;
  /// Forgets every timer: what a killed process does.
  void drop_timers();

 private:
  using Key = std::pair<Millis, TimerId>;

  void fire_due();

  Millis wall_offset_;
  Millis monotonic_{0};
  TimerId next_id_ = 1;
  std::map<Key, std::function<void()>> by_time_;
  std::unordered_map<TimerId, Millis> times_;
};

/// Lets tasks wait for "something has changed". Not latched: a `notify()` without a waiter is
/// forgotten, so the waiter checks its condition first. One thread.
class Wake {
 public:
  explicit Wake(Clock& clock) : clock_(clock) {}
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  void notify();
  /// True when notified, false when `timeout` has passed first.
  Task<bool> wait_for(Millis timeout);
  /// Waits until notified, however long it takes.
  Task<void> wait();

 private:
  struct Waiter;

  Clock& clock_;                                  // borrowed
  std::vector<std::shared_ptr<Waiter>> waiters_;  // shared with the timer that may fire first
};

}  // namespace streaky::runtime
