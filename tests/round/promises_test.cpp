// The promises of the daily round, each against the behaviour of the system that it replaces: the
// engine, the store on SQLite, GitHub, Discord and Telegram in the simulated world.
#include <gtest/gtest.h>

#include "support/town.h"

namespace streaky::testing_support {
namespace {

using namespace std::chrono_literals;
using sim::Fault;
using sim::Service;
using testing::Test;

struct Promises : Test {
  static House::Settings settings() {
    House::Settings settings;
    settings.tokens = {"ghp_sim0", "ghp_sim1"};
    return settings;
  }
  static runtime::TimePoint at(const char* text) { return runtime::parse_rfc3339(text).value(); }

  void open() {
    town.start_process();
    town.move_in();
    town.world.reset_ledger(town.clock.now());
  }

  Town town{Town::default_start(), settings()};  // 2026-07-01 12:00 UTC
};

bool contains(const std::string& text, const char* part) {
  return text.find(part) != std::string::npos;
}

TEST_F(Promises, EverybodyAtRiskHearsOnceOnEachLivingChannelAndNobodyElse) {
  town.world.seed({.users = 300, .seed = 11}, town.clock.now());
  town.world.lift_limits(true);
  open();
  const std::string batch = town.house.trigger();
  EXPECT_TRUE(town.house.settle(batch, 10min));
  const sim::Audit audit = town.world.audit(town.clock.now());
  EXPECT_TRUE(audit.ok()) << sim::to_json(audit, town.world.people());
  EXPECT_GT(audit.should_hear, 100U);
  EXPECT_EQ(audit.heard, audit.should_hear);
}

TEST_F(Promises, ARoundThroughAStormEndsWellAllTheSame) {
  town.world.seed({.users = 300, .seed = 12}, town.clock.now());
  ASSERT_TRUE(town.world.faults().use("storm"));
  open();
  const std::string batch = town.house.trigger();
  EXPECT_TRUE(town.house.settle(batch, 2h));
  const sim::Audit audit = town.world.audit(town.clock.now());
  EXPECT_TRUE(audit.ok()) << sim::to_json(audit, town.world.people());
  EXPECT_EQ(audit.heard, audit.should_hear);
}

TEST_F(Promises, AnErrorOfGitHubIsTriedAgainUntilItAnswers) {  // fault 1
  const auto anna = town.settle("Europe/Berlin", 12);
  open();
  town.fault(Service::github, Fault::error_502, 1);
  town.house.run_until(at("2026-07-01T19:00:00Z"));  // an hour after her 20:00
  EXPECT_TRUE(town.heard(anna).empty());
  town.no_faults();
  town.house.run_until(at("2026-07-01T20:00:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 1U);
  EXPECT_TRUE(contains(town.heard(anna)[0], "12"));
}

TEST_F(Promises, ACallThatHangsIsGivenUpAndTriedAgain) {  // fault 2
  const auto anna = town.settle("Europe/Berlin", 12);
  open();
  town.fault(Service::github, Fault::hang, 1);
  town.house.run_until(at("2026-07-01T18:05:00Z"));
  EXPECT_TRUE(town.heard(anna).empty());
  town.no_faults();
  town.house.run_until(at("2026-07-01T18:30:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

TEST_F(Promises, AFailedSendIsTriedAgain) {  // fault 3
  const auto anna = town.settle("Europe/Berlin", 12);
  open();
  town.fault(Service::discord, Fault::error_503, 1);
  town.house.run_until(at("2026-07-01T18:10:00Z"));
  EXPECT_TRUE(town.heard(anna).empty());
  town.no_faults();
  town.house.run_until(at("2026-07-01T18:30:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

TEST_F(Promises, TriesComeCloserAsMidnightDoes) {
  std::vector<decltype(town.settle("", 0))> people;
  for (int i = 0; i < 8; ++i) people.push_back(town.settle("Europe/Berlin", 12));
  open();
  town.fault(Service::discord, Fault::error_503, 1);
  town.house.run_until(at("2026-07-01T21:50:00Z"));
  town.no_faults();
  town.house.run_until(at("2026-07-01T21:53:00Z"));
  for (const auto& person : people) EXPECT_EQ(town.heard(person).size(), 1U);
}

TEST_F(Promises, TwoTriggersTellNobodyTwiceButALaterReminderStillComes) {  // fault 5
  const auto anna = town.settle("Europe/Berlin", 12);
  open();
  const std::string first = town.house.trigger();
  EXPECT_TRUE(town.house.settle(first, 1min));
  const std::string second = town.house.trigger();
  const std::string third = town.house.trigger();
  EXPECT_TRUE(town.house.settle(second, 1min));
  EXPECT_TRUE(town.house.settle(third, 1min));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  town.house.run_until(at("2026-07-01T18:01:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 2U);
}

TEST_F(Promises, NobodyWhoIsSafeOrHasNoStreakHearsAnything) {  // fault 6
  const auto safe = town.settle("Europe/Berlin", 5);
  safe->today = true;
  const auto none = town.settle("Europe/Berlin", 0);
  const auto rests = town.settle("Europe/Berlin", 5);
  rests->rest_bits = 1U << 3U;  // 2026-07-01 is a Wednesday
  const auto ahead = town.settle("Asia/Tokyo", 5);
  ahead->tomorrow = true;
  open();
  town.house.run_until(at("2026-07-01T18:30:00Z"));
  for (const auto& person : {safe, none, rests, ahead}) {
    EXPECT_TRUE(town.heard(person).empty()) << person->login;
  }
}

TEST_F(Promises, AStreakOfManyYearsIsCountedWhole) {  // fault 7
  const auto old = town.settle("Europe/Berlin", 4'000);
  const auto year = town.settle("Europe/Berlin", 366);
  open();
  town.house.run_until(at("2026-07-01T18:10:00Z"));
  ASSERT_EQ(town.heard(old).size(), 1U);
  EXPECT_TRUE(contains(town.heard(old)[0], "4000") || contains(town.heard(old)[0], "4,000"));
  ASSERT_EQ(town.heard(year).size(), 1U);
  EXPECT_TRUE(contains(town.heard(year)[0], "366"));
}

TEST_F(Promises, TheDayIsTheUsersOwn) {  // fault 8
  const auto tokyo = town.settle("Asia/Tokyo", 3);
  const auto honolulu = town.settle("Pacific/Honolulu", 3);
  open();
  town.house.run_until(at("2026-07-02T05:59:00Z"));
  EXPECT_EQ(town.heard(tokyo).size(), 0U) << "20:00 in Tokyo had passed when she signed up";
  EXPECT_EQ(town.heard(honolulu).size(), 0U);
  town.house.run_until(at("2026-07-02T06:01:00Z"));
  EXPECT_EQ(town.heard(honolulu).size(), 1U);
}

TEST_F(Promises, AMissedHourIsMadeUpForOnceAndYesterdayIsLeftAlone) {  // fault 9
  const auto anna = town.settle("Europe/Berlin", 12);
  const auto tokyo = town.settle("Asia/Tokyo", 12);
  open();
  town.house.stop();
  town.clock.advance_to(at("2026-07-01T21:00:00Z"));  // 23:00 in Berlin, tomorrow in Tokyo
  town.start_process();
  town.house.run_until(at("2026-07-01T21:05:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  EXPECT_TRUE(town.heard(tokyo).empty());
}

TEST_F(Promises, UnknownIsSaidHonestlyOnceAndAnAlarmMayStillFollow) {
  const auto anna = town.settle("UTC", 12);
  const auto ben = town.settle("UTC", 3);
  open();
  town.world.down(Service::github) = true;
  town.house.run_until(at("2026-07-01T23:40:00Z"));
  EXPECT_TRUE(town.heard(anna).empty()) << "an outage is no alarm";
  town.house.run_until(at("2026-07-01T23:47:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 1U);
  EXPECT_TRUE(contains(town.heard(anna)[0], "could not")) << town.heard(anna)[0];
  town.world.down(Service::github) = false;
  town.house.run_until(at("2026-07-02T00:30:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 2U);
  EXPECT_EQ(town.heard(ben).size(), 2U);
  EXPECT_TRUE(contains(town.heard(anna)[1], "12"));
}

TEST_F(Promises, NothingIsSaidAfterMidnight) {
  const auto anna = town.settle("UTC", 12);
  open();
  town.world.down(Service::github) = true;
  town.world.down(Service::discord) = true;
  town.house.run_until(at("2026-07-02T00:00:00Z"));
  town.world.down(Service::github) = false;
  town.world.down(Service::discord) = false;
  town.house.run_until(at("2026-07-02T10:00:00Z"));
  EXPECT_TRUE(town.heard(anna).empty());
}

TEST_F(Promises, HalfAnswersNeverBecomeACount) {
  std::vector<Neighbour> people;
  for (int i = 0; i < 20; ++i) {
    const auto person = town.settle("UTC", 30);
    person->today = i % 2 == 0;
    people.push_back(person);
  }
  open();
  town.fault(Service::github, Fault::half, 0.4);
  town.fault(Service::github, Fault::html, 0.2);
  town.fault(Service::github, Fault::cut, 0.2);
  town.house.run_until(at("2026-07-01T22:00:00Z"));
  for (const auto& person : people) {
    const auto heard = town.heard(person);
    EXPECT_EQ(heard.size(), person->today ? 0U : 1U);
    // After a quarter of an hour the reminder goes out though the length is not settled.
    for (const auto& text : heard) {
      EXPECT_TRUE(contains(text, " 30 days") || contains(text, "at least")) << text;
    }
  }
}

TEST_F(Promises, HalfAnswersHideNothingThatLiesOnTomorrow) {
  // On a Saturday the last week of a calendar is tomorrow alone.
  Town saturday(at("2026-07-04T12:00:00Z"), settings());
  std::vector<Neighbour> people;
  for (int i = 0; i < 20; ++i) {
    people.push_back(saturday.settle("UTC", 30));
    people.back()->tomorrow = true;
  }
  saturday.start_process();
  saturday.move_in();
  saturday.fault(Service::github, Fault::half, 0.7);
  saturday.house.run_until(at("2026-07-04T22:00:00Z"));
  for (const auto& person : people) EXPECT_TRUE(saturday.heard(person).empty());
}

TEST_F(Promises, TheSummaryComesToThoseWhoAskedOnceADay) {
  const auto anna = town.settle("UTC", 12);
  anna->today = true;
  anna->daily_summary = true;
  open();
  town.house.run_until(at("2026-07-01T21:00:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 1U);
  EXPECT_FALSE(contains(town.heard(anna)[0], "risk"));
  const std::string batch = town.house.trigger();
  EXPECT_TRUE(town.house.settle(batch, 1min));
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

TEST_F(Promises, AFortnightOfEveningsMakesOneReminderEach) {
  const auto anna = town.settle("America/New_York", 12);
  open();
  town.house.run_until(at("2026-07-02T00:30:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  town.house.run_until(at("2026-07-15T00:30:00Z"));
  // Her streak died with the first evening: nothing to lose, nothing to say.
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

TEST_F(Promises, WhoTravelsIntoTomorrowHearsNoMoreOfYesterday) {
  const auto anna = town.settle("Africa/Lagos", 12);
  open();
  town.world.down(Service::github) = true;
  town.house.run_until(at("2026-07-01T20:28:00Z"));  // her 20:00 waits for GitHub
  NewUser moved;
  moved.login = anna->login;
  moved.time_zone = "Asia/Yangon";  // 02:58 on 2 July
  moved.discord_webhook = sim::People::webhook_url(*anna.operator->());
  town.house.add(moved);
  town.world.down(Service::github) = false;
  const auto asked = town.world.stats(Service::github).requests;
  town.house.run_until(at("2026-07-01T22:30:00Z"));  // before the midnight of Lagos
  EXPECT_LE(town.world.stats(Service::github).requests, asked + 3) << "that day is over for her";
  town.house.run_until(at("2026-07-02T10:00:00Z"));
  EXPECT_TRUE(town.heard(anna).empty()) << town.heard(anna).front();
}

TEST_F(Promises, WhoTravelsWestHasTheLongerDay) {
  const auto anna = town.settle("Europe/Berlin", 12);
  anna->remind_minute = 12 * 60 + 30;  // 10:30 in UTC
  anna->today = true;                  // on 1 July
  town.clock.advance_to(at("2026-07-02T06:00:00Z"));
  open();
  town.world.down(Service::github) = true;
  town.house.run_until(at("2026-07-02T18:00:00Z"));
  NewUser moved;
  moved.login = anna->login;
  moved.time_zone = "Africa/Lagos";
  moved.remind_at = {12 * 60 + 30};
  moved.discord_webhook = sim::People::webhook_url(*anna.operator->());
  town.house.add(moved);
  town.house.run_until(at("2026-07-02T22:10:00Z"));  // after Berlin's midnight
  EXPECT_TRUE(town.heard(anna).empty());
  town.world.down(Service::github) = false;
  town.house.run_until(at("2026-07-02T23:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

TEST_F(Promises, GitHubThatIsBackForTenMinutesIsAskedHoweverLongItWasAway) {
  const auto anna = town.settle("UTC", 12);
  open();
  town.world.down(Service::github) = true;
  for (int hour = 0; hour < 3; ++hour) {
    town.house.run_until(at("2026-07-01T20:30:00Z") + hour * 1h);
    EXPECT_TRUE(town.heard(anna).empty());
  }
  town.world.down(Service::github) = false;
  town.house.run_for(10min);
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

}  // namespace
}  // namespace streaky::testing_support
