// Many users, few requests.
#include "github/batcher.h"

#include "github/fake_github.h"

namespace streaky::github {
namespace {

using runtime::Millis;

class BatcherTest : public GithubTest {
 protected:
  void populate(int users) {
    for (int i = 1; i <= users; ++i) add_user(i, streak_between("2026-08-01", "2026-08-05"));
    results.resize(static_cast<std::size_t>(users));
  }
  void look_at_all(Millis time = Millis{30'000}) {
    for (std::size_t i = 0; i < results.size(); ++i) {
      begin(warm_subject(static_cast<int>(i) + 1, 2), in(time), results[i]);
    }
    run();
  }
  void expect_all_at_risk() {
    for (std::size_t i = 0; i < results.size(); ++i) {
      ASSERT_TRUE(results[i] && results[i]->has_value()) << i;
      ASSERT_EQ((*results[i])->judgement.verdict, streak::Verdict::at_risk) << i;
      ASSERT_EQ((*results[i])->judgement.streak, 5) << i;
    }
  }
  /// In each of several rounds, since the sizes that one round learns are the next one's.
  void expect_few_requests_for_all_but(std::size_t failing) {
    for (int round = 0; round < 3; ++round) {
      const std::size_t before = http.seen.size();
      look_at_all();
      for (std::size_t i = 0; i < results.size(); ++i) {
        ASSERT_EQ(results[i]->has_value(), i != failing) << i;
        results[i].reset();
      }
      EXPECT_LE(http.seen.size() - before, 150U) << "round " << round;
    }
  }
  std::vector<std::optional<SeeResult>> results;
};

TEST_F(BatcherTest, AThousandUsersTravelInFewRequests) {
  start(10);
  populate(1'000);
  const runtime::TimePoint before = clock.now();
  look_at_all();
  expect_all_at_risk();
  EXPECT_LE(http.seen.size(), 50U);
  for (const SeenRequest& request : http.seen) {
    EXPECT_EQ(request.window, (streak::LabelRange{label("2026-08-03"), label("2026-08-07")}));
    EXPECT_LT(request.at - before, Millis{100}) << "all of them leave at once";
  }
  EXPECT_EQ(metrics.value("streaky_github_users_asked_total"), 1'000);
}

TEST_F(BatcherTest, RequestsGrowWhileTheyAreAnswered) {
  start(1);
  populate(10'000);
  look_at_all();
  expect_all_at_risk();
  EXPECT_EQ(http.seen.front().whom.size(), 25U);
  EXPECT_EQ(std::ranges::max(http.seen, {}, [](const auto& request) { return request.whom.size(); })
                .whom.size(),
            100U);
  EXPECT_LE(http.seen.size(), 200U);
}

TEST_F(BatcherTest, RequestsShrinkWhenTheyAreTooHeavy) {
  start(1);
  populate(600);
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (what.whom.size() <= 10) return std::nullopt;
    return reply(502, "");
  };
  look_at_all();
  expect_all_at_risk();
  // Once it is known what is too heavy, later requests keep below it.
  look_at_all();
  const std::size_t before = http.seen.size();
  look_at_all();
  for (std::size_t i = before; i < http.seen.size(); ++i) {
    EXPECT_LE(http.seen[i].whom.size(), 20U);
  }
}

TEST_F(BatcherTest, OnePoisonousUserHarmsNobodyElse) {
  start(2);
  populate(50);
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (std::ranges::count(what.whom, "U_17") == 0) return std::nullopt;
    return reply(200, "{\"data\":");
  };
  look_at_all();
  for (std::size_t i = 0; i < results.size(); ++i) {
    ASSERT_TRUE(results[i].has_value());
    EXPECT_EQ(results[i]->has_value(), i != 16) << i;
  }
  EXPECT_EQ(results[16]->error().error.code, "bad_answer");
}

// Of GitHub's two ways to find a query too heavy.
net::HttpResponse too_heavy_for(const FakeGithub& http, const SeenRequest& what,
                                const std::string& id) {
  boost::json::object body = http.answer(what);
  const auto at = std::ranges::find(what.whom, id) - what.whom.begin();
  body.at("data").as_object().at("nodes").as_array()[static_cast<std::size_t>(at)] = nullptr;
  body["errors"] = boost::json::array{{{"type", "RESOURCE_LIMITS_EXCEEDED"},
                                       {"path", {"nodes", at, "contributionsCollection"}},
                                       {"message", "Resource limits for this query exceeded."}}};
  return reply(200, boost::json::serialize(body));
}

TEST_F(BatcherTest, OneHeavyUserDoesNotMakeEverybodysRequestsSmall) {
  start(2);
  populate(3'000);
  http.script =
      [this](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (std::ranges::count(what.whom, "U_17") == 0) return std::nullopt;
    return too_heavy_for(http, what, "U_17");
  };
  expect_few_requests_for_all_but(16);
}

TEST_F(BatcherTest, OneUserWhoTakesTooLongDoesNotMakeEverybodysRequestsSmall) {
  start(2);
  populate(3'000);
  http.script = [](const SeenRequest& what) -> std::optional<runtime::Result<net::HttpResponse>> {
    if (std::ranges::count(what.whom, "U_17") == 0) return std::nullopt;
    return reply(502, "");
  };
  expect_few_requests_for_all_but(16);
}

TEST_F(BatcherTest, CallsWithinTheLingerShareARequest) {
  start(1);
  populate(2);
  begin(warm_subject(1, 2), in(Millis{30'000}), results[0]);
  io.poll();
  clock.advance_to(in(Millis{2}));
  begin(warm_subject(2, 2), in(Millis{30'000}), results[1]);
  run();
  expect_all_at_risk();
  EXPECT_EQ(http.seen.size(), 1U);
}

TEST_F(BatcherTest, IdsAndLoginsTravelApart) {
  start(1);
  populate(4);
  for (int i = 1; i <= 4; ++i) {
    Subject who = warm_subject(i, 2);
    if (i > 2) who.node_id.clear();
    begin(std::move(who), in(Millis{30'000}), results[static_cast<std::size_t>(i - 1)]);
  }
  run();
  expect_all_at_risk();
  EXPECT_EQ(http.seen.size(), 2U);
  EXPECT_EQ((*results[3])->node_id, "U_4") << "the id is frozen at the first answer";
}

TEST_F(BatcherTest, ANameThatCannotBeGithubsIsNotAsked) {
  start(1);
  populate(1);
  Subject who = warm_subject(1, 2);
  who.node_id.clear();
  who.login = "no such\xff name";
  const SeeResult result = see(std::move(who));
  EXPECT_EQ(result.error().error.code, "not_found");
  EXPECT_TRUE(http.seen.empty());
}

TEST_F(BatcherTest, TheDeadlineHolds) {
  start(1);
  populate(3);
  http.latency = Millis{60'000};
  const runtime::TimePoint deadline = in(Millis{5'000});
  const SeeResult result = see(warm_subject(1, 2), Millis{5'000});
  ASSERT_FALSE(result.has_value());
  EXPECT_LE(clock.now(), deadline);
  run();
  EXPECT_EQ(http.seen.size(), 1U) << "nobody waits any more, so nothing more is sent";
}

TEST_F(BatcherTest, WhoseDeadlineHasPassedIsNotAskedFor) {
  start(1);
  populate(40);
  http.script = [](const SeenRequest&) -> std::optional<runtime::Result<net::HttpResponse>> {
    return reply(503, "");
  };
  look_at_all(Millis{250});
  const std::size_t sent = http.seen.size();
  for (const SeenRequest& request : http.seen) EXPECT_LE(request.at, in(Millis{0}));
  EXPECT_LE(sent, 2U);
}

TEST_F(BatcherTest, WaitIdleEndsWithTheLastRequest) {
  start(1);
  populate(1);
  http.latency = Millis{60'000};
  begin(warm_subject(1, 2), in(Millis{1'000}), results[0]);
  run();
  bool idle = false;
  boost::asio::co_spawn(io, contributions->wait_idle(),
                        [&idle](const std::exception_ptr&) { idle = true; });
  run();
  EXPECT_TRUE(idle);
}

TEST_F(BatcherTest, TenThousandAreServedInWaves) {
  start(10);
  populate(10'000);
  const runtime::TimePoint before = clock.now();
  http.latency = Millis{1'500};
  look_at_all();
  expect_all_at_risk();
  EXPECT_LE(http.seen.size(), 400U);
  EXPECT_LE(http.seen.back().at - before, Millis{3'200});
}

}  // namespace
}  // namespace streaky::github
