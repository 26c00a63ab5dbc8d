// The remote control, by the requests that demos and tests send.
#include "sim/control.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() : world_(WorldOptions{}), control_(world_) {}

  Answer post(const std::string& path, const std::string& body) {
    return control_.handle(testing::post("/control/" + path, body), kNow);
  }
  Answer get(const std::string& path) {
    Request request;
    request.method = "GET";
    request.target = "/control/" + path;
    return control_.handle(request, kNow);
  }

  World world_;
  Control control_;
};

TEST_F(ControlTest, SeedsAndListsUsers) {
  EXPECT_EQ(post("seed", R"({"users":50,"seed":7})").response.status, 200);
  const std::string lines = get("users.jsonl").response.body;
  EXPECT_EQ(std::ranges::count(lines, '\n'), 50);
  EXPECT_EQ(std::ranges::count(get("truth.jsonl").response.body, '\n'), 50);
  EXPECT_EQ(at(get("audit"), "/users"), "50");
  EXPECT_EQ(at(get("audit"), "/ok"), "false");
  EXPECT_EQ(at(get("stats"), "/github/requests"), "0");
  ask(world_, "{viewer{login}}");
  EXPECT_EQ(at(get("stats"), "/github/requests"), "1");
  EXPECT_EQ(at(get("stats"), "/users_asked"), "1");
  post("reset-ledger", "");
  EXPECT_EQ(at(get("stats"), "/github/requests"), "0");
  EXPECT_EQ(at(get("stats"), "/users_asked"), "0");
}

TEST_F(ControlTest, APlainCrowdHasAnExactShareAtRisk) {
  EXPECT_EQ(post("seed", R"({"users":1000,"seed":7,"crowd":"plain","at_risk":40})").response.status,
            200);
  const auto count = [](const std::string& text, std::string_view part) {
    std::size_t found = 0;
    for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
    return found;
  };
  const std::string truth = get("truth.jsonl").response.body;
  EXPECT_EQ(count(truth, R"("truth":"at_risk")"), 400U);
  EXPECT_EQ(count(truth, R"("truth":"safe")"), 600U);
  const std::string lines = get("users.jsonl").response.body;
  EXPECT_EQ(count(lines, "discord_webhook"), 1'000U);
  EXPECT_EQ(count(lines, "github_token"), 0U);
  EXPECT_EQ(at(get("audit"), "/should_hear"), "400");
  // The day before nobody was: a first look then tells nobody anything.
  post("time", R"({"offset_ms":-86400000})");
  EXPECT_EQ(count(get("truth.jsonl").response.body, R"("truth":"at_risk")"), 0U);
}

TEST_F(ControlTest, APlainCrowdMayHaveLongStreaks) {
  post("seed", R"({"users":200,"seed":7,"crowd":"plain","at_risk":0,"longest_streak":4000})");
  int long_ones = 0;
  for (const Person& person : world_.people()) long_ones += person.base - person.began > 2'000;
  EXPECT_GT(long_ones, 60);
}

TEST_F(ControlTest, GithubChargesWhatItIsToldTo) {
  post("seed", R"({"users":1,"seed":1})");
  world_.rules().github.cpu_per_minute = runtime::Millis{500};
  post("cpu", R"({"query_ms":499,"window_ms":5,"hundred_days_ms":0})");
  EXPECT_EQ(ask(world_, "{viewer{login}}").response.status, 200);
  EXPECT_EQ(ask(world_, "{viewer{login}}").response.status, 200);
  EXPECT_EQ(ask(world_, "{viewer{login}}").response.status, 403) << "the minute's CPU is spent";
}

TEST_F(ControlTest, MorningAndContributionsChangeTheTruth) {
  world_.people().add(with_streak("alice", 3));
  EXPECT_EQ(post("morning", R"({"on":true})").response.status, 200);
  EXPECT_NE(get("truth.jsonl").response.body.find(R"("truth":"safe")"), std::string::npos);
  post("morning", R"({"on":false})");
  EXPECT_NE(get("truth.jsonl").response.body.find(R"("truth":"at_risk")"), std::string::npos);
  EXPECT_EQ(post("contribute", R"({"login":"alice","count":2})").response.status, 200);
  EXPECT_NE(get("truth.jsonl").response.body.find(R"("truth":"safe","streak":4)"),
            std::string::npos);
}

TEST_F(ControlTest, BadInputIsRefusedInOneLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"seed", R"({"users":-1})"},
      {"seed", R"({"users":1000001})"},
      {"seed", R"({"users":"many"})"},
      {"seed", R"({"crowd":"dense"})"},
      {"seed", R"({"crowd":"plain","at_risk":101})"},
      {"seed", R"({"crowd":"plain","longest_streak":4001})"},
      {"cpu", R"({"window_ms":-1})"},
      {"cpu", R"({"query_ms":"much"})"},
      {"faults", R"({"set":"rain"})"},
      {"faults", R"({"service":"github","fault":"slow","probability":2})"},
      {"faults", R"({"service":"github"})"},
      {"latency", R"({"github_ms":-5})"},
      {"latency", R"({"sigma":"wide"})"},
      {"limits", R"({"lifted":"yes"})"},
      {"morning", "{}"},
      {"time", R"({"offset_ms":1e30})"},
      {"contribute", R"({"login":"nobody"})"},
      {"down", R"({"service":"slack","down":true})"},
      {"start", R"({"login":"nobody"})"},
      {"limits", "[]"},
      {"limits", "{"},
  };
  for (const auto& [path, body] : cases) {
    const Answer answer = post(path, body);
    EXPECT_EQ(answer.response.status, 400) << path << body;
    EXPECT_GT(at(answer, "/error").size(), 10U) << path << body;
  }
  EXPECT_EQ(post("dance", "{}").response.status, 404);
  EXPECT_EQ(get("dance").response.status, 404);
}

