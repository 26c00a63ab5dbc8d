// Links in messages (action_links.h).
#include "engine/action_links.h"

#include <gtest/gtest.h>

namespace streaky::engine {
namespace {

using runtime::TimePoint;

TimePoint at(const char* text) { return runtime::parse_rfc3339(text).value(); }

struct LinksTest : testing::Test {
  LinksTest() {
    delivery.user_id = 7;
    delivery.kind = "reminder";
    delivery.date = streak::parse_label("2026-07-01").value();
    delivery.stage = 1200;
    delivery.expires_at = at("2026-07-02T00:00:00Z");
  }
  [[nodiscard]] std::vector<std::string> labels(const char* now) const {
    std::vector<std::string> labels;
    for (const streak::Link& link : links.links_for(delivery, at(now))) {
      labels.push_back(link.label);
    }
    return labels;
  }

  std::unique_ptr<crypto::Sealer> sealer = crypto::make_ephemeral_sealer();
  ActionLinks links{*sealer, "https://streaky.example"};
  store::ClaimedDelivery delivery;
};

constexpr const char* kEvening = "2026-07-01T20:00:00Z";
constexpr std::string_view kBefore = "https://streaky.example/today/";

TEST_F(LinksTest, SayWhoseDayWhichReminderAndWhatAndWhenItEnds) {
  const auto made = links.links_for(delivery, at(kEvening));
  ASSERT_EQ(made.size(), 3U);
  const std::vector<DayAction> actions = {DayAction::snooze, DayAction::rest, DayAction::stop};
  for (std::size_t i = 0; i < made.size(); ++i) {
    ASSERT_TRUE(made[i].url.starts_with(kBefore)) << made[i].url;
    const auto link = links.read(std::string_view(made[i].url).substr(kBefore.size()));
    ASSERT_TRUE(link);
    EXPECT_EQ(link->user_id, 7);
    EXPECT_EQ(link->date, delivery.date);
    EXPECT_EQ(link->stage, 1200);
    EXPECT_EQ(link->action, actions[i]);
    EXPECT_EQ(link->ends_at, delivery.expires_at);
  }
}

TEST_F(LinksTest, AreInRemindersAloneAndOnlyWhereThereIsAnAddress) {
  for (const char* kind : {"could_not_check", "summary", "channel_off:3"}) {
    delivery.kind = kind;
    EXPECT_TRUE(links.links_for(delivery, at(kEvening)).empty()) << kind;
  }
  delivery.kind = "reminder";
  EXPECT_TRUE(ActionLinks(*sealer, "").links_for(delivery, at(kEvening)).empty());
}

TEST_F(LinksTest, OfferNoSnoozeWhenTheDayIsNearlyOver) {
  EXPECT_EQ(labels("2026-07-01T23:15:00Z").size(), 3U);
  EXPECT_EQ(labels("2026-07-01T23:25:00Z"),
            (std::vector<std::string>{"Rest today", "No more today"}));
}

TEST_F(LinksTest, OneChangedCharacterOrAnotherPurposeOpensNothing) {
  const std::string url = links.links_for(delivery, at(kEvening)).front().url;
  const std::string token = url.substr(kBefore.size());
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string forged = token;
    forged[i] = forged[i] == 'A' ? 'B' : 'A';
    EXPECT_FALSE(links.read(forged)) << i;
  }
  for (const char* text : {"", "x", "v1.k1.AAAA", "7 2026-07-01 1200 s 1"}) {
    EXPECT_FALSE(links.read(text)) << text;
  }
  EXPECT_FALSE(links.read(std::string(100'000, 'A')));
  const runtime::Secret text("7 2026-07-01 1200 s 1782950400000");
  EXPECT_FALSE(links.read(sealer->seal(text, {.purpose = crypto::Purpose::session})));
  const auto other = crypto::make_ephemeral_sealer();
  EXPECT_FALSE(ActionLinks(*other, "").read(token)) << "another key";
}

TEST_F(LinksTest, WhatIsSealedButNoLinkIsNone) {
  for (const char* text : {"", "7", "7 2026-07-01", "7 2026-07-01 1200 x 1", "x 2026-07-01 1 s 1",
                           "7 2026-13-01 1200 s 1", "7 2026-07-01 1200 ss 1"}) {
    const runtime::Secret sealed(text);
    EXPECT_FALSE(links.read(sealer->seal(sealed, {.purpose = crypto::Purpose::action_link})))
        << text;
  }
}

}  // namespace
}  // namespace streaky::engine
