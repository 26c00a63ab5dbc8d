// Settled history: what judge() and settle() make of a short window and an anchor.
#include <gtest/gtest.h>

#include <random>
#include <string_view>

#include "streak/streak.h"

namespace streaky::streak {
namespace {

using std::chrono::days;

const Label kToday = parse_label("2026-08-06").value();  // a Thursday

/// The newest mark is tomorrow; `?` is unknown.
Calendar calendar_of(std::string_view marks) {
  Calendar calendar;
  Label day = kToday + days(2) - days(static_cast<int>(marks.size()));
  for (const char mark : marks) {
    if (mark != '?') calendar.set(day, mark - '0');
    day += days(1);
  }
  return calendar;
}

JudgeInput input_of(const Calendar& calendar, const DayRules& rules,
                    std::optional<Anchor> anchor = std::nullopt) {
  return {.calendar = calendar,
          .rules = rules,
          .today = kToday,
          .utc_today = kToday,
          .anchor = anchor,
          .earliest = std::nullopt};
}

/// A living streak of `length` days without holes, or a broken one.
Anchor anchor_at(int back, int length) {
  Anchor anchor{.through = kToday - days(back), .length = length, .began = std::nullopt};
  if (length > 0) anchor.began = anchor.through - days(length - 1);
  return anchor;
}

DayRules resting(const char* name) {
  RestDays entry{.from = Label{}, .days = {}};
  entry.days.add(name);
  DayRules rules;
  rules.rest_days.push_back(entry);
  return rules;
}

TEST(Anchor, ContinuesTheWalkWhereTheWindowEnds) {
  const Calendar calendar = calendar_of("11100");
  const DayRules rules;
  const Judgement judgement = judge(input_of(calendar, rules, anchor_at(4, 4000)));
  EXPECT_EQ(judgement.verdict, Verdict::at_risk);
  EXPECT_EQ(judgement.streak, 4003);
  EXPECT_EQ(judgement.began, kToday - days(4003));
  EXPECT_EQ(judgement.open_at, std::nullopt);
}

TEST(Anchor, ABrokenOneEndsTheWalk) {
  const DayRules rules = resting("wed");
  const Calendar alive = calendar_of("11100");
  EXPECT_EQ(judge(input_of(alive, rules, anchor_at(4, 0))).streak, 3);
  EXPECT_EQ(judge(input_of(alive, rules, anchor_at(4, 0))).open_at, std::nullopt);
  const Calendar rested = calendar_of("000");
  EXPECT_EQ(judge(input_of(rested, rules, anchor_at(2, 0))).verdict, Verdict::no_streak);
  EXPECT_EQ(judge(input_of(rested, rules, anchor_at(2, 9))).verdict, Verdict::at_risk);
  EXPECT_EQ(judge(input_of(rested, rules, anchor_at(2, 9))).streak, 9);
}

TEST(Anchor, IsNotReachedAcrossAGap) {
  const DayRules rules;
  const Calendar broken = calendar_of("10100");
  EXPECT_EQ(judge(input_of(broken, rules, anchor_at(4, 100))).streak, 1);
  const Calendar holed = calendar_of("1?100");
  const Judgement judgement = judge(input_of(holed, rules, anchor_at(4, 100)));
  EXPECT_EQ(judgement.streak, 1);
  EXPECT_EQ(judgement.open_at, kToday - days(2)) << "that label is newer than the anchor";
}

TEST(Anchor, FreshLabelsOutrankIt) {
  const DayRules rules;
  // The anchor reaches to the day before yesterday, and the window knows that day and one before.
  const Calendar deleted = calendar_of("0100");
  EXPECT_EQ(judge(input_of(deleted, rules, anchor_at(2, 50))).verdict, Verdict::at_risk);
  EXPECT_EQ(judge(input_of(deleted, rules, anchor_at(2, 50))).streak, 1)
      << "GitHub no longer shows a contribution on a day that the anchor counted";
  const Calendar closed = calendar_of("011100");
  EXPECT_EQ(judge(input_of(closed, rules, anchor_at(2, 0))).streak, 3)
      << "a late push mended a day that the anchor had as missed";
}

TEST(Anchor, AnOverlapIsNotCountedTwice) {
  const DayRules rules;
  const Calendar calendar = calendar_of("111100");
  for (int back = 1; back <= 5; ++back) {
    const Judgement judgement = judge(input_of(calendar, rules, anchor_at(back, 100)));
    EXPECT_EQ(judgement.streak, 99 + back) << back;
    EXPECT_EQ(judgement.began, kToday - days(99 + back)) << back;
    EXPECT_EQ(judgement.open_at, std::nullopt) << back;
  }
}

TEST(Anchor, AnOverlapThatItCannotVouchForStaysOpen) {
  // The anchor was broken, or began, inside the overlap: nothing is known of the day before.
  const DayRules rules;
  const Calendar calendar = calendar_of("111100");
  for (const Anchor& anchor : {anchor_at(2, 0), anchor_at(2, 2)}) {
    const Judgement judgement = judge(input_of(calendar, rules, anchor));
    EXPECT_EQ(judgement.streak, 4);
    EXPECT_EQ(judgement.open_at, kToday - days(5));
    EXPECT_EQ(judgement.verdict, Verdict::at_risk);
  }
  // A rest day in the overlap may or may not have been counted.
  const DayRules tuesday = resting("tue");
  const Judgement judgement = judge(input_of(calendar, tuesday, anchor_at(2, 100)));
  EXPECT_EQ(judgement.open_at, kToday - days(5));
  EXPECT_EQ(judgement.verdict, Verdict::at_risk);
  EXPECT_EQ(judgement.streak, 4 + 97) << "so many at least";
}

TEST(Anchor, OneThatContradictsItselfIsIgnored) {
  const DayRules rules;
  const Calendar calendar = calendar_of("11100");
  const Label through = kToday - days(4);
  for (const Anchor& anchor :
       {Anchor{through, 5, std::nullopt}, Anchor{through, -1, std::nullopt},
        Anchor{through, 5, through - days(3)}, Anchor{through, 5, through + days(1)},
        Anchor{through, 0, through}, Anchor{kToday, 5, kToday - days(4)}}) {
    const Judgement judgement = judge(input_of(calendar, rules, anchor));
    EXPECT_EQ(judgement.streak, 3);
    EXPECT_EQ(judgement.open_at, kToday - days(4));
  }
}

TEST(Settle, GivesTheStreakAsOfALabel) {
  const DayRules rules;
  const Calendar calendar = calendar_of("0110111100");
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(1)), anchor_at(1, 4));
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(3)), anchor_at(3, 2));
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(5)), anchor_at(5, 0))
      << "there is no grace for a day that is over";
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(6)), anchor_at(6, 2));
}

