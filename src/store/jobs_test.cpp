#include "store/jobs.h"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

class JobsTest : public StoreTest {};

TEST_P(JobsTest, AClaimBringsTheWholeUser) {
  auto users = sign_up(2);
  User& user = users[0];
  user.rules.rest_days = {{kToday, streak::Weekdays(0x41)}};
  user.rules.pauses = {{kToday, std::nullopt}};
  user.sealed_token = "sealed-token";
  wait(s_->users.save({user}, kNow));
  trigger("b1");
  const auto jobs = claim("w1");
  ASSERT_EQ(jobs.size(), 2U);
  const ClaimedJob& job = jobs[0];
  EXPECT_EQ(job.user.login, "user0");
  EXPECT_EQ(job.user.sealed_token, "sealed-token");
  EXPECT_EQ(job.user.settings_version, 2);
  ASSERT_EQ(job.user.channels.size(), 1U);
  EXPECT_EQ(job.user.channels[0].sealed, "sealed-user0");
  ASSERT_EQ(job.user.rules.rest_days.size(), 1U);
  EXPECT_EQ(job.user.rules.rest_days[0].days.bits(), 0x41);
  ASSERT_EQ(job.user.rules.pauses.size(), 1U);
  EXPECT_FALSE(job.user.rules.pauses[0].last.has_value());
  EXPECT_EQ(job.date, kToday);
  EXPECT_EQ(job.expires_at, kMidnight);
  EXPECT_EQ(job.attempt, 1);
  EXPECT_TRUE(jobs[1].user.rules.pauses.empty());
}

TEST_P(JobsTest, NoJobIsClaimedTwiceByTwoProcesses) {
  sign_up(50);
  trigger("b1");
  const auto other = open();
  std::set<std::int64_t> seen;
  for (int round = 0; round < 5; ++round) {
    for (const ClaimedJob& job : claim("w1", 5)) EXPECT_TRUE(seen.insert(job.id).second);
    for (const ClaimedJob& job : wait(other->jobs.claim("w2", 5, false, kNow, kLease))) {
      EXPECT_TRUE(seen.insert(job.id).second);
    }
  }
  EXPECT_EQ(seen.size(), 50U);
  EXPECT_TRUE(claim("w1").empty());
}

/// Claims until nothing is left, as a process of its own would.
runtime::Task<int> drain(Stores& stores, std::string owner, std::set<std::int64_t>& seen) {
  int claimed = 0;
  while (true) {
    const auto jobs = co_await stores.jobs.claim(owner, 3, false, kNow, kLease);
    if (jobs.empty()) co_return claimed;
    claimed += static_cast<int>(jobs.size());
    for (const ClaimedJob& job : jobs) EXPECT_TRUE(seen.insert(job.id).second) << job.id;
  }
}

TEST_P(JobsTest, TwoDatabaseThreadsDrainOneQueueTogether) {
  sign_up(120);
  trigger("b1");
  Database::Options options;
  options.url = url();
  Stores one(io_, options);
  Stores two(io_, options);
  std::set<std::int64_t> seen;
  int claimed = 0;
  const auto ended = [&](const std::exception_ptr& error, int count) {
    EXPECT_FALSE(error);
    claimed += count;
  };
  boost::asio::co_spawn(io_, drain(one, "w1", seen), ended);
  boost::asio::co_spawn(io_, drain(two, "w2", seen), ended);
  io_.restart();
  io_.run();
  EXPECT_EQ(claimed, 120);
  EXPECT_EQ(seen.size(), 120U);
  EXPECT_EQ(batch("b1").count("processing"), 120);
}

