// When to look at whom (plan.h).
#include "engine/plan.h"

#include <gtest/gtest.h>

namespace streaky::engine {
namespace {

using runtime::TimePoint;
using namespace std::chrono_literals;

TimePoint at(const char* text) { return runtime::parse_rfc3339(text).value(); }

store::DueUser user(const char* zone, std::vector<int> minutes) {
  store::DueUser due;
  due.id = 1;
  due.time_zone = zone;
  due.remind_at = std::move(minutes);
  return due;
}

TEST(PlanDue, MakesTheStageThatHasComeAndTheNextOne) {
  const auto planned = plan_due(user("Europe/Berlin", {1200, 1320}), at("2026-07-01T18:00:00Z"));
  ASSERT_TRUE(planned.job);
  EXPECT_EQ(planned.job->stage, 1200);
  EXPECT_EQ(planned.job->due_at, at("2026-07-01T18:00:00Z"));
  EXPECT_EQ(planned.job->expires_at, at("2026-07-01T22:00:00Z"));
  EXPECT_EQ(planned.next_check_at, at("2026-07-01T20:00:00Z"));
}

TEST(PlanDue, CatchesUpWithTheLatestStageOfTodayAlone) {
  const auto planned =
      plan_due(user("UTC", {480, 720, 1200}), at("2026-07-03T13:30:00Z"));  // down for days
  ASSERT_TRUE(planned.job);
  EXPECT_EQ(planned.job->stage, 720);
  EXPECT_EQ(streak::to_text(planned.job->date), "2026-07-03");
  EXPECT_EQ(planned.next_check_at, at("2026-07-03T20:00:00Z"));
}

TEST(PlanDue, SaysNothingAboutYesterday) {
  const auto planned = plan_due(user("UTC", {1200}), at("2026-07-03T00:00:01Z"));
  EXPECT_FALSE(planned.job);
  EXPECT_EQ(planned.next_check_at, at("2026-07-03T20:00:00Z"));
}

TEST(PlanDue, UsesTheUsersOwnDayOnBothSidesOfTheDateLine) {
  const auto east = plan_due(user("Pacific/Kiritimati", {1200}), at("2026-07-01T06:00:00Z"));
  ASSERT_TRUE(east.job);
  EXPECT_EQ(streak::to_text(east.job->date), "2026-07-01");
  EXPECT_EQ(east.job->expires_at, at("2026-07-01T10:00:00Z"));
  const auto west = plan_due(user("Pacific/Pago_Pago", {1200}), at("2026-07-02T07:00:00Z"));
  ASSERT_TRUE(west.job);
  EXPECT_EQ(streak::to_text(west.job->date), "2026-07-01");
  EXPECT_EQ(west.job->expires_at, at("2026-07-02T11:00:00Z"));
}

TEST(PlanDue, AnUnknownZoneMakesNoJobAndIsLookedAtAgain) {
  const auto planned = plan_due(user("Mars/Olympus", {1200}), at("2026-07-01T20:00:00Z"));
  EXPECT_FALSE(planned.job);
  EXPECT_EQ(planned.next_check_at, at("2026-07-01T21:00:00Z"));
}

TEST(PlanManual, TakesTheUsersPresentDayAndLeavesTheNextCheck) {
  auto due = user("Asia/Tokyo", {1200});
  due.next_check_at = at("2026-07-02T11:00:00Z");
  const auto planned = plan_manual(due, at("2026-07-01T20:00:00Z"));
  ASSERT_TRUE(planned.job);
  EXPECT_EQ(planned.job->stage, store::kManualStage);
  EXPECT_EQ(streak::to_text(planned.job->date), "2026-07-02");
  EXPECT_EQ(planned.job->expires_at, at("2026-07-02T15:00:00Z"));
  EXPECT_EQ(planned.next_check_at, due.next_check_at);
}

TEST(FirstCheck, LiesStrictlyInTheFutureForANewUser) {
  const auto zone = streak::Zone::find("UTC").value();
  EXPECT_EQ(first_check(zone, {1200}, {.is_new = true}, at("2026-07-01T20:00:00Z")),
            at("2026-07-02T20:00:00Z"));
  EXPECT_EQ(first_check(zone, {1200}, {.is_new = true}, at("2026-07-01T19:59:59Z")),
            at("2026-07-01T20:00:00Z"));
}

TEST(FirstCheck, AnEditThatLeavesNoStageTodayChecksNow) {
  const auto zone = streak::Zone::find("UTC").value();
  const TimePoint now = at("2026-07-01T15:00:00Z");
  EXPECT_EQ(first_check(zone, {480}, {}, now), now);
  EXPECT_EQ(first_check(zone, {480}, {.told_today = true}, now), at("2026-07-02T08:00:00Z"));
  EXPECT_EQ(first_check(zone, {480, 1200}, {}, now), at("2026-07-01T20:00:00Z"));
}

TEST(FirstCheck, NoStagesMeanNoCheck) {
  const auto zone = streak::Zone::find("UTC").value();
  EXPECT_EQ(first_check(zone, {}, {}, at("2026-07-01T15:00:00Z")), std::nullopt);
}

TEST(HonestAt, IsFifteenMinutesBeforeMidnight) {
  EXPECT_EQ(honest_at(at("2026-07-01T20:00:00Z"), at("2026-07-02T00:00:00Z")),
            at("2026-07-01T23:45:00Z"));
}

TEST(HonestAt, GivesALateJobAFewMinutesButComesBeforeMidnight) {
  const TimePoint midnight = at("2026-07-02T00:00:00Z");
  EXPECT_EQ(honest_at(at("2026-07-01T23:50:00Z"), midnight), at("2026-07-01T23:53:00Z"));
  EXPECT_EQ(honest_at(at("2026-07-01T23:59:30Z"), midnight), at("2026-07-01T23:58:00Z"));
}

TEST(EndOfDay, MovesWithAUserWhoLeftForAnotherZone) {
  store::User moved;
  moved.time_zone = "Africa/Lagos";
  const streak::Label date = *streak::parse_label("2026-07-01");
  const auto midnight = at("2026-07-01T23:00:00Z");
  EXPECT_EQ(end_of_day(moved, "Africa/Lagos", date, midnight, at("2026-07-01T20:00:00Z")),
            midnight);
  // In Yangon it is another date already; elsewhere midnight is nearer, or further away.
  const auto now = at("2026-07-01T20:00:00Z");
  moved.time_zone = "Asia/Yangon";
  EXPECT_EQ(end_of_day(moved, "Africa/Lagos", date, midnight, now), now);
  moved.time_zone = "Europe/Moscow";
  EXPECT_EQ(end_of_day(moved, "Africa/Lagos", date, midnight, now), at("2026-07-01T21:00:00Z"));
  moved.time_zone = "Atlantic/Cape_Verde";
  EXPECT_EQ(end_of_day(moved, "Africa/Lagos", date, midnight, now), at("2026-07-02T01:00:00Z"));
}

streak::DayWord word(const char* date, const char* snoozed_until, bool stopped = false) {
  streak::DayWord said{.date = streak::parse_label(date).value(), .stopped = stopped};
  if (snoozed_until != nullptr) said.snoozed_until = at(snoozed_until);
  return said;
}

TEST(PlanWithAWord, ASnoozeHoldsStagesBackAndMakesOne) {
  store::DueUser due = user("UTC", {1200, 1230, 1350});
  due.day_word = word("2026-07-01", "2026-07-01T21:05:00Z");
  const auto during = plan_due(due, at("2026-07-01T20:30:00Z"));
  EXPECT_FALSE(during.job) << "20:30 lies within the snooze";
  EXPECT_EQ(during.next_check_at, at("2026-07-01T21:05:00Z"));
  const auto after = plan_due(due, at("2026-07-01T21:05:00Z"));
  ASSERT_TRUE(after.job);
  EXPECT_EQ(after.job->stage, 21 * 60 + 5);
  EXPECT_EQ(after.job->expires_at, at("2026-07-02T00:00:00Z"));
  EXPECT_EQ(after.next_check_at, at("2026-07-01T22:30:00Z"));
  const auto late = plan_due(due, at("2026-07-01T22:30:00Z"));
  ASSERT_TRUE(late.job);
  EXPECT_EQ(late.job->stage, 1350);
}

TEST(PlanWithAWord, ASchedulerThatWasDownCatchesUpWithWhatCameLast) {
  store::DueUser due = user("UTC", {1200, 1230});
  due.day_word = word("2026-07-01", "2026-07-01T21:05:00Z");
  const auto planned = plan_due(due, at("2026-07-01T22:00:00Z"));
  ASSERT_TRUE(planned.job);
  EXPECT_EQ(planned.job->stage, 21 * 60 + 5);
  EXPECT_EQ(planned.next_check_at, at("2026-07-02T20:00:00Z"));
}

TEST(PlanWithAWord, WhereTheClockSwallowsTheEndOfTheDayTheLastStageStaysTheLast) {
  // Nuuk goes from 23:00 on Saturday to Sunday: 23:15 comes at 22:30, where the snooze ends, too.
  store::DueUser due = user("America/Nuuk", {1320, 1395});
  due.day_word = word("2026-03-28", "2026-03-29T00:30:00Z");
  const auto planned = plan_due(due, at("2026-03-29T00:30:00Z"));
  ASSERT_TRUE(planned.job);
  EXPECT_EQ(planned.job->stage, 1395) << "what loud channels wait for";
}

TEST(PlanWithAWord, AStoppedDayHasNoMoreStages) {
  store::DueUser due = user("UTC", {0, 1200, 1350});
  due.day_word = word("2026-07-01", nullptr, true);
  const auto planned = plan_due(due, at("2026-07-01T20:00:00Z"));
  EXPECT_FALSE(planned.job);
  EXPECT_EQ(planned.next_check_at, at("2026-07-02T00:00:00Z")) << "midnight is tomorrow's";
}

TEST(PlanWithAWord, YesterdaysWordMeansNothing) {
  for (const auto& said :
       {word("2026-06-30", "2026-06-30T23:30:00Z"), word("2026-06-30", nullptr, true)}) {
    store::DueUser due = user("UTC", {1200});
    due.day_word = said;
    const auto planned = plan_due(due, at("2026-07-01T20:00:00Z"));
    ASSERT_TRUE(planned.job);
    EXPECT_EQ(planned.job->stage, 1200);
  }
}

TEST(PlanWithAWord, AnEditKeepsTheSnoozeAndTheStop) {
  const auto zone = streak::Zone::find("UTC").value();
  const auto now = at("2026-07-01T20:10:00Z");
  EXPECT_EQ(first_check(
                zone, {1200, 1230},
                {.told_today = true, .day_word = word("2026-07-01", "2026-07-01T21:05:00Z")}, now),
            at("2026-07-01T21:05:00Z"));
  EXPECT_EQ(first_check(zone, {480, 1230},
                        {.told_today = false, .day_word = word("2026-07-01", nullptr, true)}, now),
            at("2026-07-02T08:00:00Z"));
  const auto tokyo = streak::Zone::find("Asia/Tokyo").value();
  EXPECT_EQ(first_check(
                tokyo, {1200},
                {.told_today = true, .day_word = word("2026-07-01", "2026-07-01T21:05:00Z")}, now),
            at("2026-07-02T11:00:00Z"))
      << "who moved on to another date has the stages of that one";
}

}  // namespace
}  // namespace streaky::engine
