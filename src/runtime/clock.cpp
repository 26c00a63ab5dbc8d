#include "runtime/clock.h"

#include <algorithm>
#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <ctime>
#include <utility>

namespace streaky::runtime {

namespace {

using boost::asio::use_awaitable;

Task<void> wait_until_monotonic(Clock& clock, Millis at) {
  auto initiate = [&clock, at](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    clock.call_at(at, [shared] { (*shared)(); });
  };
  co_await boost::asio::async_initiate<decltype(use_awaitable), void()>(std::move(initiate),
                                                                        use_awaitable);
}

/// Timers in one sorted map over one Asio timer: cheap with many thousands of sleepers.
class SystemClock final : public Clock {
 public:
  explicit SystemClock(const Executor& executor) : executor_(executor), timer_(executor) {}

  [[nodiscard]] TimePoint now() const override {
    return std::chrono::floor<Millis>(std::chrono::system_clock::now());
  }
  /// Goes on while the machine sleeps, as the leases do that others see.
  [[nodiscard]] Millis monotonic() const override {
    timespec at{};
    clock_gettime(CLOCK_BOOTTIME, &at);
    return std::chrono::floor<Millis>(std::chrono::seconds{at.tv_sec} +
                                      std::chrono::nanoseconds{at.tv_nsec});
  }

  TimerId call_at(Millis at, std::function<void()> callback) override {
    const TimerId id = next_id_++;
    by_time_.emplace(Key{at, id}, std::move(callback));
    times_.emplace(id, at);
    if (by_time_.begin()->first.second == id) arm();
    return id;
  }

  void cancel(TimerId id) override {
    const auto found = times_.find(id);
    if (found == times_.end()) return;
    by_time_.erase(Key{found->second, id});
    times_.erase(found);
  }

 private:
  using Key = std::pair<Millis, TimerId>;

  void arm() {
    if (by_time_.empty()) return;
    // The timer stands still while the machine sleeps.
    timer_.expires_after(std::min(by_time_.begin()->first.first - monotonic(), kLongestNap));
    timer_.async_wait([this](boost::system::error_code error) {
      if (!error) fire_due();
    });
  }

  void fire_due() {
    const Millis now = monotonic();
    while (!by_time_.empty() && by_time_.begin()->first.first <= now) {
      auto node = by_time_.extract(by_time_.begin());
      times_.erase(node.key().second);
      // Posted, so that a callback may add and cancel timers while this loop runs.
      boost::asio::post(executor_, std::move(node.mapped()));
    }
    arm();
  }

  Executor executor_;
  boost::asio::steady_timer timer_;
  TimerId next_id_ = 1;
  std::map<Key, std::function<void()>> by_time_;
  std::unordered_map<TimerId, Millis> times_;
};

}  // namespace

Task<void> Clock::sleep_until(TimePoint at) {
  for (TimePoint present = now(); present < at; present = now()) {
    co_await sleep_for(std::min(at - present, kLongestNap));
  }
}

Task<void> Clock::sleep_for(Millis duration) {
  const Millis at = monotonic() + std::max(duration, Millis{0});
  co_await wait_until_monotonic(*this, at);
}

std::unique_ptr<Clock> make_system_clock(Executor executor) {
  return std::make_unique<SystemClock>(executor);
}

Clock::TimerId VirtualClock::call_at(Millis at, std::function<void()> callback) {
  const TimerId id = next_id_++;
  by_time_.emplace(Key{at, id}, std::move(callback));
  times_.emplace(id, at);
  return id;
}

void VirtualClock::cancel(TimerId id) {
  const auto found = times_.find(id);
  if (found == times_.end()) return;
  by_time_.erase(Key{found->second, id});
  times_.erase(found);
}

bool VirtualClock::advance_to_next() {
  if (by_time_.empty()) return false;
  monotonic_ = std::max(monotonic_, by_time_.begin()->first.first);
  fire_due();
  return true;
}

void VirtualClock::advance_to(TimePoint at) {
  const Millis target = at.time_since_epoch() - wall_offset_;
  while (!by_time_.empty() && by_time_.begin()->first.first <= target) advance_to_next();
  monotonic_ = std::max(monotonic_, target);
}

void VirtualClock::leap_to(TimePoint at) {
  monotonic_ = std::max(monotonic_, Millis{at.time_since_epoch() - wall_offset_});
  fire_due();
}

std::optional<TimePoint> VirtualClock::next_timer() const {
  if (by_time_.empty()) return std::nullopt;
  return TimePoint{wall_offset_ + by_time_.begin()->first.first};
}

void VirtualClock::drop_timers() {
  times_.clear();
  by_time_.clear();
}

void VirtualClock::fire_due() {
  // Only what was due when the loop began: a callback that asks for "now" waits for the next turn.
  std::vector<std::function<void()>> due;
  while (!by_time_.empty() && by_time_.begin()->first.first <= monotonic_) {
    auto node = by_time_.extract(by_time_.begin());
    times_.erase(node.key().second);
    due.push_back(std::move(node.mapped()));
  }
  for (const auto& callback : due) callback();
}

struct Wake::Waiter {
  std::function<void(bool)> resume;  // emptied by whoever comes first
  Clock::TimerId timer = 0;
};

void Wake::notify() {
  const auto waiters = std::exchange(waiters_, {});
  for (const auto& waiter : waiters) {
    if (waiter->timer != 0) clock_.cancel(waiter->timer);
    if (auto resume = std::exchange(waiter->resume, {})) resume(true);
  }
}

Task<bool> Wake::wait_for(Millis timeout) {
  auto initiate = [this, timeout](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto waiter = std::make_shared<Waiter>();
    waiter->resume = [shared](bool notified) { (*shared)(notified); };
    waiters_.push_back(waiter);
    waiter->timer = clock_.call_at(clock_.monotonic() + timeout, [this, waiter] {
      // Notified already, while this callback was on its way: the Wake may be gone.
      if (!waiter->resume) return;
      std::erase(waiters_, waiter);
      if (auto resume = std::exchange(waiter->resume, {})) resume(false);
    });
  };
  co_return co_await boost::asio::async_initiate<decltype(use_awaitable), void(bool)>(
      std::move(initiate), use_awaitable);
}

Task<void> Wake::wait() {
  auto initiate = [this](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    auto waiter = std::make_shared<Waiter>();
    waiter->resume = [shared](bool) { (*shared)(); };
    waiters_.push_back(waiter);
  };
  co_await boost::asio::async_initiate<decltype(use_awaitable), void()>(std::move(initiate),
                                                                        use_awaitable);
}

}  // namespace streaky::runtime
