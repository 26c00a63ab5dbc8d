#include "store/deliveries.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::minutes;

class DeliveriesTest : public StoreTest {
 protected:
  std::vector<ClaimedDelivery> claim_deliveries(const std::string& owner,
                                                runtime::TimePoint now = kNow) {
    return wait(s_->deliveries.claim(owner, 10, now, now + minutes(1)));
  }
  std::vector<SwitchedOff> record(const std::string& owner, const DeliveryOutcome& outcome,
                                  runtime::TimePoint now = kNow) {
    return wait(s_->deliveries.record(owner, {outcome}, now));
  }
  std::string state(const std::string& id) {
    const auto entries = wait(s_->deliveries.history(1, 10));
    EXPECT_FALSE(id.empty());
    return entries.empty() ? "" : entries.front().state;
  }
};

TEST_P(DeliveriesTest, AClaimBringsMessageAndCredential) {
  sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", false);
  const auto claimed = claim_deliveries("w2");
  ASSERT_EQ(claimed.size(), 1U);
  const ClaimedDelivery& one = claimed[0];
  EXPECT_EQ(one.id, id);
  EXPECT_EQ(one.batch_id, "b1");
  EXPECT_EQ(one.sealed, "sealed-user0");
  EXPECT_EQ(one.channel_kind, "discord");
  EXPECT_EQ(one.kind, "reminder");
  EXPECT_EQ(one.message.body, "3 h left \"today\" – go");
  EXPECT_EQ(one.message.urgency, streak::Urgency::high);
  EXPECT_EQ(one.expires_at, kMidnight);
  EXPECT_EQ(one.date, kToday);
  EXPECT_EQ(one.stage, kManualStage);
  EXPECT_EQ(one.attempt, 1);
  EXPECT_TRUE(claim_deliveries("w3").empty()) << "it is w2's now";
}

TEST_P(DeliveriesTest, PagesShowEachOnceAndNobodyElses) {
  sign_up(2);
  for (int day = 0; day < 5; ++day) {
    // Two of them were made at the same instant.
    const std::string at = std::to_string(runtime::to_unix_ms(kNow + std::chrono::hours(day / 2)));
    for (const char* user : {"1", "2"}) {
      const std::string date = "2026-08-0" + std::to_string(1 + day);
      sql("INSERT INTO deliveries (id, batch_id, job_id, user_id, date, zone, stage, kind, "
          "channel_id, "
          "channel_kind, subject, body, urgency, state, created_at, checked_at, due_at, "
          "expires_at) "
          "VALUES ('d" +
          std::to_string(day) + "-" + user + "', 'b', 1, " + user + ", '" + date +
          "', 'UTC', 0, 'reminder', 1, 'discord', 's', 'b', 'high', 'sent', " + at + ", " + at +
          ", " + at + ", " + at + ")");
    }
  }
  std::vector<std::string> seen;
  runtime::TimePoint at = kNow + std::chrono::hours(100);
  std::string after;
  for (;;) {
    const auto page = wait(s_->deliveries.page(1, at, after, 2));
    if (page.empty()) break;
    EXPECT_LE(page.size(), 2U);
    for (const auto& one : page) seen.push_back(one.id);
    at = page.back().created_at;
    after = page.back().id;
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"d4-1", "d2-1", "d3-1", "d0-1", "d1-1"}));
}

TEST_P(DeliveriesTest, OnlyWhoHoldsItUnderItsAttemptIsToldSo) {
  sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", true);
  const auto held = [&](const std::string& owner, int attempt) {
    return wait(s_->deliveries.still_held({.owner = owner,
                                           .id = id,
                                           .date = kToday,
                                           .attempt = attempt,
                                           .needed_until = kNow + std::chrono::seconds(5),
                                           .lease_until = kLease}));
  };
  EXPECT_TRUE(held("w1", 1));
  EXPECT_FALSE(held("w1", 2));
  EXPECT_FALSE(held("w2", 1));
  wait(s_->upkeep.reap(kLease));
  EXPECT_FALSE(held("w1", 1)) << "it waits for anybody";
  ASSERT_EQ(claim_deliveries("w2", kLease).size(), 1U);
  EXPECT_FALSE(held("w1", 1));
  EXPECT_TRUE(held("w2", 2));
}

