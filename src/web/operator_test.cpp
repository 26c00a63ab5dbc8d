// The pages of those who run the service: for them alone, and what they do is noted.
#include <gtest/gtest.h>

#include "store/batches.h"
#include "store/operator_log.h"
#include "support/site.h"
#include "web/routes.h"

namespace streaky::web {
namespace {

using test::Browser;
using test::header_of;
using test::TestSite;

class OperatorTest : public testing::Test {
 protected:
  void SetUp() override {
    site_.settle_person("ada");
    site_.settle_person("eve");
    ada_.sign_in("ada");
    eve_.sign_in("eve");
    site_.finish_looks();
  }

  store::User user(const std::string& login) {
    store::Users users(site_.database);
    return site_.wait(users.find({.login = login, .node_id = {}, .database_id = {}})).value();
  }

  TestSite site_{{.operators = {"Ada"}}};
  Browser ada_{site_, "203.0.113.1"};
  Browser eve_{site_, "203.0.113.2"};
};

TEST_F(OperatorTest, ForOthersThesePagesAreNotThere) {
  int looked = 0;
  for (const Route& route : routes()) {
    if (route.who != Who::operators) continue;
    ++looked;
    site_.pass(std::chrono::minutes{3});
    std::string path(route.pattern);
    if (path.contains("{id}")) path.replace(path.find("{id}"), 4, std::to_string(user("eve").id));
    const auto answer = route.method == "GET" ? eve_.get(path) : eve_.submit("/settings", path, {});
    EXPECT_EQ(answer.status, 404) << route.pattern;
  }
  EXPECT_GE(looked, 8);
  EXPECT_FALSE(eve_.get("/dashboard").body.contains("/operator"));
  EXPECT_TRUE(ada_.get("/dashboard").body.contains("/operator"));
  EXPECT_EQ(user("eve").status, store::UserStatus::active);
}

TEST_F(OperatorTest, ARoundIsBegunWatchedAndNoted) {
  const auto answer = ada_.submit("/operator", "/operator/rounds", {});
  EXPECT_EQ(answer.status, 303);
  const std::string place = header_of(answer, "Location");
  ASSERT_TRUE(place.starts_with("/operator/rounds/"));
  const std::string html = ada_.get(place).body;
  EXPECT_TRUE(html.contains("The round has begun"));
  EXPECT_TRUE(html.contains("0 of 2 checked"));
  EXPECT_TRUE(ada_.get("/operator").body.contains("began a round"));
  const auto rounds = site_.wait(store::Batches(site_.database).newest(5));
  ASSERT_EQ(rounds.size(), 1U);
  EXPECT_EQ(rounds[0].count("pending"), 2);
  EXPECT_EQ(ada_.get("/operator/rounds/nonsense").status, 404);
}

TEST_F(OperatorTest, APageOfRoundsIsToldOfProgress) {
  const auto response = ada_.get("/operator/live?mark=0");
  ASSERT_TRUE(response.stream);
  site_.wait(response.stream());
  EXPECT_TRUE(site_.wait(response.stream()).starts_with("event: news"));
  EXPECT_TRUE(site_.wait(response.stream()).starts_with(":"));
  ada_.submit("/operator", "/operator/rounds", {});
  EXPECT_TRUE(site_.wait(response.stream()).starts_with("event: news"));
}

TEST_F(OperatorTest, AUserIsLookedUpPausedAndResumed) {
  const std::string eve = std::to_string(user("eve").id);
  const std::string html = ada_.get("/operator/users?name=EVE").body;
  EXPECT_TRUE(html.contains("41 days"));
  EXPECT_TRUE(html.contains(">Pause<"));
  EXPECT_EQ(ada_.submit("/operator", "/operator/users/" + eve + "/pause", {}).status, 303);
  EXPECT_EQ(user("eve").status, store::UserStatus::paused);
  EXPECT_TRUE(ada_.get("/operator/users?name=eve").body.contains(">Resume<"));
  EXPECT_EQ(ada_.submit("/operator", "/operator/users/" + eve + "/resume", {}).status, 303);
  EXPECT_EQ(user("eve").status, store::UserStatus::active);
  const auto log = site_.wait(store::OperatorLog(site_.database).newest(5));
  ASSERT_EQ(log.size(), 2U);
  EXPECT_EQ(log[0].action, "resumed");
  EXPECT_EQ(log[1].action, "paused");
  EXPECT_EQ(log[1].who, "ada");
  EXPECT_EQ(log[1].subject, "eve");
}

TEST_F(OperatorTest, NobodyIsFoundByNonsense) {
  for (const char* name : {"nobody", "%3Cscript%3E", "'%20OR%201", "-1"}) {
    const auto answer = ada_.get(std::string("/operator/users?name=") + name);
    EXPECT_EQ(answer.status, 200) << name;
    EXPECT_TRUE(answer.body.contains("There is no such user")) << name;
    EXPECT_FALSE(answer.body.contains("<script>")) << name;
  }
  EXPECT_EQ(ada_.submit("/operator", "/operator/users/999/pause", {}).status, 404);
  EXPECT_EQ(ada_.submit("/operator", "/operator/users/x/pause", {}).status, 404);
}

}  // namespace
}  // namespace streaky::web
