// Discord as strict as the real one: what it refuses, its limits at their borders, its bans.
#include <gtest/gtest.h>

#include "sim/discord_message.h"
#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests
using runtime::Millis;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class DiscordTest : public ::testing::Test {
 protected:
  DiscordTest() : world_(WorldOptions{}) {
    for (int i = 0; i < 3; ++i) {
      Person person = with_streak("user" + std::to_string(i), 3);
      person.discord = DiscordState::living;
      world_.people().add(person);
    }
    world_.reset_ledger(kNow);
  }

  Answer say(const std::string& body, std::size_t who = 0, runtime::TimePoint now = kNow,
             std::string_view version = "/v10") {
    return world_.handle(Service::discord,
                         post(webhook_path(world_.people().at(who), version) + "?wait=true", body),
                         now);
  }

  World world_;
};

TEST_F(DiscordTest, AMessageIsTakenAndWrittenDown) {
  const Answer answer = say(
      R"({"content":"hi","embeds":[{"title":"T","description":"D"}],"allowed_mentions":{"parse":[]}})");
  EXPECT_EQ(answer.response.status, 200);
  EXPECT_EQ(at(answer, "/content"), R"("hi")");
  EXPECT_EQ(header(answer, "X-RateLimit-Remaining"), "4");
  ASSERT_EQ(world_.ledger().entries().size(), 1U);
  EXPECT_EQ(world_.ledger().entries()[0].text, "hi\nT\nD");
  EXPECT_EQ(world_.ledger().entries()[0].truth, Truth::at_risk);

  const Answer silent = world_.handle(
      Service::discord, post(webhook_path(world_.people().at(1)), R"({"content":"x"})"), kNow);
  EXPECT_EQ(silent.response.status, 204);
  EXPECT_TRUE(silent.response.body.empty());
}

TEST_F(DiscordTest, ASilentMessageIsWrittenDownAsOne) {
  say(R"({"content":"hi","flags":4096})");
  say(R"({"content":"hi","flags":4})");
  ASSERT_EQ(world_.ledger().entries().size(), 2U);
  EXPECT_TRUE(world_.ledger().entries()[0].silent);
  EXPECT_FALSE(world_.ledger().entries()[1].silent);
}

TEST_F(DiscordTest, WebhooksAreLookedUp) {
  Request get;
  get.method = "GET";
  get.target = webhook_path(world_.people().at(0));
  get.headers = {{"User-Agent", "test"}};
  const Answer known = world_.handle(Service::discord, get, kNow);
  EXPECT_EQ(known.response.status, 200);
  EXPECT_EQ(at(known, "/type"), "1");

  world_.people().at(0).discord = DiscordState::deleted;
  const Answer deleted = say(R"({"content":"x"})");
  EXPECT_EQ(deleted.response.status, 404);
  EXPECT_EQ(at(deleted, "/code"), "10015");
  world_.people().at(0).discord = DiscordState::wrong_token;
  Request wrong = post(People::webhook_url(world_.people().at(0)).substr(19), R"({"content":"x"})");
  const Answer refused = world_.handle(Service::discord, wrong, kNow);
  EXPECT_EQ(refused.response.status, 401);
  EXPECT_EQ(at(refused, "/code"), "50027");
  EXPECT_EQ(world_.ledger().refusals(0, Service::discord), 2);
  EXPECT_TRUE(world_.ledger().entries().empty());
}

TEST_F(DiscordTest, WithoutUserAgentNothingIsServed) {
  Request request = post(webhook_path(world_.people().at(0)), R"({"content":"x"})");
  request.headers.erase(request.headers.begin());
  const Answer answer = world_.handle(Service::discord, request, kNow);
  EXPECT_EQ(answer.response.status, 403);
  EXPECT_EQ(at(answer, "/code"), "40333");
}

std::string text(std::size_t length) { return '"' + std::string(length, 'x') + '"'; }
std::string embed(const std::string& inside) { return R"({"embeds":[{)" + inside + "}]}"; }
std::string repeat(const std::string& item, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) {
    out += (i == 0 ? "" : ",") + item;
  }
  return out;
}

struct Limit {
  const char* name;
  std::string fits;
  std::string exceeds;
  const char* where;  // JSON pointer below /errors
};

class DiscordLimit : public DiscordTest, public ::testing::WithParamInterface<Limit> {};

TEST_P(DiscordLimit, HoldsAtItsBorder) {
  EXPECT_EQ(say(GetParam().fits).response.status, 200);
  const Answer answer = say(GetParam().exceeds);
  EXPECT_EQ(answer.response.status, 400);
  EXPECT_EQ(at(answer, "/code"), "50035") << answer.response.body;
  EXPECT_NE(at(answer, "/errors" + std::string(GetParam().where) + "/_errors/0/code"), "")
      << answer.response.body;
}