TEST_P(JobsTest, FinishingWritesEverythingAtOnce) {
  sign_up(1);
  trigger("b1");
  const ClaimedJob job = claim("w1").at(0);
  JobOutcome outcome = outcome_of(job);
  StreakState streak;
  streak.length = 41;
  streak.anchor = streak::Anchor{kToday - std::chrono::days(1), 41, kToday - std::chrono::days(41)};
  streak.today = kToday;
  streak.verdict = streak::Verdict::at_risk;
  streak.seen_at = kNow;
  outcome.streak = streak;
  outcome.login = "User0-Renamed";
  outcome.node_id = "U_node";
  outcome.database_id = 4'000'000'000'000;
  outcome.own_token_dead = true;
  outcome.deliveries = {delivery_to(job.user.channels[0], "reminder", true)};
  const auto results = finish("w1", {outcome});
  ASSERT_EQ(results.size(), 1U);
  EXPECT_EQ(results[0].finish, Finish::accepted);
  EXPECT_EQ(results[0].written.size(), 1U);

  const User user = wait(s_->users.find({"user0-renamed", "", std::nullopt})).value();
  EXPECT_EQ(user.login, "User0-Renamed");
  EXPECT_EQ(user.node_id, "U_node");
  EXPECT_EQ(user.database_id, 4'000'000'000'000);
  EXPECT_TRUE(user.token_dead);
  EXPECT_EQ(user.settings_version, 1) << "what GitHub says is no change of settings";
  EXPECT_EQ(user.streak.length, 41);
  EXPECT_EQ(user.streak.anchor, streak.anchor);
  EXPECT_EQ(user.streak.seen_at, kNow);
  EXPECT_EQ(user.streak.verdict, streak::Verdict::at_risk);
  const Batch done = batch("b1");
  EXPECT_EQ(done.count("completed"), 1);
  EXPECT_EQ(done.count("verdict:at_risk"), 1);
  EXPECT_EQ(done.count("delivery:sending"), 1);
  EXPECT_FALSE(done.settled());
}

TEST_P(JobsTest, ALateResultChangesNothing) {
  sign_up(1);
  trigger("b1");
  const ClaimedJob first = claim("w1").at(0);
  EXPECT_EQ(wait(s_->upkeep.reap(kLease)).jobs_returned, 1);
  const ClaimedJob second = claim("w2").at(0);
  EXPECT_EQ(second.attempt, 2);
  EXPECT_EQ(second.crashes, 1);

  JobOutcome late = outcome_of(first);
  late.deliveries = {delivery_to(first.user.channels[0])};
  late.login = "stolen";
  EXPECT_EQ(finish("w1", {late})[0].finish, Finish::stale);
  EXPECT_EQ(finish("w2", {late})[0].finish, Finish::stale) << "the attempt fences too";
  EXPECT_EQ(number("SELECT COUNT(*) FROM deliveries"), 0);
  EXPECT_TRUE(wait(s_->users.find({"user0", "", std::nullopt})).has_value());
  EXPECT_EQ(finish("w2", {outcome_of(second)})[0].finish, Finish::accepted);
  EXPECT_EQ(finish("w2", {outcome_of(second)})[0].finish, Finish::stale) << "ended already";
  EXPECT_EQ(counters(), recount());
}

TEST_P(JobsTest, AnEditMeanwhileAsksForAnotherJudgement) {
  auto users = sign_up(1);
  trigger("b1");
  const ClaimedJob job = claim("w1").at(0);
  users[0].remind_at = {600};
  wait(s_->users.save(users, kNow));
  EXPECT_EQ(finish("w1", {outcome_of(job)})[0].finish, Finish::settings_changed);
  EXPECT_EQ(batch("b1").count("processing"), 1);
  const User fresh = wait(s_->jobs.reread(job.user.id)).value();
  EXPECT_EQ(fresh.remind_at, streak::StageMinutes{600});
  JobOutcome again = outcome_of(job);
  again.settings_version = fresh.settings_version;
  EXPECT_EQ(finish("w1", {again})[0].finish, Finish::accepted);
}

TEST_P(JobsTest, ARetryWaitsAndAMidnightEndsIt) {
  sign_up(2);
  trigger("b1");
  const auto jobs = claim("w1");
  JobOutcome soon = outcome_of(jobs[0], JobEnd::retry);
  soon.told_unknown = true;
  JobOutcome late = outcome_of(jobs[1], JobEnd::retry);
  late.retry_at = kMidnight;
  finish("w1", {soon, late});
  EXPECT_TRUE(claim("w1").empty());
  const auto again = wait(s_->jobs.claim("w1", 10, false, kNow + minutes(1), kLease + minutes(1)));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].tries, 1);
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_EQ(again[0].crashes, 0);
  EXPECT_TRUE(again[0].told_unknown);
  const auto failed = wait(s_->batches.failed_jobs("b1", 10));
  ASSERT_EQ(failed.size(), 1U);
  EXPECT_EQ(failed[0].error, "expired");
}

