// Machines whose clocks disagree share a PostgreSQL: leases and beats go by the server's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>

#include "store/listener.h"
#include "store/members.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class ClocksTest : public StoreTest {
 protected:
  static runtime::TimePoint real_now() {
    return std::chrono::floor<runtime::Millis>(std::chrono::system_clock::now());
  }

  /// A program on a machine whose clock goes that much ahead of everybody else's.
  std::unique_ptr<Stores> machine(runtime::Millis ahead) {
    Database::Options options;
    options.url = url();
    options.mode = Database::Mode::inline_calls;
    options.wall = [ahead] { return real_now() + ahead; };
    return std::make_unique<Stores>(io_, options);
  }

  std::vector<ClaimedJob> claim_at(Stores& stores, runtime::TimePoint now) {
    return wait(stores.jobs.claim("w", 1, false, now, now + seconds(30)));
  }

  /// One job that is due by every clock.
  void make_job() {
    sign_up(1);
    const auto far = real_now() + std::chrono::hours(6);
    Planner planner = [far](const DueUser&) {
      return Planned{.job = NewJob{utc_date(real_now()), 1200, real_now() - minutes(10), far},
                     .next_check_at = std::nullopt};
    };
    wait(s_->schedule.trigger(real_now(), 10, 0, "b1", planner));
  }
};

TEST_P(ClocksTest, AFastMachineDoesNotTakeAwayWhatIsLeased) {
  make_job();
  ASSERT_EQ(claim_at(*s_, real_now()).size(), 1U);
  const auto fast = machine(minutes(5));
  EXPECT_EQ(wait(fast->upkeep.reap(real_now() + minutes(5))).all(), 0);
}

TEST_P(ClocksTest, WhatAFastMachineLeasedIsNotKeptLongerThanOthers) {
  make_job();
  const auto fast = machine(minutes(5));
  ASSERT_EQ(claim_at(*fast, real_now() + minutes(5)).size(), 1U);
  EXPECT_EQ(wait(s_->upkeep.reap(real_now() + seconds(25))).all(), 0);
  EXPECT_EQ(wait(s_->upkeep.reap(real_now() + seconds(35))).jobs_returned, 1);
}

TEST_P(ClocksTest, AFastMachineEndsNobodysDay) {
  make_job();
  sql("UPDATE jobs SET expires_at = " +
      std::to_string(runtime::to_unix_ms(real_now() + minutes(3))));
  const auto fast = machine(minutes(5));
  EXPECT_EQ(wait(fast->upkeep.reap(real_now() + minutes(5))).all(), 0);
  EXPECT_EQ(claim_at(*s_, real_now()).size(), 1U);
}

TEST_P(ClocksTest, WhatIsOverByAFastMachineIsLeftToOthers) {
  make_job();
  const auto fast = machine(minutes(5));
  const auto fast_now = real_now() + minutes(5);
  const auto midnight = std::to_string(runtime::to_unix_ms(real_now() + minutes(3)));
  ClaimedJob job = claim_at(*fast, fast_now).at(0);
  sql("UPDATE jobs SET expires_at = " + midnight);
  JobOutcome late = outcome_of(job, JobEnd::failed);
  late.error = "expired";
  wait(fast->jobs.finish("w", {late}, fast_now, fast_now + seconds(30)));
  EXPECT_TRUE(claim_at(*fast, fast_now).empty()) << "by its own clock it is too late";
  job = claim_at(*s_, real_now()).at(0);

  JobOutcome told = outcome_of(job);
  told.deliveries = {delivery_to(job.user.channels.at(0), "reminder", true)};
  const auto results = wait(s_->jobs.finish("w", {told}, real_now(), real_now() + seconds(30)));
  const std::string id = results.at(0).written.at(0).id;
  sql("UPDATE deliveries SET expires_at = " + midnight);
  DeliveryOutcome missed = result_of(id, DeliveryEnd::expired);
  missed.at = {};
  wait(fast->deliveries.record("w", {missed}, fast_now));
  EXPECT_EQ(wait(s_->deliveries.claim("w", 1, real_now(), real_now() + seconds(30))).size(), 1U);
}

TEST_P(ClocksTest, AFastMachinePausesBetweenItsTries) {
  make_job();
  const auto fast = machine(minutes(5));
  const auto fast_now = real_now() + minutes(5);
  ClaimedJob job = claim_at(*fast, fast_now).at(0);
  JobOutcome unseen = outcome_of(job, JobEnd::retry);
  unseen.retry_at = fast_now + minutes(1);
  wait(fast->jobs.finish("w", {unseen}, fast_now, fast_now + seconds(30)));
  EXPECT_TRUE(claim_at(*fast, fast_now + seconds(59)).empty());
  job = claim_at(*fast, fast_now + minutes(1)).at(0);

  JobOutcome told = outcome_of(job);
  told.deliveries = {delivery_to(job.user.channels.at(0), "reminder", true)};
  const auto results = wait(fast->jobs.finish("w", {told}, fast_now, fast_now + seconds(30)));
  DeliveryOutcome failed = result_of(results.at(0).written.at(0).id, DeliveryEnd::retry);
  failed.at = fast_now + minutes(1);
  wait(fast->deliveries.record("w", {failed}, fast_now));
  const auto claimed_at = [&](runtime::TimePoint now) {
    return wait(fast->deliveries.claim("w", 1, now, now + seconds(30))).size();
  };
  EXPECT_EQ(claimed_at(fast_now + seconds(58)), 0U);
  EXPECT_EQ(claimed_at(fast_now + minutes(1)), 1U);
}

