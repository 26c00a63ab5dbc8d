// The proxy's own face: who comes in, what is sent once, what hostile bodies do.
#include "proxy/proxy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "proxy/test_world.h"

namespace streaky::proxy {
namespace {

using test::Millis;
using test::World;
using testing::HasSubstr;
using testing::Not;

std::string outcome_of(const boost::json::object& line) {
  return std::string(line.at("outcome").as_string());
}
net::ServerRequest get(const std::string& path) {
  net::ServerRequest request;
  request.method = "GET";
  request.target = path;
  request.remote_address = "192.0.2.7";
  return request;
}

TEST(ProxyDeliveries, AnswersOneOutcomeEach) {
  World world;
  std::vector<notify::SealedOutgoing> all;
  for (int i = 1; i <= 500; ++i) all.push_back(world.delivery(i));
  const auto reply = world.ask(world.signed_request("/v1/deliveries", world.deliveries(all)));
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.content_type, "application/x-ndjson");
  const auto lines = reply.lines();
  ASSERT_EQ(lines.size(), 500U);
  for (const auto& line : lines) {
    EXPECT_EQ(outcome_of(line), "sent");
    EXPECT_EQ(line.at("remote_id"), "1234567890");
  }
  EXPECT_EQ(world.channels.seen.size(), 500U);
}

TEST(ProxyDeliveries, BoundsOfARequest) {
  World world;
  const auto status = [&world](const std::string& body) {
    return world.ask(world.signed_request("/v1/deliveries", body)).status;
  };
  std::vector<notify::SealedOutgoing> many;
  for (int i = 1; i <= 501; ++i) many.push_back(world.delivery(i));
  EXPECT_EQ(status(world.deliveries(many)), 422);
  EXPECT_EQ(status(R"({"deliveries":[]})"), 422);
  EXPECT_EQ(status(R"({"deliveries":{}})"), 422);
  EXPECT_EQ(status(R"([])"), 422);
  EXPECT_EQ(status(R"({})"), 422);
  EXPECT_EQ(status(R"({"deliveries":[)"), 400);
  EXPECT_EQ(status(""), 400);
  EXPECT_EQ(status(std::string(100'000, '[')), 400) << "deep nesting";
  EXPECT_TRUE(world.channels.seen.empty());
  auto text = world.signed_request("/v1/deliveries", world.deliveries({world.delivery(1)}));
  text.headers.front().value = "text/plain";
  EXPECT_EQ(world.ask(text).status, 415);
}

TEST(ProxyDeliveries, AMalformedOneIsInvalidAndDoesNotHoldTheOthers) {
  World world;
  std::string body = world.deliveries({world.delivery(1)});
  const std::string good = body.substr(body.find('[') + 1, body.rfind(']') - body.find('[') - 1);
  const auto with = [&good](const char* from, const std::string& to) {
    std::string changed = good;
    const std::size_t at = changed.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    changed.replace(at, std::string(from).size(), to);
    return changed;
  };
  const std::vector<std::string> bad = {
      "null",
      "7",
      "[]",
      "{}",
      with("\"delivery-1\"", "\"\""),
      with("\"delivery-1\"", "\"a b\""),
      with("\"delivery-1\"", "\"" + std::string(65, 'a') + "\""),
      with("\"delivery-1\"", "1"),
      with("\"user_id\":5", "\"user_id\":-5"),
      with("\"user_id\":5", "\"user_id\":\"5\""),
      with("\"channel_id\":1", "\"channel_id\":1e300"),
      with("\"discord\"", "\"carrier-pigeon\""),
      with("\"sealed\":\"", "\"sealed\":\"http://"),
      with("\"high\"", "\"screaming\""),
      with("\"attempt\":1", "\"attempt\":0"),
      with("\"attempt\":1", "\"expires_in_ms\":-1"),
      with("\"1 day left\"", "\"" + std::string(3'000, 'x') + "\""),
      with("\"GitHub shows no contribution yet today\"", "\"" + std::string(17'000, 'x') + "\"")};
  std::string all = R"({"deliveries":[)" + good;
  for (const std::string& one : bad) all += "," + one;
  const auto reply = world.ask(world.signed_request("/v1/deliveries", all + "]}"));
  EXPECT_EQ(reply.status, 200);
  std::size_t sent = 0;
  std::size_t invalid = 0;
  for (const auto& line : reply.lines()) {
    sent += outcome_of(line) == "sent" ? 1U : 0U;
    if (outcome_of(line) != "invalid") continue;
    ++invalid;
    EXPECT_EQ(line.at("code"), "malformed");
    EXPECT_FALSE(line.at("reason").as_string().empty());
  }
  EXPECT_EQ(sent, 1U);
  EXPECT_EQ(invalid, bad.size());
  EXPECT_EQ(world.channels.seen.size(), 1U);
  EXPECT_EQ(world.process().proxy.in_hand(), 0U);
}

TEST(ProxyDeliveries, TheLifeOfADeliveryCountsFromWhenItsRequestWasSigned) {
  World world;
  auto dying = world.delivery(1);
  dying.expires_at = world.clock.now() + Millis{3'000};
  auto living = world.delivery(2);
  living.expires_at = world.clock.now() + Millis{60'000};
  const auto request =
      world.signed_request("/v1/deliveries", world.deliveries({dying, living, world.delivery(3)}));
  world.drive_for(Millis{30'000});  // the process stood still
  std::map<std::string, boost::json::object> lines;
  for (auto& line : world.ask(request).lines()) {
    lines[std::string(line.at("id").as_string())] = line;
  }
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(outcome_of(lines["delivery-1"]), "retry");
  EXPECT_EQ(lines["delivery-1"].at("code"), "expired");
  EXPECT_GT(lines["delivery-1"].at("after_ms").as_int64(), 0)
      << "a worker with another clock waits";
  EXPECT_EQ(outcome_of(lines["delivery-2"]), "sent");
  EXPECT_EQ(outcome_of(lines["delivery-3"]), "sent");
  EXPECT_EQ(world.channels.seen.size(), 2U);
}

TEST(ProxyDeliveries, WhatWasSentIsSaidAlsoAfterItsTime) {
  World world;
  auto dying = world.delivery(1);
  dying.expires_at = world.clock.now() + Millis{3'000};
  const std::string body = world.deliveries({dying});
  EXPECT_EQ(outcome_of(world.ask(world.signed_request("/v1/deliveries", body)).lines().at(0)),
            "sent");
  const auto again = world.signed_request("/v1/deliveries", body);
  world.drive_for(Millis{30'000});
  EXPECT_EQ(outcome_of(world.ask(again).lines().at(0)), "sent");
  EXPECT_EQ(world.channels.seen.size(), 1U);
}

TEST(ProxyDeliveries, TheSameDeliveryTwiceIsSentOnce) {
  World world;
  const std::string body = world.deliveries({world.delivery(1), world.delivery(1)});
  for (int i = 0; i < 3; ++i) {
    const auto lines = world.ask(world.signed_request("/v1/deliveries", body)).lines();
    ASSERT_EQ(lines.size(), 2U);
    for (const auto& line : lines) EXPECT_EQ(outcome_of(line), "sent");
  }
  EXPECT_EQ(world.channels.seen.size(), 1U);
  world.drive_for(Millis{23LL * 3600 * 1000});
  (void)world.ask(world.signed_request("/v1/deliveries", body));
  EXPECT_EQ(world.channels.seen.size(), 1U) << "for a day";
}

TEST(ProxyDeliveries, OneThatIsUnderWayIsJoined) {
  World world;
  world.channels.latency = Millis{2'000};
  const std::string body = world.deliveries({world.delivery(1)});
  std::optional<World::Reply> first;
  std::optional<World::Reply> second;
  world.ask_later(world.signed_request("/v1/deliveries", body), &first);
  world.drive_for(Millis{1'000});
  world.ask_later(world.signed_request("/v1/deliveries", body), &second);
  world.drive([&] { return first && second; });
  EXPECT_EQ(outcome_of(first->lines().at(0)), "sent");
  EXPECT_EQ(outcome_of(second->lines().at(0)), "sent");
  EXPECT_EQ(world.channels.seen.size(), 1U);
}

TEST(ProxyDeliveries, RetryIsNotRemembered) {
  World world;
  world.channels.script.emplace_back(notify::reply(500, ""));
  const std::string body = world.deliveries({world.delivery(1)});
  const auto first = world.ask(world.signed_request("/v1/deliveries", body)).lines();
  EXPECT_EQ(outcome_of(first.at(0)), "retry");
  EXPECT_GT(first.at(0).at("after_ms").as_int64(), 0);
  const auto second = world.ask(world.signed_request("/v1/deliveries", body)).lines();
  EXPECT_EQ(outcome_of(second.at(0)), "sent");
}

TEST(ProxyDeliveries, DeadIsRememberedForThatCredentialAlone) {
  World world;
  world.channels.script.emplace_back(notify::reply(404, R"({"code":10015})"));
  const auto delivery = world.delivery(1);
  const std::string body = world.deliveries({delivery});
  for (int i = 0; i < 2; ++i) {
    const auto lines = world.ask(world.signed_request("/v1/deliveries", body)).lines();
    EXPECT_EQ(outcome_of(lines.at(0)), "dead");
  }
  EXPECT_EQ(world.channels.seen.size(), 1U);
  auto mended = world.sealed(delivery.delivery_id, 1,
                             std::string("https://discord.com/api/webhooks/8/") + notify::kToken);
  const auto lines =
      world.ask(world.signed_request("/v1/deliveries", world.deliveries({mended}))).lines();
  EXPECT_EQ(outcome_of(lines.at(0)), "sent");
}

TEST(ProxyDeliveries, TheMemoryIsBoundedAndForgetsTheOldestFirst) {
  DeliveryMemory memory(3);
  notify::Carried sent;
  sent.outcome = notify::Sent{"1"};
  for (int i = 0; i < 5; ++i) memory.remember(std::to_string(i), 0, sent, Millis{i});
  EXPECT_EQ(memory.size(), 3U);
  EXPECT_FALSE(memory.find("1", 0, Millis{5}));
  EXPECT_TRUE(memory.find("2", 0, Millis{5}));
  EXPECT_TRUE(memory.find("4", 0, Millis{5}));
  EXPECT_FALSE(memory.find("4", 0, Millis{4} + DeliveryMemory::kKept));
}

TEST(ProxyDeliveries, WhoBringsMoreThanThereIsRoomForComesAgain) {
  World world;
  world.most_in_hand = 3;
  world.start("http://one:1");
  world.channels.latency = Millis{1'000};
  std::optional<World::Reply> first;
  world.ask_later(world.signed_request("/v1/deliveries",
                                       world.deliveries({world.delivery(1), world.delivery(2)})),
                  &first);
  world.drive_for(Millis{10});
  const std::string more = world.deliveries({world.delivery(3), world.delivery(4)});
  const auto refused = world.ask(world.signed_request("/v1/deliveries", more));
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.retry_after, "2");
  world.drive([&] { return first.has_value(); });
  EXPECT_EQ(world.ask(world.signed_request("/v1/deliveries", more)).status, 200);
}

TEST(ProxyDeliveries, SaysThatItIsAtWorkWhileNothingIsKnown) {
  World world;
  world.channels.latency = Millis{8'000};
  const auto reply =
      world.ask(world.signed_request("/v1/deliveries", world.deliveries({world.delivery(1)})));
  EXPECT_THAT(reply.body, testing::StartsWith("{\"open\":1}\n{\"open\":1}\n{"));
  EXPECT_EQ(reply.lines().size(), 1U);
}

TEST(ProxyDeliveries, AHostileCredentialGoesNowhere) {
  World world;
  int channel = 0;
  for (const char* credential :
       {"http://169.254.169.254/latest/meta-data", "https://evil.example/api/webhooks/1/a",
        "https://discord.com.evil.example/api/webhooks/1/a", "file:///etc/passwd",
        "https://discord.com/api/webhooks/1/a@evil.example/",
        "https://discord.com/api/webhooks/../../x", "https://discord.com:8443/api/webhooks/1/a",
        "https://discord.com/api/webhooks/1/a?wait=false", "", "\r\nHost: evil.example"}) {
    ++channel;
    const auto delivery = world.sealed("evil-" + std::to_string(channel), channel, credential);
    const auto lines =
        world.ask(world.signed_request("/v1/deliveries", world.deliveries({delivery}))).lines();
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_EQ(outcome_of(lines.at(0)), "dead") << credential;
    EXPECT_EQ(lines.at(0).at("code"), "bad_credential");
  }
  EXPECT_TRUE(world.channels.seen.empty());
}

TEST(ProxyDoor, SignedFreshAndForTheFirstTime) {
  World world;
  const std::string body = world.deliveries({world.delivery(1)});
  const auto request = world.signed_request("/v1/deliveries", body);
  EXPECT_EQ(world.ask(request).status, 200);
  const auto replayed = world.ask(request);
  EXPECT_EQ(replayed.status, 401);
  EXPECT_THAT(replayed.body, HasSubstr("signature_replayed"));
  EXPECT_EQ(world.ask(world.signed_request("/v1/deliveries", body, test::kOtherSecret)).status, 200)
      << "either secret";
  EXPECT_EQ(world.ask(world.signed_request("/v1/deliveries", body, "a-third-secret-000")).status,
            401);
  auto changed = world.signed_request("/v1/deliveries", body);
  changed.body += " ";
  EXPECT_EQ(world.ask(changed).status, 401);
  auto elsewhere = world.signed_request("/v1/reseal", body);
  elsewhere.target = "/v1/deliveries";
  EXPECT_EQ(world.ask(elsewhere).status, 401);
  const auto old = world.signed_request("/v1/deliveries", body);
  world.drive_for(Millis{301'000});
  const auto stale = world.ask(old);
  EXPECT_EQ(stale.status, 401);
  EXPECT_THAT(stale.body, HasSubstr("signature_stale"));
  EXPECT_EQ(world.channels.seen.size(), 1U);
}

TEST(ProxyDoor, ThePlainSecretOnlyWhereItIsAllowed) {
  for (const bool compat : {true, false}) {
    World world;
    world.compat = compat;
    world.start("http://one:1");
    for (const char* path : {"/v1/deliveries", "/v1/reseal", "/send-notification"}) {
      auto request = world.request(path, "{}");
      request.headers.push_back({"X-API-Secret", test::kSecret});
      const bool original = path == std::string_view("/send-notification");
      EXPECT_EQ(world.ask(request).status, compat && original ? 422 : 401) << path;
      request.headers.back().value = "wrong";
      EXPECT_EQ(world.ask(request).status, 401) << path;
      request.headers.back().value = "";
      EXPECT_EQ(world.ask(request).status, 401) << path;
    }
  }
}

TEST(ProxyDoor, FailedAttemptsAreSlowedPerAddressAndNobodyIsLockedOut) {
  World world;
  auto guess = world.request("/v1/deliveries", "{}");
  std::vector<std::optional<World::Reply>> replies(20);
  for (auto& reply : replies) world.ask_later(guess, &reply);
  world.drive_for(Millis{100});
  std::size_t dropped = 0;
  for (const auto& reply : replies) dropped += reply && reply->dropped ? 1U : 0U;
  EXPECT_EQ(dropped, 20U - Doorman::kMostWaiting) << "the others wait";

  const Millis before = world.clock.monotonic();
  EXPECT_EQ(world.ask(world.signed_request("/v1/deliveries", world.deliveries({world.delivery(1)})))
                .status,
            200);
  EXPECT_LE(world.clock.monotonic() - before, Millis{50}) << "the right secret is not held up";

  auto other = guess;
  other.remote_address = "198.51.100.1";
  const Millis began = world.clock.monotonic();
  EXPECT_EQ(world.ask(other).status, 401);
  EXPECT_LE(world.clock.monotonic() - began, Millis{250}) << "another address begins anew";

  world.drive([&replies] {
    return std::ranges::all_of(replies, [](const auto& reply) { return reply.has_value(); });
  });
  EXPECT_GE(world.clock.monotonic(), Millis{20'000}) << "eight guesses took long";
  EXPECT_EQ(network_of("2001:db8:1:2:3::4"), network_of("2001:db8:1:2:ffff::1"));
  EXPECT_NE(network_of("2001:db8:1:2::1"), network_of("2001:db8:1:3::1"));
  EXPECT_EQ(network_of("::ffff:192.0.2.1"), "192.0.2.1");
}

TEST(ProxyDoor, AFloodOfGuessesIsCountedAndSaidOnceAMinute) {
  World world;
  const auto said = [&world] {
    std::size_t lines = 0;
    for (std::size_t at = 0; (at = world.log.text.find("turned away", at)) != std::string::npos;
         ++at) {
      ++lines;
    }
    return lines;
  };
  auto guess = world.request("/v1/deliveries", "{}");
  std::vector<std::optional<World::Reply>> replies(500);
  for (auto& reply : replies) world.ask_later(guess, &reply);
  world.drive_for(Millis{1'000});
  EXPECT_EQ(said(), 1U);
  EXPECT_EQ(world.process().metrics.value("streaky_proxy_turned_away_total",
                                          {{"code", "signature_missing"}}),
            500);
  guess.remote_address = "198.51.100.1";
  (void)world.ask(guess);
  EXPECT_EQ(said(), 2U) << "another address";
  world.drive_for(Doorman::kToldAgain);
  (void)world.ask(guess);
  EXPECT_EQ(said(), 3U) << "a minute later";
}

TEST(ProxyRoutes, HealthMetricsAndTheRest) {
  World world;
  const auto health = world.ask(get("/health"));
  EXPECT_EQ(health.status, 200);
  EXPECT_EQ(health.body,
            R"({"status":"healthy","service":"streaky-notification-proxy","version":"0.1.0"})");
  (void)world.ask(world.signed_request("/v1/deliveries", world.deliveries({world.delivery(1)})));
  const auto metrics = world.ask(get("/metrics"));
  EXPECT_THAT(metrics.body,
              HasSubstr("streaky_notify_total{channel=\"discord\",outcome=\"sent\"} 1"));
  EXPECT_THAT(metrics.body, HasSubstr("streaky_proxy_in_hand 0"));
  EXPECT_THAT(metrics.body, HasSubstr("streaky_proxy_remembered 1"));
  EXPECT_EQ(world.ask(get("/nowhere")).status, 404);
  EXPECT_EQ(world.ask(get("/v1/deliveries")).status, 401) << "who may not come in learns nothing";
  EXPECT_EQ(world.ask(world.request("/health", "")).status, 405);
}

TEST(ProxyRoutes, ABanOfTheAddressStopsDiscordAndShows) {
  World world;
  world.channels.script.emplace_back(notify::reply(429, "error code: 1015"));
  (void)world.ask(world.signed_request("/v1/deliveries", world.deliveries({world.delivery(1)})));
  const auto lines =
      world.ask(world.signed_request("/v1/deliveries", world.deliveries({world.delivery(2)})))
          .lines();
  EXPECT_EQ(outcome_of(lines.at(0)), "retry");
  EXPECT_GT(lines.at(0).at("after_ms").as_int64(), 3'000'000);
  EXPECT_EQ(world.channels.seen.size(), 1U) << "all Discord traffic rests";
  const runtime::Metrics& metrics = world.process().metrics;
  EXPECT_EQ(metrics.value("streaky_service_pauses_total",
                          {{"service", "discord"}, {"code", "address_banned"}}),
            1);
  EXPECT_NEAR(metrics.value("streaky_discord_paused_until_seconds"), 1'754'470'000.0 + 3'600, 10);
}

TEST(ProxyReseal, GivesEachValueAnewInOrder) {
  World world;
  const auto one = world.delivery(1);
  const auto two = world.delivery(2);
  const auto value = [](const notify::SealedOutgoing& out, std::int64_t user) {
    return boost::json::object{
        {"user_id", user}, {"channel_id", out.channel_id}, {"sealed", out.sealed}};
  };
  boost::json::object body;
  body["values"] = boost::json::array{value(one, 5), value(two, 6), "junk", value(two, 5)};
  const auto reply = world.ask(world.signed_request("/v1/reseal", boost::json::serialize(body)));
  ASSERT_EQ(reply.status, 200);
  const auto answer = boost::json::parse(reply.body);
  const auto& values = answer.at("values").as_array();
  ASSERT_EQ(values.size(), 4U);
  const std::string fresh(values.at(0).at("sealed").as_string());
  EXPECT_NE(fresh, one.sealed);
  EXPECT_TRUE(world.sealer->open(
      fresh, {.purpose = crypto::Purpose::channel, .user_id = 5, .channel_id = 1}));
  EXPECT_EQ(values.at(1).at("error"), "sealed_does_not_open");
  EXPECT_EQ(values.at(2).at("error"), "malformed");
  EXPECT_TRUE(values.at(3).as_object().contains("sealed"));
}

// Whatever is cut or scrambled: an orderly answer, no message that was not asked for, and the
// proxy goes on.
TEST(ProxyHostile, TenThousandCutAndScrambledBodies) {
  World world;
  const std::string good = world.deliveries({world.delivery(1), world.delivery(2)});
  const std::string original =
      R"({"type":"discord","encrypted_webhook":"AAAA","message":{"username":"u",)"
      R"("current_streak":3,"message":"m"}})";
  runtime::SeededRandom random(99);
  const std::array<const char*, 3> paths = {"/v1/deliveries", "/v1/reseal", "/send-notification"};
  for (int i = 0; i < 10'000; ++i) {
    std::string body = random.below(2) == 0 ? good : original;
    if (random.below(2) == 0) body.resize(random.below(body.size()));
    for (std::uint64_t flips = random.below(6); flips > 0 && !body.empty(); --flips) {
      body[random.below(body.size())] = static_cast<char>(random.below(256));
    }
    const auto reply = world.ask(world.signed_request(paths.at(random.below(3)), body));
    ASSERT_TRUE(reply.status == 200 || reply.status == 400 || reply.status == 422)
        << reply.status << " for " << body;
  }
  EXPECT_EQ(world.process().proxy.in_hand(), 0U);
  EXPECT_THAT(world.log.text, Not(HasSubstr(notify::kToken)));
  const auto lines =
      world.ask(world.signed_request("/v1/deliveries", world.deliveries({world.delivery(3)})))
          .lines();
  EXPECT_EQ(outcome_of(lines.at(0)), "sent");
}

}  // namespace
}  // namespace streaky::proxy
