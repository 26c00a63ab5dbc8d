#include "streak/day_rules.h"

#include <gtest/gtest.h>

namespace streaky::streak {
namespace {

Label label(const char* text) { return parse_label(text).value(); }

Weekdays weekdays(std::initializer_list<const char*> names) {
  Weekdays days;
  for (const char* name : names) EXPECT_TRUE(days.add(name)) << name;
  return days;
}

TEST(Weekdays, TakesShortAndFullNamesInAnyCase) {
  EXPECT_EQ(weekdays({"sat", "SUN"}), weekdays({"Saturday", "sunday"}));
  EXPECT_EQ(weekdays({"sat", "Sunday", "WED"}).to_text(), "sun,wed,sat");
  EXPECT_EQ(Weekdays().to_text(), "");
  EXPECT_EQ(Weekdays(0xFF).to_text(), "sun,mon,tue,wed,thu,fri,sat");
  EXPECT_EQ(Weekdays(0xFF).bits(), 0x7F);
}

TEST(Weekdays, RefusesAnythingElse) {
  Weekdays days;
  for (const char* name : {"", "s", "sa", "satu", "weekend", "sat,sun", " sat", "6", "samstag"}) {
    EXPECT_FALSE(days.add(name)) << name;
  }
  EXPECT_EQ(days, Weekdays());
}

TEST(Weekdays, KnowsEachDayOfAWeek) {
  // 2 August 2026 is a Sunday.
  const char* names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
  for (int day = 0; day < 7; ++day) {
    for (int other = 0; other < 7; ++other) {
      EXPECT_EQ(weekdays({names[day]}).contains(label("2026-08-02") + std::chrono::days(other)),
                day == other);
    }
  }
  EXPECT_TRUE(weekdays({"thu"}).contains(label("2024-02-29")));
  EXPECT_TRUE(weekdays({"thu"}).contains(label("1970-01-01")));
}

TEST(DayRules, ANewSetOfRestDaysLeavesThePastAlone) {
  DayRules rules;
  rules.rest_days = {{label("2026-08-10"), weekdays({"mon"})},  // a Monday
                     {label("2026-01-01"), weekdays({"sat"})},
                     {label("2026-09-01"), Weekdays()}};
  EXPECT_FALSE(rules.rests(label("2025-12-27"))) << "before the first entry there are none";
  EXPECT_TRUE(rules.rests(label("2026-08-08")));
  EXPECT_FALSE(rules.rests(label("2026-08-03")));
  EXPECT_TRUE(rules.rests(label("2026-08-10"))) << "in force on its first day";
  EXPECT_FALSE(rules.rests(label("2026-08-15")));
  EXPECT_FALSE(rules.rests(label("2026-09-07"))) << "taken back";
}

TEST(DayRules, OfTwoEntriesForOneDateTheLastHolds) {
  DayRules rules;
  rules.rest_days = {{label("2026-01-01"), weekdays({"sat"})},
                     {label("2026-01-01"), weekdays({"sun"})}};
  EXPECT_TRUE(rules.rests(label("2026-08-02")));
  EXPECT_FALSE(rules.rests(label("2026-08-01")));
}

TEST(DayRules, PausesHoldBothTheirEndsAndMayStayOpen) {
  DayRules rules;
  rules.pauses = {{label("2026-08-20"), std::nullopt},
                  {label("2026-07-01"), label("2026-07-10")},
                  {label("2026-07-05"), label("2026-07-06")}};
  EXPECT_FALSE(rules.paused(label("2026-06-30")));
  EXPECT_TRUE(rules.paused(label("2026-07-01")));
  EXPECT_TRUE(rules.paused(label("2026-07-10")));
  EXPECT_FALSE(rules.paused(label("2026-07-11")));
  EXPECT_TRUE(rules.paused(label("2030-01-01")));
  EXPECT_TRUE(rules.skips(label("2026-07-08")));
  EXPECT_FALSE(rules.skips(label("2026-08-19")));
}

TEST(DayRules, SkipsRestDaysToo) {
  DayRules rules;
  rules.rest_days = {{label("1970-01-01"), weekdays({"sun"})}};
  EXPECT_TRUE(rules.skips(label("2026-08-02")));
  EXPECT_FALSE(rules.skips(label("2026-08-03")));
}

}  // namespace
}  // namespace streaky::streak