TEST(Settle, GivesNothingThatIsNotCertain) {
  const DayRules rules;
  const Calendar calendar = calendar_of("1101?1100");
  EXPECT_EQ(settle(input_of(calendar, rules), kToday), std::nullopt) << "today is not over";
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(1)), std::nullopt) << "open";
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(3)), std::nullopt) << "unknown";
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(4)), anchor_at(4, 1));
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(7)), std::nullopt) << "open";
  EXPECT_EQ(settle(input_of(calendar, rules), kToday - days(400)), std::nullopt);
}

TEST(Settle, MovesAnAnchorForward) {
  const DayRules rules;
  const Calendar calendar = calendar_of("1111100");
  const JudgeInput input = input_of(calendar, rules, anchor_at(6, 500));
  EXPECT_EQ(settle(input, kToday - days(6)), anchor_at(6, 500)) << "as it was";
  EXPECT_EQ(settle(input, kToday - days(4)), anchor_at(4, 502));
  const Calendar broken = calendar_of("0111100");
  EXPECT_EQ(settle(input_of(broken, rules, anchor_at(6, 500)), kToday - days(5)), anchor_at(5, 0));
  EXPECT_EQ(settle(input, kToday - days(8)), anchor_at(8, 498)) << "and backwards, while certain";
}

