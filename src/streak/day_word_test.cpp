// What a user has said about one day (day_word.h).
#include "streak/day_word.h"

#include <date/date.h>
#include <gtest/gtest.h>

#include <sstream>

namespace streaky::streak {
namespace {

using namespace std::chrono_literals;

Instant at(const char* text) {
  std::istringstream stream(text);
  Instant instant;
  stream >> date::parse("%FT%TZ", instant);
  EXPECT_FALSE(stream.fail()) << text;
  return instant;
}

Zone zone(const char* name) { return Zone::find(name).value(); }
Label day(const char* text) { return parse_label(text).value(); }

DayWord snoozed(const char* date, const char* until) {
  return {.date = day(date), .stopped = false, .snoozed_until = at(until)};
}

TEST(Snooze, IsAnHourToTheNextWholeMinute) {
  EXPECT_EQ(snooze_end(zone("UTC"), at("2026-07-01T20:05:37Z")), at("2026-07-01T21:06:00Z"));
  EXPECT_EQ(snooze_end(zone("UTC"), at("2026-07-01T20:05:00Z")), at("2026-07-01T21:05:00Z"));
}

TEST(Snooze, EndsHalfAnHourBeforeTheUsersMidnightAtTheLatest) {
  EXPECT_EQ(snooze_end(zone("UTC"), at("2026-07-01T23:10:00Z")), at("2026-07-01T23:30:00Z"));
  EXPECT_EQ(snooze_end(zone("Asia/Tokyo"), at("2026-07-01T14:00:00Z")), at("2026-07-01T14:30:00Z"));
  EXPECT_EQ(snooze_end(zone("UTC"), at("2026-07-01T23:30:00Z")), std::nullopt);
  EXPECT_EQ(snooze_end(zone("UTC"), at("2026-07-01T23:59:59Z")), std::nullopt);
}

TEST(Snooze, KnowsWhereAClockChangeSwallowsTheEndOfTheDay) {
  // Nuuk goes from 23:00 on 28 March 2026 straight to the 29th: midnight is at 01:00 UTC.
  EXPECT_EQ(snooze_end(zone("America/Nuuk"), at("2026-03-29T00:00:00Z")),
            at("2026-03-29T00:30:00Z"));
}

TEST(SnoozedStage, IsAStageOfItsMinute) {
  const auto stage =
      snoozed_stage(zone("Europe/Berlin"), snoozed("2026-07-01", "2026-07-01T19:06:00Z"));
  ASSERT_TRUE(stage);
  EXPECT_EQ(stage->minute, 21 * 60 + 6);
  EXPECT_EQ(stage->at, at("2026-07-01T19:06:00Z"));
}

TEST(SnoozedStage, IsNoneWhereTheUserHasMovedAndMidnightComesFirst) {
  const auto word = snoozed("2026-07-01", "2026-07-01T19:06:00Z");
  EXPECT_FALSE(snoozed_stage(zone("Asia/Tokyo"), word)) << "it is 2 July there";
  EXPECT_FALSE(keeps_quiet(zone("Asia/Tokyo"), word, day("2026-07-01"), at("2026-07-01T14:30:00Z")))
      << "quiet without a stage to come would be a missed reminder";
}

TEST(KeepsQuiet, UntilTheSnoozeEndsAndOnItsDateAlone) {
  const auto word = snoozed("2026-07-01", "2026-07-01T21:06:00Z");
  const auto quiet = [&word](const char* date, const char* now) {
    return keeps_quiet(zone("UTC"), word, day(date), at(now));
  };
  EXPECT_TRUE(quiet("2026-07-01", "2026-07-01T20:30:00Z"));
  EXPECT_TRUE(quiet("2026-07-01", "2026-07-01T21:05:59Z"));
  EXPECT_FALSE(quiet("2026-07-01", "2026-07-01T21:06:00Z"));
  EXPECT_FALSE(quiet("2026-07-02", "2026-07-01T20:30:00Z"));
}

TEST(KeepsQuiet, ForTheRestOfAStoppedDay) {
  const DayWord word{.date = day("2026-07-01"), .stopped = true, .snoozed_until = std::nullopt};
  EXPECT_TRUE(keeps_quiet(zone("UTC"), word, day("2026-07-01"), at("2026-07-01T23:59:00Z")));
  EXPECT_FALSE(keeps_quiet(zone("UTC"), word, day("2026-07-02"), at("2026-07-02T20:00:00Z")));
  EXPECT_FALSE(
      keeps_quiet(zone("UTC"), std::nullopt, day("2026-07-01"), at("2026-07-01T20:00:00Z")));
}

}  // namespace
}  // namespace streaky::streak
