// How far back a look goes, and that a hole in the answers never shortens a streak.
#include "github/walk.h"

#include "github/fake_github.h"

namespace streaky::github {
namespace {

using std::chrono::days;
using streak::Verdict;

class WalkTest : public GithubTest {};

const char* first_day(int length) {
  static std::string text;
  text = streak::to_text(label("2026-08-05") - days{length - 1});
  return text.c_str();
}

TEST_F(WalkTest, AStreakOf4000DaysCrossesYears) {
  start(1);
  add_user(1, streak_between(first_day(4'000), "2026-08-05"));
  const SeeResult result = see(subject(1));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, Verdict::at_risk);
  EXPECT_EQ(result->judgement.streak, 4'000);
  EXPECT_TRUE(result->history_read);
  ASSERT_TRUE(result->anchor.has_value());
  EXPECT_EQ(result->anchor->through, label("2026-08-02"));
  EXPECT_EQ(result->anchor->length, 3'997);
  EXPECT_LE(http.seen.size(), 14U);
  for (const SeenRequest& request : http.seen) {
    const std::chrono::year_month_day from{request.window.from};
    const std::chrono::year_month_day to{request.window.to};
    const auto length = (request.window.to - request.window.from).count() + 1;
    EXPECT_TRUE(from.year() == to.year() || length <= 31);
  }
}

TEST_F(WalkTest, AnAnchorSavesTheWalk) {
  start(1);
  add_user(1, streak_between(first_day(1'000), "2026-08-05"));
  const SeeResult result = see(warm_subject(1, 997));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.streak, 1'000);
  EXPECT_FALSE(result->history_read);
  EXPECT_EQ(http.seen.size(), 1U);
}

TEST_F(WalkTest, TheWalkStopsAtTheFirstGap) {
  start(1);
  add_user(1, streak_between(first_day(20), "2026-08-05"));
  const SeeResult result = see(subject(1));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.streak, 20);
  EXPECT_EQ(http.seen.size(), 2U);
}

TEST_F(WalkTest, NobodyIsWalkedForASafeGap) {
  start(1);
  add_user(1, [](streak::Label) { return 0; });
  const SeeResult result = see(subject(1));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, Verdict::no_streak);
  EXPECT_EQ(http.seen.size(), 1U);
}

TEST_F(WalkTest, TheAccountsFirstYearEndsTheWalk) {
  start(1);
  FakeUser& user = add_user(1, [](streak::Label) { return 1; });
  user.created_at = "2025-06-01T00:00:00Z";
  const SeeResult result = see(subject(1));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.began, label("2025-01-01"));
  EXPECT_EQ(http.seen.back().window.from, label("2025-01-01"));
}

TEST_F(WalkTest, AFailingWindowMakesTheLengthUnknownNotShorter) {
  start(1);
  add_user(1, streak_between(first_day(400), "2026-08-05"));
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.window.to >= label("2026-07-01")) return std::nullopt;
    return reply(503, "");
  };
  const SeeResult result = see(subject(1));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.code, "unavailable");
  ASSERT_TRUE(result.error().partial.has_value()) << "that it is at risk is certain all the same";
  EXPECT_EQ(result.error().partial->judgement.verdict, Verdict::at_risk);
  EXPECT_TRUE(result.error().partial->judgement.open_at.has_value());
  EXPECT_FALSE(result.error().partial->anchor.has_value());
}

TEST_F(WalkTest, AHeavyUserIsAskedForShorterWindows) {
  start(1);
  add_user(1, streak_between(first_day(300), "2026-08-05"));
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if ((what.window.to - what.window.from).count() < 45) return std::nullopt;
    return reply(200, R"({"data":{"nodes":[null]},"errors":[{"type":"RESOURCE_LIMITS_EXCEEDED",)"
                      R"("path":["nodes",0],"message":"Resource limits for this query"}]})");
  };
  const SeeResult result = see(subject(1));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.streak, 300);
}

TEST_F(WalkTest, FullHistoryReadsEverything) {
  start(1);
  add_user(1, streak_between("2019-01-01", "2019-03-01"));
  Subject who = warm_subject(1, 0);
  who.full_history = true;
  const SeeResult result = see(std::move(who));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(streak::longest_streak(result->calendar, {}).length, 60);
  EXPECT_TRUE(result->calendar.covers({label("2015-01-01"), label("2026-08-07")}));
  EXPECT_TRUE(result->history_read);
}

TEST_F(WalkTest, DaysSinceTheLastCheckAreReadInSharedSteps) {
  const auto from_of = [](int days_ago) {
    streak::Anchor anchor;
    anchor.through = label("2026-08-06") - days{days_ago};
    const Walk walk(label("2026-08-06"), label("2026-08-06"), anchor);
    return (label("2026-08-06") - walk.current().from).count();
  };
  EXPECT_EQ(from_of(0), 3);
  EXPECT_EQ(from_of(4), 3);
  EXPECT_EQ(from_of(5), 4) << "as of the day before";
  EXPECT_EQ(from_of(7), 6);
  EXPECT_EQ(from_of(9), 14);
  EXPECT_EQ(from_of(31), 30);
  EXPECT_EQ(from_of(4'000), 30);
}

TEST_F(WalkTest, RestDaysBehindTheAnchorDoNotHaveTheHistoryReadAgain) {
  start(1);
  // The anchor of the day before ends on a Saturday, 2026-08-01, and Saturdays are off.
  add_user(1, streak_between(first_day(1'000), "2026-08-05"));
  Subject who = subject(1);
  who.rules.rest_days.push_back({streak::Label{}, streak::Weekdays(0b1000000)});
  who.anchor = streak::Anchor{
      .through = label("2026-08-01"), .length = 996, .began = label(first_day(1'000))};
  const SeeResult result = see(std::move(who));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.streak, 1'000);
  EXPECT_EQ(http.seen.size(), 1U);
}

TEST_F(WalkTest, AStreakThatWasJustBrokenLeavesAnAnchorToo) {
  start(1);
  add_user(1, streak_between("2026-08-04", "2026-08-05"));
  const SeeResult result = see(subject(1));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.streak, 2);
  EXPECT_EQ(http.seen.size(), 1U);
  ASSERT_TRUE(result->anchor.has_value()) << "or it would be walked again when it has grown";
  EXPECT_EQ(result->anchor->length, 0);
}

TEST_F(WalkTest, UsersAheadOfAndBehindUtc) {
  start(1);
  add_user(1, streak_between("2026-08-01", "2026-08-05"));
  Subject ahead = warm_subject(1, 2);
  ahead.today = label("2026-08-07");
  EXPECT_EQ(see(std::move(ahead))->judgement.verdict, Verdict::no_streak);
  Subject behind = warm_subject(1, 2);
  behind.today = label("2026-08-05");
  EXPECT_EQ(see(std::move(behind))->judgement.verdict, Verdict::safe);
}

}  // namespace
}  // namespace streaky::github
