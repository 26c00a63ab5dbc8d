#include "store/sessions.h"

#include <gtest/gtest.h>

#include "store/calendars.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class SessionsTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    users_ = sign_up(2);
  }

  void begin(const std::string& hash, std::size_t user = 0, runtime::TimePoint now = kNow) {
    wait(
        sessions().begin(hash, users_.at(user).id, SessionOrigin::github, "Firefox on Linux", now));
  }
  bool lives(const std::string& hash, runtime::TimePoint now = kNow) {
    return wait(sessions().find(hash, now)).has_value();
  }
  Sessions sessions() { return Sessions(s_->database); }

  std::vector<User> users_;
};

TEST_P(SessionsTest, ASessionFindsItsUserAndNobodyElse) {
  begin("one");
  begin("two", 1);
  const auto found = wait(sessions().find("one", kNow));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user.login, "user0");
  EXPECT_EQ(found->user.channels.size(), 1U);
  EXPECT_EQ(wait(sessions().find("two", kNow))->user.login, "user1");
  EXPECT_FALSE(lives("three"));
  EXPECT_FALSE(lives(""));
}

TEST_P(SessionsTest, WhoComesBackStaysAndWhoDoesNotIsSignedOut) {
  begin("one");
  EXPECT_TRUE(lives("one", kNow + kSessionIdle - minutes(1)));
  EXPECT_FALSE(lives("one", kNow + kSessionIdle));
  const auto later = kNow + kSessionIdle - hours(1);
  const WebSession session = wait(sessions().find("one", later))->session;
  EXPECT_TRUE(Sessions::wants_extension(session, later));
  wait(sessions().extend(session, later));
  EXPECT_TRUE(lives("one", kNow + kSessionIdle + hours(1)));
  EXPECT_FALSE(Sessions::wants_extension(wait(sessions().find("one", later))->session, later));
}

TEST_P(SessionsTest, NoSessionOutlivesItsLongestLife) {
  begin("one");
  auto at = kNow;
  while (lives("one", at) && at < kNow + kSessionLife * 2) {
    wait(sessions().extend(wait(sessions().find("one", at))->session, at));
    at += hours(24);
  }
  EXPECT_GE(at, kNow + kSessionLife - hours(24));
  EXPECT_LE(at, kNow + kSessionLife + hours(24));
}

TEST_P(SessionsTest, OneEndsWhatIsOnesOwnAlone) {
  begin("one");
  begin("other", 1);
  const auto other = wait(sessions().find("other", kNow))->session;
  EXPECT_FALSE(wait(sessions().end(users_[0].id, other.id)));
  EXPECT_TRUE(lives("other"));
  EXPECT_TRUE(wait(sessions().end(users_[1].id, other.id)));
  EXPECT_FALSE(lives("other"));
}

TEST_P(SessionsTest, OthersEndTogetherAndTheListShowsWhatIsLeft) {
  begin("one");
  begin("two");
  begin("three");
  begin("theirs", 1);
  const auto keep = wait(sessions().find("two", kNow))->session;
  EXPECT_EQ(wait(sessions().list(users_[0].id, kNow)).size(), 3U);
  wait(sessions().end_others(users_[0].id, keep.id));
  const auto left = wait(sessions().list(users_[0].id, kNow));
  ASSERT_EQ(left.size(), 1U);
  EXPECT_EQ(left[0].device, "Firefox on Linux");
  EXPECT_TRUE(lives("theirs"));
}

TEST_P(SessionsTest, TheOldestMakesRoom) {
  for (int i = 0; i <= kMostSessions; ++i) {
    begin("s" + std::to_string(i), 0, kNow + minutes(i));
  }
  EXPECT_FALSE(lives("s0"));
  EXPECT_TRUE(lives("s1"));
  EXPECT_EQ(number("SELECT COUNT(*) FROM sessions"), kMostSessions);
}

TEST_P(SessionsTest, TheyGoWithTheirUserAndWithTime) {
  begin("one");
  begin("two", 1);
  wait(s_->users.remove(users_[0].id));
  EXPECT_FALSE(lives("one"));
  wait(sessions().clean(kNow + kSessionIdle, 10));
  EXPECT_EQ(number("SELECT COUNT(*) FROM sessions"), 0);
}