// A look that says yes is followed by a wait for one's turn, and by the message's way.
TEST_P(DeliveriesTest, WhatIsLookedAtIsHeldForLongEnough) {
  sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", true);
  Deliveries::Look look{.owner = "w1", .id = id, .date = kToday, .attempt = 1};
  look.needed_until = kLease - std::chrono::seconds(1);
  look.lease_until = kLease + std::chrono::seconds(30);
  EXPECT_TRUE(wait(s_->deliveries.still_held(look)));
  EXPECT_EQ(wait(s_->upkeep.reap(kLease)).deliveries_returned, 1) << "it was long enough";
  ASSERT_EQ(claim_deliveries("w1", kLease).size(), 1U);
  look.attempt = 2;
  sql("UPDATE deliveries SET lease_until = 0");  // taken for gone, and not yet given to others
  EXPECT_TRUE(wait(s_->deliveries.still_held(look)));
  EXPECT_EQ(wait(s_->upkeep.reap(kLease)).deliveries_returned, 0);
}

TEST_P(DeliveriesTest, ASentOneIsCountedByChannelAndKind) {
  sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", true);
  EXPECT_TRUE(record("w2", result_of(id, DeliveryEnd::sent)).empty());
  EXPECT_EQ(batch("b1").count("delivery:sending"), 1) << "w2 does not hold it";
  record("w1", result_of(id, DeliveryEnd::sent, 2));
  EXPECT_EQ(batch("b1").count("delivery:sending"), 1) << "a wrong attempt";
  record("w1", result_of(id, DeliveryEnd::sent));
  record("w1", result_of(id, DeliveryEnd::dead));
  const Batch done = batch("b1");
  EXPECT_EQ(done.count("delivery:sent"), 1);
  EXPECT_EQ(done.count("sent:discord:reminder"), 1);
  EXPECT_TRUE(done.settled());
  EXPECT_EQ(state(id), "sent");
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, ARetryWaitsCarriesTheFreshMessageAndExpires) {
  sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", true);
  DeliveryOutcome retry = result_of(id, DeliveryEnd::retry);
  retry.checked_at = kNow + minutes(1);
  retry.message = streak::Message{"As of 23:10", "2 h left", streak::Urgency::low};
  record("w1", retry);
  EXPECT_TRUE(claim_deliveries("w1").empty());
  const auto again = claim_deliveries("w1", kNow + minutes(1));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].attempt, 2);
  EXPECT_EQ(again[0].message.subject, "As of 23:10");
  EXPECT_EQ(again[0].checked_at, kNow + minutes(1));
  retry = result_of(id, DeliveryEnd::retry, 2);
  retry.at = kMidnight;
  record("w1", retry);
  EXPECT_EQ(state(id), "expired");
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, WhatComesDueSoonIsClaimedAheadAndSaysWhenItIsDue) {
  sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", true);
  DeliveryOutcome retry = result_of(id, DeliveryEnd::retry);
  retry.at = kNow + minutes(1);
  record("w1", retry);
  const auto claim = [this](std::chrono::milliseconds ahead) {
    return wait(s_->deliveries.claim("w1", 10, kNow, kNow + minutes(1), ahead));
  };
  EXPECT_TRUE(claim(std::chrono::milliseconds{59'999}).empty());
  const auto claimed = claim(minutes(1));
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].due_at, kNow + minutes(1));
  EXPECT_EQ(claimed[0].attempt, 2);
  EXPECT_EQ(counters(), recount());
}

/// Two messages to one channel: the first is being sent by w1, or waits; the second is w2's to
/// write.
TEST_P(DeliveriesTest, WhatIsWrittenWaitsWhileAnotherProcessSendsThere) {
  sign_up(1);
  take_due("b1", 600);
  const std::string first = remind_once("w1", true);
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 1200);
  const ClaimedJob job = claim("w2").at(0);
  JobOutcome outcome = outcome_of(job);
  outcome.deliveries = {delivery_to(job.user.channels.at(0), "reminder", true)};
  const auto written = finish("w2", {outcome}).at(0).written;
  ASSERT_EQ(written.size(), 1U);
  EXPECT_FALSE(written[0].leased) << "it is not w2's to send now";
  EXPECT_EQ(batch("b2").count("delivery:pending"), 1);
  EXPECT_EQ(counters(), recount());
  EXPECT_TRUE(claim_deliveries("w2").empty()) << "w1 still sends there";
  EXPECT_EQ(counters(), recount());
  record("w1", result_of(first, DeliveryEnd::sent));
  const auto claimed = claim_deliveries("w2");
  ASSERT_EQ(claimed.size(), 1U);
  EXPECT_EQ(claimed[0].id, written[0].id);
  EXPECT_EQ(claimed[0].attempt, 1);
}