INSTANTIATE_TEST_SUITE_P(
    Fields, DiscordLimit,
    ::testing::Values(
        Limit{"content", R"({"content":)" + text(2'000) + "}", R"({"content":)" + text(2'001) + "}",
              "/content"},
        Limit{"username", R"({"content":"x","username":)" + text(80) + "}",
              R"({"content":"x","username":)" + text(81) + "}", "/username"},
        Limit{"no_username", R"({"content":"x"})", R"({"content":"x","username":""})", "/username"},
        Limit{"embeds", R"({"embeds":[)" + repeat(R"({"title":"x"})", 10) + "]}",
              R"({"embeds":[)" + repeat(R"({"title":"x"})", 11) + "]}", "/embeds"},
        Limit{"title", embed(R"("title":)" + text(256)), embed(R"("title":)" + text(257)),
              "/embeds/0/title"},
        Limit{"description", embed(R"("description":)" + text(4'096)),
              embed(R"("description":)" + text(4'097)), "/embeds/0/description"},
        Limit{"footer", embed(R"("footer":{"text":)" + text(2'048) + "}"),
              embed(R"("footer":{"text":)" + text(2'049) + "}"), "/embeds/0/footer/text"},
        Limit{"author", embed(R"("title":"x","author":{"name":)" + text(256) + "}"),
              embed(R"("title":"x","author":{"name":)" + text(257) + "}"), "/embeds/0/author/name"},
        Limit{"fields", embed(R"("fields":[)" + repeat(R"({"name":"n","value":"v"})", 25) + "]"),
              embed(R"("fields":[)" + repeat(R"({"name":"n","value":"v"})", 26) + "]"),
              "/embeds/0/fields"},
        Limit{"field_value", embed(R"("fields":[{"name":"n","value":)" + text(1'024) + "}]"),
              embed(R"("fields":[{"name":"n","value":)" + text(1'025) + "}]"),
              "/embeds/0/fields/0/value"},
        Limit{"field_without_name", embed(R"("fields":[{"name":"n","value":"v"}])"),
              embed(R"("fields":[{"name":"","value":"v"}])"), "/embeds/0/fields/0/name"},
        Limit{"all_embeds",
              R"({"embeds":[{"description":)" + text(4'096) + R"(},{"description":)" + text(1'904) +
                  "}]}",
              R"({"embeds":[{"description":)" + text(4'096) + R"(},{"description":)" + text(1'905) +
                  "}]}",
              "/embeds"},
        Limit{"color", embed(R"("title":"x","color":16777215)"),
              embed(R"("title":"x","color":16777216)"), "/embeds/0/color"},
        Limit{"color_type", embed(R"("title":"x","color":0)"),
              embed(R"("title":"x","color":"red")"), "/embeds/0/color"},
        Limit{"url", embed(R"("title":"x","url":"https://github.com")"),
              embed(R"("title":"x","url":"github.com")"), "/embeds/0/url"},
        Limit{"timestamp", embed(R"("title":"x","timestamp":"2026-08-06T12:00:00.000Z")"),
              embed(R"("title":"x","timestamp":"noon")"), "/embeds/0/timestamp"},
        Limit{"mentions", R"({"content":"x","allowed_mentions":{"parse":["users"]}})",
              R"({"content":"x","allowed_mentions":{"parse":["all"]}})",
              "/allowed_mentions/parse/0"}),
    [](const auto& info) { return info.param.name; });

TEST_F(DiscordTest, LengthCountsCharactersNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 2'000; ++i) {
    umlauts += "ü";
  }
  EXPECT_EQ(say(R"({"content":")" + umlauts + "\"}").response.status, 200);
}

TEST_F(DiscordTest, EmptyAndMalformedMessagesAreRefused) {
  EXPECT_EQ(at(say("{}"), "/code"), "50006");
  EXPECT_EQ(at(say(R"({"content":"","embeds":[{}]})"), "/code"), "50006");
  EXPECT_EQ(at(say("{"), "/code"), "50109");
  EXPECT_EQ(at(say("[]"), "/code"), "50109");
  EXPECT_EQ(at(world_.handle(Service::discord,
                             post(webhook_path(world_.people().at(1)), "content=x",
                                  "application/x-www-form-urlencoded"),
                             kNow),
               "/code"),
            "50109");
  EXPECT_TRUE(world_.ledger().entries().empty());
}

TEST_F(DiscordTest, FiveInTwoSecondsPerWebhook) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(say(R"({"content":"x"})").response.status, 200);
  }
  const Answer over = say(R"({"content":"x"})", 0, kNow + Millis{500});
  EXPECT_EQ(over.response.status, 429);
  EXPECT_EQ(at(over, "/retry_after"), "1.5E0");
  EXPECT_EQ(header(over, "Retry-After"), "2");
  EXPECT_EQ(header(over, "X-RateLimit-Scope"), "user");
  EXPECT_EQ(header(over, "X-RateLimit-Remaining"), "0");
  EXPECT_EQ(say(R"({"content":"x"})", 1).response.status, 200) << "another webhook";
  EXPECT_EQ(say(R"({"content":"x"})", 0, kNow + Millis{2'000}).response.status, 200);
}

TEST_F(DiscordTest, BeforeVersionEightTimesAreMilliseconds) {
  for (int i = 0; i < 5; ++i) {
    say(R"({"content":"x"})", 0, kNow, "");
  }
  const Answer over = say(R"({"content":"x"})", 0, kNow + Millis{500}, "");
  EXPECT_EQ(at(over, "/retry_after"), "1500");
  EXPECT_EQ(header(over, "Retry-After"), "1500");
  const Answer form = say(R"({"content":5})", 1, kNow, "/v6");
  EXPECT_EQ(at(form, "/content/0"), R"("Could not interpret value as string.")");
  EXPECT_EQ(say(R"({"content":"x"})", 1, kNow, "/v11").response.status, 400);
}

TEST_F(DiscordTest, HiddenLimitPerChannel) {
  runtime::TimePoint now = kNow;
  for (int i = 0; i < 30; ++i, now += seconds{1}) {
    ASSERT_EQ(say(R"({"content":"x"})", 0, now).response.status, 200) << i;
  }
  const Answer over = say(R"({"content":"x"})", 0, now);
  EXPECT_EQ(over.response.status, 429);
  EXPECT_EQ(header(over, "X-RateLimit-Scope"), "shared");
  EXPECT_NE(header(over, "X-RateLimit-Remaining"), "0") << "headers still show quota";
  EXPECT_EQ(at(over, "/retry_after"), "3E1");
  EXPECT_EQ(say(R"({"content":"x"})", 0, kNow + seconds{60}).response.status, 200);
}

TEST_F(DiscordTest, FiftyInASecondPerAddress) {
  for (int i = 3; i < 60; ++i) {
    Person person = with_streak("user" + std::to_string(i), 3);
    person.discord = DiscordState::living;
    world_.people().add(person);
  }
  for (std::size_t i = 0; i < 50; ++i) {
    ASSERT_EQ(say(R"({"content":"x"})", i).response.status, 200);
  }
  const Answer over = say(R"({"content":"x"})", 50, kNow + Millis{999});
  EXPECT_EQ(over.response.status, 429);
  EXPECT_EQ(header(over, "X-RateLimit-Global"), "true");
  EXPECT_EQ(at(over, "/global"), "true");
  EXPECT_EQ(say(R"({"content":"x"})", 50, kNow + Millis{1'000}).response.status, 200);
  Request elsewhere = post(webhook_path(world_.people().at(51)), R"({"content":"x"})");
  elsewhere.address = "10.0.0.2";
  EXPECT_EQ(world_.handle(Service::discord, elsewhere, kNow).response.status, 204);
}

TEST_F(DiscordTest, TooManyInvalidRequestsAreBanned) {
  world_.rules().discord.per_address = 100'000;
  world_.people().at(0).discord = DiscordState::wrong_token;
  const std::string wrong = People::webhook_url(world_.people().at(0)).substr(19);
  for (int i = 0; i < 10'000; ++i) {
    world_.handle(Service::discord, post(wrong, R"({"content":"x"})"), kNow);
  }
  EXPECT_EQ(say(R"({"content":"x"})", 1).response.status, 200);
  world_.handle(Service::discord, post(wrong, R"({"content":"x"})"), kNow);
  const Answer banned = say(R"({"content":"x"})", 1, kNow + minutes{59});
  EXPECT_EQ(banned.response.status, 429);
  EXPECT_EQ(header(banned, "Retry-After"), "");
  EXPECT_EQ(say(R"({"content":"x"})", 1, kNow + hours{1}).response.status, 200);
}

TEST_F(DiscordTest, StormNeverLosesAnAnswerAfterADelivery) {
  world_.lift_limits(true);
  ASSERT_TRUE(world_.faults().use("storm"));
  int failures = 0;
  for (int i = 0; i < 2'000; ++i) {
    const std::size_t before = world_.ledger().entries().size();
    const Answer answer = say(R"({"content":"x"})");
    const bool written = world_.ledger().entries().size() > before;
    const bool told = answer.response.status == 200 && !answer.reset && !answer.hang &&
                      answer.cut_after < 0 && answer.latency < seconds{5};
    EXPECT_EQ(written, told);
    failures += told ? 0 : 1;
  }
  EXPECT_GT(failures, 100);
}

}  // namespace
}  // namespace streaky::sim
