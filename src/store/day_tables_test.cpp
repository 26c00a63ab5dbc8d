// Jobs by day and deliveries by week, on PostgreSQL.
#include "store/day_tables.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::Contains;
using testing::ElementsAre;
using testing::Not;

class DayTablesTest : public StoreTest {
 protected:
  static constexpr days kKeepJobs{7};
  static constexpr days kKeepDeliveries{90};

  static DaysKept keep_days(StoreTest& test, Stores& stores, runtime::TimePoint now) {
    return static_cast<DayTablesTest&>(test).wait(
        stores.upkeep.keep_days(now, now - kKeepJobs, now - kKeepDeliveries));
  }
  DaysKept keep(runtime::TimePoint now = kNow) { return keep_days(*this, *s_, now); }

  /// The tables that the catalog has, the default one among them.
  std::vector<std::string> tables_of(const std::string& whole) {
    std::vector<std::string> names;
    Database::Work work = [&](Session& session) {
      std::string name;
      soci::statement rows =
          (session.connection().prepare
               << "SELECT CAST(relname AS TEXT) FROM pg_class c JOIN pg_inherits i ON i.inhrelid = "
                  "c.oid WHERE inhparent = CAST('" +
                      whole + "' AS regclass) ORDER BY 1",
           soci::into(name));
      rows.execute();
      while (rows.fetch()) names.push_back(name);
    };
    wait(s_->database.read(work));
    return names;
  }

  std::int64_t rows_in(const std::string& table) { return number("SELECT COUNT(*) FROM " + table); }

