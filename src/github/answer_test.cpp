#include "github/answer.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "github/read_user.h"

namespace streaky::github {
namespace {

streak::Label label(const char* text) { return *streak::parse_label(text); }

constexpr const char* kGood =
    R"({"data":{"nodes":[{"__typename":"User","id":"U_1","login":"Ada","databaseId":7,)"
    R"("createdAt":"2015-03-04T05:06:07Z","contributionsCollection":{)"
    R"("startedAt":"2026-08-03T00:00:00Z","endedAt":"2026-08-07T23:59:59Z",)"
    R"("contributionCalendar":{"weeks":[{"contributionDays":[)"
    R"({"date":"2026-08-03","contributionCount":1},)"
    R"({"date":"2026-08-04","contributionCount":0},)"
    R"({"date":"2026-08-05","contributionCount":2},)"
    R"({"date":"2026-08-06","contributionCount":0},)"
    R"({"date":"2026-08-07","contributionCount":0}]}]}}}],)"
    R"("rateLimit":{"limit":5000,"cost":1,"remaining":42,"used":4958,)"
    R"("resetAt":"2026-08-06T13:00:00Z"}}})";

std::string with(std::string_view what, std::string_view instead) {
  std::string text = kGood;
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), instead);
}

class AnswerTest : public ::testing::Test {
 protected:
  Answer read(std::string_view body) {
    return read_answer(body, {by, whom, {label("2026-08-03"), label("2026-08-07")}, utc_today});
  }
  /// Nothing when the answer was taken for a count.
  std::optional<Trouble> trouble_of(std::string_view body) {
    const Answer answer = read(body);
    if (answer.whole) return answer.whole->trouble;
    if (answer.users.at(0)) return std::nullopt;
    return answer.users[0].error().trouble;
  }
  void expect_bad(std::string_view body) {
    SCOPED_TRACE(body.substr(0, 400));
    EXPECT_EQ(trouble_of(body), Trouble::bad_answer);
  }

  AskBy by = AskBy::node_id;
  std::vector<Who> whom{{"U_1", "ada", 7}};
  streak::Label utc_today = label("2026-08-06");
};

TEST_F(AnswerTest, ReadsACompleteAnswer) {
  const Answer answer = read(kGood);
  ASSERT_FALSE(answer.whole);
  ASSERT_TRUE(answer.users.at(0));
  const Reading& reading = *answer.users[0];
  EXPECT_EQ(reading.login, "Ada");
  EXPECT_EQ(reading.database_id, 7);
  EXPECT_EQ(reading.created_on, label("2015-03-04"));
  EXPECT_EQ(reading.days.size(), 5U);
  EXPECT_EQ(reading.days.count(label("2026-08-05")), 2);
  EXPECT_EQ(answer.points->remaining, 42);
}

TEST_F(AnswerTest, WhatIsNoAnswerIsNeverACount) {
  for (const char* body :
       {"", "null", "[]", "\"null\"", "{}", R"({"data":null})", R"({"data":"null"})",
        R"({"data":[]})", R"({"data":{}})", R"({"data":{"nodes":{}}})", R"({"data":{"nodes":[]}})",
        R"({"data":{"nodes":[null]}})", R"({"data":{"nodes":[null,null]}})",
        R"({"data":{"nodes":[[]]}})", R"({"data":{"nodes":[{}]}})", "<h1>502 Bad Gateway</h1>",
        R"({"errors":"no"})", R"({"errors":[1],"data":{"nodes":[]}})", "{\"data\":\xff}"}) {
    expect_bad(body);
  }
}

TEST_F(AnswerTest, HalfOfAnAnswerIsNone) {
  const std::string good = kGood;
  for (std::size_t cut = 0; cut < good.size(); ++cut) {
    ASSERT_EQ(trouble_of(good.substr(0, cut)), Trouble::bad_answer) << cut;
  }
}

TEST_F(AnswerTest, DamagedCalendars) {
  expect_bad(with(R"("contributionCount":2)", R"("contributionCount":-1)"));
  expect_bad(with(R"("contributionCount":2)", R"("contributionCount":2.0)"));
  expect_bad(with(R"("contributionCount":2)", R"("contributionCount":"2")"));
  expect_bad(with(R"("contributionCount":2)", R"("contributionCount":null)"));
  expect_bad(with(R"("contributionCount":2)", R"("contributionCount":4000000000)"));
  expect_bad(with("2026-08-05", "2026-08-04"));  // one twice, one missing
  expect_bad(with("2026-08-05", "2026-02-30"));
  expect_bad(with(R"("date":"2026-08-03")", R"("date":"2026-08-02")"));  // one missing
  expect_bad(with(R"({"date":"2026-08-04","contributionCount":0},)", ""));
  expect_bad(with(R"("contributionCalendar":{"weeks")", R"("contributionCalendar":{"w")"));
  expect_bad(with(R"("weeks":[{)", R"("weeks":[null,{)"));
  expect_bad(with("2026-08-07T23:59:59Z", "soon"));
  expect_bad(with("2015-03-04T05:06:07Z", "2015-13-04T05:06:07Z"));
}

TEST_F(AnswerTest, OnlyTheDateOfADateCounts) {
  const Answer answer = read(with("2026-08-05", "2026-08-05T00:00:00.000+00:00"));
  ASSERT_TRUE(answer.users.at(0));
  EXPECT_EQ(answer.users[0]->days.count(label("2026-08-05")), 2);
}

