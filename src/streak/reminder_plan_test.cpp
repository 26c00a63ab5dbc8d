#include "streak/reminder_plan.h"

#include <gtest/gtest.h>

namespace streaky::streak {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

Label label(const char* text) { return parse_label(text).value(); }
Instant at(const char* date, int hour, int minute = 0) {
  return label(date) + hours(hour) + minutes(minute);
}
Zone zone(const char* name) { return Zone::find(name).value(); }
constexpr int clock(int hour, int minute) { return hour * 60 + minute; }

/// All stages after `from` and before `to`, as `2026-08-06 20:00 @ 18:00`.
std::vector<std::string> plan(const char* zone_name, const StageMinutes& stages, Instant from,
                              Instant to) {
  std::vector<std::string> told;
  Instant after = from;
  while (const auto stage = next_stage(zone(zone_name), stages, after)) {
    if (stage->at >= to) break;
    told.push_back(to_text(stage->date) + " " + minute_text(stage->minute) + " @ " +
                   zone("UTC").clock_text(stage->at));
    EXPECT_GT(stage->at, after);
    after = stage->at;
  }
  return told;
}

using Plan = std::vector<std::string>;

TEST(Minute, IsRead) {
  EXPECT_EQ(parse_minute("20:05"), 1205);
  EXPECT_EQ(parse_minute("8:05"), 485);
  EXPECT_EQ(parse_minute("08:05"), 485);
  EXPECT_EQ(parse_minute("0:00"), 0);
  EXPECT_EQ(parse_minute("23:59"), 1439);
  for (const char* text : {"",     ":",      "20",     "20:",   ":05",      "24:00", "20:60",
                           "20:5", "020:05", "20:055", " 8:05", "8:05 ",    "-1:00", "+8:00",
                           "8.05", "8:0x",   "x8:00",  "8pm",   "20:05:00", "٢٠:٠٥"}) {
    EXPECT_FALSE(parse_minute(text)) << text;
  }
  EXPECT_EQ(minute_text(1205), "20:05");
  EXPECT_EQ(minute_text(5), "00:05");
  for (int minute = 0; minute < 1440; ++minute) {
    EXPECT_EQ(parse_minute(minute_text(minute)), minute);
  }
}

TEST(NextStage, LiesStrictlyAfter) {
  const StageMinutes stages = {clock(9, 0), clock(20, 0)};
  const Instant nine = at("2026-08-06", 9);
  EXPECT_EQ(next_stage(zone("UTC"), stages, nine - milliseconds(1))->at, nine);
  EXPECT_EQ(next_stage(zone("UTC"), stages, nine)->at, at("2026-08-06", 20));
  EXPECT_EQ(next_stage(zone("UTC"), stages, at("2026-08-06", 20))->at, at("2026-08-07", 9));
  EXPECT_EQ(next_stage(zone("UTC"), stages, at("2026-12-31", 20))->date, label("2027-01-01"));
  EXPECT_EQ(next_stage(zone("UTC"), {}, nine), std::nullopt);
}

TEST(NextStage, IsOfTheUsersDay) {
  const StageMinutes stages = {clock(0, 30), clock(20, 0)};
  const auto stage = next_stage(zone("Pacific/Kiritimati"), stages, at("2026-08-06", 10));
  ASSERT_TRUE(stage);
  EXPECT_EQ(stage->date, label("2026-08-07"));
  EXPECT_EQ(stage->minute, clock(0, 30));
  EXPECT_EQ(stage->at, at("2026-08-06", 10, 30));
}

TEST(NextStage, IgnoresWhatIsNoTimeOfDay) {
  const StageMinutes stages = {-1, 1440, 100'000};
  EXPECT_EQ(next_stage(zone("UTC"), stages, at("2026-08-06", 9)), std::nullopt);
}

TEST(NextStage, KeepsToTheClockThroughDaylightSaving) {
  EXPECT_EQ(
      plan("Europe/Berlin", {clock(20, 0)}, at("2026-03-27", 20), at("2026-03-30", 20)),
      (Plan{"2026-03-28 20:00 @ 19:00", "2026-03-29 20:00 @ 18:00", "2026-03-30 20:00 @ 18:00"}));
}

TEST(NextStage, MovesThroughAGapAndFiresOnceInAnOverlap) {
  EXPECT_EQ(plan("Europe/Berlin", {clock(2, 30)}, at("2026-03-28", 2), at("2026-03-30", 2)),
            (Plan{"2026-03-29 02:30 @ 01:00", "2026-03-30 02:30 @ 00:30"}));
  EXPECT_EQ(plan("Europe/Berlin", {clock(2, 30)}, at("2026-10-24", 2), at("2026-10-26", 2)),
            (Plan{"2026-10-25 02:30 @ 00:30", "2026-10-26 02:30 @ 01:30"}));
}

TEST(NextStage, StagesThatAGapMovesTogetherAreOne) {
  EXPECT_EQ(
      plan("Europe/Berlin", {clock(1, 59), clock(2, 0), clock(2, 30), clock(3, 0), clock(3, 1)},
           at("2026-03-28", 23), at("2026-03-29", 3)),
      (Plan{"2026-03-29 01:59 @ 00:59", "2026-03-29 03:00 @ 01:00", "2026-03-29 03:01 @ 01:01"}));
}

TEST(NextStage, MidnightThatDoesNotExistIsTheFirstMomentOfTheDay) {
  EXPECT_EQ(plan("Asia/Beirut", {0, clock(23, 59)}, at("2026-03-27", 23), at("2026-03-29", 23)),
            (Plan{"2026-03-28 23:59 @ 21:59", "2026-03-29 00:00 @ 22:00",
                  "2026-03-29 23:59 @ 20:59", "2026-03-30 00:00 @ 21:00"}));
}

TEST(NextStage, ADateThatTheZoneLeftOutHasNone) {
  EXPECT_EQ(plan("Pacific/Apia", {0, clock(20, 0)}, at("2011-12-29", 12), at("2012-01-01", 0)),
            (Plan{"2011-12-29 20:00 @ 06:00", "2011-12-31 00:00 @ 10:00",
                  "2011-12-31 20:00 @ 06:00", "2012-01-01 00:00 @ 10:00"}));
  EXPECT_EQ(plan("Pacific/Kwajalein", {clock(9, 0)}, at("1993-08-20", 0), at("1993-08-22", 12)),
            (Plan{"1993-08-20 09:00 @ 21:00", "1993-08-22 09:00 @ 21:00"}));
}

TEST(NextStage, AGapThatEndsTheDayNeverMovesAReminderPastMidnight) {
  // Nuuk goes from 23:00 on Saturday, 28 March, straight to Sunday.
  EXPECT_EQ(plan("America/Nuuk", {clock(23, 30)}, at("2026-03-28", 2), at("2026-03-30", 2)),
            (Plan{"2026-03-28 23:30 @ 00:30", "2026-03-29 23:30 @ 00:30"}));
  EXPECT_EQ(plan("America/Nuuk", {clock(22, 45), clock(23, 0), clock(23, 30)}, at("2026-03-28", 2),
                 at("2026-03-29", 2)),
            (Plan{"2026-03-28 23:30 @ 00:45"}))
      << "one reminder, not before the one that was to come first";
  EXPECT_EQ(plan("America/Nuuk", {0}, at("2026-03-28", 3), at("2026-03-29", 3)),
            (Plan{"2026-03-29 00:00 @ 01:00"}))
      << "a reminder at midnight belongs to the day that begins";
}

TEST(NextStage, ManyADay) {
  StageMinutes hourly;
  for (int hour = 0; hour < 24; ++hour) hourly.push_back(clock(hour, 0));
  ASSERT_EQ(hourly.size(), kMostStages);
  const auto count = [&hourly](const char* date) {
    return plan("Europe/Berlin", hourly,
                zone("Europe/Berlin").instant_of(label(date), 0) - minutes(1),
                zone("Europe/Berlin").end_of(label(date)))
        .size();
  };
  EXPECT_EQ(count("2026-08-06"), 24U);
  EXPECT_EQ(count("2026-03-29"), 23U);
  EXPECT_EQ(count("2026-10-25"), 24U);
}

TEST(LatestStage, IsTheLastOfTodayThatHasPassed) {
  const StageMinutes stages = {clock(9, 0), clock(20, 0)};
  const Zone berlin = zone("Europe/Berlin");
  EXPECT_EQ(latest_stage_today(berlin, stages, at("2026-08-06", 6, 59)), std::nullopt);
  EXPECT_EQ(latest_stage_today(berlin, stages, at("2026-08-06", 7))->minute, clock(9, 0));
  EXPECT_EQ(latest_stage_today(berlin, stages, at("2026-08-06", 17, 59))->minute, clock(9, 0));
  const auto late = latest_stage_today(berlin, stages, at("2026-08-06", 21, 59));
  EXPECT_EQ(late->minute, clock(20, 0));
  EXPECT_EQ(late->date, label("2026-08-06"));
  EXPECT_EQ(late->at, at("2026-08-06", 18));
  EXPECT_EQ(latest_stage_today(berlin, stages, at("2026-08-06", 22)), std::nullopt)
      << "yesterday's reminder is no longer worth anything";
  EXPECT_EQ(latest_stage_today(berlin, {}, at("2026-08-06", 12)), std::nullopt);
}

TEST(LatestStage, ThroughGapsAndOverlaps) {
  const StageMinutes stages = {clock(2, 30)};
  const Zone berlin = zone("Europe/Berlin");
  EXPECT_EQ(latest_stage_today(berlin, stages, at("2026-03-29", 0, 59)), std::nullopt);
  EXPECT_EQ(latest_stage_today(berlin, stages, at("2026-03-29", 1))->at, at("2026-03-29", 1));
  EXPECT_EQ(latest_stage_today(berlin, stages, at("2026-10-25", 1, 10))->at,
            at("2026-10-25", 0, 30))
      << "02:10 the second time: it has fired";
}

}  // namespace
}  // namespace streaky::streak