TEST(Settle, KnowsThatNothingLiesBeforeTheAccount) {
  const DayRules rules;
  const Calendar calendar = calendar_of("11100");
  JudgeInput input = input_of(calendar, rules);
  input.earliest = kToday - days(3);
  EXPECT_EQ(settle(input, kToday - days(1)), anchor_at(1, 3));
  EXPECT_EQ(settle(input, kToday - days(9)), anchor_at(9, 0));
}

TEST(LongestStreak, IsFoundAnywhereAndNamesItsEnds) {
  const DayRules rules;
  const Calendar calendar = calendar_of("011101111011");
  const Longest longest = longest_streak(calendar, rules);
  EXPECT_EQ(longest.length, 4);
  EXPECT_EQ(longest.began, kToday - days(5));
  EXPECT_EQ(longest.ended, kToday - days(2));
  EXPECT_EQ(longest_streak(calendar_of("0110110"), rules).ended, kToday - days(3))
      << "of two that are equally long, the first";
  EXPECT_EQ(longest_streak(Calendar(), rules).length, 0);
  EXPECT_EQ(longest_streak(Calendar(), rules).began, std::nullopt);
  EXPECT_EQ(longest_streak(calendar_of("0000"), rules).ended, std::nullopt);
}

TEST(LongestStreak, SkipsWhatTheRulesSkipAndNothingUnknown) {
  // Tuesday is two days before today.
  const Calendar calendar = calendar_of("0110110");
  EXPECT_EQ(longest_streak(calendar, resting("tue")).length, 4);
  EXPECT_EQ(longest_streak(calendar, resting("tue")).ended, kToday);
  EXPECT_EQ(longest_streak(calendar, DayRules()).length, 2);
  EXPECT_EQ(longest_streak(calendar_of("011?110"), resting("tue")).length, 2);
}

// --- Random lives -----------------------------------------------------------------------------

constexpr int kLives = 120;
constexpr int kDaysOfALife = 160;

class Life {
 public:
  explicit Life(unsigned seed) : random_(seed), first_(kToday - days(kDaysOfALife)) {
    const int density = pick(60, 99);
    for (Label day = first_; day <= kToday + days(3); day += days(1)) {
      history_.set(day, pick(0, 99) < density ? pick(1, 9) : 0);
    }
    for (int entry = pick(0, 3); entry > 0; --entry) {
      const auto bits = static_cast<std::uint8_t>(pick(0, 127) & pick(0, 127));
      rules_.rest_days.push_back({first_ + days(pick(-5, kDaysOfALife)), Weekdays(bits)});
    }
    for (int pause = pick(0, 2); pause > 0; --pause) {
      const Label from = first_ + days(pick(0, kDaysOfALife));
      rules_.pauses.push_back({from, from + days(pick(0, 20))});
    }
  }

  int pick(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }
  [[nodiscard]] Label first() const { return first_; }
  [[nodiscard]] const DayRules& rules() const { return rules_; }
  [[nodiscard]] int count(Label day) const { return history_.count(day).value_or(0); }

  [[nodiscard]] Calendar window(Label from, Label to) const {
    Calendar calendar;
    for (const auto& [day, count] : history_) {
      if (day >= from && day <= to) calendar.set(day, count);
    }
    return calendar;
  }