TEST_P(SessionsTest, ALinkWorksOnceAndForTenMinutes) {
  wait(sessions().make_link("link", users_[1].id, kNow));
  EXPECT_EQ(wait(sessions().find_link("link", kNow)), users_[1].id);
  EXPECT_TRUE(wait(sessions().use_link("link", kNow + minutes(9))));
  EXPECT_FALSE(wait(sessions().use_link("link", kNow + minutes(9))));
  wait(sessions().make_link("late", 0, kNow));
  EXPECT_EQ(wait(sessions().find_link("late", kNow)), 0);
  EXPECT_FALSE(wait(sessions().find_link("late", kNow + kLinkLife)));
  EXPECT_FALSE(wait(sessions().use_link("late", kNow + kLinkLife)));
}

TEST_P(SessionsTest, ANewLinkEndsTheOldOne) {
  wait(sessions().make_link("old", 0, kNow));
  wait(sessions().make_link("new", 0, kNow));
  EXPECT_FALSE(wait(sessions().find_link("old", kNow)));
  EXPECT_TRUE(wait(sessions().find_link("new", kNow)));
}

TEST_P(SessionsTest, ACalendarComesBackWithItsGaps) {
  Calendars calendars(s_->database);
  const std::int64_t id = users_[0].id;
  EXPECT_FALSE(wait(calendars.find(id)));
  SeenCalendar seen;
  seen.calendar.set(kToday, 3);
  seen.calendar.set(kToday - std::chrono::days{2}, 0);
  seen.calendar.set(kToday - std::chrono::days{4'000}, 9);
  seen.seen_at = kNow;
  wait(calendars.save(id, seen, kToday));
  const auto found = wait(calendars.find(id));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->seen_at, kNow);
  EXPECT_EQ(found->calendar.count(kToday), 3);
  EXPECT_EQ(found->calendar.count(kToday - std::chrono::days{1}), std::nullopt);
  EXPECT_EQ(found->calendar.count(kToday - std::chrono::days{2}), 0);
  EXPECT_EQ(found->calendar.size(), 2U);
  seen.seen_at = kNow - hours(1);
  seen.calendar.set(kToday, 1);
  wait(calendars.save(id, seen, kToday));
  EXPECT_EQ(wait(calendars.find(id))->calendar.count(kToday), 3);
}

TEST_P(SessionsTest, AStreakSeenBesideTheRoundIsKeptUnlessSomethingNewerIsKnown) {
  const std::int64_t id = users_[0].id;
  StreakState state;
  state.length = 7;
  state.today = kToday;
  state.verdict = streak::Verdict::safe;
  state.seen_at = kNow;
  EXPECT_FALSE(wait(s_->users.save_streak(id, 99, state)));
  EXPECT_TRUE(wait(s_->users.save_streak(id, 1, state)));
  state.length = 6;
  state.seen_at = kNow - hours(1);
  EXPECT_FALSE(wait(s_->users.save_streak(id, 1, state)));
  const auto user = wait(s_->users.get(id));
  ASSERT_TRUE(user);
  EXPECT_EQ(user->streak.length, 7);
  EXPECT_EQ(user->streak.verdict, streak::Verdict::safe);
  EXPECT_FALSE(wait(s_->users.get(12'345)));
}

TEST_P(SessionsTest, HowLooksEndedIsToldNewestFirst) {
  take_due("batch", 1'200);
  for (const ClaimedJob& job : claim("worker")) {
    JobOutcome outcome = outcome_of(job);
    outcome.verdict = streak::Verdict::safe;
    finish("worker", {outcome});
  }
  const auto looks = wait(s_->jobs.looks(users_[0].id, 10));
  ASSERT_EQ(looks.size(), 1U);
  EXPECT_EQ(looks[0].verdict, "safe");
  EXPECT_EQ(looks[0].state, "completed");
  EXPECT_EQ(looks[0].stage, 1'200);
  EXPECT_EQ(looks[0].date, kToday);
}

STREAKY_STORE_SUITE(SessionsTest);

}  // namespace
}  // namespace streaky::store
