#include "web/dashboard_view.h"

#include <gtest/gtest.h>

#include "web/heat_map.h"
#include "web/words.h"

namespace streaky::web {
namespace {

const runtime::TimePoint kEvening = runtime::parse_rfc3339("2026-08-06T18:05:00Z").value();

store::User user_seen(const char* date, streak::Verdict verdict, int count) {
  store::User user;
  user.login = "ada";
  user.time_zone = "Europe/Berlin";
  user.remind_at = {20 * 60};
  user.streak.length = 41;
  user.streak.longest = 112;
  user.streak.today = streak::parse_label(date);
  user.streak.today_count = count;
  user.streak.verdict = verdict;
  user.streak.seen_at = kEvening - std::chrono::minutes{5};
  return user;
}

TEST(DashboardView, SaysHowTheDayStandsInTheUsersOwnZone) {
  const auto view = view_of(user_seen("2026-08-06", streak::Verdict::at_risk, 0), {}, kEvening);
  EXPECT_EQ(view.tone, "risk");
  EXPECT_EQ(view.streak, "41");
  EXPECT_EQ(view.longest, "112 days");
  EXPECT_EQ(view.left, "3 h 55 min");
  EXPECT_EQ(view.seen, "Looked at GitHub 5 min ago");
  EXPECT_TRUE(view.detail.contains("20:00"));
  const auto safe = view_of(user_seen("2026-08-06", streak::Verdict::safe, 1), {}, kEvening);
  EXPECT_EQ(safe.tone, "safe");
  EXPECT_EQ(safe.today + " " + safe.today_note, "1 contribution");
}

TEST(DashboardView, WhatIsNotKnownIsNeverZero) {
  store::User user;
  user.time_zone = "UTC";
  const auto never = view_of(user, {}, kEvening);
  EXPECT_EQ(never.tone, "unknown");
  EXPECT_EQ(never.streak, "–");
  EXPECT_EQ(never.today, "–");
  for (const auto verdict : {streak::Verdict::unknown, streak::Verdict::gone}) {
    const auto view = view_of(user_seen("2026-08-06", verdict, 0), {}, kEvening);
    EXPECT_EQ(view.tone, "unknown");
    EXPECT_EQ(view.today, "–");
  }
}

TEST(DashboardView, AnotherDaysVerdictIsNoVerdictOfToday) {
  const auto view = view_of(user_seen("2026-08-05", streak::Verdict::safe, 3), {}, kEvening);
  EXPECT_EQ(view.tone, "unknown");
  EXPECT_EQ(view.today, "–");
  EXPECT_EQ(view.streak_note, "days, as of Wed 5 Aug");
  EXPECT_FALSE(view.headline.contains("safe"));
}

TEST(DashboardView, ALookIsWantedWhereThePageWouldBeOld) {
  const auto user = user_seen("2026-08-06", streak::Verdict::safe, 1);
  EXPECT_FALSE(wants_look(user, kEvening, kEvening));
  EXPECT_TRUE(wants_look(user, std::nullopt, kEvening));
  EXPECT_TRUE(wants_look(user, kEvening - std::chrono::hours{6}, kEvening));
  EXPECT_TRUE(wants_look(user_seen("2026-08-05", streak::Verdict::safe, 1), kEvening, kEvening));
  auto risky = user_seen("2026-08-06", streak::Verdict::at_risk, 0);
  EXPECT_FALSE(wants_look(risky, kEvening, kEvening));
  risky.streak.seen_at = kEvening - std::chrono::minutes{10};
  EXPECT_TRUE(wants_look(risky, kEvening, kEvening));
}

TEST(DashboardView, TheHistoryTellsWhatWasSentAndWhyNothingWas) {
  const auto user = user_seen("2026-08-06", streak::Verdict::safe, 1);
  const std::vector<store::Deliveries::History> deliveries = {
      {.channel_kind = "discord",
       .kind = "reminder",
       .state = "sent",
       .reason = "",
       .at = kEvening - std::chrono::hours{24},
       .subject = "Your streak"},
      {.channel_kind = "telegram",
       .kind = "reminder",
       .state = "dead",
       .reason = "the bot was blocked",
       .at = kEvening - std::chrono::hours{25},
       .subject = ""}};
  const std::vector<store::Jobs::Look> looks = {{.date = *streak::parse_label("2026-08-06"),
                                                 .stage = 1200,
                                                 .state = "completed",
                                                 .verdict = "safe",
                                                 .error = "",
                                                 .at = kEvening - std::chrono::minutes{5}},
                                                {.date = *streak::parse_label("2026-08-05"),
                                                 .stage = 1200,
                                                 .state = "completed",
                                                 .verdict = "superseded",
                                                 .error = "",
                                                 .at = kEvening}};
  const auto lines = history_of(user, deliveries, looks, 10, kEvening);
  ASSERT_EQ(lines.size(), 3U);
  EXPECT_EQ(lines[0].when, "today 20:00");
  EXPECT_EQ(lines[0].reason, "you had already contributed");
  EXPECT_EQ(lines[1].outcome, "sent");
  EXPECT_EQ(lines[1].when, "yesterday 20:05");
  EXPECT_EQ(lines[2].tone, "bad");
  EXPECT_EQ(lines[2].reason, "the bot was blocked");
  EXPECT_EQ(history_of(user, deliveries, looks, 1, kEvening).size(), 1U);
}

TEST(HeatMap, UnknownDaysLookUnknown) {
  const streak::Label today = *streak::parse_label("2026-08-06");
  streak::Calendar calendar;
  calendar.set(today, 0);
  calendar.set(today - std::chrono::days{1}, 4);
  const HeatMap map = make_heat_map(calendar, today);
  EXPECT_TRUE(map.svg.contains("class=\"l0 now\"><title>Thu 6 Aug: 0</title>"));
  EXPECT_TRUE(map.svg.contains("class=\"l1\"><title>Wed 5 Aug: 4</title>"));
  EXPECT_TRUE(map.svg.contains("class=\"lu\"><title>Tue 4 Aug: not known</title>"));
  EXPECT_FALSE(map.svg.contains("Fri 7 Aug")) << "tomorrow is no day of the year yet";
  EXPECT_EQ(map.summary, "At least 4 contributions on 1 day since 3 August 2025.");
  EXPECT_EQ(map.months.front().name, "August 2026");
  EXPECT_FALSE(map.months.front().whole);
}

TEST(HeatMap, AYearIsSmallEnoughForAPage) {
  EXPECT_LE(example_heat_map(*streak::parse_label("2026-08-06")).size(), 30'000U);
}

TEST(Words, DatesAreSaidAsPeopleSayThem) {
  const auto zone = zone_or_utc("Europe/Berlin");
  EXPECT_EQ(local_when(zone, kEvening, kEvening), "today 20:05");
  EXPECT_EQ(local_when(zone, kEvening + std::chrono::hours{5}, kEvening), "tomorrow 01:05");
  EXPECT_EQ(local_when(zone, kEvening - std::chrono::hours{48}, kEvening), "Tue 4 Aug 20:05");
  EXPECT_EQ(ago(kEvening, kEvening), "just now");
  EXPECT_EQ(ago(kEvening - std::chrono::hours{3}, kEvening), "3 h ago");
  EXPECT_EQ(zone_or_utc("Nowhere/Land").name(), "UTC");
}

}  // namespace
}  // namespace streaky::web
