// Every row of docs/remote-apis.md §1.8, as GitHub really words it, through the whole client.
#include "github/answer.h"
#include "github/failure.h"
#include "github/fake_github.h"

namespace streaky::github {
namespace {

constexpr const char* kAlive = "2026-08-05";

class FailureTable : public GithubTest {
 protected:
  void SetUp() override {
    for (int i = 1; i <= 4; ++i) add_user(i, streak_between("2026-08-03", kAlive));
  }

  /// The first `times` requests are answered with this.
  void answer_first(int times, net::HttpResponse response) {
    http.script =
        [times, response](
            const SeenRequest&) mutable -> std::optional<runtime::Result<net::HttpResponse>> {
      if (times-- > 0) return response;
      return std::nullopt;
    };
  }
  void always(net::HttpResponse response) { answer_first(1'000'000, std::move(response)); }
  void always_200(std::string body) { always(reply(200, std::move(body))); }

  SeeResult see_one() { return see(warm_subject(1, 0)); }
  std::string code_of_one() {
    const SeeResult result = see_one();
    EXPECT_FALSE(result.has_value()) << "a failure became a count";
    return result ? "" : result.error().error.code;
  }
  double failures(const char* code) const {
    return metrics.value("streaky_github_failures_total", {{"code", code}});
  }
};

TEST_F(FailureTable, BadTokenKillsTheTokenAndAnotherOneAsks) {
  start(2);
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.token != "service0") return std::nullopt;
    // The headers say 0 of 0 here: that is not a rate limit.
    return reply(401, R"({"message":"Bad credentials","status":"401"})",
                 {{"x-ratelimit-limit", "0"},
                  {"x-ratelimit-remaining", "0"},
                  {"x-ratelimit-reset", "1786021200"}});
  };
  const SeeResult result = see_one();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.verdict, streak::Verdict::at_risk);
  EXPECT_EQ(budget.living_service_tokens(), 1U);
  EXPECT_TRUE(see_one().has_value());
  EXPECT_EQ(http.requests_of("service0"), 1U) << "a dead token was asked again";
  EXPECT_EQ(failures("bad_token"), 1);
}

TEST_F(FailureTable, BadTokenEverywhereIsPermanent) {
  start(2);
  always(reply(401, R"({"message":"Bad credentials"})"));
  const SeeResult result = see_one();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.code, "token_dead");
  EXPECT_TRUE(result.error().error.permanent);
  EXPECT_EQ(http.seen.size(), 2U);
}

TEST_F(FailureTable, NoTokenIsAConfigurationError) {
  start(1);
  always(reply(401, R"({"message":"This endpoint requires you to be authenticated."})"));
  EXPECT_EQ(classify_status(reply(401, R"({"message":"Requires authentication"})"))->trouble,
            Trouble::no_credentials);
  const SeeResult result = see_one();
  ASSERT_FALSE(result.has_value());
  EXPECT_TRUE(result.error().error.permanent);
}

TEST_F(FailureTable, NoUserAgentIsABug) {
  start(1);
  always(reply(403, "Request forbidden by administrative rules. Please make sure your request"));
  EXPECT_EQ(code_of_one(), "client_bug");
  EXPECT_EQ(http.seen.size(), 1U);
}

