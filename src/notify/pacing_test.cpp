// The limits of docs/remote-apis.md §3 and §4, kept on a clock that the test moves.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "notify/invalid_requests.h"
#include "notify/pacer.h"
#include "notify/test_world.h"

namespace streaky::notify {
namespace {

using runtime::Millis;
using testing::HasSubstr;
using testing::Not;

std::vector<Outgoing> many_webhooks(int count) {
  std::vector<Outgoing> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) out.push_back(World::discord(std::to_string(1'000'000 + i)));
  return out;
}
std::vector<Outgoing> same_webhook(int count) {
  std::vector<Outgoing> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) out.push_back(World::discord());
  return out;
}
std::vector<Outgoing> same_chat(int count, const std::string& chat) {
  std::vector<Outgoing> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) out.push_back(World::telegram(chat));
  return out;
}

TEST(Pacing, OneMessageWaitsForNothing) {
  World world;
  (void)world.send(World::discord());
  (void)world.send(World::telegram());
  EXPECT_EQ(world.clock.monotonic(), Millis{0});
}

TEST(Pacing, FiveInTwoSecondsPerWebhook) {
  World world;
  world.send_until_done(same_webhook(15));
  EXPECT_EQ(world.http.seen.size(), 15U);
  EXPECT_EQ(most_within(world.http.times(), Millis{2'000}), 5U);
  EXPECT_LE(world.seconds(), 6.5);
}

TEST(Pacing, HiddenThirtyInAMinutePerWebhook) {
  World world;
  world.send_until_done(same_webhook(100));
  EXPECT_EQ(world.http.seen.size(), 100U);
  EXPECT_LE(most_within(world.http.times(), Millis{60'000}), 30U);
  EXPECT_LE(most_within(world.http.times(), Millis{2'000}), 5U);
  EXPECT_LE(world.seconds(), 201.0);
  EXPECT_EQ(world.most_attempts, 2) << "each was told its turn once";
}

TEST(Pacing, ThousandMessagesAtFiftyASecond) {
  World world;
  world.send_until_done(many_webhooks(1'000));
  EXPECT_EQ(world.http.seen.size(), 1'000U);
  EXPECT_LE(most_within(world.http.times(), Millis{1'000}), 50U);
  EXPECT_LE(world.seconds(), 20.5) << "no second is wasted";
}

TEST(Pacing, TenThousandMessagesAreSpreadInsteadOfComingBackTogether) {
  World world;
  world.send_until_done(many_webhooks(10'000));
  EXPECT_EQ(world.http.seen.size(), 10'000U);
  EXPECT_LE(most_within(world.http.times(), Millis{1'000}), 50U);
  EXPECT_EQ(world.most_attempts, 2);
  EXPECT_LE(world.seconds(), 202.0);
  std::vector<Millis> promised;
  promised.reserve(world.promised.size());
  for (const auto at : world.promised) promised.push_back(at.time_since_epoch());
  EXPECT_LE(most_within(promised, Millis{1'000}), 51U);
}

TEST(Pacing, NewcomersNeverPassThosePromisedATurn) {
  World world;
  for (Outgoing& one : many_webhooks(1'000)) world.spawn(std::move(one));
  // While a thousand wait, ten more come each tenth of a second, twice what fits.
  for (int tick = 0; tick < 100; ++tick) {
    world.clock.advance_to(world.clock.now() + Millis{100});
    world.io.restart();
    world.io.poll();
    for (int i = 0; i < 10; ++i) {
      world.spawn(World::discord(std::to_string(2'000'000 + tick * 10 + i)));
    }
  }
  world.drive([&world] { return world.open == 0; });
  Millis last_of_first{0};
  for (const auto& seen : world.http.seen) {
    if (seen.request.url.find("/webhooks/1") != std::string::npos) last_of_first = seen.at;
  }
  EXPECT_LE(last_of_first, Millis{21'000});
  EXPECT_LE(most_within(world.http.times(), Millis{1'000}), 50U);
  EXPECT_LE(world.seconds(), 45.0);
}

TEST(Pacing, HostRateIsAnOption) {
  World world;
  world.options.discord_per_second = 100'000;
  world.restart();
  world.send_until_done(many_webhooks(2'000));
  EXPECT_LE(world.seconds(), 0.1);
}

TEST(Pacing, ProcessesOnOneAddressAndForOneBotShareTheRates) {
  World world;
  world.notifier->share(2, 3);
  world.send_until_done(many_webhooks(200));
  EXPECT_EQ(most_within(world.http.times(), Millis{1'000}), 25U);
  world.http.seen.clear();
  std::vector<Outgoing> chats;
  for (int i = 0; i < 100; ++i) chats.push_back(World::telegram(std::to_string(1'000 + i)));
  world.send_until_done(std::move(chats));
  EXPECT_EQ(most_within(world.http.times(), Millis{1'000}), 10U);
}

TEST(Pacing, ARateThatChangesHoldsBehindWhatIsReserved) {
  World world;
  for (Outgoing& one : many_webhooks(300)) world.spawn(std::move(one));
  world.io.poll();  // all have their turns, within six seconds
  world.notifier->share(5, 5);
  for (int i = 0; i < 30; ++i) world.spawn(World::discord(std::to_string(2'000'000 + i)));
  world.drive([&world] { return world.open == 0; });
  EXPECT_EQ(world.http.seen.size(), 330U);
  EXPECT_LE(most_within(world.http.times(), Millis{1'000}), 50U);
  EXPECT_GE(world.seconds(), 8.9) << "thirty at ten a second, after the six seconds";
  world.http.seen.clear();
  world.notifier->share(1, 1);
  world.send_until_done(many_webhooks(200));
  EXPECT_LE(world.seconds(), 14.0) << "alone again";
}

TEST(Pacing, BusyWebhookDoesNotHoldOthers) {
  World world;
  for (Outgoing& one : same_webhook(200)) world.spawn(std::move(one));
  world.io.poll();
  const auto delivered = world.send(World::discord("42"));
  EXPECT_TRUE(std::holds_alternative<Sent>(delivered.outcome));
  EXPECT_LE(world.seconds(), 1.0);
  world.drive([&world] { return world.open == 0; });
}

TEST(Pacing, OneMessageASecondPerChat) {
  World world;
  world.send_until_done(same_chat(8, "99"));
  EXPECT_EQ(most_within(world.http.times(), Millis{1'000}), 1U);
  EXPECT_LE(world.seconds(), 8.0);
}

TEST(Pacing, TwentyAMinutePerGroup) {
  for (const std::string& chat : {"-1001234567890", "@my_channel"}) {
    World world;
    world.send_until_done(same_chat(50, chat));
    EXPECT_EQ(world.http.seen.size(), 50U);
    EXPECT_LE(most_within(world.http.times(), Millis{60'000}), 20U) << chat;
    EXPECT_LE(world.seconds(), 160.0);
  }
}

TEST(Pacing, ThirtyASecondPerBot) {
  World world;
  std::vector<Outgoing> all;
  for (int i = 1; i <= 200; ++i) all.push_back(World::telegram(std::to_string(i)));
  world.send_until_done(std::move(all));
  EXPECT_LE(most_within(world.http.times(), Millis{1'000}), 30U);
  EXPECT_LE(world.seconds(), 7.0);
}

TEST(Pacing, ThoseWaitingNoticeAPauseThatBeganMeanwhile) {
  World world;
  world.http.latency = Millis{50};
  world.http.script.emplace_back(reply(429, R"({"retry_after":7,"global":true})"));
  world.send_until_done(many_webhooks(100));
  const auto times = world.http.times();
  std::size_t during = 0;
  for (const Millis at : times) during += (at > Millis{60} && at < Millis{7'050}) ? 1U : 0U;
  EXPECT_EQ(during, 0U);
  EXPECT_EQ(times.size(), 101U);
}

TEST(Pacing, StopsLongBeforeDiscordBansTheAddress) {
  World world;
  world.options.discord_per_second = 100'000;
  world.restart();
  world.http.usual = [](const net::HttpRequest&) { return reply(401, "{}"); };
  for (Outgoing& one : many_webhooks(6'000)) world.spawn(std::move(one));
  while (world.clock.monotonic() < Millis{9 * 60 * 1'000}) {
    world.io.restart();
    world.io.poll();
    ASSERT_TRUE(world.clock.advance_to_next());
  }
  EXPECT_GE(world.http.seen.size(), 4'000U);
  EXPECT_LE(world.http.seen.size(), 5'100U);
  EXPECT_THAT(world.log.text, HasSubstr("resting before it bans"));
  world.io.stop();
}

TEST(InvalidRequestsTest, OldOnesAreForgotten) {
  InvalidRequests counter;
  for (int i = 0; i < 20'000; ++i) {
    EXPECT_FALSE(counter.note(Millis{i * 130LL})) << "under 5,000 in ten minutes";
  }
}

TEST(PacerTest, SharedScopeIsNotHeldAgainstUs) {
  World world;
  world.http.usual = [](const net::HttpRequest&) {
    return reply(429, R"({"retry_after":0.1})", {{"X-RateLimit-Scope", "shared"}});
  };
  world.options.discord_per_second = 100'000;
  world.restart();
  for (int i = 0; i < 6'000; ++i) (void)world.send(World::discord(std::to_string(i + 1)));
  EXPECT_EQ(world.http.seen.size(), 6'000U);
}

TEST(PacerTest, ForgetsIdleKeysAndStaysBounded) {
  constexpr Limit kLimits[] = {{5, Millis{2'000}}};
  Pacer pacer;
  Route route;
  route.lane_limits = kLimits;
  route.road = "host";
  route.road_per_second = 1'000'000;
  for (std::size_t i = 0; i < 3 * Pacer::kMaxKeys; ++i) {
    route.lane = std::to_string(i);
    const Millis now{static_cast<std::int64_t>(i)};
    (void)pacer.reserve(route, now, now + Millis{10'000});
    ASSERT_LE(pacer.keys(), Pacer::kMaxKeys + 1);
  }
}

TEST(PacerTest, KeepsAPausedLaneWhenIdleOnesAreForgotten) {
  constexpr Limit kLimits[] = {{5, Millis{2'000}}};
  Pacer pacer;
  Route route;
  route.lane_limits = kLimits;
  route.road = "host";
  route.road_per_second = 1'000'000;
  route.lane = "paused";
  pacer.pause_lane(route, Millis{0}, Millis{100'000'000});
  for (std::size_t i = 0; i < 2 * Pacer::kMaxKeys; ++i) {
    Route other = route;
    other.lane = std::to_string(i);
    const Millis now{static_cast<std::int64_t>(i)};
    (void)pacer.reserve(other, now, now + Millis{10'000});
  }
  EXPECT_FALSE(pacer.stands(route, Millis{99'000'000}));
}

TEST(SlotsTest, AreTakenOnceAndMergedInAnyOrder) {
  Slots slots(50);
  for (const Slots::Slot slot : {5, 3, 4, 7, 6, 9}) slots.take(slot);
  EXPECT_EQ(slots.first_free(3), 8);
  EXPECT_EQ(slots.first_free(0), 0);
  EXPECT_EQ(slots.first_free(8), 8);
  EXPECT_EQ(slots.first_free(9), 10);
  slots.take(8);
  EXPECT_EQ(slots.first_free(3), 10);
  slots.forget_before(10);
  EXPECT_EQ(slots.first_free(3), 3);
}

// Nothing that a service says and nothing that breaks may carry a credential out.
TEST(Leaks, NoCredentialInOutcomesLogsOrMetrics) {
  const std::string echo = std::string(kToken) + " " + kBotToken + " https://discord.com/api/x";
  World world;
  for (const int status : {200, 204, 302, 400, 401, 403, 404, 409, 413, 429, 500, 503}) {
    const std::string json = fmt::format(
        R"({{"ok":false,"error_code":{0},"description":"{1}","message":"{1}","code":50027,)"
        R"("retry_after":0.5,"id":"{1}"}})",
        status, echo);
    for (const std::string& body : {echo, json}) {
      for (const bool discord : {true, false}) {
        world.restart();
        world.http.script.assign(2, reply(status, body, {{"X-RateLimit-Scope", echo}}));
        const auto delivered = world.send(discord ? World::discord() : World::telegram());
        std::string all = world.log.text + world.metrics.text();
        if (const auto* sent = std::get_if<Sent>(&delivered.outcome)) all += sent->remote_id;
        if (const auto* retry = std::get_if<RetryAt>(&delivered.outcome)) all += retry->reason;
        if (const auto* dead = std::get_if<Dead>(&delivered.outcome))
          all.append(dead->code).append(dead->reason);
        if (const auto* no = std::get_if<Refused>(&delivered.outcome))
          all.append(no->code).append(no->reason);
        EXPECT_THAT(all, Not(HasSubstr(kToken)));
        EXPECT_THAT(all, Not(HasSubstr("ABC-DEF1234")));
      }
    }
  }
}

TEST(NotifierMetrics, CountOutcomesPerChannel) {
  World world;
  (void)world.send(World::discord());
  world.http.script.emplace_back(reply(404, R"({"code":10015})"));
  (void)world.send(World::discord());
  world.http.script.emplace_back(reply(500, ""));
  (void)world.send(World::telegram());
  const auto count = [&world](const std::string& channel, const std::string& outcome) {
    return world.metrics.value("streaky_notify_total",
                               {{"channel", channel}, {"outcome", outcome}});
  };
  EXPECT_EQ(count("discord", "sent"), 1);
  EXPECT_EQ(count("discord", "dead"), 1);
  EXPECT_EQ(count("telegram", "retry"), 1);
}

TEST(ChannelKindTest, NamesGoBothWays) {
  EXPECT_EQ(parse_channel_kind(to_text(ChannelKind::discord)), ChannelKind::discord);
  EXPECT_EQ(parse_channel_kind(to_text(ChannelKind::telegram)), ChannelKind::telegram);
  EXPECT_FALSE(parse_channel_kind("Discord").has_value());
}

}  // namespace
}  // namespace streaky::notify
