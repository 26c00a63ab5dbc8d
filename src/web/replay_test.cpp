#include "web/replay.h"

#include <gmock/gmock.h>

namespace streaky::web {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const streak::Label kToday = *streak::parse_label("2026-08-06");  // a Thursday

streak::Label back(int days) { return kToday - std::chrono::days{days}; }

streak::Calendar every_day_but(std::initializer_list<int> missed) {
  streak::Calendar calendar;
  for (int day = 60; day >= 0; --day) calendar.set(back(day), 1);
  for (const int day : missed) calendar.set(back(day), 0);
  return calendar;
}

TEST(Replay, TellsTheDaysThatEndedWithoutAContribution) {
  EXPECT_THAT(replay(every_day_but({20, 3}), {}, kToday), ElementsAre(back(20), back(3)));
  EXPECT_THAT(replay(every_day_but({}), {}, kToday), IsEmpty());
  EXPECT_THAT(replay(every_day_but({0, 31}), {}, kToday), IsEmpty()) << "not of these thirty days";
}

TEST(Replay, WhereThereWasNoStreakNobodyWouldHaveHeard) {
  EXPECT_THAT(replay(every_day_but({10, 9, 8}), {}, kToday), ElementsAre(back(10)));
}

TEST(Replay, RestDaysAndPausesAreQuiet) {
  streak::DayRules rules;
  streak::Weekdays weekend;
  weekend.add("sat");
  weekend.add("sun");
  rules.rest_days.push_back({.from = back(60), .days = weekend});
  rules.pauses.push_back({.first = back(20), .last = back(19)});
  // 5 days back is a Saturday.
  EXPECT_THAT(replay(every_day_but({20, 12, 5}), rules, kToday), IsEmpty());
}

TEST(Replay, WhatIsNotKnownAccusesNobody) {
  streak::Calendar calendar;
  calendar.set(back(5), 0);
  EXPECT_THAT(replay(calendar, {}, kToday), IsEmpty());
}

}  // namespace
}  // namespace streaky::web
