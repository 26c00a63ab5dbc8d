// Crashes between any two steps, several processes on one database, and an orderly end.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include "store/deliveries.h"
#include "store/jobs.h"
#include "store/session.h"
#include "store/upkeep.h"
#include "support/town.h"

namespace streaky::testing_support {
namespace {

using namespace std::chrono_literals;
using sim::Fault;
using sim::Service;

House::Settings settings(std::uint64_t seed = 1) {
  House::Settings settings;
  settings.tokens = {"ghp_sim0", "ghp_sim1"};
  settings.seed = seed;
  return settings;
}

struct Opened {
  explicit Opened(std::uint64_t seed, std::size_t users = 60)
      : town(Town::default_start(), settings(seed)) {
    town.world.seed({.users = users, .seed = seed}, town.clock.now());
    town.world.latency(Service::github) = {700ms, 0.4};
    town.world.latency(Service::discord) = {300ms, 0.4};
    town.world.latency(Service::telegram) = {300ms, 0.4};
    town.start_process();
    town.move_in();
    town.world.reset_ledger(town.clock.now());
  }
  Town town;
};

// Fault 4 of the original: a crash loses the batch.
TEST(Crashes, KilledAtAnyStepTheRoundEndsAndNobodyIsMissed) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    Opened opened(seed);
    Town& town = opened.town;
    runtime::SeededRandom random(seed);
    const std::string batch = town.house.trigger();
    std::uint64_t in_flight_at_kills = 0;
    for (int kill = 0; kill < 4; ++kill) {
      const std::uint64_t steps = 1 + random.below(120);
      for (std::uint64_t step = 0; step < steps; ++step) town.house.step(town.clock.now() + 1h);
      const store::Batch before = town.house.batch(batch);
      in_flight_at_kills += static_cast<std::uint64_t>(before.count("delivery:sending"));
      town.crash();
    }
    ASSERT_TRUE(town.house.settle(batch, 30min)) << "seed " << seed;
    const sim::Audit audit = town.world.audit(town.clock.now());
    EXPECT_EQ(audit.missed, 0U) << sim::to_json(audit, town.world.people());
    EXPECT_EQ(audit.false_alarms, 0U) << sim::to_json(audit, town.world.people());
    EXPECT_LE(audit.doubles, in_flight_at_kills) << "seed " << seed;
    EXPECT_EQ(town.house.batch(batch).count("processing"), 0);
  }
}

TEST(Crashes, AnOrderlyEndHandsBackAndDoublesNothing) {
  for (std::uint64_t seed = 21; seed <= 26; ++seed) {
    Opened opened(seed);
    Town& town = opened.town;
    runtime::SeededRandom random(seed);
    const std::string batch = town.house.trigger();
    const std::uint64_t steps = 1 + random.below(200);
    for (std::uint64_t step = 0; step < steps; ++step) town.house.step(town.clock.now() + 1h);
    town.house.stop();
    town.start_process();
    // Sooner than any lease runs out: nothing was left in the hands of the dead.
    ASSERT_TRUE(town.house.settle(batch, 20s)) << "seed " << seed;
    const sim::Audit audit = town.world.audit(town.clock.now());
    EXPECT_TRUE(audit.ok()) << sim::to_json(audit, town.world.people());
  }
}

