// Who may ask GitHub what, what it costs, and whose contributions are seen.
#include <gtest/gtest.h>

#include <algorithm>

#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests
using std::chrono::hours;
using std::chrono::seconds;

constexpr const char* kCheap = "{viewer{login}}";

class GithubTest : public ::testing::Test {
 protected:
  GithubTest() : world_(WorldOptions{}) {}

  World world_;
};

TEST_F(GithubTest, WithoutUserAgentNothingIsServed) {
  Request request = query(kCheap);
  std::erase_if(request.headers, [](const auto& header) { return header.name == "User-Agent"; });
  const Answer answer = world_.handle(Service::github, request, kNow);
  EXPECT_EQ(answer.response.status, 403);
  EXPECT_TRUE(answer.response.body.starts_with("Request forbidden by administrative rules"));
}

TEST_F(GithubTest, TokensAreChecked) {
  Request anonymous = query(kCheap);
  anonymous.headers.pop_back();
  EXPECT_EQ(world_.handle(Service::github, anonymous, kNow).response.status, 401);

  const Answer bad = ask(world_, kCheap, {}, "ghp_wrong");
  EXPECT_EQ(bad.response.status, 401);
  EXPECT_EQ(at(bad, "/message"), R"("Bad credentials")");
  EXPECT_EQ(header(bad, "X-RateLimit-Limit"), "0");
  EXPECT_EQ(header(bad, "X-RateLimit-Remaining"), "0");
  EXPECT_EQ(ask(world_, kCheap, {}, "ghp_sim10").response.status, 401);
  EXPECT_EQ(ask(world_, kCheap, {}, "ghp_sim9").response.status, 200);

  Person person = testing::person("carol");
  person.token = OwnToken::suspended;
  world_.people().add(person);
  const std::string token = People::own_token(world_.people().at(0));
  const Answer suspended = ask(world_, kCheap, {}, token);
  EXPECT_EQ(suspended.response.status, 403);
  EXPECT_EQ(at(suspended, "/message"), R"("Sorry. Your account was suspended.")");
  world_.people().at(0).token = OwnToken::dead;
  EXPECT_EQ(ask(world_, kCheap, {}, token).response.status, 401);
  world_.people().at(0).token = OwnToken::plain;
  EXPECT_EQ(at(ask(world_, kCheap, {}, token), "/data/viewer/login"), R"("carol")");
}

TEST_F(GithubTest, MalformedBodiesAreRefused) {
  for (const char* body :
       {"", "[]", "{", R"({"query":5})", R"({"query":"{viewer{id}}","variables":5})"}) {
    Request request = query(kCheap);
    request.body = body;
    EXPECT_EQ(world_.handle(Service::github, request, kNow).response.status, 400) << body;
  }
}

