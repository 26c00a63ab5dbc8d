// From GitHub's answer to what is done about it (decide.h).
#include "engine/decide.h"

#include <gtest/gtest.h>

#include "store/schedule.h"

namespace streaky::engine {
namespace {

using runtime::TimePoint;
using namespace std::chrono_literals;

TimePoint at(const char* text) { return runtime::parse_rfc3339(text).value(); }

struct Fixture : testing::Test {
  Fixture() {
    job.id = 7;
    job.attempt = 2;
    job.date = streak::parse_label("2026-07-01").value();
    job.zone = "UTC";
    job.stage = 1200;
    job.created_at = at("2026-07-01T20:00:00Z");
    job.due_at = job.created_at;
    job.expires_at = at("2026-07-02T00:00:00Z");
    job.user.id = 3;
    job.user.login = "octocat";
    job.user.remind_at = {1200};
    job.user.settings_version = 5;
    job.user.channels = {
        {.id = 1, .kind = "discord", .sealed = "x", .hint = "", .on = true, .off_reason = {}},
        {.id = 2, .kind = "telegram", .sealed = "y", .hint = "", .on = true, .off_reason = {}}};
  }

  [[nodiscard]] github::Sight sight(streak::Verdict verdict, int streak) const {
    github::Sight seen;
    seen.judgement.verdict = verdict;
    seen.judgement.streak = streak;
    seen.calendar.set(job.date, verdict == streak::Verdict::safe ? 1 : 0);
    seen.login = "octocat";
    seen.node_id = "U_1";
    seen.seen_at = now;
    return seen;
  }

  static github::Unseen unseen(const char* code) {
    github::Unseen error;
    error.error = {.code = code, .message = "no"};
    return error;
  }

  store::JobOutcome decided(const Look& look) {
    return decide({.job = job, .now = now, .send_at_once = true}, look, random);
  }