  /// Everybody's job of that stage, planned for a day.
  Bite make_jobs(const std::string& batch, int stage, streak::Label date) {
    sql("UPDATE users SET next_check_at = 0");
    return wait(s_->schedule.take_due(kNow, 5'000, batch, plan(stage, date)));
  }

  /// Everybody is reminded today, and that is recorded.
  void remind_all() {
    std::vector<JobOutcome> outcomes;
    for (const ClaimedJob& job : claim("w")) {
      JobOutcome outcome = outcome_of(job);
      outcome.deliveries = {delivery_to(job.user.channels.at(0), "reminder", true)};
      outcomes.push_back(outcome);
    }
    std::vector<DeliveryOutcome> sent;
    for (const FinishResult& result : finish("w", outcomes)) {
      for (const NewDelivery& one : result.written) {
        sent.push_back(result_of(one.id, DeliveryEnd::sent));
      }
    }
    wait(s_->deliveries.record("w", sent, kNow));
  }

  /// One transaction of those stores, on this thread.
  static void wait_on(Stores& stores, const Database::Work& work) {
    boost::asio::io_context io;
    std::exception_ptr failure;
    boost::asio::co_spawn(io, stores.database.write(work),
                          [&](std::exception_ptr error) { failure = std::move(error); });
    io.run();
    if (failure) std::rethrow_exception(failure);
  }
};

TEST_P(DayTablesTest, DaysAreMadeAheadAndTakeTheirRows) {
  sql("DROP TABLE jobs_20260806, deliveries_20260806");
  const DaysKept kept = keep();
  EXPECT_EQ(kept.made, 9 + 3) << "from yesterday to a week from now, and their weeks";
  EXPECT_FALSE(kept.again_soon);
  EXPECT_THAT(tables_of("jobs"),
              ElementsAre("jobs_20260805", "jobs_20260806", "jobs_20260807", "jobs_20260808",
                          "jobs_20260809", "jobs_20260810", "jobs_20260811", "jobs_20260812",
                          "jobs_20260813", "jobs_default"));
  EXPECT_THAT(tables_of("deliveries"), ElementsAre("deliveries_20260730", "deliveries_20260806",
                                                   "deliveries_20260813", "deliveries_default"));
  sign_up(2);
  make_jobs("b1", 600, kToday + days{1});
  EXPECT_EQ(rows_in("jobs_20260807"), 2);
  remind_all();
  EXPECT_EQ(rows_in("deliveries_20260806"), 2);
  EXPECT_EQ(keep().made, 0);
  EXPECT_EQ(keep(kNow + days{1}).made, 1) << "the next morning one day more";
}

TEST_P(DayTablesTest, WhatIsOldGoesWithItsTableAndNothingElse) {
  keep();
  sign_up(2);
  make_jobs("b1", 600, kToday);
  make_jobs("b2", 600, kToday + days{1});
  remind_all();
  const auto last_moment = runtime::TimePoint{kToday + days{1}} + hours{12} + kKeepJobs;
  keep(last_moment - runtime::Millis{1});
  EXPECT_THAT(tables_of("jobs"), Contains("jobs_20260806"));
  EXPECT_EQ(wait(s_->upkeep.clean(last_moment - kKeepJobs, kNow, 100)), 0)
      << "nothing is deleted row by row";
  EXPECT_GE(keep(last_moment).dropped, 1);
  EXPECT_THAT(tables_of("jobs"), Not(Contains("jobs_20260806")));
  EXPECT_EQ(rows_in("jobs_20260807"), 2);
  EXPECT_EQ(rows_in("deliveries"), 4);
  // The batch goes once nothing is left of its jobs.
  EXPECT_EQ(wait(s_->upkeep.clean(last_moment - kKeepJobs, kNow, 100)), 1);
  EXPECT_FALSE(wait(s_->batches.find("b1")).has_value());
  EXPECT_TRUE(wait(s_->batches.find("b2")).has_value());
  const auto week_after = runtime::TimePoint{kToday + days{7}} + hours{12} + kKeepDeliveries;
  keep(week_after - runtime::Millis{1});
  EXPECT_EQ(rows_in("deliveries"), 4);
  keep(week_after);
  EXPECT_THAT(tables_of("deliveries"), Not(Contains("deliveries_20260806")));
  EXPECT_EQ(rows_in("deliveries"), 0);
}

TEST_P(DayTablesTest, WhatIsUnfinishedKeepsItsTableUntilItIsEnded) {
  sign_up(3);
  make_jobs("b1", 600, kToday);
  claim("w", 1);
  remind_once("w2", false);
  const auto later = kNow + days{120};
  EXPECT_EQ(wait(s_->upkeep.reap(later)).all(), 0) << "it looks at living days alone";
  EXPECT_EQ(keep(later).unsettled, 2);
  EXPECT_THAT(tables_of("jobs"), Contains("jobs_20260806"));
  const Reaped reaped = wait(s_->upkeep.reap_old(later));
  EXPECT_EQ(reaped.jobs_expired, 2);
  EXPECT_EQ(reaped.deliveries_expired, 1);
  EXPECT_TRUE(batch("b1").settled());
  EXPECT_EQ(counters(), recount());
  EXPECT_EQ(keep(later).dropped, 2);
  EXPECT_THAT(tables_of("jobs"), Not(Contains("jobs_20260806")));
}

TEST_P(DayTablesTest, AStrayRowOfADayToComeNeitherBlocksItsDayNorGetsLost) {
  sign_up(2);
  make_jobs("b1", 600, kToday + days{3});
  EXPECT_EQ(rows_in("jobs_default"), 2);
  const DaysKept kept = keep();
  EXPECT_EQ(kept.left_in_default, 0);
  EXPECT_EQ(rows_in("jobs_default"), 0);
  EXPECT_EQ(rows_in("jobs_20260809"), 2);
  sql("DELETE FROM jobs WHERE user_id = 1");
  EXPECT_EQ(rows_in("jobs_20260809"), 1);
}

/// A statement that waits meanwhile was planned without the new table: it would miss them.
TEST_P(DayTablesTest, RowsThatMayBeInUseAreNotMoved) {
  sign_up(2);
  make_jobs("b1", 600, kToday + days{1});
  EXPECT_EQ(keep().left_in_default, 1);
  EXPECT_EQ(rows_in("jobs_default"), 2);
  EXPECT_THAT(tables_of("jobs"), Not(Contains("jobs_20260807")));
  EXPECT_THAT(tables_of("jobs"), Contains("jobs_20260808"));
  EXPECT_EQ(make_jobs("b2", 600, kToday + days{1}).jobs, 0) << "made already";
  EXPECT_EQ(claim("w").size(), 2U);
}

TEST_P(DayTablesTest, WhoWritesWhileADayIsMadeWritesIntoIt) {
  sign_up(1);
  make_jobs("b1", 600, kToday);
  const auto tomorrow = missing_day_table({}, kJobsByDay, kToday + days{1}).value();
  const std::string row =
      "INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, "
      "expires_at) VALUES ('b1', 1, '2026-08-07', 600, 'UTC', 'pending', 0, 0, 9)";
  Database::Options patient;
  patient.url = url();
  patient.mode = Database::Mode::inline_calls;
  Stores maker(io_, patient);
  std::atomic<int> runs = 0;
  std::atomic<bool> done = false;
  const auto write = [&] {
    boost::asio::io_context io;
    Stores stores(io, patient);
    Database::Work insert = [&](Session& session) {
      ++runs;
      session.execute(row);
    };
    EXPECT_NO_THROW(wait_on(stores, insert));
    done = true;
  };
  std::thread writer;
  Database::Work make = [&](Session& session) {
    make_first_day_table(session, kJobsByDay, tomorrow);
    writer = std::thread(write);
    const std::string waiting =
        "SELECT COUNT(*) FROM pg_locks WHERE NOT granted AND relation = "
        "CAST('jobs_default' AS regclass)";
    while (number(waiting) == 0 && !done) std::this_thread::yield();
  };
  wait_on(maker, make);
  writer.join();
  EXPECT_EQ(runs, 2) << "the default table did not take it any more";
  EXPECT_EQ(rows_in(tomorrow.name), 1);
}

TEST_P(DayTablesTest, ADayWithMoreStrayRowsThanCanBeMovedStaysInTheDefaultTable) {
  sign_up(1);
  make_jobs("b1", 600, kToday + days{3});
  sql("INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, "
      "expires_at) SELECT batch_id, user_id, date, 1440 + i, zone, state, created_at, due_at, "
      "expires_at FROM jobs_default, generate_series(1, 1000) i");
  const DaysKept kept = keep();
  EXPECT_EQ(kept.left_in_default, 1);
  EXPECT_THAT(tables_of("jobs"), Not(Contains("jobs_20260809")));
  EXPECT_THAT(tables_of("jobs"), Contains("jobs_20260810"));
  // There they go row by row, when they are old and settled.
  sql("UPDATE jobs SET state = 'completed'");
  sql("DELETE FROM batch_counts");
  const auto before = kNow + days{3} + Upkeep::kGraceOfJobs;
  EXPECT_EQ(wait(s_->upkeep.clean(before, kNow, 400)), 400);
}

TEST_P(DayTablesTest, OfTwoAtOnceOneDoesIt) {
  const auto other = open(Database::Mode::thread);
  const auto here = open(Database::Mode::thread);
  std::vector<DaysKept> kept;
  const auto note = [&](const std::exception_ptr& error, DaysKept one) {
    EXPECT_FALSE(error);
    kept.push_back(one);
  };
  for (Stores* stores : {here.get(), other.get()}) {
    boost::asio::co_spawn(
        io_, stores->upkeep.keep_days(kNow, kNow - kKeepJobs, kNow - kKeepDeliveries), note);
  }
  io_.restart();
  io_.run();
  ASSERT_EQ(kept.size(), 2U);
  const int missing = keep().made;
  EXPECT_EQ(kept[0].made + kept[1].made + missing, 8 + 2);
  EXPECT_TRUE(missing == 0 || kept[0].again_soon || kept[1].again_soon);
  EXPECT_EQ(keep().made, 0);
}

TEST_P(DayTablesTest, WhoIsInTheWayIsNotPushed) {
  keep();
  sign_up(1);
  const auto next_day = kNow + days{1};
  while_held("UPDATE users SET updated_at = 0", [&] {
    const DaysKept kept = keep(next_day);
    EXPECT_EQ(kept.made, 0);
    EXPECT_TRUE(kept.again_soon);
  });
  EXPECT_EQ(keep(next_day).made, 1);
  const auto later = kNow + days{9};
  while_held("SELECT 1 FROM jobs_20260806", [&] {
    const DaysKept kept = keep(later);
    EXPECT_TRUE(kept.again_soon);
    EXPECT_THAT(tables_of("jobs"), Contains("jobs_20260806"));
  });
  keep(later);
  EXPECT_THAT(tables_of("jobs"), Not(Contains("jobs_20260806")));
}

TEST_P(DayTablesTest, ClaimsAndResultsDoNotWaitForADayThatIsMade) {
  keep();
  sign_up(1);
  make_jobs("b1", 600, kToday);
  const std::string made = "LOCK TABLE users, batches IN SHARE ROW EXCLUSIVE MODE";
  while_held(made, [&] { EXPECT_NE(remind_once("w", true), ""); });
}

TEST(DayTables, ATableLeavesOutTheDaysThatOthersHave) {
  const DayTable before{"before", std::nullopt, kToday + days{2}};
  const DayTable after{"after", kToday + days{4}, kToday + days{7}};
  const auto made = missing_day_table({before, after}, kDeliveriesByWeek, kToday + days{3});
  ASSERT_TRUE(made.has_value());
  EXPECT_EQ(made->first, kToday + days{2});
  EXPECT_EQ(made->after, kToday + days{4});
  EXPECT_EQ(made->name, "deliveries_20260808");
  for (const int day : {-400, 1, 4, 6}) {
    EXPECT_FALSE(missing_day_table({before, after}, kDeliveriesByWeek, kToday + days{day}));
  }
  EXPECT_TRUE(missing_day_table({before, after}, kJobsByDay, kToday + days{7}));
}

STREAKY_STORE_SUITE_ON(DayTablesTest, Dialect::postgres);

}  // namespace
}  // namespace streaky::store