TEST_F(AnswerTest, WithoutDataTheErrorsStillNameTheirUsers) {
  EXPECT_EQ(trouble_of(R"({"data":null,"errors":[{"type":"RESOURCE_LIMITS_EXCEEDED",)"
                       R"("path":["nodes",0,"contributionsCollection"]}]})"),
            Trouble::resource_limits);
  whom.push_back({"U_2", "grace", 8});
  const Answer answer = read(
      R"({"data":null,"errors":[{"type":"NOT_FOUND","path":["nodes",1],"message":"Could not"}]})");
  ASSERT_FALSE(answer.whole);
  EXPECT_EQ(answer.users.at(0).error().trouble, Trouble::bad_answer);
  EXPECT_EQ(answer.users.at(1).error().trouble, Trouble::not_found);
}

TEST_F(AnswerTest, WhoIsAskedForAloneIsMeantByANotFoundWithoutAName) {
  for (const char* path :
       {R"("path":["nodes"],)", "", R"("path":null,)", R"("path":["nodes",7],)"}) {
    SCOPED_TRACE(path);
    const std::string errors =
        std::string(R"("errors":[{"type":"NOT_FOUND",)") + path + R"("message":"Could not"}])";
    EXPECT_EQ(trouble_of(R"({"data":{"nodes":[null]},)" + errors + "}"), Trouble::not_found);
    EXPECT_EQ(trouble_of(R"({"data":null,)" + errors + "}"), Trouble::not_found);
  }
  expect_bad(R"({"data":null,"errors":[{"type":"NOT_FOUND","path":["rateLimit"]}]})");
  expect_bad(with(R"({"data":)", R"({"errors":[{"type":"NOT_FOUND"}],"data":)"));
  whom.push_back({"U_2", "grace", 8});
  expect_bad(R"({"data":{"nodes":[null,null]},"errors":[{"type":"NOT_FOUND","path":["nodes"]}]})");
}

TEST_F(AnswerTest, TomorrowMayBeMissingAndIsThenUnknown) {
  constexpr const char* kTomorrow = R"(,{"date":"2026-08-07","contributionCount":0})";
  std::string body = with(kTomorrow, "");
  std::string clipped = body;
  clipped.replace(clipped.find("2026-08-07T23:59:59Z"), 20, "2026-08-06T12:00:00Z");
  for (const std::string& one : {body, clipped}) {
    const Answer answer = read(one);
    ASSERT_TRUE(answer.users.at(0));
    EXPECT_EQ(answer.users[0]->days.size(), 4U);
    EXPECT_EQ(answer.users[0]->days.count(label("2026-08-07")), std::nullopt);
  }
  // Today may never be missing, whatever the server's clock says.
  utc_today = label("2026-08-07");
  expect_bad(body);
  expect_bad(clipped);
}

TEST_F(AnswerTest, WholeWeeksAroundTheWindowAreIgnored) {
  for (const char* count : {"0", "6"}) {
    const std::string before = std::string(R"({"date":"2026-08-02","contributionCount":)") + count;
    const std::string after = std::string(R"({"date":"2026-08-08","contributionCount":)") + count;
    const Answer answer =
        read(with(R"({"date":"2026-08-03")", before + "}," + after + R"(},{"date":"2026-08-03")"));
    ASSERT_TRUE(answer.users.at(0)) << count;
    EXPECT_EQ(answer.users[0]->days.size(), 5U);
  }
}

TEST_F(AnswerTest, AnotherUsersAnswerIsRefused) {
  whom[0].node_id = "U_2";
  expect_bad(kGood);
  EXPECT_EQ(trouble_of(with(R"("__typename":"User")", R"("__typename":"Organization")")),
            Trouble::not_found);
}

TEST_F(AnswerTest, AnOldNodeIdIsKnownByItsNumber) {
  whom[0].node_id = "MDQ6VXNlcjc=";
  EXPECT_EQ(trouble_of(kGood), std::nullopt);
  whom[0].node_id = "MDQ6VXNlcjg=";
  expect_bad(kGood);
  EXPECT_TRUE(is_legacy_id_of("MDQ6VXNlcjU4MzIzMQ==", 583'231));
}

TEST_F(AnswerTest, ALoginThatPassedToAStrangerIsGone) {
  by = AskBy::login;
  whom[0].node_id.clear();
  const std::string body = with(R"("nodes":[{"__typename":"User",)", R"("u0":{)");
  std::string alias = body;
  alias.replace(alias.find("}}}],\"rateLimit"), 5, "}}},");
  EXPECT_EQ(trouble_of(alias), std::nullopt);
  whom[0].database_id = 8;
  EXPECT_EQ(trouble_of(alias), Trouble::not_found);
  whom[0].database_id = 7;
  whom[0].login = "grace";
  expect_bad(alias);
}

TEST_F(AnswerTest, DepthAndSizeAreBounded) {
  expect_bad(std::string(100'000, '['));
  std::string nested = "1";
  for (int i = 0; i < 40; ++i) nested = "{\"a\":" + nested + "}";
  expect_bad(nested);
  expect_bad(std::string(kGood) + std::string((4U << 20U) + 1, ' '));
}

}  // namespace
}  // namespace streaky::github