TEST_P(DeliveriesTest, AChannelIsFreeAgainWhenItsSendersLeaseHasRunOut) {
  sign_up(1);
  trigger("b1");
  remind_once("w1", true);  // w1 sends it; a second message to the same channel waits
  const std::string same =
      "batch_id, job_id, user_id, channel_id, channel_kind, date, zone, stage, subject, body, "
      "urgency, created_at, checked_at, due_at, expires_at";
  sql("INSERT INTO deliveries (id, kind, state, " + same +
      ") SELECT 'second', 'summary', 'pending', " + same + " FROM deliveries");
  EXPECT_TRUE(claim_deliveries("w2").empty());
  EXPECT_EQ(claim_deliveries("w1").size(), 1U) << "one process may send both";
  sql("UPDATE deliveries SET state = 'pending', attempt = 0 WHERE id = 'second'");
  EXPECT_EQ(claim_deliveries("w2", kLease).size(), 1U);
}

TEST_P(DeliveriesTest, WhatWasOnItsWayGivesWayToALaterReminderWhenItFails) {
  sign_up(1);
  take_due("b1", 600);
  const std::string first = remind_once("w1", true);
  sql("UPDATE deliveries SET created_at = created_at - 1");
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 1200);
  const std::string second = remind_once("w1", true);
  record("w1", result_of(first, DeliveryEnd::retry), kNow + minutes(1));
  record("w1", result_of(second, DeliveryEnd::retry), kNow + minutes(1));
  const auto again = claim_deliveries("w1", kNow + minutes(2));
  ASSERT_EQ(again.size(), 1U) << "the user hears one of them";
  EXPECT_EQ(again[0].id, second);
  EXPECT_EQ(batch("b1").count("delivery:cancelled"), 1);
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, WhatADeadWorkerWasSendingGivesWayToALaterReminder) {
  sign_up(1);
  take_due("b1", 600);
  remind_once("w1", true);
  sql("UPDATE deliveries SET created_at = created_at - 1");
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 1200);
  const std::string second = remind_once("w1", true);
  wait(s_->upkeep.reap(kNow + minutes(10)));
  const auto again = claim_deliveries("w2", kNow + minutes(11));
  ASSERT_EQ(again.size(), 1U);
  EXPECT_EQ(again[0].id, second);
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, AReminderThatWasHeldUpPastTheNextStageIsThatStagesToo) {
  sign_up(1);
  take_due("b1", 600);
  const std::string first = remind_once("w1", true);
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 1200);
  record("w1", result_of(first, DeliveryEnd::sent), kNow + minutes(5));
  EXPECT_EQ(remind_once("w1", true), "") << "the user would hear the same again a moment later";
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, AReminderOfAnEarlierStageSilencesNoLaterOne) {
  sign_up(1);
  take_due("b1", 600);
  const std::string first = remind_once("w1", true);
  record("w1", result_of(first, DeliveryEnd::sent), kNow - minutes(5));
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 1200);
  EXPECT_NE(remind_once("w1", true), "");
}

TEST_P(DeliveriesTest, ADeadChannelIsSwitchedOffAndTheOtherIsTold) {
  const User user = add_telegram(sign_up(1)[0]);
  trigger("b1");
  const ClaimedJob job = claim("w1").at(0);
  const Channel& discord = job.user.channels.at(0);
  JobOutcome outcome = outcome_of(job);
  outcome.deliveries = {delivery_to(discord, "reminder", true), delivery_to(discord, "summary"),
                        delivery_to(job.user.channels.at(1))};
  const auto written = finish("w1", {outcome})[0].written;
  ASSERT_EQ(written.size(), 3U);
  const auto off = record("w1", result_of(written[0].id, DeliveryEnd::dead));
  ASSERT_EQ(off.size(), 1U);
  EXPECT_EQ(off[0].channel_id, discord.id);
  EXPECT_EQ(off[0].channel_kind, "discord");
  EXPECT_EQ(off[0].reason, "some reason");
  EXPECT_EQ(off[0].told_on, 1);
  const User now = wait(s_->jobs.reread(user.id)).value();
  EXPECT_FALSE(now.channels[0].on);
  EXPECT_EQ(now.channels[0].off_reason, "some reason");
  EXPECT_EQ(batch("b1").count("delivery:dead"), 2) << "what waited for the channel ended too";

  // Written with the switch-off: a process that ends here has lost nothing.
  auto waiting = claim_deliveries("w1");
  ASSERT_EQ(waiting.size(), 2U);
  const auto told = std::ranges::find_if(
      waiting, [](const ClaimedDelivery& one) { return one.kind.starts_with("channel_off:"); });
  ASSERT_NE(told, waiting.end());
  EXPECT_EQ(told->channel_kind, "telegram");
  EXPECT_EQ(told->message.subject, "Discord was switched off");
  EXPECT_THAT(told->message.body, testing::HasSubstr("some reason"));
  EXPECT_EQ(told->batch_id, "b1");
  record("w1", result_of(told->id, DeliveryEnd::sent));
  EXPECT_EQ(batch("b1").count("sent:telegram:channel_off"), 1);
  EXPECT_EQ(batch("b1").count("delivery:dead"), 2);
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, AMendedChannelIsToldWhatItMissedThatDay) {
  auto users = sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", true);
  ASSERT_EQ(record("w1", result_of(id, DeliveryEnd::dead)).size(), 1U);
  trigger("b2");
  EXPECT_EQ(remind_once("w1", true), "") << "the channel is still off";
  EXPECT_EQ(batch("b1").count("delivery:dead"), 1);

  users[0].channels[0].sealed = "sealed-new";
  users[0].channels[0].on = true;
  wait(s_->users.save(users, kNow));
  trigger("b3");
  const std::string again = remind_once("w1", true);
  EXPECT_NE(again, "");
  EXPECT_EQ(batch("b1").count("delivery:dead"), 0) << "the new one takes its place";
  record("w1", result_of(again, DeliveryEnd::sent));
  trigger("b4");
  EXPECT_EQ(remind_once("w1", true), "") << "told once";
}