TEST_P(JobsTest, AReminderIsSaidOnceAndOtherWordsOnceADay) {
  sign_up(1);
  take_due("b1", 600);
  ASSERT_FALSE(remind_once("w1", false).empty());
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 1200);
  const ClaimedJob job = claim("w1").at(0);
  JobOutcome outcome = outcome_of(job);
  const Channel& channel = job.user.channels[0];
  outcome.deliveries = {delivery_to(channel, "could_not_check"), delivery_to(channel, "summary")};
  EXPECT_EQ(finish("w1", {outcome})[0].written.size(), 2U);
  sql("UPDATE users SET next_check_at = 0");
  take_due("b3", 1300);
  const ClaimedJob third = claim("w1").at(0);
  outcome = outcome_of(third);
  outcome.deliveries = {delivery_to(channel, "could_not_check"), delivery_to(channel, "summary"),
                        delivery_to(channel, "reminder"), delivery_to(channel, "reminder")};
  const auto written = finish("w1", {outcome})[0].written;
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written[0].id, outcome.deliveries[2].id);
  EXPECT_EQ(counters(), recount());
}

TEST_P(JobsTest, ALaterReminderCancelsWhatStillWaits) {
  sign_up(1);
  take_due("b1", 600);
  remind_once("w1", false);
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 1200);
  const std::string second = remind_once("w1", false);
  const auto due = wait(s_->deliveries.claim("w1", 10, kNow, kLease));
  ASSERT_EQ(due.size(), 1U);
  EXPECT_EQ(due[0].id, second);
  EXPECT_EQ(batch("b1").count("delivery:cancelled"), 1);
  EXPECT_TRUE(batch("b1").settled());
}

TEST_P(JobsTest, AReminderToAChannelThatWasSwitchedOffIsNotWritten) {
  const auto users = sign_up(1);
  trigger("b1");
  const ClaimedJob job = claim("w1").at(0);
  wait(s_->users.switch_channel_off(users[0].channels[0].id, "gone", kNow));
  JobOutcome outcome = outcome_of(job);
  outcome.deliveries = {delivery_to(job.user.channels[0])};
  const auto results = finish("w1", {outcome});
  EXPECT_EQ(results[0].finish, Finish::accepted);
  EXPECT_TRUE(results[0].written.empty());
}

TEST_P(JobsTest, ANameThatSomebodyElseHoldsStaysTheirs) {
  sign_up(3);
  trigger("b1");
  const auto jobs = claim("w1");
  JobOutcome taken = outcome_of(jobs[0]);
  taken.login = "USER1";
  taken.node_id = "U_same";
  JobOutcome twin = outcome_of(jobs[2]);
  twin.login = "newname";
  twin.node_id = "U_same";
  JobOutcome same_name = outcome_of(jobs[1]);
  same_name.login = "newname";
  finish("w1", {taken, same_name, twin});
  EXPECT_EQ(wait(s_->users.find({"user1", "", std::nullopt}))->id, jobs[0].user.id)
      << "its holder has a new one";
  EXPECT_EQ(wait(s_->users.find({"newname", "", std::nullopt}))->id, jobs[1].user.id);
  EXPECT_EQ(wait(s_->users.find({"", "U_same", std::nullopt}))->id, jobs[0].user.id);
  const User twin_now = wait(s_->jobs.reread(jobs[2].user.id)).value();
  EXPECT_EQ(twin_now.node_id, "");
  EXPECT_TRUE(twin_now.login_taken);
}

TEST_P(JobsTest, WhatIsHandedBackWasNeverTaken) {
  sign_up(2);
  trigger("b1");
  const auto jobs = claim("w1");
  wait(s_->jobs.release("w2", {jobs[0].id}));
  EXPECT_EQ(batch("b1").count("processing"), 2) << "not w2's to hand back";
  wait(s_->jobs.release("w1", {jobs[0].id, jobs[1].id}));
  const auto again = claim("w2");
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(again[0].tries, 0);
  EXPECT_EQ(again[0].crashes, 0);
}

