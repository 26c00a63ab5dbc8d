#include "notify/discord.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "notify/test_world.h"

namespace streaky::notify {
namespace {

using runtime::Millis;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

constexpr Millis kHour{3'600'000};
constexpr Millis kOneSlot{21};  // of 50 a second

runtime::Error lost(const std::string& code) { return runtime::Error{code, "discord.com", false}; }

TEST(DiscordAddress, AcceptsWhatDiscordHandsOut) {
  const std::string token = "aB3_-x";
  for (const std::string& host : {"discord.com", "www.discord.com", "ptb.discord.com",
                                  "canary.discord.com", "discordapp.com", "ptb.discordapp.com"}) {
    for (const std::string& version : {"", "/v6", "/v10"}) {
      for (const std::string& end : {"", "/", "?thread_id=77", "/?thread_id=77"}) {
        const std::string url =
            fmt::format("https://{}/api{}/webhooks/123456789/{}{}", host, version, token, end);
        const auto secret = normalise_discord_webhook(" " + url + "\n");
        ASSERT_TRUE(secret.has_value()) << url;
        EXPECT_EQ(secret->reveal(),
                  "https://discord.com/api/webhooks/123456789/aB3_-x" +
                      std::string(end.find("77") == std::string::npos ? "" : "?thread_id=77"));
      }
    }
  }
}

TEST(DiscordAddress, RefusesEverythingElseWithoutRepeatingIt) {
  const std::string t = "ToKeNToKeN";
  for (const std::string& url : {
           std::string(),
           "http://discord.com/api/webhooks/1/" + t,
           "https://evil.com/api/webhooks/1/" + t,
           "https://discord.com.evil.com/api/webhooks/1/" + t,
           "https://evil.discord.com/api/webhooks/1/" + t,
           "https://www.ptb.discord.com/api/webhooks/1/" + t,
           "https://user@discord.com/api/webhooks/1/" + t,
           "https://discord.com:443/api/webhooks/1/" + t,
           "https://discord.com/api/v/webhooks/1/" + t,
           "https://discord.com/api/vx/webhooks/1/" + t,
           "https://discord.com/api/webhooks//" + t,
           "https://discord.com/api/webhooks/x/" + t,
           std::string("https://discord.com/api/webhooks/1/"),
           std::string("https://discord.com/api/webhooks/1"),
           "https://discord.com/api/webhooks/1/" + t + "/slack",
           "https://discord.com/api/webhooks/1/" + t + "/../x",
           "https://discord.com/api/webhooks/1/" + t + "?wait=true",
           "https://discord.com/api/webhooks/1/" + t + "?thread_id=",
           "https://discord.com/api/webhooks/1/" + t + "?thread_id=x",
           "https://discord.com/api/webhooks/1/" + t + "?thread_id=1&x=1",
           "https://discord.com/api/webhooks/1/" + t + "#x",
           "https://discord.com/api/webhooks/1/" + t + "\nHost: evil",
           "https://discord.com/api/webhooks/123456789012345678901/" + t,
           "https://discord.com/api/webhooks/1/" + std::string(201, 'a'),
           std::string(100'000, 'a'),
       }) {
    const auto secret = normalise_discord_webhook(url);
    ASSERT_FALSE(secret.has_value()) << url.substr(0, 100);
    EXPECT_EQ(secret.error().code, "discord_webhook_invalid");
    EXPECT_THAT(secret.error().message, Not(HasSubstr(t)));
  }
}

TEST(DiscordAddress, HintShowsTheEndOfTheIdAndNothingOfTheToken) {
  EXPECT_EQ(hint_of(World::discord("100000000000001234").credential), "webhook …1234");
  EXPECT_EQ(hint_of(World::discord("12").credential), "webhook …2");
  Credential broken{ChannelKind::discord, runtime::Secret(kToken)};
  EXPECT_EQ(hint_of(broken), "webhook");
}

TEST(DiscordRequest, IsVersion10AndWaitsAndPingsNobody) {
  World world;
  world.options.discord_api_url = "http://127.0.0.1:9/";
  world.options.public_url = "https://streaky.example/x\r\nEvil: (1,2)";
  world.options.version = "1.2";
  world.restart();
  Outgoing outgoing = World::discord();
  outgoing.credential.value = runtime::Secret(
      std::string("https://ptb.discordapp.com/api/v6/webhooks/42/") + kToken + "/?thread_id=77");
  const auto delivered = world.send(std::move(outgoing));
  EXPECT_EQ(std::get<Sent>(delivered.outcome).remote_id, "1234567890");

  ASSERT_EQ(world.http.seen.size(), 1U);
  const auto& request = world.http.seen[0].request;
  EXPECT_EQ(request.url, std::string("http://127.0.0.1:9/api/v10/webhooks/42/") + kToken +
                             "?wait=true&thread_id=77");
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.headers.at(0).value, "application/json");
  EXPECT_EQ(request.headers.at(1).name, "User-Agent");
  EXPECT_EQ(request.headers.at(1).value, "DiscordBot (https://streaky.example/xEvil:12, 1.2)");
  const auto body = world.http.body(0);
  EXPECT_TRUE(body.at("allowed_mentions").at("parse").as_array().empty());
  const auto& embed = body.at("embeds").at(0).as_object();
  EXPECT_EQ(embed.at("title").as_string(), "1 day left");
  EXPECT_EQ(embed.at("description").as_string(), "GitHub shows no contribution yet today");
  EXPECT_EQ(embed.at("color").as_int64(), 0xE74C3C);
  EXPECT_EQ(embed.at("footer").at("text").as_string(), "Streaky");
}

TEST(DiscordRequest, EscapesMarkdownAndKeepsToTheLimits) {
  World world;
  Outgoing outgoing = World::discord();
  outgoing.message.subject = std::string(300, 't');
  outgoing.message.body = "*a* _b_ [x](y)" + std::string(5'000, 'd');
  (void)world.send(std::move(outgoing));
  const auto body = world.http.body(0);
  const auto& embed = body.at("embeds").at(0).as_object();
  EXPECT_EQ(std::string(embed.at("title").as_string()), std::string(255, 't') + "…");
  EXPECT_THAT(std::string(embed.at("description").as_string()),
              testing::StartsWith(R"(\*a\* \_b\_ \[x\](y)ddd)"));
  EXPECT_THAT(std::string(embed.at("description").as_string()), EndsWith("…"));
}

TEST(DiscordRequest, EmptyMessageIsRefusedWithoutAsking) {
  World world;
  Outgoing outgoing = World::discord();
  outgoing.message = {};
  EXPECT_TRUE(std::holds_alternative<Refused>(world.send(std::move(outgoing)).outcome));
  EXPECT_TRUE(world.http.seen.empty());
}

TEST(DiscordRequest, MalformedStoredAddressIsDeadWithoutAsking) {
  World world;
  Outgoing outgoing = World::discord();
  outgoing.credential.value = runtime::Secret(std::string("https://evil.com/") + kToken);
  const auto delivered = world.send(std::move(outgoing));
  EXPECT_EQ(dead_of(delivered).code, "bad_credential");
  EXPECT_THAT(dead_of(delivered).reason, Not(HasSubstr(kToken)));
  EXPECT_TRUE(world.http.seen.empty());
}

// One test per row of docs/remote-apis.md §3.

class DiscordRows : public testing::Test {
 protected:
  Delivered answer(Reply next, int attempt = 1) {
    world_.http.script.emplace_back(std::move(next));
    return world_.send(World::discord("100000000000000001", attempt));
  }
  [[nodiscard]] Millis wait_of(const Delivered& delivered) const {
    return retry_of(delivered).at - world_.clock.now();
  }
  /// When another webhook's message goes out, from now.
  Millis other_webhook_waits() {
    const auto before = world_.clock.monotonic();
    world_.send_until_done({});
    world_.spawn(World::discord("200000000000000002"));
    world_.drive([this] { return world_.open == 0; });
    return world_.http.seen.back().at - before;
  }
  World world_;
};

TEST_F(DiscordRows, TooManyRequestsInSecondsWithDecimals) {
  const auto delivered = answer(reply(
      429, R"({"message":"You are being rate limited.","retry_after":64.57,"global":false})"));
  EXPECT_EQ(wait_of(delivered), Millis{64'570});
  EXPECT_FALSE(retry_of(delivered).maybe_seen);
  EXPECT_LE(other_webhook_waits(), kOneSlot) << "only this webhook rests";
}

TEST_F(DiscordRows, BodyBeatsHeadersWhenTheHiddenLimitIsHit) {
  const auto delivered = answer(reply(429, R"({"message":"x","retry_after":40,"global":false})",
                                      {{"Retry-After", "1"},
                                       {"X-RateLimit-Remaining", "3"},
                                       {"X-RateLimit-Reset-After", "1.5"},
                                       {"X-RateLimit-Scope", "user"}}));
  EXPECT_EQ(wait_of(delivered), Millis{40'000});
  // A second message to the same webhook is told so without asking Discord.
  const auto second = world_.send(World::discord());
  EXPECT_EQ(world_.http.seen.size(), 1U);
  EXPECT_GE(wait_of(second), Millis{40'000});
}

TEST_F(DiscordRows, HeaderIsUsedWhenTheBodyNamesNoTime) {
  const auto delivered =
      answer(reply(429, "{}", {{"retry-after", "65"}, {"X-RateLimit-Scope", "user"}}));
  EXPECT_EQ(wait_of(delivered), Millis{65'000});
  EXPECT_LE(other_webhook_waits(), kOneSlot);
}

TEST_F(DiscordRows, AHeaderMayNameADate) {
  const std::vector<net::HttpHeader> headers{{"Date", "Wed, 06 Aug 2025 08:00:00 GMT"},
                                             {"Retry-After", "Wed, 06 Aug 2025 08:01:05 GMT"},
                                             {"X-RateLimit-Scope", "user"}};
  EXPECT_EQ(wait_of(answer(reply(429, "{}", headers))), Millis{65'000});
  world_.restart();
  EXPECT_GE(wait_of(answer(reply(503, "", headers))), Millis{65'000});
}

TEST_F(DiscordRows, ALimitThatNamesItsScopeIsNoBan) {
  EXPECT_EQ(wait_of(answer(reply(
                429, "{}", {{"X-RateLimit-Scope", "user"}, {"X-RateLimit-Reset-After", "2.5"}}))),
            Millis{2'500});
  world_.restart();
  EXPECT_EQ(wait_of(answer(reply(429, "{}", {{"X-RateLimit-Scope", "shared"}}))), Millis{60'000});
  EXPECT_LE(other_webhook_waits(), kOneSlot);
}

TEST_F(DiscordRows, GlobalLimitStopsEveryWebhook) {
  const auto delivered = answer(reply(429, R"({"retry_after":2.5,"global":true})"));
  EXPECT_GE(wait_of(delivered), Millis{2'500});
  EXPECT_LE(wait_of(delivered), Millis{2'600});
  EXPECT_GE(other_webhook_waits(), Millis{2'500});
}

TEST_F(DiscordRows, GlobalScopeInTheHeaderStopsEveryWebhook) {
  (void)answer(reply(429, R"({"retry_after":2.5})", {{"X-RateLimit-Scope", "global"}}));
  EXPECT_GE(other_webhook_waits(), Millis{2'500});
}

TEST_F(DiscordRows, AddressBanWithCodeZeroStopsAllForAnHour) {
  const auto delivered =
      answer(reply(429, R"({"code":0,"message":"You are being blocked from accessing our API"})"));
  EXPECT_GE(wait_of(delivered), kHour);
  EXPECT_GE(other_webhook_waits(), kHour);
  EXPECT_THAT(world_.log.text, HasSubstr("address_banned"));
}

TEST_F(DiscordRows, AddressBanAsTextStopsAllForAnHour) {
  const auto delivered = answer(reply(429, "error code: 1015"));
  EXPECT_GE(wait_of(delivered), kHour);
  EXPECT_GE(other_webhook_waits(), kHour);
}

TEST_F(DiscordRows, UnknownWebhookIsDead) {
  const auto delivered = answer(reply(404, R"({"message":"Unknown Webhook","code":10015})"));
  EXPECT_EQ(dead_of(delivered).code, "unknown_webhook");
}

TEST_F(DiscordRows, UnknownChannelIsDead) {
  const auto delivered = answer(reply(404, R"({"message":"Unknown Channel","code":10003})"));
  EXPECT_EQ(dead_of(delivered).code, "unknown_channel");
}

TEST_F(DiscordRows, TheCodeDecidesWhateverTheStatus) {
  for (const int status : {400, 401, 403, 404}) {
    for (const auto& [code, means] : {std::pair{10015, "unknown_webhook"},
                                      {10003, "unknown_channel"},
                                      {50027, "invalid_webhook_token"},
                                      {50013, "channel_closed"}}) {
      const std::string body = fmt::format(R"({{"message":"x","code":{}}})", code);
      EXPECT_EQ(dead_of(answer(reply(status, body))).code, means) << status;
    }
  }
}

TEST_F(DiscordRows, NotFoundWithoutThatCodeIsTriedAgain) {
  for (const std::string& body : {R"({"message":"404: Not Found","code":0})", "<html>404</html>",
                                  "", R"({"code":"10015"})", R"([10015])"}) {
    EXPECT_THAT(retry_of(answer(reply(404, body))).reason, HasSubstr("404")) << body;
  }
}

TEST_F(DiscordRows, InvalidTokenIsDead) {
  const auto delivered = answer(reply(401, R"({"message":"Invalid Webhook Token","code":50027})"));
  EXPECT_EQ(dead_of(delivered).code, "invalid_webhook_token");
}

TEST_F(DiscordRows, UnauthorizedWithoutThatCodeIsTriedAgain) {
  EXPECT_THAT(retry_of(answer(reply(401, R"({"message":"401: Unauthorized","code":0})"))).reason,
              HasSubstr("401"));
}

TEST_F(DiscordRows, EmptyMessageIsOurBug) {
  const auto delivered =
      answer(reply(400, R"({"message":"Cannot send an empty message","code":50006})"));
  EXPECT_THAT(std::get<Refused>(delivered.outcome).reason, HasSubstr("50006"));
}

TEST_F(DiscordRows, InvalidFormBodyIsOurBug) {
  const auto delivered =
      answer(reply(400, R"({"code":50035,"message":"Invalid Form Body","errors":{"content":{}}})"));
  EXPECT_THAT(std::get<Refused>(delivered.outcome).reason, HasSubstr("50035"));
}

TEST_F(DiscordRows, ForumWithoutThreadIsDeadAndSaysWhatToDo) {
  EXPECT_THAT(dead_of(answer(reply(400, R"({"code":220001})"))).reason, HasSubstr("thread_id"));
}

TEST_F(DiscordRows, AChannelThatTakesNoMessageFromTheWebhookIsDead) {
  for (const auto& [status, code] : {std::pair{403, 50013},
                                     {403, 50001},
                                     {400, 50083},
                                     {400, 160005},
                                     {403, 160005},
                                     {400, 50024},
                                     {400, 50008}}) {
    const auto delivered =
        answer(reply(status, fmt::format(R"({{"message":"x","code":{}}})", code)));
    EXPECT_EQ(dead_of(delivered).code, "channel_closed") << code;
    EXPECT_THAT(dead_of(delivered).reason, HasSubstr("Discord"));
  }
}

TEST_F(DiscordRows, AMessageThatIsForbiddenLeavesTheChannelOn) {
  EXPECT_TRUE(std::holds_alternative<Refused>(
      answer(reply(403, R"({"message":"blocked by AutoMod","code":200000})")).outcome));
}

TEST_F(DiscordRows, ForbiddenByItsFrontStopsEveryWebhook) {
  for (const std::string& body :
       {R"({"code":40333})", "<html><title>Attention Required! | Cloudflare</title></html>",
        "error code: 1020"}) {
    world_.restart();
    EXPECT_GE(wait_of(answer(reply(403, body))), Millis{60'000}) << body;
    EXPECT_GE(other_webhook_waits(), Millis{60'000}) << body;
  }
}

TEST_F(DiscordRows, OneWebhooksForbiddenIsItsOwn) {
  for (const std::string& body :
       {R"({"message":"403: Forbidden","code":0})", "<html>no</html>", ""}) {
    world_.restart();
    EXPECT_GE(wait_of(answer(reply(403, body))), Millis{60'000}) << body;
    EXPECT_GE(wait_of(world_.send(World::discord())), Millis{60'000}) << body;
    EXPECT_LE(other_webhook_waits(), kOneSlot) << body;
  }
}

// One in eleven is refused without a reason, as often as it asks.
TEST_F(DiscordRows, AFewForbiddenWebhooksHoldUpNobodyElse) {
  world_.http.usual = [](const net::HttpRequest& request) {
    if (request.url.find("/webhooks/9") == std::string::npos) return reply(200, R"({"id":"1"})");
    return reply(403, R"({"message":"403: Forbidden","code":0})");
  };
  std::size_t sent = 0;
  for (int i = 0; i < 100; ++i) {
    if (i % 10 == 0) (void)world_.send(World::discord(fmt::format("9{:017}", i)));
    const auto delivered = world_.send(World::discord(fmt::format("1{:017}", i)));
    sent += std::holds_alternative<Sent>(delivered.outcome) ? 1 : 0;
  }
  EXPECT_EQ(sent, 100U);
  EXPECT_LE(world_.seconds(), 4.0);
}

TEST_F(DiscordRows, WhenEveryWebhookIsForbiddenAllOfThemRest) {
  world_.http.usual = [](const net::HttpRequest&) {
    return reply(403, R"({"message":"403: Forbidden","code":0})");
  };
  for (int i = 0; i < 30; ++i) (void)world_.send(World::discord(fmt::format("9{:017}", i)));
  EXPECT_LE(world_.http.seen.size(), 10U);
  EXPECT_THAT(world_.log.text, HasSubstr("a service asked for a pause"));
}

TEST_F(DiscordRows, ServerErrorsAreTriedAgainAndMayHaveBeenSeen) {
  for (const int status : {500, 502, 503, 504, 520}) {
    const auto delivered = answer(reply(status, "oops"));
    EXPECT_TRUE(retry_of(delivered).maybe_seen);
    EXPECT_GE(wait_of(delivered), Millis{1'500});
    EXPECT_LE(wait_of(delivered), Millis{2'500});
  }
  EXPECT_GE(wait_of(answer(reply(503, "", {{"Retry-After", "30"}}))), Millis{30'000});
}

TEST_F(DiscordRows, LostAnswersMayHaveBeenSeenAndRefusedConnectionsNot) {
  EXPECT_TRUE(retry_of(answer(std::unexpected(lost("timeout")))).maybe_seen);
  EXPECT_TRUE(retry_of(answer(std::unexpected(lost("reset")))).maybe_seen);
  EXPECT_FALSE(retry_of(answer(std::unexpected(lost("connect")))).maybe_seen);
}

TEST_F(DiscordRows, APageOfSomebodyInBetweenIsNoAnswerOfDiscords) {
  const auto retry = retry_of(answer(reply(200, "<html>Please sign in to the Wi-Fi</html>")));
  EXPECT_TRUE(retry.maybe_seen);
}

TEST_F(DiscordRows, SavedWithOrWithoutAnId) {
  for (const std::string& body : {"", "{}", R"({"id":5})", R"({"id":"<script>"})"}) {
    EXPECT_EQ(std::get<Sent>(answer(reply(200, body)).outcome).remote_id, "") << body;
  }
  EXPECT_TRUE(std::holds_alternative<Sent>(answer(reply(204, "")).outcome));
}

TEST_F(DiscordRows, RedirectsAndOddStatusesAreTriedAgain) {
  for (const int status : {301, 302, 405, 409, 418}) {
    EXPECT_THAT(retry_of(answer(reply(status, ""))).reason, HasSubstr(std::to_string(status)));
  }
}

TEST_F(DiscordRows, ExhaustedQuotaInTheHeadersIsWaitedFor) {
  (void)answer(reply(200, R"({"id":"1"})",
                     {{"X-RateLimit-Remaining", "0"}, {"X-RateLimit-Reset-After", "3.25"}}));
  const auto before = world_.clock.monotonic();
  (void)world_.send(World::discord());
  EXPECT_GE(world_.http.seen.back().at - before, Millis{3'250});
}

TEST_F(DiscordRows, HostileTimesAreNotBelieved) {
  EXPECT_LE(wait_of(answer(reply(429, R"({"retry_after":1e300})"))), kHour * 24);
  world_.restart();
  EXPECT_GE(wait_of(answer(reply(429, R"({"retry_after":-5})"))), kHour) << "as if none was named";
  world_.restart();
  EXPECT_GT(wait_of(answer(reply(429, R"({"retry_after":0})"))), Millis{0});
  world_.restart();
  EXPECT_GE(wait_of(answer(reply(429, R"({"retry_after":"nan"})"))), kHour);
}

TEST_F(DiscordRows, BackoffGrowsToThreeMinutes) {
  runtime::SeededRandom random(3);
  for (int attempt = 1; attempt < 40; ++attempt) {
    const auto base = std::min<std::int64_t>(2'000LL << std::min(attempt - 1, 20), 180'000);
    for (int i = 0; i < 20; ++i) {
      const auto wait = backoff(attempt, random).count();
      EXPECT_GE(wait, base * 3 / 4);
      EXPECT_LE(wait, base * 5 / 4);
    }
  }
  EXPECT_LE(backoff(-7, random), Millis{2'500});
}

}  // namespace
}  // namespace streaky::notify