TEST_F(GithubTest, PointsPerHourAreCounted) {
  world_.rules().github.points_per_hour = 3;
  for (int i = 0; i < 3; ++i) {
    const Answer answer = ask(world_, kCheap);
    EXPECT_EQ(header(answer, "X-RateLimit-Remaining"), std::to_string(2 - i));
    EXPECT_EQ(header(answer, "X-RateLimit-Resource"), "graphql");
  }
  const Answer over = ask(world_, kCheap);
  EXPECT_EQ(over.response.status, 200);
  EXPECT_TRUE(at(over, "/errors/0/type").starts_with("\"RATE_LIMIT"));
  EXPECT_EQ(header(over, "X-RateLimit-Reset"),
            std::to_string(runtime::to_unix_ms(kNow + hours{1}) / 1'000));
  // Another account has its own, and the hour passes.
  EXPECT_NE(at(ask(world_, kCheap, {}, "ghp_sim1"), "/data"), "");
  EXPECT_EQ(at(ask(world_, kCheap, {}, "ghp_sim0", kNow + hours{1} - seconds{1}), "/data"), "");
  EXPECT_NE(at(ask(world_, kCheap, {}, "ghp_sim0", kNow + hours{1}), "/data"), "");
}

TEST_F(GithubTest, SecondaryLimitsHold) {
  world_.latency(Service::github).median = runtime::Millis{5'000};
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(ask(world_, kCheap).response.status, 200);
  }
  const Answer over = ask(world_, kCheap);
  EXPECT_EQ(over.response.status, 403);
  EXPECT_NE(at(over, "/message").find("secondary rate limit"), std::string::npos);
  EXPECT_EQ(header(over, "Retry-After"), "60");
  EXPECT_EQ(ask(world_, kCheap, {}, "ghp_sim0", kNow + seconds{6}).response.status, 200);

  world_.latency(Service::github).median = runtime::Millis{0};
  world_.rules().github.points_per_minute = 105;
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(ask(world_, kCheap, {}, "ghp_sim0", kNow + seconds{12 + i}).response.status, 200);
  }
  EXPECT_EQ(ask(world_, kCheap, {}, "ghp_sim0", kNow + seconds{20}).response.status, 403);
  EXPECT_EQ(ask(world_, kCheap, {}, "ghp_sim0", kNow + seconds{61}).response.status, 200);
  world_.rules().github.cpu_per_minute = runtime::Millis{4};
  EXPECT_EQ(ask(world_, kCheap, {}, "ghp_sim0", kNow + seconds{62}).response.status, 403);
  world_.lift_limits(true);
  EXPECT_EQ(ask(world_, kCheap, {}, "ghp_sim0", kNow + seconds{62}).response.status, 200);
}

TEST_F(GithubTest, SlowQueriesAreCutOffAndCostNextHour) {
  world_.people().add(with_streak("alice", 3));
  world_.rules().github.cpu_window_ms = 10'001;
  const Answer answer = ask(world_, "{user(login:\"alice\"){contributionsCollection{startedAt}}}");
  EXPECT_TRUE(answer.response.status == 502 || answer.response.status == 504);
  EXPECT_EQ(answer.latency, runtime::Millis{10'000});
  const Answer later = ask(world_, kCheap, {}, "ghp_sim0", kNow + hours{2});
  EXPECT_EQ(header(later, "X-RateLimit-Used"), "11");
}

TEST_F(GithubTest, ManyUserDaysExceedTheResources) {
  world_.people().add(with_streak("alice", 3));
  std::string source = "{";
  for (int i = 0; i < 11; ++i) {
    source += "u" + std::to_string(i) +
              ":user(login:\"alice\"){contributionsCollection(from:\"2024-01-01T00:00:00Z\","
              "to:\"2024-12-31T23:59:59Z\"){contributionCalendar{totalContributions}}}";
  }
  const Answer answer = ask(world_, source + "}");
  EXPECT_NE(at(answer, "/data/u9"), "null");
  EXPECT_EQ(at(answer, "/data/u10"), "null");
  EXPECT_EQ(at(answer, "/errors/0/type"), R"("RESOURCE_LIMITS_EXCEEDED")");
  EXPECT_EQ(at(answer, "/errors/0/path"),
            R"(["u10","contributionsCollection","contributionCalendar"])");
}

TEST_F(GithubTest, AHundredIdsAreTheMost) {
  world_.people().add(with_streak("alice", 3));
  boost::json::array ids;
  for (int i = 0; i < 100; ++i) {
    ids.emplace_back(People::node_id(world_.people().at(0)));
  }
  const std::string source = "query($i:[ID!]!){nodes(ids:$i){id}}";
  EXPECT_EQ(at(ask(world_, source, {{"i", ids}}), "/errors"), "");
  ids.emplace_back("x");
  const Answer answer = ask(world_, source, {{"i", ids}});
  EXPECT_EQ(at(answer, "/data"), "null");
  EXPECT_EQ(at(answer, "/errors/0/type"), R"("ARGUMENT_LIMIT")");
}

struct Bounds {
  const char* arguments;
  bool accepted;
};

class GithubWindow : public GithubTest, public ::testing::WithParamInterface<Bounds> {};

TEST_P(GithubWindow, SpansAYearAtMost) {
  world_.people().add(with_streak("alice", 3));
  const Answer answer = ask(world_, "{user(login:\"alice\"){contributionsCollection" +
                                        std::string(GetParam().arguments) + "{startedAt}}}");
  EXPECT_EQ(at(answer, "/data/user") != "null", GetParam().accepted) << answer.response.body;
  if (!GetParam().accepted) {
    EXPECT_EQ(at(answer, "/errors/0/type"), R"("VALIDATION")");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Spans, GithubWindow,
    ::testing::Values(Bounds{"", true}, Bounds{"(from:\"2026-08-04T00:00:00Z\")", true},
                      Bounds{"(to:\"2026-09-04T00:00:00Z\")", true},
                      Bounds{"(from:\"2024-01-01T00:00:00Z\",to:\"2024-12-31T23:59:59Z\")", true},
                      Bounds{"(from:\"2025-01-01T00:00:00Z\",to:\"2026-01-02T00:00:00Z\")", true},
                      Bounds{"(from:\"2025-01-01T00:00:00Z\",to:\"2026-01-02T00:00:01Z\")", false},
                      Bounds{"(from:\"2026-01-02T00:00:00Z\",to:\"2026-01-01T00:00:00Z\")",
                             false}));

TEST_F(GithubTest, WhoAsksDecidesWhatIsSeen) {
  Person person = with_streak("alice", 40);
  person.privacy = Privacy::hidden;
  person.token = OwnToken::repo;
  world_.people().add(person);
  Person& alice = world_.people().at(0);
  const std::string source =
      "{user(login:\"alice\"){contributionsCollection(from:\"2026-07-01T00:00:00Z\","
      "to:\"2026-08-06T00:00:00Z\"){restrictedContributionsCount "
      "contributionCalendar{totalContributions}}}}";
  const auto total = [&](std::string_view token) {
    return std::stoi(at(ask(world_, source, {}, token),
                        "/data/user/contributionsCollection/contributionCalendar/"
                        "totalContributions"));
  };
  const auto restricted = [&](std::string_view token) {
    return std::stoi(at(ask(world_, source, {}, token),
                        "/data/user/contributionsCollection/restrictedContributionsCount"));
  };
  const std::string own = People::own_token(alice);
  const int everything = total(own);
  const int open = total("ghp_sim0");
  EXPECT_GT(open, 0);
  EXPECT_LT(open, everything);
  EXPECT_EQ(restricted("ghp_sim0"), 0);
  EXPECT_EQ(restricted(own), 0);

  alice.privacy = Privacy::shared;
  EXPECT_EQ(total("ghp_sim0"), everything);
  EXPECT_EQ(restricted("ghp_sim0"), everything - open);
  alice.token = OwnToken::plain;
  EXPECT_EQ(total(own), open) << "an own token without repo lacks private commits";

  alice.privacy = Privacy::private_only;
  EXPECT_EQ(total("ghp_sim0"), 0);
  EXPECT_EQ(total(own), 0);
}

TEST_F(GithubTest, FaultsLookLikeTheRealOnes) {
  const auto with = [this](Fault fault) {
    EXPECT_TRUE(world_.faults().use("none"));
    EXPECT_TRUE(world_.faults().add(FaultRule{Service::github, fault, 1.0}));
    return ask(world_, kCheap);
  };
  EXPECT_EQ(with(Fault::error_502).response.status, 502);
  EXPECT_EQ(at(with(Fault::error_502), "/data"), "null");
  EXPECT_NE(with(Fault::html).response.body.find("<h1>502"), std::string::npos);
  EXPECT_EQ(with(Fault::error_504).response.status, 504);
  EXPECT_EQ(with(Fault::secondary).response.status, 403);
  EXPECT_TRUE(at(with(Fault::rate_limited), "/errors/0/type").starts_with("\"RATE_LIMIT"));
  EXPECT_EQ(at(with(Fault::scopes), "/errors/0/type"), R"("INSUFFICIENT_SCOPES")");
  EXPECT_TRUE(with(Fault::reset_before).reset);
  EXPECT_TRUE(with(Fault::hang).hang);
  EXPECT_GE(with(Fault::cut).cut_after, 0);
  EXPECT_GE(with(Fault::slow).latency, runtime::Millis{1'000});
}

TEST_F(GithubTest, HalfAnswersLackTheLastWeek) {
  world_.people().add(with_streak("alice", 3));
  ASSERT_TRUE(world_.faults().add(FaultRule{Service::github, Fault::half, 1.0}));
  const Answer answer =
      ask(world_,
          "{user(login:\"alice\"){contributionsCollection(from:\"2026-08-06T00:00:00Z\","
          "to:\"2026-08-10T00:00:00Z\"){contributionCalendar{weeks{firstDay}}}}}");
  EXPECT_EQ(at(answer, "/data/user/contributionsCollection/contributionCalendar/weeks"),
            R"([{"firstDay":"2026-08-06"}])");
}

}  // namespace
}  // namespace streaky::sim