/// What another process does with everything that a frozen one holds: takes it over.
std::size_t take_over(const std::string& path, runtime::TimePoint now) {
  boost::asio::io_context io;
  runtime::Metrics metrics;
  store::Database::Options options;
  options.url = "sqlite:" + path;
  options.mode = store::Database::Mode::inline_calls;
  store::Database database(io.get_executor(), options, metrics);
  store::Upkeep upkeep(database);
  store::Deliveries deliveries(database);
  auto reaped = boost::asio::co_spawn(io, upkeep.reap(now), boost::asio::use_future);
  io.run();
  (void)reaped.get();
  io.restart();
  auto taken = boost::asio::co_spawn(io, deliveries.claim("another", 1'000, now, now + 1h),
                                     boost::asio::use_future);
  io.run();
  return taken.get().size();
}

TEST(Crashes, WhoThawsSendsNothingThatAnotherHasTakenOver) {
  House::Settings narrow = settings(41);
  narrow.engine.sender.in_flight = 2;
  Town town(Town::default_start(), narrow);
  town.world.seed({.users = 60, .seed = 41}, town.clock.now());
  town.world.latency(Service::discord) = {3s, 0.0};
  town.world.latency(Service::telegram) = {3s, 0.0};
  town.start_process();
  town.move_in();
  town.world.reset_ledger(town.clock.now());
  const std::string batch = town.house.trigger();
  const auto many_wait = [&] {
    const store::Batch now = town.house.batch(batch);
    const auto open = now.count("pending") + now.count("processing");
    return open == 0 && now.count("delivery:sending") > 10;
  };
  ASSERT_TRUE(town.house.run_until(many_wait, town.clock.now() + 10min));
  const auto on_the_wire = town.world.audit(town.clock.now()).messages + 2;
  // The process stands still while its leases end and another one takes over.
  const runtime::TimePoint thaw = town.clock.now() + 40s;
  ASSERT_GT(take_over(town.house.database_path(), thaw), 10U);
  town.clock.leap_to(thaw);
  town.house.run_for(2min);
  EXPECT_LE(town.world.audit(town.clock.now()).messages, on_the_wire);
}

TEST(Crashes, AStopWhileGitHubHangsStillEnds) {
  Opened opened(31);
  Town& town = opened.town;
  town.fault(Service::github, Fault::hang, 1);
  const std::string batch = town.house.trigger();
  town.house.run_for(2s);
  const auto began = town.clock.now();
  town.house.stop();
  EXPECT_LE(town.clock.now() - began, 35s);
  town.no_faults();
  town.start_process();
  ASSERT_TRUE(town.house.settle(batch, 30min));
  EXPECT_TRUE(town.world.audit(town.clock.now()).ok());
}

TEST(Crashes, AJobThatCrashesItsWorkerRunsAloneAndIsGivenUpInTheEnd) {
  Town town(Town::default_start(), settings());
  const auto anna = town.settle("UTC", 5);
  town.start_process();
  town.move_in();
  const std::string batch = town.house.trigger();
  town.world.latency(Service::github) = {5s, 0};
  const int most = store::Upkeep::kCrashesBeforeAlone + store::Upkeep::kCrashesAlone;
  for (int crash = 0; crash < most; ++crash) {
    const auto asked = town.world.stats(Service::github).requests;
    const bool claimed =
        town.house.run_until([&] { return town.world.stats(Service::github).requests > asked; },
                             town.clock.now() + 5min);
    ASSERT_TRUE(claimed) << "crash " << crash;
    town.crash();
  }
  EXPECT_TRUE(town.house.settle(batch, 5min));
  EXPECT_EQ(town.house.batch(batch).count("failed"), 1);
  EXPECT_TRUE(town.heard(anna).empty());
}

TEST(Crashes, AJobThatMustRunAloneIsNotStarvedByTheOthers) {
  Town town(Town::default_start(), settings());
  town.world.seed({.users = 40, .seed = 3}, town.clock.now());
  const auto anna = town.settle("UTC", 7);
  town.start_process();
  town.move_in();
  town.world.latency(Service::github) = {6s, 0};
  town.house.trigger();
  // As the reaper leaves a job that crashed its worker too often.
  store::Database::Work mark = [](store::Session& session) {
    session.execute(
        "UPDATE jobs SET alone = 1, state = 'pending', owner = '', lease_until = NULL, "
        "due_at = due_at + 3000 WHERE user_id = (SELECT MAX(id) FROM users)");
  };
  town.house.await(town.house.database().write(mark));
  // Others come all the time: somebody is always in hand.
  const auto end = town.clock.now() + 10min;
  for (int turn = 0; town.heard(anna).empty() && town.clock.now() < end; ++turn) {
    const std::string more =
        "UPDATE jobs SET state = 'pending' WHERE alone = 0 AND state = 'completed' AND id % 8 = " +
        std::to_string(turn % 8);
    store::Database::Work come = [more](store::Session& session) { session.execute(more); };
    town.house.await(town.house.database().write(come));
    town.house.engine().hurry();
    town.house.run_for(1s);
  }
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

}  // namespace
}  // namespace streaky::testing_support
