#include "store/members.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr runtime::Millis kSilence{20'000};

class MembersTest : public StoreTest {
 protected:
  Members members() { return Members(s_->database); }

  static Member member(const std::string& name, runtime::TimePoint started = kNow) {
    Member one;
    one.name = name;
    one.host = "box";
    one.version = "0.1.0";
    one.roles = "worker";
    one.started_at = started;
    return one;
  }

  std::vector<std::string> names() {
    std::vector<std::string> names;
    for (const Member& one : wait(members().list())) names.push_back(one.name);
    return names;
  }
};

TEST_P(MembersTest, ABeatRenewsWhatIsShown) {
  Member one = member("box:1:1");
  one.fixed_keys = "v1.k1x. c1.ch1x.";
  wait(members().beat(one, kNow));
  one.in_flight = 7;
  one.checks_per_minute = 600;
  one.sends_per_minute = 60;
  wait(members().beat(one, kNow + seconds(5)));
  one.beat_at = kNow + seconds(5);
  EXPECT_THAT(wait(members().list()), ElementsAre(one));
}

TEST_P(MembersTest, WhoFallsSilentIsForgottenAndWhatItHeldIsFree) {
  sign_up(3);
  trigger("b1");
  wait(members().beat(member("quiet"), kNow));
  wait(members().beat(member("alive", kNow + seconds(1)), kNow));
  EXPECT_EQ(claim("quiet", 1).size(), 1U);
  EXPECT_EQ(claim("alive", 1).size(), 1U);
  const auto later = kNow + kSilence;
  wait(members().beat(member("alive"), later));
  EXPECT_THAT(wait(members().forget_silent(later - seconds(1), kSilence)), IsEmpty());
  EXPECT_THAT(wait(members().forget_silent(later, kSilence)), ElementsAre("quiet"));
  EXPECT_THAT(names(), ElementsAre("alive"));
  // Long before its lease has run out.
  const Reaped reaped = wait(s_->upkeep.reap(later));
  EXPECT_EQ(reaped.jobs_returned, 1);
  EXPECT_EQ(claim("alive").size(), 2U);
  EXPECT_EQ(counters(), recount());
}

TEST_P(MembersTest, MessagesOfTheSilentAreFreeToo) {
  sign_up(1);
  trigger("b1");
  wait(members().beat(member("quiet"), kNow));
  ASSERT_NE(remind_once("quiet", true), "");
  const auto later = kNow + kSilence;
  wait(members().forget_silent(later, kSilence));
  EXPECT_EQ(wait(s_->upkeep.reap(later)).deliveries_returned, 1);
}

TEST_P(MembersTest, WhoThawsIsAMemberAgainButHoldsNothing) {
  sign_up(1);
  trigger("b1");
  wait(members().beat(member("frozen"), kNow));
  const ClaimedJob job = claim("frozen").at(0);
  const auto later = kNow + kSilence;
  wait(members().forget_silent(later, kSilence));
  wait(s_->upkeep.reap(later));
  EXPECT_EQ(finish("frozen", {outcome_of(job)}).at(0).finish, Finish::stale);
  wait(members().beat(member("frozen"), later));
  EXPECT_THAT(names(), ElementsAre("frozen"));
}

TEST_P(MembersTest, WhatWhoLeavesCouldNotGiveBackIsFree) {
  sign_up(2);
  trigger("b1");
  wait(members().beat(member("a"), kNow));
  ASSERT_EQ(claim("a", 1).size(), 1U);
  ASSERT_NE(remind_once("a", true), "");
  wait(members().leave("a"));
  const Reaped reaped = wait(s_->upkeep.reap(kNow));
  EXPECT_EQ(reaped.jobs_returned, 1);
  EXPECT_EQ(reaped.deliveries_returned, 1);
}

TEST_P(MembersTest, WhoLeavesInOrderIsNotMissed) {
  wait(members().beat(member("a"), kNow));
  wait(members().leave("a"));
  EXPECT_THAT(names(), IsEmpty());
  EXPECT_THAT(wait(members().forget_silent(kNow + kSilence, kSilence)), IsEmpty());
}

TEST_P(MembersTest, TheBacklogTellsWhatWaitsAndForHowLong) {
  sign_up(3);
  trigger("b1");
  ASSERT_EQ(claim("w", 1).size(), 1U);
  const Backlog backlog = wait(read_backlog(&s_->database, kNow + seconds(9)));
  EXPECT_EQ(backlog.jobs_due, 2);
  EXPECT_EQ(backlog.jobs_in_hand, 1);
  EXPECT_EQ(backlog.deliveries_due, 0);
  EXPECT_EQ(backlog.oldest_due, seconds(9));
  const Backlog early = wait(read_backlog(&s_->database, kNow - seconds(1)));
  EXPECT_EQ(early.jobs_due, 0);
  EXPECT_EQ(early.oldest_due, runtime::Millis{0});
}

STREAKY_STORE_SUITE(MembersTest);

}  // namespace
}  // namespace streaky::store
