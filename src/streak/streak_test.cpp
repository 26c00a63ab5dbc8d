#include "streak/streak.h"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace streaky::streak {
namespace {

using std::chrono::days;

Label label(const char* text) { return parse_label(text).value(); }

const Label kToday = parse_label("2026-08-06").value();  // a Thursday

/// One character per day, `last` the newest: a digit is a count, `?` is unknown.
Calendar calendar_of(std::string_view marks, Label last) {
  Calendar calendar;
  Label day = last - days(static_cast<int>(marks.size()) - 1);
  for (const char mark : marks) {
    if (mark != '?') calendar.set(day, mark - '0');
    day += days(1);
  }
  return calendar;
}

DayRules resting(const std::vector<const char*>& names) {
  RestDays entry{.from = Label{}, .days = {}};
  for (const char* name : names) entry.days.add(name);
  DayRules rules;
  rules.rest_days.push_back(entry);
  return rules;
}

JudgeInput input_of(const Calendar& calendar, const DayRules& rules) {
  return {.calendar = calendar,
          .rules = rules,
          .today = kToday,
          .utc_today = kToday,
          .anchor = std::nullopt,
          .earliest = std::nullopt};
}

struct Case {
  const char* what;
  const char* marks;  // up to today, then tomorrow
  std::vector<const char*> rest_days;
  Verdict verdict;
  int streak;
  int open = 1000;  // days from today; 1000: closed
};

class Judged : public testing::TestWithParam<Case> {};

TEST_P(Judged, ByTheRules) {
  const Case& expected = GetParam();
  SCOPED_TRACE(expected.what);
  const Calendar calendar = calendar_of(expected.marks, kToday + days(1));
  const DayRules rules = resting(expected.rest_days);
  const Judgement judgement = judge(input_of(calendar, rules));
  EXPECT_STREQ(to_text(judgement.verdict), to_text(expected.verdict));
  EXPECT_EQ(judgement.streak, expected.streak);
  std::optional<Label> open;
  if (expected.open != 1000) open = kToday + days(expected.open);
  EXPECT_EQ(judgement.open_at, open);
  EXPECT_EQ(judgement.began.has_value(), expected.streak > 0);
}

INSTANTIATE_TEST_SUITE_P(
    EveryDay, Judged,
    testing::Values(Case{"contributed today", "01110", {}, Verdict::safe, 3},
                    Case{"today is not over", "01100", {}, Verdict::at_risk, 2},
                    Case{"one day is a streak", "00100", {}, Verdict::at_risk, 1},
                    Case{"began today", "00010", {}, Verdict::safe, 1},
                    Case{"yesterday was missed", "01000", {}, Verdict::no_streak, 0},
                    Case{"nothing at all", "00000", {}, Verdict::no_streak, 0},
                    Case{"began again after a gap", "1110110", {}, Verdict::safe, 2},
                    Case{"many in a day count once", "0990", {}, Verdict::safe, 2}));

INSTANTIATE_TEST_SUITE_P(
    TomorrowsLabel, Judged,
    testing::Values(Case{"grace belongs to today", "01101", {}, Verdict::safe, 3},
                    Case{"all three", "01112", {}, Verdict::safe, 4},
                    Case{"tomorrow alone", "00001", {}, Verdict::safe, 1},
                    Case{"unknown, nothing today", "0110?", {}, Verdict::unknown, 2, 1},
                    Case{"unknown, but today suffices", "0111?", {}, Verdict::safe, 3, 1}));

INSTANTIATE_TEST_SUITE_P(
    UnknownLabels, Judged,
    testing::Values(Case{"nothing known", "?????", {}, Verdict::unknown, 0, 1},
                    Case{"today", "011?0", {}, Verdict::unknown, 2, 0},
                    Case{"today, but tomorrow suffices", "011?1", {}, Verdict::safe, 3, 0},
                    Case{"yesterday, nothing today", "01?00", {}, Verdict::unknown, 0, -1},
                    Case{"yesterday, contributed today", "01?10", {}, Verdict::safe, 1, -1},
                    Case{"further back: alive for certain", "1?1100", {}, Verdict::at_risk, 2, -3},
                    Case{"further back, contributed today", "1?1110", {}, Verdict::safe, 3, -3},
                    Case{"behind the gap it does not matter", "?01100", {}, Verdict::at_risk, 2},
                    Case{"today and tomorrow", "011??", {}, Verdict::unknown, 2, 1}));

// Today is a Thursday, the last mark a Friday.
INSTANTIATE_TEST_SUITE_P(
    RestDays, Judged,
    testing::Values(
        Case{"zeros on them are skipped", "010011110", {"sat", "sun"}, Verdict::safe, 5},
        Case{"a contribution counts", "010111110", {"sat", "sun"}, Verdict::safe, 6},
        Case{"other zeros break", "010011110", {"sun"}, Verdict::safe, 4},
        Case{"today, nothing yet", "01100", {"thu"}, Verdict::day_off, 2},
        Case{"today, contributed", "01110", {"thu"}, Verdict::safe, 3},
        Case{"today, tomorrow contributed", "01101", {"thu"}, Verdict::safe, 3},
        Case{"today, but no streak", "01000", {"thu"}, Verdict::no_streak, 0},
        Case{"yesterday skipped, today empty", "011000", {"wed"}, Verdict::at_risk, 2},
        Case{"today and yesterday", "011000", {"wed", "thu"}, Verdict::day_off, 2},
        Case{"alive for certain on a day off", "?1100", {"thu"}, Verdict::day_off, 2, -3},
        Case{"nothing but skipped days is no answer",
             "?0000",
             {"tue", "wed"},
             Verdict::unknown,
             0,
             -3}));

TEST(Judge, PausesAreSkippedLikeRestDays) {
  const Calendar calendar = calendar_of("0110000100", kToday + days(1));
  DayRules rules;
  rules.pauses = {{kToday - days(5), kToday - days(2)}};
  Judgement judgement = judge(input_of(calendar, rules));
  EXPECT_EQ(judgement.verdict, Verdict::at_risk);
  EXPECT_EQ(judgement.streak, 3);
  EXPECT_EQ(judgement.began, kToday - days(7));

  rules.pauses[0].last = kToday - days(3);
  judgement = judge(input_of(calendar, rules));
  EXPECT_EQ(judgement.streak, 1) << "the day after the pause was missed";

  rules.pauses = {{kToday, std::nullopt}};
  EXPECT_EQ(judge(input_of(calendar, rules)).verdict, Verdict::day_off);
}

TEST(Judge, RulesHoldAsTheyWereInForce) {
  // The only zero lies on Saturday, 1 August; the settings were changed on Monday, 3 August.
  const Calendar calendar = calendar_of("01110111100", kToday + days(1));
  Weekdays saturday;
  saturday.add("sat");
  DayRules rules;
  rules.rest_days = {{Label{}, saturday}, {kToday - days(3), Weekdays()}};
  EXPECT_EQ(judge(input_of(calendar, rules)).streak, 7) << "it was a rest day then";
  rules.rest_days = {{Label{}, Weekdays()}, {kToday - days(3), saturday}};
  EXPECT_EQ(judge(input_of(calendar, rules)).streak, 4) << "it was none then";
}

TEST(Judge, ALabelThatCannotExistYetIsZero) {
  // In Kiritimati (UTC+14) it may be one day later than in UTC: GitHub knows no tomorrow there.
  const Calendar calendar = calendar_of("0110", kToday);
  const DayRules rules;
  JudgeInput input = input_of(calendar, rules);
  input.utc_today = kToday - days(1);
  EXPECT_EQ(judge(input).verdict, Verdict::at_risk);
  EXPECT_EQ(judge(input).open_at, std::nullopt);
  input.utc_today = kToday;
  EXPECT_EQ(judge(input).verdict, Verdict::unknown);
  input.utc_today = kToday + days(1);
  EXPECT_EQ(judge(input).verdict, Verdict::unknown) << "far west, tomorrow has begun elsewhere";
}

TEST(Judge, WhatLiesAfterTomorrowIsIgnored) {
  Calendar calendar = calendar_of("01100", kToday + days(1));
  calendar.set(kToday + days(2), 5);
  calendar.set(kToday + days(3), 0);
  const DayRules rules;
  EXPECT_EQ(judge(input_of(calendar, rules)).verdict, Verdict::at_risk);
  EXPECT_EQ(judge(input_of(calendar, rules)).streak, 2);
}

TEST(Judge, TheAccountsFirstDayClosesTheWalk) {
  const Calendar calendar = calendar_of("1100", kToday + days(1));
  const DayRules rules = resting({"sat", "sun", "mon", "tue", "wed"});
  JudgeInput input = input_of(calendar, rules);
  EXPECT_EQ(judge(input).open_at, kToday - days(3));
  input.earliest = kToday - days(2);
  const Judgement judgement = judge(input);
  EXPECT_EQ(judgement.open_at, std::nullopt);
  EXPECT_EQ(judgement.streak, 2);
  EXPECT_EQ(judgement.verdict, Verdict::at_risk);
  input.earliest = kToday;
  EXPECT_EQ(judge(input).verdict, Verdict::no_streak) << "an account made today";
}

TEST(Judge, StreaksOfOneTo4000Days) {
  const DayRules rules;
  for (const int length : {1, 2, 59, 60, 364, 365, 366, 367, 730, 1461, 3999, 4000}) {
    Calendar calendar;
    for (int back = 1; back <= length; ++back) calendar.set(kToday - days(back), 1 + back % 3);
    calendar.set(kToday - days(length + 1), 0);
    calendar.set(kToday, 0);
    calendar.set(kToday + days(1), 0);
    Judgement judgement = judge(input_of(calendar, rules));
    EXPECT_EQ(judgement.verdict, Verdict::at_risk);
    EXPECT_EQ(judgement.streak, length);
    EXPECT_EQ(judgement.began, kToday - days(length));
    calendar.set(kToday, 1);
    judgement = judge(input_of(calendar, rules));
    EXPECT_EQ(judgement.verdict, Verdict::safe);
    EXPECT_EQ(judgement.streak, length + 1);
    EXPECT_EQ(longest_streak(calendar, rules).length, length + 1);
  }
}

TEST(Judge, LeapDaysAndYearEndsAreDaysLikeOthers) {
  const DayRules rules;
  for (const char* day : {"2024-03-01", "2025-03-01", "2026-01-01", "2024-12-31", "2000-03-01"}) {
    const Calendar calendar = calendar_of("0111100", label(day) + days(1));
    const JudgeInput input{.calendar = calendar,
                           .rules = rules,
                           .today = label(day),
                           .utc_today = label(day),
                           .anchor = std::nullopt,
                           .earliest = std::nullopt};
    EXPECT_EQ(judge(input).streak, 4) << day;
    EXPECT_EQ(judge(input).verdict, Verdict::at_risk) << day;
  }
  // 29 February missed in a leap year breaks; in other years there is nothing to miss.
  Calendar calendar;
  for (Label day = label("2024-02-20"); day <= label("2024-03-01"); day += days(1)) {
    calendar.set(day, day == label("2024-02-29") ? 0 : 1);
  }
  EXPECT_EQ(longest_streak(calendar, rules).length, 9);
}

TEST(Judge, CountsOfTodayAndTomorrowAreGiven) {
  const Calendar calendar = calendar_of("0142", kToday + days(1));
  const DayRules rules;
  const Judgement judgement = judge(input_of(calendar, rules));
  EXPECT_EQ(judgement.today_count, 4);
  EXPECT_EQ(judgement.tomorrow_count, 2);
}

}  // namespace
}  // namespace streaky::streak
