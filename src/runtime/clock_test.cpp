#include "runtime/clock.h"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace streaky::runtime {
namespace {

using namespace std::chrono_literals;

struct ClockTest : testing::Test {
  void spawn(Task<void> task) {
    boost::asio::co_spawn(io, std::move(task), boost::asio::detached);
    settle();
  }
  void settle() {
    io.restart();
    io.poll();
  }
  void advance(Millis by) {
    clock.advance_to(clock.now() + by);
    settle();
  }

  boost::asio::io_context io;
  VirtualClock clock{from_unix_ms(1'000'000)};
};

Task<void> sleep_until_then(Clock* clock, TimePoint at, int* done) {
  co_await clock->sleep_until(at);
  ++*done;
}

Task<void> wait_then(Wake* wake, Millis timeout, int* notified, int* timed_out) {
  const bool woken = co_await wake->wait_for(timeout);
  ++*(woken ? notified : timed_out);
}

TEST_F(ClockTest, SleepsByTheWallClock) {
  int done = 0;
  spawn(sleep_until_then(&clock, clock.now() + 20s, &done));
  for (int i = 0; i < 3; ++i) advance(5s);
  EXPECT_EQ(done, 0);
  for (int i = 0; i < 2; ++i) advance(5s);
  EXPECT_EQ(done, 1);
}

TEST_F(ClockTest, ASteppedWallClockIsNoticedWithinANap) {
  int done = 0;
  spawn(sleep_until_then(&clock, clock.now() + 3h, &done));
  clock.step_wall(3h);
  advance(Clock::kLongestNap);
  EXPECT_EQ(done, 1);
  int early = 0;
  spawn(sleep_until_then(&clock, clock.now() + 10s, &early));
  clock.step_wall(-1h);
  advance(Clock::kLongestNap);
  advance(Clock::kLongestNap);
  EXPECT_EQ(early, 0) << "woke by elapsed time, not by the wall clock";
}

TEST_F(ClockTest, AnInstantThatHasPassedDoesNotWait) {
  int done = 0;
  spawn(sleep_until_then(&clock, clock.now() - 1s, &done));
  EXPECT_EQ(done, 1);
}

TEST_F(ClockTest, TimersFireInOrderAndACancelledOneDoesNot) {
  std::string order;
  clock.call_at(clock.monotonic() + 3s, [&] { order += 'c'; });
  clock.call_at(clock.monotonic() + 1s, [&] { order += 'a'; });
  const auto cancelled = clock.call_at(clock.monotonic() + 2s, [&] { order += 'b'; });
  clock.cancel(cancelled);
  advance(5s);
  EXPECT_EQ(order, "ac");
  clock.cancel(cancelled);
}

TEST_F(ClockTest, WakeWakesEveryWaiterOnceOrTimesOut) {
  Wake wake(clock);
  int notified = 0;
  int timed_out = 0;
  spawn(wait_then(&wake, 10s, &notified, &timed_out));
  spawn(wait_then(&wake, 1s, &notified, &timed_out));
  advance(1s);
  EXPECT_EQ(timed_out, 1);
  wake.notify();
  wake.notify();
  settle();
  EXPECT_EQ(notified, 1);
  EXPECT_EQ(clock.timers(), 0U);
}

TEST_F(ClockTest, AKilledProcessLeavesNothingBehind) {
  int done = 0;
  {
    boost::asio::io_context killed;
    boost::asio::co_spawn(killed, sleep_until_then(&clock, clock.now() + 1s, &done),
                          boost::asio::detached);
    killed.poll();
    clock.drop_timers();
  }
  advance(5s);
  EXPECT_EQ(done, 0);
}

TEST(SystemClock, FiresAndKeepsTheOrder) {
  boost::asio::io_context io;
  const auto clock = make_system_clock(io.get_executor());
  std::string order;
  clock->call_at(clock->monotonic() + 2ms, [&] { order += 'b'; });
  clock->call_at(clock->monotonic() + 1ms, [&] { order += 'a'; });
  while (order.size() < 2) io.run_one();
  EXPECT_EQ(order, "ab");
}

Task<void> note_end(Clock* clock, Millis after, int* ended) {
  co_await clock->sleep_for(after);
  ++*ended;
}

Task<void> throw_later(Clock* clock) {
  co_await clock->sleep_for(1s);
  throw std::runtime_error("a bug");
}

Task<void> wait_for_group(TaskGroup* group, bool* empty) {
  co_await group->wait_empty();
  *empty = true;
}

TEST_F(ClockTest, AGroupKnowsWhenAllHaveEndedAndSurvivesABug) {
  int bugs = 0;
  int ended = 0;
  bool empty = false;
  TaskGroup group(io.get_executor(), [&](const std::exception_ptr&) { ++bugs; });
  group.spawn(note_end(&clock, 2s, &ended));
  group.spawn(throw_later(&clock));
  spawn(wait_for_group(&group, &empty));
  advance(1s);
  EXPECT_EQ(bugs, 1);
  EXPECT_FALSE(empty);
  advance(1s);
  EXPECT_EQ(ended, 1);
  EXPECT_TRUE(empty);
}

}  // namespace
}  // namespace streaky::runtime