TEST_F(FailureTable, ATokenThatIsForbiddenIsNobodysTrouble) {
  for (const net::HttpResponse& answer :
       {reply(403, R"({"message":"Resource not accessible by personal access token"})"),
        reply(403, "<html>403</html>"), reply(401, "<html>401</html>"),
        reply(200, R"({"data":null,"errors":[{"type":"FORBIDDEN","message":"no"}]})")}) {
    SCOPED_TRACE(answer.body);
    clock.advance_to(in(runtime::Millis{3'600'000}));
    http.script =
        [&answer](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
      if (what.token != "service0") return std::nullopt;
      return answer;
    };
    if (!contributions) start(2);
    const std::size_t before = http.requests_of("service0");
    std::vector<std::optional<SeeResult>> results(4);
    for (int round = 0; round < 5; ++round) {
      for (std::size_t i = 0; i < results.size(); ++i) {
        results[i].reset();
        begin(warm_subject(static_cast<int>(i) + 1, 0), in(runtime::Millis{30'000}), results[i]);
      }
      run();
      for (const auto& result : results) ASSERT_TRUE(result && result->has_value());
    }
    EXPECT_LE(http.requests_of("service0") - before, 2U) << "it rests for a minute";
  }
  EXPECT_EQ(budget.living_service_tokens(), 2U);
}

TEST_F(FailureTable, AUserWhomNobodyMaySeeTouchesNobodyElse) {
  start(2);
  http.script =
      [this](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    const auto found = std::ranges::find(what.whom, "U_2");
    if (found == what.whom.end()) return std::nullopt;
    const auto at = found - what.whom.begin();
    boost::json::object body = http.answer(what);
    body.at("data").as_object().at("nodes").as_array()[static_cast<std::size_t>(at)] = nullptr;
    body["errors"] = boost::json::array{{{"type", "FORBIDDEN"}, {"path", {"nodes", at}}}};
    return reply(200, boost::json::serialize(body));
  };
  const runtime::TimePoint before = clock.now();
  std::map<int, std::optional<SeeResult>> results;
  for (const int number : {1, 2, 3}) {
    begin(warm_subject(number, 0), in(runtime::Millis{30'000}), results[number]);
  }
  run();
  EXPECT_TRUE(results[1]->has_value());
  EXPECT_TRUE(results[3]->has_value());
  EXPECT_EQ(results[2]->error().error.code, "unavailable");
  EXPECT_TRUE(see_one().has_value());
  EXPECT_LT(clock.now() - before, runtime::Millis{30'000}) << "the tokens were set aside";
  EXPECT_GT(http.requests_of("service1"), 0U) << "another token was not tried";
}

TEST_F(FailureTable, PrimaryLimitMovesToAnotherTokenAtOnce) {
  start(2);
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.token != "service0") return std::nullopt;
    return reply(200, R"({"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded"}]})",
                 {{"x-ratelimit-remaining", "4"}, {"x-ratelimit-reset", "1786021200"}});
  };
  const runtime::TimePoint before = clock.now();
  EXPECT_TRUE(see_one().has_value());
  EXPECT_LT(clock.now() - before, runtime::Millis{1'000});
}

TEST_F(FailureTable, PrimaryLimitSaysWhenToComeBack) {
  for (const char* body :
       {R"({"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user."}]})",
        R"({"errors":[{"type":"RATE_LIMIT","code":"graphql_rate_limit","message":"x"}]})",
        R"({"errors":[{"message":"API rate limit already exceeded"}]})"}) {
    SCOPED_TRACE(body);
    EXPECT_EQ(read_answer(body, {AskBy::login, {}, {label(kToday), label(kToday)}, label(kToday)})
                  .whole->trouble,
              Trouble::primary_limit);
  }
  start(1);
  // 13:00 UTC on the same day; `remaining` is not 0 although the limit is reached.
  always(reply(200, R"({"errors":[{"type":"RATE_LIMIT","code":"graphql_rate_limit"}]})",
               {{"x-ratelimit-remaining", "4"}, {"x-ratelimit-reset", "1786021200"}}));
  const SeeResult result = see_one();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.code, "rate_limited");
  ASSERT_TRUE(result.error().retry_at.has_value());
  EXPECT_EQ(*result.error().retry_at, *runtime::parse_rfc3339("2026-08-06T13:00:00Z"));
  EXPECT_EQ(http.seen.size(), 1U);
}

TEST_F(FailureTable, SecondaryLimitObeysRetryAfter) {
  start(1);
  answer_first(1, reply(403, R"({"message":"You have exceeded a secondary rate limit."})",
                        {{"retry-after", "7"}}));
  const runtime::TimePoint before = clock.now();
  EXPECT_TRUE(see_one().has_value());
  EXPECT_GE(clock.now() - before, runtime::Millis{7'000});
}

TEST_F(FailureTable, SecondaryLimitWithStatus200And429) {
  start(1);
  always_200(R"({"errors":[{"message":"You have exceeded a secondary rate limit."}]})");
  const SeeResult result = see_one();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.code, "rate_limited");
  EXPECT_GE(*result.error().retry_at - clock.now(), runtime::Millis{59'000});
  EXPECT_EQ(classify_status(reply(429, ""))->trouble, Trouble::secondary_limit);
}

TEST_F(FailureTable, UnknownUserTouchesNobodyElse) {
  start(1);
  std::map<int, std::optional<SeeResult>> results;
  for (const int number : {1, 2, 99, 3}) {
    Subject who = warm_subject(number, 0);
    who.node_id.clear();
    begin(std::move(who), in(runtime::Millis{30'000}), results[number]);
  }
  run();
  EXPECT_EQ(http.seen.size(), 1U);
  ASSERT_FALSE(results[99]->has_value());
  EXPECT_EQ((*results[99]).error().error.code, "not_found");
  EXPECT_TRUE((*results[99]).error().error.permanent);
  for (const int number : {1, 2, 3}) EXPECT_TRUE(results[number]->has_value());
}

TEST_F(FailureTable, BadNodeIdTouchesNobodyElse) {
  start(1);
  std::map<int, std::optional<SeeResult>> results;
  for (const int number : {1, 99, 2}) {
    begin(warm_subject(number, 0), in(runtime::Millis{30'000}), results[number]);
  }
  run();
  EXPECT_EQ(http.seen.size(), 1U);
  EXPECT_EQ((*results[99]).error().error.code, "not_found");
  EXPECT_TRUE(results[1]->has_value());
  EXPECT_TRUE(results[2]->has_value());
}

TEST_F(FailureTable, TooManyIdsIsABug) {
  start(1);
  always_200(R"({"data":null,"errors":[{"message":"You may not provide more than 100 node ids",)"
             R"("type":"ARGUMENT_LIMIT","path":["nodes"]}]})");
  EXPECT_EQ(code_of_one(), "client_bug");
}

TEST_F(FailureTable, WindowOverAYearIsABug) {
  start(1);
  always_200(R"({"data":{"nodes":[null]},"errors":[{"type":"VALIDATION","path":["nodes",0],)"
             R"("message":"The total time spanned by 'from' and 'to' must not exceed 1 year"}]})");
  EXPECT_EQ(code_of_one(), "client_bug");
}

TEST_F(FailureTable, SchemaErrorIsABug) {
  start(1);
  always_200(R"({"errors":[{"path":["query","nodes"],"extensions":{"code":"undefinedField"},)"
             R"("message":"Field 'x' doesn't exist on type 'User'"}]})");
  EXPECT_EQ(code_of_one(), "client_bug");
  EXPECT_EQ(http.seen.size(), 1U) << "our bug was repeated";
}

TEST_F(FailureTable, ResourceCapIsBisected) {
  start(1);
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.whom.size() < 2) return std::nullopt;
    return reply(200, R"({"data":null,"errors":[{"type":"RESOURCE_LIMITS_EXCEEDED",)"
                      R"("message":"Resource limits for this query exceeded."}]})");
  };
  std::map<int, std::optional<SeeResult>> results;
  for (const int number : {1, 2, 3, 4}) {
    begin(warm_subject(number, 0), in(runtime::Millis{30'000}), results[number]);
  }
  run();
  for (const int number : {1, 2, 3, 4}) EXPECT_TRUE(results[number]->has_value());
  EXPECT_EQ(http.seen.size(), 7U);  // 4, 2 + 2, 1 + 1 + 1 + 1
}

TEST_F(FailureTable, ResourceCapWithPartialDataKeepsWhatIsThere) {
  start(1);
  http.script =
      [this](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.whom.size() < 3) return std::nullopt;
    boost::json::object body = http.answer(what);
    body.at("data").as_object().at("nodes").as_array()[1] = nullptr;
    body["errors"] = boost::json::array{{{"type", "RESOURCE_LIMITS_EXCEEDED"},
                                         {"path", {"nodes", 1, "contributionsCollection"}},
                                         {"message", "Resource limits for this query exceeded."}}};
    return reply(200, boost::json::serialize(body));
  };
  std::map<int, std::optional<SeeResult>> results;
  for (const int number : {1, 2, 3}) {
    begin(warm_subject(number, 0), in(runtime::Millis{30'000}), results[number]);
  }
  run();
  for (const int number : {1, 2, 3}) EXPECT_TRUE(results[number]->has_value());
  ASSERT_EQ(http.seen.size(), 2U);
  EXPECT_EQ(http.seen[1].whom, std::vector<std::string>{"U_2"});
}

TEST_F(FailureTable, TimeoutIsTriedAgainAndNeverCounted) {
  for (const net::HttpResponse& response :
       {reply(502, "<html><h1>502 Bad Gateway</h1></html>"), reply(504, ""),
        reply(502, R"({"data":"null","errors":[{"message":"Something went wrong"}]})")}) {
    EXPECT_EQ(classify_status(response)->trouble, Trouble::timeout);
  }
  start(1);
  answer_first(2, reply(502, "<html><h1>502 Bad Gateway</h1></html>"));
  const SeeResult result = see_one();
  ASSERT_TRUE(result.has_value());
  EXPECT_EQ(result->judgement.streak, 3);
  always(reply(504, ""));
  EXPECT_EQ(code_of_one(), "unavailable");
}

TEST_F(FailureTable, ResetsAndServerErrorsAreTriedAgain) {
  start(1);
  int left = 2;
  http.script = [&left](const SeenRequest&) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (left-- > 0) return runtime::fail("reset", "the connection broke");
    return std::nullopt;
  };
  EXPECT_TRUE(see_one().has_value());
  always(reply(503, ""));
  EXPECT_EQ(code_of_one(), "unavailable");
}

TEST_F(FailureTable, MissingScopesOfAnOwnTokenLeaveTheServiceView) {
  start(1);
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.token != "mine") return std::nullopt;
    return reply(200, R"({"errors":[{"type":"INSUFFICIENT_SCOPES",)"
                      R"("message":"Your token has not been granted the required scopes"}]})");
  };
  Subject who = warm_subject(1, 0);
  who.own_token = runtime::Secret("mine");
  const SeeResult result = see(std::move(who));
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(result->own_token_dead);
  EXPECT_EQ(result->views, Views::service);
}

TEST_F(FailureTable, SuspendedOwnerKillsTheToken) {
  EXPECT_EQ(
      classify_status(reply(403, R"({"message":"Sorry. Your account was suspended."})"))->trouble,
      Trouble::owner_suspended);
  EXPECT_EQ(remedy_of(Trouble::owner_suspended), Remedy::drop_token);
}

TEST_F(FailureTable, AnOutageIsNotHammered) {
  start(2);
  always(reply(502, ""));
  const auto look_at_all = [this] {
    std::vector<std::optional<SeeResult>> results(200);
    for (std::size_t i = 0; i < results.size(); ++i) {
      begin(warm_subject(static_cast<int>(i) + 1, 0), in(runtime::Millis{30'000}), results[i]);
    }
    run();
    for (const auto& result : results) EXPECT_EQ(result->error().error.code, "unavailable");
  };
  look_at_all();
  EXPECT_LE(http.seen.size(), 60U);
  // Once it is known to be down, each batch knocks once.
  const std::size_t before = http.seen.size();
  look_at_all();
  EXPECT_LE(http.seen.size() - before, 40U);
  http.script = nullptr;
  EXPECT_TRUE(see_one().has_value());
}

TEST_F(FailureTable, NoCredentialInAnyError) {
  start(1);
  always(reply(500, "service0 Bearer service0"));
  const SeeResult result = see_one();
  ASSERT_FALSE(result.has_value());
  EXPECT_EQ(result.error().error.message.find("service0"), std::string::npos);
}

}  // namespace
}  // namespace streaky::github
