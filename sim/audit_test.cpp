// The verdict over a round: what counts as missed, double, false.
#include <gtest/gtest.h>

#include "sim/test_support.h"

namespace streaky::sim {
namespace {

using namespace testing;  // NOLINT(google-build-using-namespace): helpers of this room's tests
using std::chrono::hours;
using std::chrono::minutes;

class AuditTest : public ::testing::Test {
 protected:
  AuditTest() : world_(WorldOptions{}) {
    Person risk = with_streak("risk", 5);
    risk.discord = DiscordState::living;
    risk.telegram = TelegramState::living;
    world_.people().add(risk);
    Person safe = with_streak("safe", 5);
    safe.today = true;
    safe.discord = DiscordState::living;
    world_.people().add(safe);
    world_.reset_ledger(kNow);
  }

  void hear(std::uint32_t who, Service service, const char* text = "hello",
            runtime::TimePoint now = kNow) {
    world_.ledger().write(who, service, now, {.text = text, .links = {}});
  }

  World world_;
};

TEST_F(AuditTest, OncePerLivingChannelIsRight) {
  EXPECT_EQ(world_.audit(kNow).missed, 2U);
  hear(0, Service::discord);
  EXPECT_EQ(world_.audit(kNow).missed, 1U);
  EXPECT_EQ(world_.audit(kNow).heard, 0U);
  hear(0, Service::telegram);
  const Audit good = world_.audit(kNow);
  EXPECT_TRUE(good.ok());
  EXPECT_EQ(good.should_hear, 1U);
  EXPECT_EQ(good.heard, 1U);
  EXPECT_EQ(good.messages, 2U);
}

TEST_F(AuditTest, DoublesAndFalseAlarmsAreFound) {
  hear(0, Service::discord);
  hear(0, Service::telegram);
  hear(0, Service::telegram);
  hear(1, Service::discord);
  const Audit bad = world_.audit(kNow);
  EXPECT_FALSE(bad.ok());
  EXPECT_EQ(bad.doubles, 1U);
  EXPECT_EQ(bad.false_alarms, 1U);
  ASSERT_EQ(bad.offences.size(), 2U);
  const std::string report = to_json(bad, world_.people());
  EXPECT_EQ(at(boost::json::parse(report), "/offences/1/what"), R"("false_alarm")");
  EXPECT_EQ(at(boost::json::parse(report), "/offences/1/login"), R"("safe")");
}

TEST_F(AuditTest, ADeadChannelAllowsOneNoticeOnTheOther) {
  world_.people().at(0).discord = DiscordState::deleted;
  hear(0, Service::telegram);
  EXPECT_TRUE(world_.audit(kNow).ok());
  hear(0, Service::telegram, "your other channel is off");
  EXPECT_EQ(world_.audit(kNow).doubles, 1U) << "nobody tried the dead channel";
  world_.ledger().refused(0, Service::discord);
  EXPECT_TRUE(world_.audit(kNow).ok());
  EXPECT_EQ(world_.audit(kNow).notices, 1U);
  hear(0, Service::telegram);
  EXPECT_EQ(world_.audit(kNow).doubles, 1U);
}

TEST_F(AuditTest, WhoeverChangedMeanwhileIsNotJudged) {
  hear(0, Service::discord);
  world_.activity().contribute(world_.people().at(0), day("2026-08-06"), 1, kNow + minutes{1});
  const Audit later = world_.audit(kNow + minutes{2});
  EXPECT_TRUE(later.ok());
  EXPECT_EQ(later.changed, 1U);
}

TEST_F(AuditTest, CouldNotCheckIsHonestOnlyBeforeMidnight) {
  hear(0, Service::discord);
  hear(0, Service::telegram);
  hear(1, Service::discord, "Streaky could not check GitHub", instant("2026-08-06T23:46:00Z"));
  EXPECT_TRUE(world_.audit(instant("2026-08-06T23:50:00Z")).ok());
  hear(1, Service::discord, "Streaky could not check GitHub", instant("2026-08-06T20:00:00Z"));
  EXPECT_EQ(world_.audit(instant("2026-08-06T23:50:00Z")).false_alarms, 1U);
}

TEST_F(AuditTest, SummariesAreOwedToThoseWhoAsked) {
  hear(0, Service::discord);
  hear(0, Service::telegram);
  world_.people().at(1).daily_summary = true;
  EXPECT_EQ(world_.audit(kNow).missed, 1U);
  hear(1, Service::discord);
  EXPECT_TRUE(world_.audit(kNow).ok());
  EXPECT_EQ(world_.audit(kNow).summaries, 1U);
}

TEST_F(AuditTest, TheLedgerKnowsWhetherAnAlarmWasJustified) {
  hear(0, Service::discord);
  hear(1, Service::discord);
  world_.activity().contribute(world_.people().at(0), day("2026-08-06"), 1, kNow + hours{1});
  hear(0, Service::discord, "a race", kNow + hours{1} + minutes{5});
  hear(0, Service::discord, "too late", kNow + hours{1} + minutes{7});
  const auto& entries = world_.ledger().entries();
  EXPECT_TRUE(entries[0].justified);
  EXPECT_FALSE(entries[1].justified);
  EXPECT_TRUE(entries[2].justified);
  EXPECT_FALSE(entries[3].justified);
}

}  // namespace
}  // namespace streaky::sim
