// Both ends of the wire between worker and proxy distrust each other.
#include "notify/proxy_wire.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "notify/proxy_batch.h"
#include "runtime/random.h"

namespace streaky::notify {
namespace {

using runtime::Millis;

constexpr runtime::TimePoint kNow{Millis{1'754'470'000'000}};

SealedOutgoing delivery(const std::string& id = "d-1") {
  SealedOutgoing out;
  out.delivery_id = id;
  out.kind = ChannelKind::telegram;
  out.sealed = "c1.k1.AAAA_-";
  out.user_id = 5;
  out.channel_id = 9'000'000'000'000'000'000;
  out.message = {"A \"subject\"", "Body\n✓", streak::Urgency::medium};
  out.attempt = 3;
  out.expires_at = kNow + Millis{60'000};
  return out;
}

TEST(ProxyWire, ADeliveryArrivesAsItWas) {
  const auto value = boost::json::parse(delivery_text(delivery(), kNow));
  // The other clock is an hour ahead: durations travel, not instants.
  const auto read = read_delivery(value, kNow + Millis{3'600'000});
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->delivery_id, "d-1");
  EXPECT_EQ(read->kind, ChannelKind::telegram);
  EXPECT_EQ(read->sealed, "c1.k1.AAAA_-");
  EXPECT_EQ(read->user_id, 5);
  EXPECT_EQ(read->channel_id, 9'000'000'000'000'000'000);
  EXPECT_EQ(read->message.subject, "A \"subject\"");
  EXPECT_EQ(read->message.body, "Body\n✓");
  EXPECT_EQ(read->message.urgency, streak::Urgency::medium);
  EXPECT_EQ(read->attempt, 3);
  EXPECT_EQ(read->expires_at, kNow + Millis{3'660'000});
}

TEST(ProxyWire, BytesThatAreNoTextSpoilNobodyElsesMessage) {
  SealedOutgoing out = delivery();
  out.message.body = "half \xE2\x9C a character";
  boost::system::error_code error;
  const auto value = boost::json::parse(delivery_text(out, kNow), error);
  ASSERT_FALSE(error);
  EXPECT_TRUE(read_delivery(value, kNow));
}

TEST(ProxyWire, OutcomesArriveAsTheyWere) {
  Carried retry;
  retry.outcome = RetryAt{.at = kNow + Millis{40'000},
                          .reason = "later",
                          .maybe_seen = true,
                          .own_pause = true,
                          .code = "proxy_exception"};
  auto read = read_outcome(outcome_line("d-1", retry, kNow), kNow + Millis{7});
  ASSERT_TRUE(read);
  const auto& later = std::get<RetryAt>(read->carried.outcome);
  EXPECT_EQ(later.at, kNow + Millis{40'007});
  EXPECT_EQ(later.code, "proxy_exception");
  EXPECT_TRUE(later.maybe_seen && later.own_pause);

  Carried moved;
  moved.outcome = Sent{"42"};
  moved.resealed = "c1.k1.BBBB";
  read = read_outcome(outcome_line("d-2", moved, kNow), kNow);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->delivery_id, "d-2");
  EXPECT_EQ(std::get<Sent>(read->carried.outcome).remote_id, "42");
  EXPECT_EQ(read->carried.resealed, "c1.k1.BBBB");
}

TEST(ProxyWire, WhatIsNoOutcomeIsNone) {
  for (const char* line :
       {"", "{}", "null", "[1]", R"({"open":3})", R"({"id":"d-1"})",
        R"({"id":"","outcome":"sent"})", R"({"id":7,"outcome":"sent"})",
        R"({"id":"d-1","outcome":"perhaps","code":"x"})", R"({"id":"d-1","outcome":"dead"})",
        R"({"id":"d-1","outcome":"dead","code":"A b"})",
        R"({"id":"d-1","outcome":"sent","remote_id":"a\nb"})",
        R"({"id":"d-1","outcome":"retry","code":"x"})",
        R"({"id":"d-1","outcome":"retry","code":"x","after_ms":-1})",
        R"({"id":"d-1","outcome":"sent","resealed":"https://evil.example"})"}) {
    EXPECT_FALSE(read_outcome(line, kNow)) << line;
  }
  const auto far = read_outcome(
      R"({"id":"d-1","outcome":"retry","code":"x","after_ms":9223372036854775807})", kNow);
  ASSERT_TRUE(far);
  EXPECT_LE(std::get<RetryAt>(far->carried.outcome).at, kNow + Millis{24LL * 3600 * 1000});
}

TEST(ProxyWire, TenThousandCutAndScrambledLines) {
  runtime::VirtualClock clock{kNow};
  runtime::SeededRandom random(5);
  Carried carried;
  carried.outcome = Dead{"unknown_webhook", "gone"};
  const std::string good = outcome_line("d-1", carried, kNow);
  for (int i = 0; i < 10'000; ++i) {
    ProxyBatch batch(clock);
    const auto parcel = std::make_shared<ProxyParcel>(clock, delivery());
    const auto other = std::make_shared<ProxyParcel>(clock, delivery("d-2"));
    ASSERT_TRUE(batch.add(parcel) && batch.add(other));
    std::string text = good + good;
    for (std::uint64_t flips = random.below(5); flips > 0; --flips) {
      text[random.below(text.size())] = static_cast<char>(random.below(256));
    }
    text.resize(random.below(text.size()));
    // In pieces of any size.
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t size = 1 + random.below(text.size() - at);
      batch.take_piece(std::string_view(text).substr(at, size));
      at += size;
    }
    batch.settle_rest(Fate::lost, {});
    EXPECT_NE(parcel->fate, Fate::waiting);
    EXPECT_EQ(batch.open(), 0U);
    EXPECT_NE(other->fate, Fate::waiting);
  }
}

TEST(ProxyBatchTest, IsBoundedByNumberBytesAndId) {
  runtime::VirtualClock clock{kNow};
  ProxyBatch many(clock);
  for (std::size_t i = 0; i < kMostPerRequest; ++i) {
    ASSERT_TRUE(many.add(std::make_shared<ProxyParcel>(clock, delivery(std::to_string(i)))));
  }
  EXPECT_FALSE(many.add(std::make_shared<ProxyParcel>(clock, delivery("one-more"))));
  const std::string body = many.take_body();
  EXPECT_EQ(boost::json::parse(body).at("deliveries").as_array().size(), kMostPerRequest);

  ProxyBatch twice(clock);
  EXPECT_TRUE(twice.add(std::make_shared<ProxyParcel>(clock, delivery())));
  EXPECT_FALSE(twice.add(std::make_shared<ProxyParcel>(clock, delivery())));

  ProxyBatch large(clock);
  SealedOutgoing long_one = delivery();
  long_one.message.body = std::string(kMaxBodyBytes, '\n');
  std::size_t added = 0;
  for (bool fits = true; fits; added += fits ? 1U : 0U) {
    long_one.delivery_id = std::to_string(added);
    fits = large.add(std::make_shared<ProxyParcel>(clock, long_one));
  }
  EXPECT_LT(added, kMostPerRequest);
  EXPECT_LT(large.take_body().size(), kMaxProxyRequestBytes);
}

TEST(ProxyBatchTest, ALineWithoutEndIsNotGathered) {
  runtime::VirtualClock clock{kNow};
  ProxyBatch batch(clock);
  const auto parcel = std::make_shared<ProxyParcel>(clock, delivery());
  ASSERT_TRUE(batch.add(parcel));
  for (int i = 0; i < 1'000; ++i) batch.take_piece(std::string(10'000, 'x'));
  batch.take_piece("\n" + outcome_line("d-1", Carried{}, kNow));
  EXPECT_EQ(parcel->fate, Fate::answered);
}

TEST(ProxyWire, LinksTravelAndBadOnesAreLeftOutBeforeTheProxyRefusesThem) {
  SealedOutgoing out = delivery();
  out.message.links = {{"Rest today", "https://streaky.example/today/AA"},
                       {"evil", "javascript:alert(1)"}};
  out.message.silent = true;
  const auto read = read_delivery(boost::json::parse(delivery_text(out, kNow)), kNow);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->message.silent);
  ASSERT_EQ(read->message.links.size(), 1U);
  EXPECT_EQ(read->message.links[0].label, "Rest today");
  EXPECT_EQ(read->message.links[0].url, "https://streaky.example/today/AA");

  auto value = boost::json::parse(delivery_text(out, kNow));
  auto& links = value.as_object().at("message").as_object().at("links");
  links.as_array()[0].as_object()["url"] = "file:///etc/passwd";
  EXPECT_FALSE(read_delivery(value, kNow));
  links = "x";
  EXPECT_FALSE(read_delivery(value, kNow));
}

}  // namespace
}  // namespace streaky::notify
