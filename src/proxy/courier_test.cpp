// A worker and its proxies: batches, lost answers, proxies that come and go.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "proxy/test_world.h"

namespace streaky::proxy {
namespace {

using test::Carried;
using test::Millis;
using test::RetryAt;
using test::Sent;
using test::World;

bool is_sent(const Carried& carried) { return std::holds_alternative<Sent>(carried.outcome); }
const RetryAt& retry_of(const Carried& carried) { return std::get<RetryAt>(carried.outcome); }

std::set<std::string> webhooks_told(const World& world) {
  std::set<std::string> urls;
  for (const auto& seen : world.channels.seen) urls.insert(seen.request.url);
  return urls;
}

TEST(ProxyCourierTest, ManyDeliveriesTravelInFewRequests) {
  World world;
  for (int i = 1; i <= 1'200; ++i) world.spawn(world.delivery(i));
  world.drive_all();
  EXPECT_EQ(world.channels.seen.size(), 1'200U);
  EXPECT_EQ(webhooks_told(world).size(), 1'200U);
  EXPECT_EQ(world.network.hosts["http://one:1"].requests, 3);
  for (int i = 1; i <= 1'200; ++i) {
    const auto& carried = world.carried("delivery-" + std::to_string(i));
    ASSERT_EQ(carried.size(), 1U);
    ASSERT_TRUE(is_sent(carried.front()));
    EXPECT_EQ(std::get<Sent>(carried.front().outcome).remote_id, "1234567890");
  }
}

TEST(ProxyCourierTest, TheWorkerNeverShowsACredentialOnTheWay) {
  World world;
  (void)world.carry(world.delivery(1));
  const auto& seen = world.network.hosts["http://one:1"].seen;
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen.front().body.find(notify::kToken), std::string::npos);
  for (const auto& header : seen.front().headers) {
    EXPECT_EQ(header.value.find(test::kSecret), std::string::npos);
  }
}

TEST(ProxyCourierTest, OneSlowWebhookDoesNotHoldTheOthers) {
  World world;
  // Thirty-five to one webhook: its limits let the last wait for a minute; the others do not.
  for (int i = 1; i <= 35; ++i) {
    world.spawn(world.sealed("slow-" + std::to_string(i), 1,
                             "https://discord.com/api/webhooks/77/" + std::string(notify::kToken)));
  }
  for (int i = 2; i <= 50; ++i) world.spawn(world.delivery(i));
  world.drive_for(Millis{1'000});
  for (int i = 2; i <= 50; ++i) {
    const auto& carried = world.carried("delivery-" + std::to_string(i));
    ASSERT_EQ(carried.size(), 1U) << i << " waits for somebody else";
    EXPECT_TRUE(is_sent(carried.front()));
  }
  EXPECT_GT(world.open, 0U) << "the slow ones are still under way";
  world.drive_all();
}

TEST(ProxyCourierTest, EachOutcomeComesBackAsItWas) {
  World world;
  world.channels.script.emplace_back(notify::reply(404, R"({"code":10015})"));
  const auto dead = world.carry(world.delivery(1));
  ASSERT_TRUE(std::holds_alternative<notify::Dead>(dead.outcome));
  EXPECT_EQ(std::get<notify::Dead>(dead.outcome).code, "unknown_webhook");

  world.channels.script.emplace_back(
      notify::reply(429, R"({"retry_after":40,"global":false})", {{"X-RateLimit-Scope", "user"}}));
  const auto later = world.carry(world.delivery(2));
  const Millis wait = retry_of(later).at - world.clock.now();
  EXPECT_GE(wait, Millis{39'900});
  EXPECT_LE(wait, Millis{40'100});
  EXPECT_FALSE(retry_of(later).own_pause);

  world.channels.script.emplace_back(notify::reply(400, R"({"code":50035})"));
  const auto refused = world.carry(world.delivery(3));
  ASSERT_TRUE(std::holds_alternative<notify::Refused>(refused.outcome));
  EXPECT_EQ(std::get<notify::Refused>(refused.outcome).code, "bad_request");

  world.channels.script.emplace_back(runtime::fail("timeout", "no answer"));
  EXPECT_TRUE(retry_of(world.carry(world.delivery(4))).maybe_seen);
}

TEST(ProxyCourierTest, AMovedChatComesBackSealedAnew) {
  World world;
  auto out = world.sealed(
      "moved", 9, std::string(R"({"token":")") + notify::kBotToken + R"(","chat_id":"-100"})");
  out.kind = notify::ChannelKind::telegram;
  world.channels.script.emplace_back(notify::reply(
      400, R"({"ok":false,"error_code":400,"description":"Bad Request: group chat was upgraded",)"
           R"("parameters":{"migrate_to_chat_id":-1001234567890}})"));
  const auto carried = world.carry(std::move(out));
  ASSERT_TRUE(is_sent(carried));
  const auto opened = world.sealer->open(
      carried.resealed, {.purpose = crypto::Purpose::channel, .user_id = 5, .channel_id = 9});
  ASSERT_TRUE(opened);
  EXPECT_THAT(std::string(opened->reveal()), testing::HasSubstr("-1001234567890"));
}

TEST(ProxyCourierTest, ACredentialThatDoesNotOpenWaitsForItsKey) {
  World world;
  auto out = world.delivery(1);
  out.user_id = 6;
  const auto carried = world.carry(std::move(out));
  EXPECT_EQ(retry_of(carried).code, "sealed_does_not_open");
  EXPECT_TRUE(world.channels.seen.empty());
}

TEST(ProxyCourierTest, ALostAnswerIsAskedForAtTheSameProxyAndSendsOnce) {
  World world({"http://one:1", "http://two:2"});
  world.network.hosts["http://one:1"].lose_answers = 1;
  world.network.hosts["http://two:2"].lose_answers = 1;
  for (int i = 1; i <= 20; ++i) world.spawn(world.delivery(i));
  world.drive_all();
  for (int i = 1; i <= 20; ++i) {
    EXPECT_TRUE(is_sent(world.carried("delivery-" + std::to_string(i)).front()));
  }
  EXPECT_EQ(world.channels.seen.size(), 20U) << "nobody heard twice";
  EXPECT_EQ(world.metrics.value("streaky_proxy_possible_doubles_total"), 0);
}

TEST(ProxyCourierTest, AProxyKilledInMidBatchIsAskedAgainThenAnotherOne) {
  World world({"http://one:1", "http://two:2"});
  world.channels.latency = Millis{50};
  for (int i = 1; i <= 100; ++i) world.spawn(world.delivery(i));
  world.drive_for(Millis{40});
  auto& one = world.network.hosts["http://one:1"];
  ASSERT_EQ(one.requests, 1);
  one.cut_after_pieces = 0;
  world.kill("http://one:1");
  world.drive_all();
  std::size_t sent = 0;
  std::size_t maybe_twice = 0;
  for (int i = 1; i <= 100; ++i) {
    const auto& carried = world.carried("delivery-" + std::to_string(i));
    ASSERT_EQ(carried.size(), 1U);
    sent += is_sent(carried.front()) ? 1U : 0U;
    const auto* as_sent = std::get_if<Sent>(&carried.front().outcome);
    maybe_twice += as_sent != nullptr && as_sent->maybe_seen ? 1U : 0U;
  }
  EXPECT_EQ(sent, 100U);
  EXPECT_EQ(webhooks_told(world).size(), 100U) << "nobody is missed";
  const double possible = world.metrics.value("streaky_proxy_possible_doubles_total");
  EXPECT_EQ(static_cast<double>(world.channels.seen.size() - 100), possible)
      << "what may have come twice is counted, and nothing else is";
  EXPECT_GT(possible, 0);
  EXPECT_EQ(static_cast<double>(maybe_twice), possible) << "their histories say so";
}

TEST(ProxyCourierTest, AProxyThatWasStartedAnewRemembersNothingAndTheHistorySaysSo) {
  World world;
  world.channels.latency = Millis{50};
  for (int i = 1; i <= 20; ++i) world.spawn(world.delivery(i));
  world.drive_for(Millis{40});
  auto& one = world.network.hosts["http://one:1"];
  one.cut_after_pieces = 0;
  world.drive_for(Millis{40});
  one.cut_after_pieces = -1;
  world.kill("http://one:1");
  world.start("http://one:1");
  world.drive_all();
  EXPECT_EQ(world.channels.seen.size(), 40U) << "all were sent, and sent again";
  for (int i = 1; i <= 20; ++i) {
    const auto& carried = world.carried("delivery-" + std::to_string(i));
    ASSERT_TRUE(is_sent(carried.front()));
    EXPECT_TRUE(std::get<Sent>(carried.front().outcome).maybe_seen);
  }
}

TEST(ProxyCourierTest, AChannelKeepsItsProxyAndTheLoadIsSpread) {
  World world({"http://one:1", "http://two:2", "http://three:3"});
  for (int round = 0; round < 2; ++round) {
    for (int i = 1; i <= 300; ++i) {
      auto out = world.delivery(i);
      out.delivery_id += "-" + std::to_string(round);
      world.spawn(std::move(out));
    }
    world.drive_all();
  }
  std::map<std::string, std::set<std::string>> proxies_of;
  std::map<std::string, int> load;
  for (const auto& [url, host] : world.network.hosts) {
    for (const auto& seen : host.seen) {
      for (const auto& one : boost::json::parse(seen.body).at("deliveries").as_array()) {
        proxies_of[std::to_string(one.at("channel_id").as_int64())].insert(url);
        ++load[url];
      }
    }
  }
  for (const auto& [channel, proxies] : proxies_of) EXPECT_EQ(proxies.size(), 1U) << channel;
  for (const auto& [url, count] : load) EXPECT_GT(count, 120) << url;
  EXPECT_EQ(load.size(), 3U);
}

TEST(ProxyCourierTest, OneThatIsDownIsPassedOverAndComesBack) {
  World world({"http://one:1", "http://two:2"});
  world.kill("http://one:1");
  for (int i = 1; i <= 50; ++i) world.spawn(world.delivery(i));
  world.drive_all();
  EXPECT_EQ(webhooks_told(world).size(), 50U);
  EXPECT_EQ(world.channels.seen.size(), 50U);
  EXPECT_EQ(world.metrics.value("streaky_proxy_away", {{"proxy", "one:1"}}), 1);
  EXPECT_EQ(world.metrics.value("streaky_proxy_possible_doubles_total"), 0);

  // While it rests it is not even asked.
  const int asked = world.network.hosts["http://one:1"].requests;
  for (int i = 51; i <= 100; ++i) world.spawn(world.delivery(i));
  world.drive_all();
  EXPECT_EQ(world.network.hosts["http://one:1"].requests, asked);

  world.start("http://one:1");
  world.drive_for(Millis{5'000});
  for (int i = 101; i <= 150; ++i) world.spawn(world.delivery(i));
  world.drive_all();
  EXPECT_GT(world.network.hosts["http://one:1"].requests, asked);
  EXPECT_EQ(world.metrics.value("streaky_proxy_away", {{"proxy", "one:1"}}), 0);
  EXPECT_EQ(webhooks_told(world).size(), 150U);
}

TEST(ProxyCourierTest, AllAwayIsOurOwnPauseAndTheNextTryGoesThrough) {
  World world;
  world.kill("http://one:1");
  const auto first = world.carry(world.delivery(1));
  EXPECT_EQ(retry_of(first).code, "proxy_away");
  EXPECT_TRUE(retry_of(first).own_pause) << "so that a last try before midnight is allowed";
  EXPECT_FALSE(retry_of(first).maybe_seen);
  world.start("http://one:1");
  world.drive_for(retry_of(first).at - world.clock.now());
  EXPECT_TRUE(is_sent(world.carry(world.delivery(1, 2))));
  EXPECT_EQ(world.channels.seen.size(), 1U);
}

TEST(ProxyCourierTest, ALostAnswerAndNoOtherProxySaysThatItMayHaveArrived) {
  World world;
  world.network.hosts["http://one:1"].lose_answers = 2;
  const auto first = world.carry(world.delivery(1));
  EXPECT_TRUE(retry_of(first).maybe_seen);
  world.drive_for(retry_of(first).at - world.clock.now());
  EXPECT_TRUE(is_sent(world.carry(world.delivery(1, 2)))) << "the proxy remembers";
  EXPECT_EQ(world.channels.seen.size(), 1U);
}

TEST(ProxyCourierTest, ABusyProxySaysWhenToComeAgain) {
  World world;
  world.most_in_hand = 10;
  world.start("http://one:1");
  for (int i = 1; i <= 11; ++i) world.spawn(world.delivery(i));
  world.drive_all();
  EXPECT_TRUE(world.channels.seen.empty());
  const auto carried = world.carried("delivery-1").front();
  EXPECT_EQ(retry_of(carried).code, "proxy_busy");
  EXPECT_GT(retry_of(carried).at, world.clock.now());
  EXPECT_TRUE(retry_of(carried).own_pause) << "so that a last try before midnight is allowed";
  EXPECT_TRUE(is_sent(world.carry(world.delivery(1, 2)))) << "one fits";
}

TEST(ProxyCourierTest, AFrontWithoutItsProxyIsPassedOver) {
  World world({"http://one:1", "http://two:2"});
  world.network.hosts["http://one:1"].no_back_end = true;
  for (int i = 1; i <= 50; ++i) world.spawn(world.delivery(i));
  world.drive_all();
  EXPECT_EQ(webhooks_told(world).size(), 50U);
  EXPECT_EQ(world.channels.seen.size(), 50U);
  EXPECT_EQ(world.metrics.value("streaky_proxy_away", {{"proxy", "one:1"}}), 1);
  EXPECT_EQ(world.metrics.value("streaky_proxy_possible_doubles_total"), 0)
      << "a 503 has not seen the delivery";
}

TEST(ProxyCourierTest, OneThatIsStoppingIsPassedOver) {
  World world({"http://one:1", "http://two:2"});
  world.process("http://one:1").proxy.stop();
  for (int i = 1; i <= 50; ++i) world.spawn(world.delivery(i));
  world.drive_all();
  EXPECT_EQ(webhooks_told(world).size(), 50U);
}

TEST(ProxyCourierTest, ABusyProxyKeepsItsDeliveriesForItselfAndTheDoubt) {
  World world({"http://one:1", "http://two:2"});
  world.network.hosts["http://one:1"].lose_answers = 1;
  world.network.hosts["http://two:2"].lose_answers = 1;
  world.spawn(world.delivery(1));
  world.drive_for(Millis{100});  // sent, and the answer lost
  ASSERT_EQ(world.channels.seen.size(), 1U);
  world.most_in_hand = 0;
  world.start("http://one:1");
  world.start("http://two:2");
  world.drive_all();
  const auto carried = world.carried("delivery-1").front();
  EXPECT_EQ(retry_of(carried).code, "proxy_busy");
  EXPECT_TRUE(retry_of(carried).maybe_seen);
}

TEST(ProxyCourierTest, NobodyIsAskedAgainAfterMidnight) {
  World world({"http://one:1", "http://two:2"});
  for (auto& [url, host] : world.network.hosts) host.silent_for = Millis{15'000};
  auto late = world.delivery(1);
  late.expires_at = world.clock.now() + Millis{10'000};
  const auto carried = world.carry(std::move(late));
  EXPECT_EQ(retry_of(carried).code, "expired");
  EXPECT_TRUE(retry_of(carried).maybe_seen) << "the one that was silent may have sent it";
  int requests = 0;
  for (const auto& [url, host] : world.network.hosts) requests += host.requests;
  EXPECT_EQ(requests, 1);
}

TEST(ProxyCourierTest, WhatExpiresBeforeItsRequestLeavesStaysHere) {
  World world;
  auto late = world.delivery(1);
  late.expires_at = world.clock.now() + Millis{5};
  world.spawn(std::move(late));
  world.spawn(world.delivery(2));
  world.drive_all();
  EXPECT_EQ(retry_of(world.carried("delivery-1").front()).code, "expired");
  EXPECT_FALSE(retry_of(world.carried("delivery-1").front()).maybe_seen);
  EXPECT_TRUE(is_sent(world.carried("delivery-2").front()));
  auto past = world.delivery(3);
  past.expires_at = world.clock.now();
  EXPECT_EQ(retry_of(world.carry(std::move(past))).code, "expired");
  EXPECT_EQ(world.channels.seen.size(), 1U);
  EXPECT_EQ(world.network.hosts["http://one:1"].requests, 1);
}

TEST(ProxyCourierTest, AWrongSecretIsTheOperatorsTroubleAndSaidSo) {
  World world;
  notify::ProxyOptions options;
  options.urls = {"http://one:1"};
  options.secret = runtime::Secret("not-the-proxys-secret");
  world.courier = std::make_unique<notify::ProxyCourier>(
      world.network, world.clock, world.random, world.log, world.metrics, world.io.get_executor(),
      std::move(options));
  const auto carried = world.carry(world.delivery(1));
  EXPECT_EQ(retry_of(carried).code, "proxy_away");
  EXPECT_THAT(world.log.text, testing::HasSubstr("proxy.secret"));
  EXPECT_THAT(world.log.text, testing::Not(testing::HasSubstr("not-the-proxys-secret")));
}

TEST(ProxyCourierTest, SomebodyInBetweenWhoLosesTheAnswerIsNoRefusal) {
  World world;
  world.network.hosts["http://one:1"].bad_gateway = 1;
  // The outcome came before the status was spoilt; nothing is sent twice.
  EXPECT_TRUE(is_sent(world.carry(world.delivery(1))));
  EXPECT_EQ(world.channels.seen.size(), 1U);
}

}  // namespace
}  // namespace streaky::proxy