TEST_P(DeliveriesTest, CouldNotCheckIsNotSaidOnceAnAnswerHasCome) {
  sign_up(1);
  trigger("b1");
  const ClaimedJob job = claim("w1").at(0);
  JobOutcome unknown = outcome_of(job, JobEnd::retry);
  unknown.told_unknown = true;
  unknown.retry_at = kNow;
  unknown.deliveries = {delivery_to(job.user.channels.at(0), "could_not_check")};
  ASSERT_EQ(finish("w1", {unknown})[0].written.size(), 1U);
  const ClaimedJob again = claim("w1").at(0);
  JobOutcome safe = outcome_of(again);
  safe.verdict = streak::Verdict::safe;
  safe.told_unknown = true;
  finish("w1", {safe});
  EXPECT_TRUE(claim_deliveries("w1", kNow + minutes(2)).empty());
  EXPECT_EQ(batch("b1").count("delivery:cancelled"), 1);
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, CouldNotCheckIsNotSaidOnceALaterStageHasItsAnswer) {
  sign_up(1);
  take_due("b1", 1200);
  const ClaimedJob job = claim("w1").at(0);
  JobOutcome unknown = outcome_of(job, JobEnd::retry);
  unknown.told_unknown = true;
  unknown.deliveries = {delivery_to(job.user.channels.at(0), "could_not_check")};
  ASSERT_EQ(finish("w1", {unknown})[0].written.size(), 1U);
  // The next stage takes over, a few minutes before midnight.
  trigger("b2");
  const runtime::TimePoint late = kMidnight - minutes(5);
  const auto jobs = wait(s_->jobs.claim("w1", 100, false, late, late + minutes(1)));
  ASSERT_EQ(jobs.size(), 1U);
  JobOutcome safe = outcome_of(jobs[0]);
  safe.verdict = streak::Verdict::safe;
  wait(s_->jobs.finish("w1", {safe}, late, late + minutes(1)));
  EXPECT_TRUE(claim_deliveries("w1", late).empty());
  EXPECT_EQ(batch("b1").count("delivery:cancelled"), 1);
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, WhoIsPausedHearsNothingThatWaits) {
  auto users = sign_up(1);
  trigger("b1");
  record("w1", result_of(remind_once("w1", true), DeliveryEnd::retry));
  users[0].status = UserStatus::paused;
  wait(s_->users.save(users, kNow));
  EXPECT_TRUE(claim_deliveries("w1", kNow + minutes(2)).empty());
  EXPECT_EQ(batch("b1").count("delivery:cancelled"), 1);
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, ATokenThatDiedIsMarkedUnlessItWasReplaced) {
  auto users = sign_up(1);
  users[0].sealed_token = "sealed-token";
  wait(s_->users.save(users, kNow));
  trigger("b1");
  DeliveryOutcome outcome = result_of(remind_once("w1", true), DeliveryEnd::retry);
  const User seen = wait(s_->jobs.reread(users[0].id)).value();
  outcome.token_dead_in_version = seen.settings_version - 1;
  record("w1", outcome);
  EXPECT_FALSE(wait(s_->jobs.reread(seen.id))->token_dead);
  outcome.token_dead_in_version = seen.settings_version;
  outcome.attempt = claim_deliveries("w1", kNow + minutes(1)).at(0).attempt;
  record("w1", outcome);
  EXPECT_TRUE(wait(s_->jobs.reread(seen.id))->token_dead);
}