  store::ClaimedJob job;
  TimePoint now = at("2026-07-01T20:00:05Z");
  runtime::SeededRandom random{1};
};

TEST_F(Fixture, AtRiskTellsEveryLivingChannelOnce) {
  const auto outcome = decided(sight(streak::Verdict::at_risk, 12));
  EXPECT_EQ(outcome.end, store::JobEnd::completed);
  EXPECT_EQ(outcome.verdict, streak::Verdict::at_risk);
  ASSERT_EQ(outcome.deliveries.size(), 2U);
  EXPECT_EQ(outcome.deliveries[0].kind, "reminder");
  EXPECT_NE(outcome.deliveries[0].message.body.find("12"), std::string::npos);
  EXPECT_NE(outcome.deliveries[0].id, outcome.deliveries[1].id);
  EXPECT_EQ(outcome.attempt, 2);
  EXPECT_EQ(outcome.settings_version, 5);
  ASSERT_TRUE(outcome.streak);
  EXPECT_EQ(outcome.streak->length, 12);
}

TEST_F(Fixture, ASwitchedOffChannelIsLeftAlone) {
  job.user.channels[0].on = false;
  EXPECT_EQ(decided(sight(streak::Verdict::at_risk, 1)).deliveries.size(), 1U);
}

TEST_F(Fixture, NobodyWhoIsSafeHearsAnything) {  // fault 6 of the original
  for (const auto verdict :
       {streak::Verdict::safe, streak::Verdict::no_streak, streak::Verdict::day_off}) {
    const auto outcome = decided(sight(verdict, 4));
    EXPECT_EQ(outcome.end, store::JobEnd::completed);
    EXPECT_TRUE(outcome.deliveries.empty()) << streak::to_text(verdict);
  }
}

TEST_F(Fixture, TheSummaryIsForThoseWhoAskedAndAreSafe) {
  job.user.daily_summary = true;
  const auto outcome = decided(sight(streak::Verdict::safe, 4));
  ASSERT_EQ(outcome.deliveries.size(), 2U);
  EXPECT_EQ(outcome.deliveries[0].kind, "summary");
  EXPECT_EQ(outcome.deliveries[0].message.subject.find("risk"), std::string::npos);
  EXPECT_EQ(decided(sight(streak::Verdict::at_risk, 4)).deliveries[0].kind, "reminder");
  EXPECT_TRUE(decided(sight(streak::Verdict::no_streak, 0)).deliveries.empty());
}

TEST_F(Fixture, AnErrorOfGitHubIsRetriedNotFailed) {  // fault 1 of the original
  const auto outcome = decided(std::unexpected(unseen("unavailable")));
  EXPECT_EQ(outcome.end, store::JobEnd::retry);
  EXPECT_GT(outcome.retry_at, now);
  EXPECT_LT(outcome.retry_at, now + 10s);
  EXPECT_TRUE(outcome.deliveries.empty());
  EXPECT_FALSE(outcome.streak);
  EXPECT_EQ(outcome.error, "unavailable");
}

TEST_F(Fixture, BackoffGrowsToMinutesAndObeysGitHub) {
  job.tries = 30;
  const auto late = decided(std::unexpected(unseen("unavailable")));
  EXPECT_GE(late.retry_at, now + 4min);
  EXPECT_LE(late.retry_at, now + 8min) << "GitHub that is back for ten minutes must be asked";
  job.tries = 0;
  auto limited = unseen("rate_limited");
  limited.retry_at = now + 40min;
  EXPECT_EQ(decided(std::unexpected(limited)).retry_at, now + 40min);
}

TEST_F(Fixture, TheLastTryComesFifteenMinutesBeforeMidnight) {
  auto limited = unseen("rate_limited");
  limited.retry_at = at("2026-07-02T01:00:00Z");
  EXPECT_EQ(decided(std::unexpected(limited)).retry_at, at("2026-07-01T23:45:00Z"));
}

TEST_F(Fixture, UnknownBecomesAnHonestWordOnceAndTheJobGoesOn) {
  now = at("2026-07-01T23:45:00Z");
  const auto outcome = decided(std::unexpected(unseen("unavailable")));
  EXPECT_EQ(outcome.end, store::JobEnd::retry);
  EXPECT_TRUE(outcome.told_unknown);
  ASSERT_EQ(outcome.deliveries.size(), 2U);
  EXPECT_EQ(outcome.deliveries[0].kind, "could_not_check");
  job.told_unknown = true;
  EXPECT_TRUE(decided(std::unexpected(unseen("unavailable"))).deliveries.empty());
  // An answer that comes later may still alarm.
  EXPECT_EQ(decided(sight(streak::Verdict::at_risk, 3)).deliveries[0].kind, "reminder");
}

TEST_F(Fixture, ACertainRiskOfUnknownLengthIsToldAtTheLastCall) {
  auto error = unseen("resource_limits");
  error.partial = sight(streak::Verdict::at_risk, 400);
  error.partial->judgement.open_at = streak::parse_label("2025-05-26");
  EXPECT_TRUE(decided(std::unexpected(error)).deliveries.empty());
  now = at("2026-07-01T23:45:00Z");
  const auto outcome = decided(std::unexpected(error));
  EXPECT_EQ(outcome.verdict, streak::Verdict::at_risk);
  ASSERT_FALSE(outcome.deliveries.empty());
  EXPECT_NE(outcome.deliveries[0].message.body.find("at least 400"), std::string::npos);
  EXPECT_FALSE(outcome.streak) << "a lower bound is not remembered as the length";
}

TEST_F(Fixture, ACertainRiskOfUnknownLengthIsToldAfterAQuarterOfAnHour) {
  auto error = unseen("resource_limits");
  error.partial = sight(streak::Verdict::at_risk, 400);
  error.partial->judgement.open_at = streak::parse_label("2025-05-26");
  now = at("2026-07-01T20:14:00Z");
  EXPECT_TRUE(decided(std::unexpected(error)).deliveries.empty()) << "the length may come yet";
  now = at("2026-07-01T20:15:00Z");
  const auto outcome = decided(std::unexpected(error));
  ASSERT_EQ(outcome.deliveries.size(), 2U);
  EXPECT_EQ(outcome.deliveries[0].kind, "reminder");
  EXPECT_NE(outcome.deliveries[0].message.body.find("at least 400"), std::string::npos);
}

TEST_F(Fixture, AfterMidnightAJobExpires) {
  now = job.expires_at;
  const auto outcome = decided(sight(streak::Verdict::at_risk, 3));
  EXPECT_EQ(outcome.end, store::JobEnd::failed);
  EXPECT_EQ(outcome.error, "expired");
  EXPECT_TRUE(outcome.deliveries.empty());
}

TEST_F(Fixture, RetriesStopAtMidnight) {
  now = at("2026-07-01T23:59:30Z");
  job.tries = 8;
  const auto outcome = decided(std::unexpected(unseen("unavailable")));
  EXPECT_EQ(outcome.end, store::JobEnd::failed);
  EXPECT_EQ(outcome.error, "expired");
}

TEST_F(Fixture, NotFoundIsAnAnswer) {
  const auto outcome = decided(std::unexpected(unseen("not_found")));
  EXPECT_EQ(outcome.end, store::JobEnd::completed);
  EXPECT_EQ(outcome.verdict, streak::Verdict::gone);
  EXPECT_TRUE(outcome.deliveries.empty());
}

TEST_F(Fixture, AnUnknownVerdictIsNeverAnAnswer) {
  const auto outcome = decided(sight(streak::Verdict::unknown, 0));
  EXPECT_EQ(outcome.end, store::JobEnd::retry);
  EXPECT_FALSE(outcome.streak);
}

TEST_F(Fixture, ADeadTokenIsRememberedAndSaid) {
  auto seen = sight(streak::Verdict::at_risk, 3);
  seen.own_token_dead = true;
  const auto outcome = decided(seen);
  EXPECT_TRUE(outcome.own_token_dead);
  EXPECT_NE(outcome.deliveries[0].message.body.find("public"), std::string::npos);
}

TEST_F(Fixture, ARefusedTokenIsSaidAndNotRemembered) {
  auto seen = sight(streak::Verdict::at_risk, 3);
  seen.own_token_refused = true;
  const auto outcome = decided(seen);
  EXPECT_FALSE(outcome.own_token_dead) << "it may be let in again tomorrow";
  EXPECT_NE(outcome.deliveries[0].message.body.find("public"), std::string::npos);
}

TEST_F(Fixture, AStreakThatADeadTokenHidesDoesNotEndInSilence) {
  job.user.streak.length = 100;
  job.user.streak.views = "both";
  job.user.streak.today = job.date - std::chrono::days{1};
  auto hidden = sight(streak::Verdict::no_streak, 0);
  hidden.own_token_dead = true;
  const auto outcome = decided(hidden);
  EXPECT_EQ(outcome.end, store::JobEnd::completed);
  EXPECT_EQ(outcome.verdict, streak::Verdict::unknown);
  EXPECT_FALSE(outcome.streak) << "what was seen with the token is not overwritten";
  ASSERT_EQ(outcome.deliveries.size(), 2U);
  EXPECT_EQ(outcome.deliveries[0].kind, "could_not_check");
  EXPECT_NE(outcome.deliveries[0].message.body.find("public"), std::string::npos);

  job.user.rules.pauses.push_back({.first = job.date, .last = job.date});
  const auto off = decided(hidden);
  EXPECT_TRUE(off.deliveries.empty()) << "on a day off nothing can end";
  EXPECT_FALSE(off.streak);
  job.user.rules.pauses.clear();

  job.user.streak.today = job.date - std::chrono::days{3};
  EXPECT_TRUE(decided(hidden).deliveries.empty()) << "nobody is told of it for ever";
  job.user.streak.today = job.date - std::chrono::days{1};
  job.user.streak.views = "service";
  EXPECT_TRUE(decided(hidden).deliveries.empty()) << "public activity shows all of this one";
}

TEST_F(Fixture, AStreakThatIsPausedTodayKeepsItsState) {
  github::Sight paused;
  paused.judgement.verdict = streak::Verdict::day_off;
  paused.seen_at = now;
  const auto outcome = decided(paused);
  EXPECT_EQ(outcome.verdict, streak::Verdict::day_off);
  EXPECT_FALSE(outcome.streak);
}

TEST_F(Fixture, WhoSnoozesOrStoppedTheDayIsLookedAtAndHearsNothing) {
  for (const bool stopped : {false, true}) {
    job.user.day_word = streak::DayWord{.date = job.date, .stopped = stopped};
    if (!stopped) job.user.day_word->snoozed_until = at("2026-07-01T21:00:00Z");
    const auto outcome = decided(sight(streak::Verdict::at_risk, 12));
    EXPECT_EQ(outcome.end, store::JobEnd::completed);
    EXPECT_TRUE(outcome.streak);
    EXPECT_TRUE(outcome.deliveries.empty());
  }
  job.user.daily_summary = true;
  EXPECT_TRUE(decided(sight(streak::Verdict::safe, 12)).deliveries.empty());
  now = at("2026-07-01T23:50:00Z");
  EXPECT_TRUE(decided(std::unexpected(unseen("unreachable"))).deliveries.empty());
}

TEST_F(Fixture, AfterTheSnoozeItIsSaidAgainInTheToneOfTheStageBefore) {
  job.user.remind_at = {600, 1200, 1380};
  job.stage = 21 * 60;
  job.user.day_word =
      streak::DayWord{.date = job.date, .snoozed_until = at("2026-07-01T21:00:00Z")};
  now = at("2026-07-01T21:00:00Z");
  const auto outcome = decided(sight(streak::Verdict::at_risk, 12));
  ASSERT_EQ(outcome.deliveries.size(), 2U);
  EXPECT_NE(outcome.deliveries[0].message.subject.find("still needs"), std::string::npos);
}

TEST_F(Fixture, AWordAboutAnotherDaySilencesNothing) {
  job.user.day_word = streak::DayWord{.date = job.date - std::chrono::days{1}, .stopped = true};
  EXPECT_EQ(decided(sight(streak::Verdict::at_risk, 12)).deliveries.size(), 2U);
}

TEST_F(Fixture, ALoudChannelHearsTheLastReminderOfTheDayAlone) {
  job.user.channels[1].level = streak::ChannelLevel::loud;
  job.user.remind_at = {1200, 1350};
  const auto early = decided(sight(streak::Verdict::at_risk, 12));
  ASSERT_EQ(early.deliveries.size(), 1U);
  EXPECT_EQ(early.deliveries[0].channel_id, 1);
  for (const int stage : {1350, 1400, store::kManualStage}) {  // the end of a snooze, too
    job.stage = stage;
    EXPECT_EQ(decided(sight(streak::Verdict::at_risk, 12)).deliveries.size(), 2U) << stage;
  }
  job.stage = 1350;
  now = at("2026-07-01T23:50:00Z");
  EXPECT_EQ(decided(std::unexpected(unseen("unreachable"))).deliveries.size(), 2U)
      << "could not check";
}

TEST_F(Fixture, ALoudChannelIsNotBotheredWithGoodNewsAndAQuietOneHearsAll) {
  job.user.channels[0].level = streak::ChannelLevel::quiet;
  job.user.channels[1].level = streak::ChannelLevel::loud;
  job.user.daily_summary = true;
  const auto outcome = decided(sight(streak::Verdict::safe, 12));
  ASSERT_EQ(outcome.deliveries.size(), 1U);
  EXPECT_EQ(outcome.deliveries[0].channel_id, 1);
}

}  // namespace
}  // namespace streaky::engine
