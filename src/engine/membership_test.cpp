// A process's own place in the fleet: when it may be taken for gone.
#include "engine/membership.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "store/store_testing.h"

namespace streaky::engine {
namespace {

using runtime::Millis;
using store::Dialect;
using store::dialect_name;

constexpr Millis kBeat{5'000};

class MembershipTest : public store::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    members_.emplace(s_->database);
    store::Member self;
    self.name = "self";
    self.roles = "worker";
    membership_.emplace(
        Membership::Parts{.members = *members_,
                          .clock = clock_,
                          .log = *log_,
                          .metrics = metrics_,
                          .self = self,
                          .beat = kBeat,
                          .forgets = true,
                          .load = [] { return Membership::Load{}; },
                          .on_forgotten = [] {},
                          .on_fleet = [this](const Fleet& fleet) { fleet_ = fleet; }});
  }
  static store::Member other() {
    store::Member other;
    other.name = "other";
    other.roles = "scheduler,worker";
    return other;
  }
  void beat() { wait(membership_->pass()); }
  void pass_time(Millis time) { clock_.advance_to(clock_.now() + time); }

  runtime::VirtualClock clock_{store::kNow};
  std::unique_ptr<runtime::Log> log_ = runtime::make_null_log();
  runtime::Metrics metrics_;
  std::optional<store::Members> members_;
  std::optional<Fleet> fleet_;
  std::optional<Membership> membership_;
};

TEST_P(MembershipTest, WhoseBeatsAreLateIsSilentBeforeOthersFreeWhatItHolds) {
  EXPECT_FALSE(membership_->silent()) << "who has not joined holds nothing";
  beat();
  pass_time(kBeat * 2);
  EXPECT_FALSE(membership_->silent());
  pass_time(Millis{1});
  EXPECT_TRUE(membership_->silent());
  const auto silence = kBeat * Membership::kBeatsMissed;
  EXPECT_TRUE(wait(members_->forget_silent(clock_.now() + kBeat, silence)).empty());
  beat();
  EXPECT_FALSE(membership_->silent());
}

// While the database was away nobody's beats came through: whoever is back first must not take the
// others for gone.
TEST_P(MembershipTest, WhoWasAwayItselfGivesTheOthersTimeToComeBack) {
  beat();
  wait(members_->beat(other(), clock_.now()));
  pass_time(std::chrono::seconds(45));
  beat();
  EXPECT_EQ(wait(members_->list()).size(), 2U) << "it may be on its way back";
  for (int i = 0; i < Membership::kBeatsMissed; ++i) {
    pass_time(kBeat);
    beat();
  }
  EXPECT_EQ(wait(members_->list()).size(), 1U);
}

TEST_P(MembershipTest, WhoJoinsIsANewcomerUntilOthersHaveHeard) {
  wait(members_->beat(other(), store::kNow));
  beat();
  EXPECT_EQ(fleet_->workers, 2);
  EXPECT_TRUE(fleet_->newcomer);
  for (int i = 0; i < Membership::kNewcomerBeats; ++i) beat();
  EXPECT_FALSE(fleet_->newcomer);
}

TEST_P(MembershipTest, WhoHasPagesAloneIsAVisitor) {
  store::Member pages = other();
  pages.roles = "web";
  store::Member scheduler = other();
  scheduler.name = "third";
  scheduler.roles = "scheduler";
  for (const auto& member : {pages, scheduler}) wait(members_->beat(member, store::kNow));
  beat();
  EXPECT_EQ(fleet_->workers, 1);
  EXPECT_EQ(fleet_->visitors, 1);
}

STREAKY_STORE_SUITE(MembershipTest);

}  // namespace
}  // namespace streaky::engine
