// Whose token sees what, and what may be said when one of them fails.
#include "github/views.h"

#include "github/fake_github.h"

namespace streaky::github {
namespace {

using streak::Verdict;

class ViewsTest : public GithubTest {
 protected:
  static Subject with_own(int length = 2) {
    Subject who = warm_subject(1, length);
    who.own_token = runtime::Secret("mine");
    return who;
  }
  void fail_token(const std::string& token, int status) {
    http.script =
        [token,
         status](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
      if (!what.token.starts_with(token)) return std::nullopt;
      return reply(status, R"({"message":"Bad credentials"})");
    };
  }
  void fail_first(const std::string& token, int times, net::HttpResponse answer) {
    http.script =
        [token, times, answer = std::move(answer)](
            const SeenRequest& what) mutable -> std::optional<runtime::Result<net::HttpResponse>> {
      if (!what.token.starts_with(token) || times-- <= 0) return std::nullopt;
      return answer;
    };
  }
  void at_risk_user() { add_user(1, streak_between("2026-08-01", "2026-08-05")); }
  void safe_user() { add_user(1, streak_between("2026-08-01", "2026-08-06")); }
};

TEST_F(ViewsTest, EachDayCountsTheLarger) {
  start(1);
  add_user(1, [](streak::Label day) { return day == label("2026-08-04") ? 5 : 1; });
  http.days_by_token["mine"] = [](streak::Label day) { return day == label("2026-08-05") ? 9 : 0; };
  const SeeResult result = see(with_own());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->views, Views::both);
  EXPECT_EQ(result->calendar.count(label("2026-08-04")), 5);
  EXPECT_EQ(result->calendar.count(label("2026-08-05")), 9);
  EXPECT_EQ(http.seen.size(), 2U);
}

TEST_F(ViewsTest, AnOwnTokenMaySeeLessWithoutHarm) {
  start(1);
  safe_user();
  http.days_by_token["mine"] = [](streak::Label) { return 0; };
  EXPECT_EQ(see(with_own())->judgement.verdict, Verdict::safe);
}

TEST_F(ViewsTest, NoAlarmWhileTheOwnViewIsMissing) {
  start(1);
  at_risk_user();
  fail_token("mine", 503);
  const SeeResult result = see(with_own());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.code, "unavailable");
  EXPECT_FALSE(result.error().partial.has_value()) << "half of the picture proves no risk";
}

TEST_F(ViewsTest, NoSilenceEitherWhileTheOwnViewIsMissing) {
  start(1);
  add_user(1, [](streak::Label) { return 0; });
  fail_token("mine", 503);
  EXPECT_FALSE(see(with_own(0)).has_value());
}

TEST_F(ViewsTest, SafeByTheServiceAloneIsSafe) {
  start(1);
  safe_user();
  fail_token("mine", 503);
  const SeeResult result = see(with_own());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, Verdict::safe);
  EXPECT_EQ(result->anchor, with_own().anchor) << "what half of the picture shows is not stored";
}

TEST_F(ViewsTest, HalfOfThePictureKnowsNoMoreThanALowerBound) {
  start(1);
  // What was private on the 5th is seen with the user's own token alone.
  add_user(1, [](streak::Label day) { return day == label("2026-08-05") ? 0 : 1; });
  fail_token("mine", 503);
  const SeeResult result = see(with_own());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, Verdict::safe);
  EXPECT_TRUE(result->judgement.open_at.has_value()) << "a gap here may be work there";
}

TEST_F(ViewsTest, SafeByTheOwnViewAloneIsSafe) {
  start(1);
  safe_user();
  fail_token("service", 503);
  const SeeResult result = see(with_own());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->views, Views::own);
}

TEST_F(ViewsTest, WithoutServiceTokensTheOwnViewDecides) {
  start(0);
  at_risk_user();
  const SeeResult result = see(with_own());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, Verdict::at_risk);
  EXPECT_EQ(result->views, Views::own);
}

TEST_F(ViewsTest, ADeadOwnTokenLeavesThePublicView) {
  start(1);
  at_risk_user();
  fail_token("mine", 401);
  const SeeResult result = see(with_own());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, Verdict::at_risk);
  EXPECT_TRUE(result->own_token_dead);
  EXPECT_EQ(result->views, Views::service);
}

TEST_F(ViewsTest, OnlyGithubsOwnWordKillsAnOwnToken) {
  start(1);
  at_risk_user();
  for (const char* body : {"<html>401</html>", "", R"({"message":"Requires authentication"})",
                           R"({"message":"something else"})"}) {
    SCOPED_TRACE(body);
    fail_first("mine", 1'000, reply(401, body));
    const SeeResult refused = see(with_own());
    ASSERT_FALSE(refused.has_value()) << "half of the picture proves no risk";
    EXPECT_FALSE(refused.error().own_token_dead);
    http.script = nullptr;
    const SeeResult result = see(with_own());
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->views, Views::both) << "the own token was not asked again";
    EXPECT_FALSE(result->own_token_dead);
  }
  fail_first("mine", 1, reply(401, "<html>401</html>"));
  EXPECT_EQ(see(with_own())->views, Views::both) << "one page in between is got over at once";
}