// Before the time is set over the network, or with an empty battery.
TEST_P(ClocksTest, AMachineWithAWrongDateDoesNothingAndSaysWhy) {
  make_job();
  for (const runtime::Millis ahead : {std::chrono::hours(26), -std::chrono::hours(26)}) {
    const auto wrong = machine(ahead);
    const auto now = real_now() + ahead;
    const auto refused = [&](auto&& task) {
      try {
        wait(std::forward<decltype(task)>(task));
        ADD_FAILURE() << "it worked";
      } catch (const DatabaseError& error) {
        EXPECT_EQ(error.kind(), DatabaseError::Kind::clocks);
        EXPECT_THAT(error.what(), testing::HasSubstr(ahead.count() > 0 ? "ahead of" : "behind"));
      }
    };
    refused(wrong->schedule.next_due());
    refused(wrong->schedule.take_due(now, 10, "b2", plan(600)));
    refused(wrong->jobs.next_due(now));
    refused(wrong->jobs.claim("w", 1, false, now, now + seconds(30)));
    refused(wrong->upkeep.clean(now, now, 10));
    refused(wrong->upkeep.keep_days(now, now, now));
  }
  EXPECT_EQ(claim_at(*s_, real_now()).size(), 1U);
}

TEST_P(ClocksTest, ASlowMachineIsNotTakenForASilentOne) {
  const auto slow = machine(-minutes(5));
  Member self;
  self.name = "slow";
  self.started_at = real_now() - minutes(5);
  wait(Members(slow->database).beat(self, real_now() - minutes(5)));
  EXPECT_TRUE(wait(Members(s_->database).forget_silent(real_now(), seconds(20))).empty());
  const auto seen = wait(Members(s_->database).list()).at(0);
  EXPECT_LT(std::chrono::abs(seen.beat_at - real_now()), seconds(5));
}

TEST_P(ClocksTest, ABatchIsHeardOfAtOnceAndByEverybody) {
  // Tests that run at the same time announce batches on this server, too: there may be more to
  // hear.
  std::array<int, 2> heard{};
  std::vector<std::unique_ptr<Listener>> listeners;
  for (int& times : heard) {
    listeners.push_back(
        std::make_unique<Listener>(io_.get_executor(), url(), [&times] { ++times; }));
  }
  const auto everybody_hears_of = [&](const std::function<void()>& cause) {
    const auto before = heard;
    cause();
    const auto more = [&] { return heard[0] > before[0] && heard[1] > before[1]; };
    const auto work = boost::asio::make_work_guard(io_);
    io_.restart();
    const auto end = std::chrono::steady_clock::now() + seconds(10);
    while (!more() && std::chrono::steady_clock::now() < end) io_.run_one_for(seconds(1));
    return more();
  };
  ASSERT_TRUE(everybody_hears_of([] {})) << "each begins with a look";
  EXPECT_TRUE(everybody_hears_of([&] { make_job(); }));
  // A listener whose connection is lost listens again, and looks at what it may have missed.
  EXPECT_TRUE(everybody_hears_of([] {
    TestSchema::execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%'");
  }));
  for (auto& one : listeners) one->stop();
}

// As a machine does whose disk hangs: its kernel takes the connection, and nobody answers.
TEST_P(ClocksTest, AListenerGoesOnToTheNextServerWhereOneIsSilent) {
  boost::asio::ip::tcp::acceptor silent(io_, {boost::asio::ip::address_v4::loopback(), 0});
  const std::string port = std::to_string(silent.local_endpoint().port());
  const std::string both = "postgresql:///postgres?user=streaky&host=127.0.0.1," +
                           scratch_postgres_folder() + "&port=" + port + ",5432";
  bool heard = false;
  Listener listener(io_.get_executor(), both, [&heard] { heard = true; });
  const auto work = boost::asio::make_work_guard(io_);
  io_.restart();
  const auto end = std::chrono::steady_clock::now() + seconds(30);
  while (!heard && std::chrono::steady_clock::now() < end) io_.run_one_for(seconds(1));
  EXPECT_TRUE(heard);
  listener.stop();
}

STREAKY_STORE_SUITE_ON(ClocksTest, Dialect::postgres);

}  // namespace
}  // namespace streaky::store
