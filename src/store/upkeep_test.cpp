#include "store/upkeep.h"

#include <gtest/gtest.h>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class UpkeepTest : public StoreTest {};

TEST_P(UpkeepTest, NothingToDoWritesNothing) {
  sign_up(1);
  trigger("b1");
  claim("w1");
  EXPECT_EQ(wait(s_->upkeep.reap(kLease - runtime::Millis{1})).all(), 0);
  EXPECT_EQ(batch("b1").count("processing"), 1);
}

TEST_P(UpkeepTest, MidnightEndsWhatNobodyClaimed) {
  sign_up(900, "a");
  sign_up(700, "b");
  sign_up(300, "c");
  trigger("b1");
  claim("w1", 10);
  EXPECT_TRUE(something_due(kMidnight - runtime::Millis{1}));
  EXPECT_FALSE(something_due(kMidnight));
  const Reaped reaped = wait(s_->upkeep.reap(kMidnight));
  EXPECT_EQ(reaped.jobs_expired, 1'900) << "in as many bites as it takes";
  EXPECT_EQ(batch("b1").count("failed"), 1'900);
  EXPECT_TRUE(batch("b1").settled());
  EXPECT_EQ(counters(), recount());
}

TEST_P(UpkeepTest, FailedJobsOfTodayAreRetried) {
  sign_up(3);
  take_due("b1", 600);
  std::vector<JobOutcome> outcomes;
  for (const ClaimedJob& job : claim("w1")) outcomes.push_back(outcome_of(job, JobEnd::failed));
  finish("w1", outcomes);
  const auto failed = wait(s_->batches.failed_jobs("b1", 2));
  ASSERT_EQ(failed.size(), 2U);
  EXPECT_EQ(failed[0].login, "user0");
  EXPECT_EQ(failed[0].error, "github_502");
  sql("UPDATE users SET next_check_at = 0 WHERE id = 1");
  take_due("b2", 1200);
  EXPECT_EQ(wait(s_->batches.retry_failed("b1", kMidnight)), 0) << "yesterday is over";
  EXPECT_EQ(wait(s_->batches.retry_failed("b1", kNow)), 2) << "user0 has a later job";
  EXPECT_EQ(batch("b1").count("pending"), 2);
  EXPECT_EQ(claim("w1").size(), 3U);
  EXPECT_EQ(counters(), recount());
}

TEST_P(UpkeepTest, OldBatchesGoInBitesAndLivingOnesStay) {
  sign_up(5);
  trigger("old");
  std::vector<JobOutcome> outcomes;
  for (const ClaimedJob& job : claim("w1")) outcomes.push_back(outcome_of(job));
  outcomes[0].deliveries = {delivery_to(wait(s_->jobs.reread(1))->channels[0])};
  finish("w1", outcomes);
  const auto later = kNow + hours(24 * 8);
  EXPECT_EQ(wait(s_->upkeep.clean(later, kNow, 2)), 0) << "a delivery is not settled";
  const auto due = wait(s_->deliveries.claim("w1", 5, kNow, kLease));
  wait(s_->deliveries.record("w1", {result_of(due.at(0).id, DeliveryEnd::sent)}, kNow));
  EXPECT_EQ(wait(s_->upkeep.clean(kNow, kNow, 2)), 0) << "too young";
  EXPECT_EQ(wait(s_->upkeep.clean(later, kNow, 2)), 2);
  EXPECT_EQ(wait(s_->upkeep.clean(later, kNow, 2)), 2);
  EXPECT_EQ(wait(s_->upkeep.clean(later, kNow, 2)), 2) << "the last job and the batch";
  EXPECT_FALSE(wait(s_->batches.find("old")).has_value());
  EXPECT_EQ(wait(s_->deliveries.history(1, 5)).size(), 1U) << "messages are kept for longer";
  EXPECT_EQ(wait(s_->upkeep.clean(later, later, 2)), 1);
  EXPECT_TRUE(wait(s_->deliveries.history(1, 5)).empty());
  EXPECT_EQ(wait(s_->upkeep.clean(later, later, 2)), 0);
}

TEST_P(UpkeepTest, TheNewestBatchesComeFirst) {
  sign_up(1);
  for (int i = 0; i < 3; ++i) {
    sql("UPDATE users SET next_check_at = 0");
    wait(s_->schedule.take_due(kNow + minutes(i), 10, "b" + std::to_string(i), plan(600 + i)));
  }
  const auto batches = wait(s_->batches.newest(2));
  ASSERT_EQ(batches.size(), 2U);
  EXPECT_EQ(batches[0].id, "b2");
  EXPECT_EQ(batches[0].total(), 1);
  EXPECT_FALSE(batches[0].settled());
  EXPECT_EQ(batches[1].count("superseded"), 1);
}

STREAKY_STORE_SUITE(UpkeepTest);

}  // namespace
}  // namespace streaky::store
