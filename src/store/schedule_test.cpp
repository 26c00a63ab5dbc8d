#include "store/schedule.h"

#include <gtest/gtest.h>

#include <chrono>

#include "store/hand_reminders.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class ScheduleTest : public StoreTest {};

TEST_P(ScheduleTest, TakesWhoIsDueAndMovesThem) {
  auto users = sign_up(3);
  users[2].next_check_at = kNow + minutes(1);
  wait(s_->users.save({users[2]}, kNow));
  const auto next = kNow + hours(24);
  const Bite bite = wait(s_->schedule.take_due(kNow, 5'000, "b1", plan(1200, kToday, next)));
  EXPECT_EQ(bite.users, 2);
  EXPECT_EQ(bite.jobs, 2);
  EXPECT_FALSE(bite.more);
  EXPECT_EQ(batch("b1").count("pending"), 2);
  EXPECT_EQ(batch("b1").origin, "schedule");
  EXPECT_EQ(wait(s_->schedule.next_due()), kNow + minutes(1));
  EXPECT_EQ(wait(s_->users.find({"user0", "", std::nullopt}))->next_check_at, next);
  EXPECT_EQ(take_due("b2", 1200).users, 0);
  EXPECT_FALSE(wait(s_->batches.find("b2")).has_value()) << "no job, no batch";
}

TEST_P(ScheduleTest, BitesAreBoundedAndSayThatThereIsMore) {
  sign_up(5);
  const Bite bite = wait(s_->schedule.take_due(kNow, 2, "b1", plan(1200)));
  EXPECT_EQ(bite.users, 2);
  EXPECT_TRUE(bite.more);
}

TEST_P(ScheduleTest, AStageIsCheckedOnceADay) {
  sign_up(1);
  EXPECT_EQ(take_due("b1", 1200).jobs, 1);
  sql("UPDATE users SET next_check_at = 0");
  const Bite again = take_due("b2", 1200);
  EXPECT_EQ(again.users, 1);
  EXPECT_EQ(again.jobs, 0);
  EXPECT_FALSE(wait(s_->batches.find("b2")).has_value());
}

TEST_P(ScheduleTest, ALaterStageSupersedesWhatIsUnfinished) {
  sign_up(2);
  take_due("b1", 600);
  const ClaimedJob held = claim("w1", 1).at(0);
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 1200);
  const Batch first = batch("b1");
  EXPECT_EQ(first.count("superseded"), 2);
  EXPECT_EQ(first.count("completed"), 2);
  EXPECT_TRUE(first.settled());
  EXPECT_EQ(finish("w1", {outcome_of(held)})[0].finish, Finish::stale);
  EXPECT_EQ(claim("w1").size(), 2U);
  EXPECT_EQ(counters(), recount());
}

TEST_P(ScheduleTest, AnotherDaySupersedesNothing) {
  sign_up(1);
  take_due("b1", 600);
  sql("UPDATE users SET next_check_at = 0");
  wait(s_->schedule.take_due(kNow, 10, "b2", plan(600, kToday + std::chrono::days(1))));
  EXPECT_EQ(batch("b1").count("pending"), 1);
  EXPECT_EQ(batch("b2").count("pending"), 1);
}

TEST_P(ScheduleTest, ATriggerTakesEverybodyActiveInBites) {
  auto users = sign_up(5);
  users[1].status = UserStatus::paused;
  wait(s_->users.save({users[1]}, kNow));
  sql("UPDATE users SET next_check_at = NULL");
  std::int64_t after = 0;
  int jobs = 0;
  for (bool more = true; more;) {
    const Bite bite = wait(s_->schedule.trigger(kNow, 2, after, "b1", plan(kManualStage)));
    after = bite.last_user_id;
    jobs += bite.jobs;
    more = bite.more;
  }
  EXPECT_EQ(jobs, 4);
  EXPECT_EQ(batch("b1").count("pending"), 4);
  EXPECT_EQ(batch("b1").origin, "manual");
}

TEST_P(ScheduleTest, ASecondTriggerOpensAgainButTellsNobodyTwice) {
  sign_up(2);
  trigger("b1");
  ASSERT_FALSE(remind_once("w1", true).empty());
  EXPECT_EQ(trigger("b2").jobs, 1) << "the one that is still unfinished stays where it is";
  EXPECT_EQ(batch("b1").count("completed"), 1) << "what happened there, happened";
  EXPECT_EQ(batch("b2").count("pending"), 1);
  const auto jobs = claim("w1");
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].batch_id, "b2");
  EXPECT_EQ(jobs[0].attempt, 2) << "a fence never goes back";
  JobOutcome outcome = outcome_of(jobs[0]);
  outcome.deliveries = {delivery_to(jobs[0].user.channels[0])};
  EXPECT_TRUE(finish("w1", {outcome})[0].written.empty());
}

TEST_P(ScheduleTest, AReopenedTriggerLeavesTheDaysOwnStageAlone) {
  sign_up(1);
  trigger("b1");
  remind_once("w1", true);
  take_due("b2", 1200);
  trigger("b3");
  EXPECT_EQ(batch("b2").count("pending"), 1);
  EXPECT_EQ(batch("b3").count("pending"), 1);
}

TEST_P(ScheduleTest, ATriggerThatCanSayNothingLeavesTheDaysOwnStageAlone) {
  const auto users = sign_up(1);
  HandReminders by_hand(s_->database);
  const HandReminder reminder{
      .user_id = users[0].id, .date = kToday, .zone = "UTC", .expires_at = kMidnight};
  const std::vector<NewDelivery> said{delivery_to(users[0].channels[0], "reminder", true)};
  ASSERT_EQ(wait(by_hand.write(reminder, said, "check", kNow, kLease)).size(), 1U);
  take_due("b1", 1200);
  trigger("b2");
  EXPECT_EQ(batch("b1").count("pending"), 1) << "the evening's reminder is still to come";
  EXPECT_EQ(batch("b2").count("pending"), 1);
}

// PostgreSQL's statistics say then that nothing waits; a plan that rests on that takes each user to
// all jobs that wait, and a bite takes ten times as long.
TEST_P(ScheduleTest, LargeBitesAfterAQuietNightAreQuick) {
  using Clock = std::chrono::steady_clock;
  for (const char* prefix : {"a", "b", "c", "d"}) sign_up(1'000, prefix);
  const auto take_all = [&](const char* batch) {
    return take_due(batch, 1200).jobs + take_due(batch, 1200).jobs;
  };
  const auto first = Clock::now();
  EXPECT_EQ(take_all("yesterday"), 4'000);
  const auto usual = Clock::now() - first;
  sql("UPDATE jobs SET state = 'completed', date = '2026-08-05'");
  sql("ANALYZE");
  sql("UPDATE users SET next_check_at = " + std::to_string(runtime::to_unix_ms(kNow)));
  const auto second = Clock::now();
  EXPECT_EQ(take_all("today"), 4'000);
  EXPECT_LT(Clock::now() - second, 4 * usual);
}

STREAKY_STORE_SUITE(ScheduleTest);

}  // namespace
}  // namespace streaky::store