TEST_P(DeliveriesTest, AReplacedCredentialOutlivesTheFailureOfTheOld) {
  auto users = sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", true);
  users[0].channels[0].sealed = "sealed-new";
  wait(s_->users.save(users, kNow + minutes(1)));
  EXPECT_TRUE(record("w1", result_of(id, DeliveryEnd::dead), kNow + minutes(2)).empty());
  const auto again = claim_deliveries("w1", kNow + minutes(3));
  ASSERT_EQ(again.size(), 1U) << "tried again with the new credential";
  EXPECT_EQ(again[0].sealed, "sealed-new");
}

TEST_P(DeliveriesTest, AMovedChatIsStoredWhateverTheOutcome) {
  sign_up(1);
  trigger("b1");
  DeliveryOutcome moved = result_of(remind_once("w1", true), DeliveryEnd::retry);
  moved.sealed = "sealed-moved";
  record("w1", moved);
  EXPECT_EQ(claim_deliveries("w1", kNow + minutes(1)).at(0).sealed, "sealed-moved");
}

TEST_P(DeliveriesTest, ARefusedMessageLeavesTheChannelOn) {
  const auto users = sign_up(1);
  trigger("b1");
  const std::string id = remind_once("w1", true);
  EXPECT_TRUE(record("w1", result_of(id, DeliveryEnd::refused)).empty());
  EXPECT_TRUE(wait(s_->jobs.reread(users[0].id))->channels[0].on);
  EXPECT_EQ(batch("b1").count("delivery:dead"), 1);
  EXPECT_EQ(wait(s_->batches.retry_failed("b1", kNow)), 1);
  EXPECT_EQ(claim_deliveries("w1").size(), 1U);
}

TEST_P(DeliveriesTest, RemovingAChannelCancelsWhatWaitsForIt) {
  auto users = sign_up(1);
  trigger("b1");
  remind_once("w1", false);
  users[0].channels.clear();
  wait(s_->users.save(users, kNow));
  EXPECT_EQ(batch("b1").count("delivery:cancelled"), 1);
  EXPECT_TRUE(claim_deliveries("w1").empty());
  EXPECT_FALSE(something_due(kNow));
}

TEST_P(DeliveriesTest, ACrashBringsThemBackAndMidnightEndsThem) {
  sign_up(2);
  trigger("b1");
  for (const ClaimedJob& job : claim("w1")) {
    JobOutcome outcome = outcome_of(job);
    outcome.deliveries = {delivery_to(job.user.channels[0], "reminder", true)};
    finish("w1", {outcome});
  }
  EXPECT_EQ(wait(s_->upkeep.reap(kLease)).deliveries_returned, 2);
  const auto again = claim_deliveries("w2");
  ASSERT_EQ(again.size(), 2U);
  record("w2", result_of(again[0].id, DeliveryEnd::retry, again[0].attempt));
  EXPECT_EQ(wait(s_->upkeep.reap(kMidnight)).deliveries_expired, 2) << "waiting and abandoned";
  EXPECT_TRUE(batch("b1").settled());
  EXPECT_EQ(counters(), recount());
}

TEST_P(DeliveriesTest, MessagesArePagedTheNewestFirst) {
  const auto users = sign_up(1);
  trigger("b1");
  const std::string older = remind_once("w1", true);
  sql("UPDATE deliveries SET created_at = created_at - 1");
  sql("UPDATE users SET next_check_at = 0");
  take_due("b2", 900);
  const std::string newer = remind_once("w1", true);
  ASSERT_NE(newer, "");
  const auto first = wait(s_->deliveries.page(users[0].id, kNow + std::chrono::hours(1), "", 1));
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].id, newer);
  EXPECT_EQ(first[0].date, kToday);
  const auto second = wait(s_->deliveries.page(users[0].id, first[0].created_at, first[0].id, 10));
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].id, older);
  EXPECT_EQ(second[0].entry.subject, "Your streak");
  EXPECT_TRUE(wait(s_->deliveries.page(users[0].id, second[0].created_at, older, 10)).empty());
}

STREAKY_STORE_SUITE(DeliveriesTest);

}  // namespace
}  // namespace streaky::store