TEST_P(JobsTest, AHeartbeatKeepsJobsAndDeliveries) {
  sign_up(2);
  trigger("b1");
  const auto jobs = claim("w1");
  JobOutcome outcome = outcome_of(jobs[0]);
  outcome.deliveries = {delivery_to(jobs[0].user.channels[0], "reminder", true)};
  finish("w1", {outcome});
  const InHand in_hand{{jobs[1].id}, {outcome.deliveries[0].id}};
  wait(s_->jobs.extend("w2", in_hand, kLease + minutes(30)));
  wait(s_->jobs.extend("w1", in_hand, kLease + seconds(30)));
  EXPECT_EQ(wait(s_->upkeep.reap(kLease)).all(), 0);
  EXPECT_EQ(wait(s_->upkeep.reap(kLease + seconds(30))).all(), 2);
}

TEST_P(JobsTest, AClaimWhoseAnswerWasLostIsNotKept) {
  sign_up(2);
  trigger("b1");
  // The worker has heard of the first one alone.
  const auto jobs = claim("w1");
  wait(s_->jobs.extend("w1", {{jobs[0].id}, {}}, kLease + minutes(30)));
  EXPECT_EQ(wait(s_->upkeep.reap(kLease)).jobs_returned, 1);
  EXPECT_EQ(claim("w2").at(0).id, jobs[1].id);
}

TEST_P(JobsTest, AJobThatKillsItsWorkerRunsAloneAndIsGivenUp) {
  sign_up(2);
  trigger("b1");
  sql("UPDATE jobs SET due_at = due_at - 1 WHERE id = 1");
  auto now = kNow;
  for (int crash = 1; crash <= Upkeep::kCrashesBeforeAlone; ++crash) {
    ASSERT_EQ(wait(s_->jobs.claim("w1", 1, true, now, now + seconds(1))).at(0).id, 1);
    now += seconds(1);
    EXPECT_EQ(wait(s_->upkeep.reap(now)).jobs_returned, 1);
  }
  EXPECT_EQ(wait(s_->jobs.claim("w1", 10, false, now, now + seconds(1))).size(), 1U);
  EXPECT_TRUE(something_due(now));
  for (int crash = 1; crash <= Upkeep::kCrashesAlone; ++crash) {
    wait(s_->jobs.extend("w1", {{2}, {}}, now + minutes(10)));
    const auto alone = wait(s_->jobs.claim("w2", 10, true, now, now + seconds(1)));
    ASSERT_EQ(alone.size(), 1U);
    EXPECT_TRUE(alone[0].alone);
    now += seconds(1);
    const Reaped reaped = wait(s_->upkeep.reap(now));
    EXPECT_EQ(reaped.jobs_given_up, crash == Upkeep::kCrashesAlone ? 1 : 0);
  }
  EXPECT_EQ(wait(s_->batches.failed_jobs("b1", 10)).at(0).error, "poison");
  EXPECT_FALSE(something_due(now));
  EXPECT_EQ(counters(), recount());
}

TEST_P(JobsTest, ThePausedAreSkipped) {
  auto users = sign_up(30);
  trigger("b1");
  for (std::size_t i = 0; i < 29; ++i) users[i].status = UserStatus::paused;
  wait(s_->users.save(users, kNow));
  const auto jobs = claim("w1", 5);
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].user.login, "user29");
  EXPECT_EQ(batch("b1").count("completed"), 29);
  EXPECT_EQ(counters(), recount());
}

TEST_P(JobsTest, FiveHundredAreClaimedFast) {
  sign_up(1000);
  trigger("b1");
  claim("w1", 100);
  const auto start = std::chrono::steady_clock::now();
  const auto jobs = claim("w1", 500);
  const auto took = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(jobs.size(), 500U);
  RecordProperty("claim_us", static_cast<int>(took / std::chrono::microseconds(1)));
  // 15 ms is the aim on an idle machine; the bound only catches a query per user.
  EXPECT_LT(took, std::chrono::milliseconds(500));
}

STREAKY_STORE_SUITE(JobsTest);

}  // namespace
}  // namespace streaky::store