TEST_F(ViewsTest, AForbiddenOwnViewLeavesThePublicOneForThisLook) {
  start(1);
  at_risk_user();
  for (const net::HttpResponse& answer :
       {reply(200, R"({"data":{"nodes":[null]},"errors":[{"type":"FORBIDDEN","path":["nodes",0],)"
                   R"("message":"Resource not accessible by personal access token"}]})"),
        reply(200, R"({"data":null,"errors":[{"type":"FORBIDDEN"}]})"),
        reply(403, R"({"message":"Resource not accessible by personal access token"})")}) {
    SCOPED_TRACE(answer.body);
    fail_first("mine", 1'000, answer);
    const SeeResult result = see(with_own());
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->judgement.verdict, Verdict::at_risk);
    EXPECT_EQ(result->judgement.streak, 5);
    EXPECT_EQ(result->views, Views::service);
    EXPECT_FALSE(result->own_token_dead);
    EXPECT_EQ(result->anchor, with_own().anchor) << "what half of the picture shows is not stored";
  }
}

TEST_F(ViewsTest, AForbiddenOwnViewNeverEndsAStreak) {
  start(1);
  add_user(1, [](streak::Label) { return 0; });
  fail_first("mine", 1'000, reply(403, R"({"message":"Resource not accessible"})"));
  EXPECT_FALSE(see(with_own()).has_value()) << "the private days may hold it together";
}

TEST_F(ViewsTest, ADeadServiceTokenLeavesTheOwnViewHalf) {
  start(1);
  fail_token("service", 401);
  at_risk_user();
  const SeeResult risk = see(with_own());
  ASSERT_FALSE(risk.has_value()) << "the own token may see fewer days than the public";
  http.users.clear();
  safe_user();
  const SeeResult safe = see(with_own());
  ASSERT_TRUE(safe.has_value());
  EXPECT_EQ(safe->judgement.verdict, Verdict::safe);
  EXPECT_EQ(safe->views, Views::own);
  EXPECT_FALSE(safe->own_token_dead);
}

// GitHub may show no more than UTC's today, in whatever zone the user lives.
TEST_F(ViewsTest, ACalendarThatEndsWithUtcTodayIsEnoughForWhoLivesInIt) {
  start(1);
  at_risk_user();
  http.last_day = label(kToday);
  const SeeResult result = see(warm_subject(1, 2));
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, Verdict::at_risk);
  EXPECT_EQ(result->calendar.count(label("2026-08-07")), std::nullopt);
}

TEST_F(ViewsTest, ACalendarThatEndsWithUtcTodaySaysNothingOfTheNextDay) {
  start(1);
  at_risk_user();
  http.last_day = label(kToday);
  Subject ahead = warm_subject(1, 2);
  ahead.today = label("2026-08-07");
  const SeeResult result = see(std::move(ahead));
  if (result) EXPECT_EQ(result->judgement.verdict, Verdict::unknown);
  EXPECT_EQ(http.seen.size(), 1U) << "older days do not tell";
}

TEST_F(ViewsTest, ATokenThatIsKnownToBeDeadIsNotUsed) {
  start(1);
  at_risk_user();
  Subject who = with_own();
  who.own_token_dead = true;
  const SeeResult result = see(std::move(who));
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->own_token_dead);
  EXPECT_EQ(http.requests_of("mine"), 0U);
}

TEST_F(ViewsTest, NoServiceTokenAndADeadOwnOne) {
  start(0);
  at_risk_user();
  fail_token("mine", 401);
  const SeeResult result = see(with_own());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.code, "token_dead");
  EXPECT_TRUE(result.error().own_token_dead);
}

TEST_F(ViewsTest, NoTokenAtAll) {
  start(0);
  at_risk_user();
  const SeeResult result = see(warm_subject(1, 2));
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.code, "no_token");
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(ViewsTest, AUserHiddenFromOthersIsSeenByTheOwnToken) {
  start(1);
  at_risk_user();
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.token == "mine") return std::nullopt;
    return reply(200, R"({"data":{"nodes":[null]},"errors":[{"type":"NOT_FOUND",)"
                      R"("path":["nodes",0],"message":"Could not resolve"}]})");
  };
  const SeeResult result = see(with_own());
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, Verdict::at_risk);
}

TEST_F(ViewsTest, ALimitedOwnTokenSaysWhenToComeBack) {
  start(1);
  at_risk_user();
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.token != "mine") return std::nullopt;
    return reply(200, R"({"errors":[{"type":"RATE_LIMITED"}]})",
                 {{"x-ratelimit-remaining", "0"}, {"x-ratelimit-reset", "1786021200"}});
  };
  const SeeResult result = see(with_own());
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.code, "rate_limited");
  EXPECT_TRUE(result.error().retry_at.has_value());
}

TEST_F(ViewsTest, TheOwnRequestIsTheUsersAlone) {
  start(1);
  safe_user();
  add_user(2, streak_between("2026-08-01", "2026-08-06"));
  std::optional<SeeResult> first;
  std::optional<SeeResult> second;
  begin(with_own(), in(runtime::Millis{30'000}), first);
  begin(warm_subject(2, 2), in(runtime::Millis{30'000}), second);
  run();
  for (const SeenRequest& request : http.seen) {
    if (request.token == "mine") EXPECT_EQ(request.whom, std::vector<std::string>{"U_1"});
  }
  EXPECT_EQ(http.seen.size(), 2U);
}

}  // namespace
}  // namespace streaky::github