TEST_F(ControlTest, LatencyFaultsAndLimitsTakeEffect) {
  post("latency", R"({"github_ms":1500,"discord_ms":1000})");
  EXPECT_EQ(ask(world_, "{viewer{login}}").latency, runtime::Millis{1'500});
  post("latency", R"({"telegram_ms":700})");
  EXPECT_EQ(world_.latency(Service::github).median, runtime::Millis{1'500});
  EXPECT_EQ(post("faults", R"({"set":"storm"})").response.status, 200);
  EXPECT_TRUE(world_.faults().any());
  EXPECT_EQ(post("faults", R"({"set":"none"})").response.status, 200);
  EXPECT_FALSE(world_.faults().any());
  world_.rules().github.points_per_hour = 0;
  EXPECT_EQ(at(ask(world_, "{viewer{login}}"), "/data"), "");
  post("limits", R"({"lifted":true})");
  EXPECT_NE(at(ask(world_, "{viewer{login}}"), "/data"), "");
}

TEST_F(ControlTest, TimeMovesTheWorld) {
  Person alice = with_streak("alice", 3);
  alice.diligence = 0;
  world_.people().add(alice);
  post("time", R"({"offset_ms":86400000})");
  EXPECT_NE(get("truth.jsonl").response.body.find(R"("truth":"no_streak")"), std::string::npos);
}

TEST_F(ControlTest, LatencyMaySpread) {
  post("latency", R"({"github_ms":1000,"sigma":0.5})");
  runtime::Millis least{1'000'000};
  runtime::Millis most{0};
  for (int i = 0; i < 90; ++i) {
    const runtime::Millis latency =
        ask(world_, "{viewer{login}}", {}, "ghp_sim" + std::to_string(i % 10)).latency;
    least = std::min(least, latency);
    most = std::max(most, latency);
  }
  EXPECT_LT(least, runtime::Millis{800});
  EXPECT_GT(most, runtime::Millis{1'300});
}

}  // namespace
}  // namespace streaky::sim