  /// The rules once more, the other way round: forwards through the whole life.
  [[nodiscard]] Judgement told_forwards(Label today) const {
    Judgement told;
    for (Label day = first_; day < today; day += days(1)) {
      if (count(day) > 0) {
        if (told.streak++ == 0) told.began = day;
      } else if (!rules_.skips(day)) {
        told.streak = 0;
        told.began.reset();
      }
    }
    for (const Label day : {today, today + days(1)}) {
      if (count(day) > 0 && told.streak++ == 0) told.began = day;
    }
    told.today_count = count(today);
    told.tomorrow_count = count(today + days(1));
    if (told.today_count > 0 || told.tomorrow_count > 0) {
      told.verdict = Verdict::safe;
    } else if (told.streak == 0) {
      told.verdict = Verdict::no_streak;
    } else {
      told.verdict = rules_.skips(today) ? Verdict::day_off : Verdict::at_risk;
    }
    return told;
  }

 private:
  std::mt19937 random_;
  Label first_;
  Calendar history_;
  DayRules rules_;
};

void expect_same(const Judgement& left, const Judgement& right) {
  EXPECT_STREQ(to_text(left.verdict), to_text(right.verdict));
  EXPECT_EQ(left.streak, right.streak);
  EXPECT_EQ(left.began, right.began);
  EXPECT_EQ(left.today_count, right.today_count);
  EXPECT_EQ(left.tomorrow_count, right.tomorrow_count);
  EXPECT_EQ(left.open_at, right.open_at);
}

TEST(Composition, DayAfterDayAnAnchorAndAShortWindowSayWhatTheWholeHistorySays) {
  for (unsigned seed = 1; seed <= kLives; ++seed) {
    SCOPED_TRACE(seed);
    Life life(seed);
    std::optional<Anchor> anchor;
    Label read_from = life.first();  // the first check reads everything
    for (Label today = life.first() + days(6); today <= kToday; today += days(1)) {
      const Calendar whole = life.window(life.first(), today + days(1));
      const JudgeInput full{.calendar = whole,
                            .rules = life.rules(),
                            .today = today,
                            .utc_today = today,
                            .anchor = std::nullopt,
                            .earliest = life.first()};
      const Calendar recent = life.window(read_from, today + days(1));
      const JudgeInput brief{.calendar = recent,
                             .rules = life.rules(),
                             .today = today,
                             .utc_today = today,
                             .anchor = anchor,
                             .earliest = anchor ? std::nullopt : full.earliest};
      expect_same(judge(full), life.told_forwards(today));
      expect_same(judge(brief), judge(full));

      const Label through = today - days(life.pick(1, 4));
      if (anchor && through < anchor->through) continue;
      const std::optional<Anchor> settled = settle(brief, through);
      ASSERT_TRUE(settled);
      EXPECT_EQ(settled, settle(full, through));
      anchor = settled;
      read_from = through + days(1);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(Composition, AnOverlappingWindowIsRightOrOpenAndNeverTooLong) {
  for (unsigned seed = 1; seed <= kLives; ++seed) {
    SCOPED_TRACE(seed);
    Life life(seed);
    const Calendar whole = life.window(life.first(), kToday + days(1));
    const JudgeInput full{.calendar = whole,
                          .rules = life.rules(),
                          .today = kToday,
                          .utc_today = kToday,
                          .anchor = std::nullopt,
                          .earliest = life.first()};
    const Judgement truth = judge(full);
    for (int through = 1; through < 30; ++through) {
      for (int from = 0; from < 40; ++from) {
        const Calendar recent = life.window(kToday - days(from), kToday + days(1));
        JudgeInput brief{.calendar = recent,
                         .rules = life.rules(),
                         .today = kToday,
                         .utc_today = kToday,
                         .anchor = settle(full, kToday - days(through)),
                         .earliest = std::nullopt};
        const Judgement judgement = judge(brief);
        if (!judgement.open_at) expect_same(judgement, truth);
        EXPECT_LE(judgement.streak, truth.streak);
        if (judgement.verdict != Verdict::unknown) EXPECT_EQ(judgement.verdict, truth.verdict);
        if (from >= through) continue;
        if (from + 1 == through) EXPECT_EQ(judgement.open_at, std::nullopt);
        if (testing::Test::HasFailure()) return;
      }
    }
  }
}

}  // namespace
}  // namespace streaky::streak
