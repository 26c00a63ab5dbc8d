// When leases count as over: not while those who hold them may be on their way back.
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "engine/membership.h"
#include "engine/upkeep.h"
#include "store/store_testing.h"

namespace streaky::engine {
namespace {

using runtime::Millis;
using store::Dialect;
using store::dialect_name;
using store::kNow;

class ReaperTest : public store::StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    sign_up(1);
    trigger("b1");
    ASSERT_EQ(claim("other").size(), 1U);  // until kNow and half a minute
    begin(*s_, true);
  }
  void begin(store::Stores& stores, bool shared) {
    reaper_ = std::make_unique<Reaper>(Reaper::Parts{.jobs = stores.jobs,
                                                     .upkeep = stores.upkeep,
                                                     .clock = clock_,
                                                     .log = *log_,
                                                     .metrics = metrics_,
                                                     .owner = "self",
                                                     .lease = std::chrono::seconds(30),
                                                     .shared = shared,
                                                     .in_hand = [] { return store::InHand{}; },
                                                     .on_returned = [] {}});
  }
  /// A pass at that time after kNow. True when it returned the job.
  bool returns_at(std::chrono::seconds after) {
    clock_.advance_to(kNow + after);
    const auto before = number("SELECT COUNT(*) FROM jobs WHERE state = 'pending'");
    wait(reaper_->pass());
    return number("SELECT COUNT(*) FROM jobs WHERE state = 'pending'") > before;
  }

  runtime::VirtualClock clock_{kNow};
  std::unique_ptr<runtime::Log> log_ = runtime::make_null_log();
  runtime::Metrics metrics_;
  std::unique_ptr<Reaper> reaper_;
};

// The database may have been away until a moment ago, and with it the leases of those who live.
TEST_P(ReaperTest, WhoHasJustStartedGivesOthersTimeToRenewTheirLeases) {
  EXPECT_FALSE(returns_at(std::chrono::seconds(60)));
  EXPECT_FALSE(returns_at(std::chrono::seconds(70)));
  EXPECT_TRUE(returns_at(std::chrono::seconds(80)));
}

TEST_P(ReaperTest, WhoIsAloneReapsAtOnce) {
  begin(*s_, false);
  EXPECT_TRUE(returns_at(std::chrono::seconds(60)));
}

STREAKY_STORE_SUITE(ReaperTest);

/// A machine that sees the server's clock set, or another server with another clock take over.
class ServersClockTest : public ReaperTest {
 protected:
  void SetUp() override {
    ReaperTest::SetUp();
    store::Database::Options options;
    options.url = url();
    options.mode = store::Database::Mode::inline_calls;
    options.wall = [this] {
      return std::chrono::floor<Millis>(std::chrono::system_clock::now()) - ahead_;
    };
    machine_ = std::make_unique<store::Stores>(io_, options);
    begin(*machine_, true);
  }

  Millis ahead_{0};
  std::unique_ptr<store::Stores> machine_;
};

TEST_P(ServersClockTest, LeasesThatAreOverByAClockThatWasSetMayBeRenewed) {
  for (const int after : {0, 10}) EXPECT_FALSE(returns_at(std::chrono::seconds(after)));
  ahead_ = std::chrono::seconds(25);
  for (const int after : {20, 30}) EXPECT_FALSE(returns_at(std::chrono::seconds(after)));
  EXPECT_TRUE(returns_at(std::chrono::seconds(40)));
}

TEST_P(ServersClockTest, WhoseBeatsAreOldByAClockThatWasSetIsNotTakenForGone) {
  constexpr std::chrono::seconds kBeat{5};
  store::Members members(machine_->database);
  const auto member = [](const char* name) {
    store::Member member;
    member.name = name;
    member.roles = "worker";
    return member;
  };
  Membership membership({.members = members,
                         .clock = clock_,
                         .log = *log_,
                         .metrics = metrics_,
                         .self = member("self"),
                         .beat = kBeat,
                         .forgets = true,
                         .load = [] { return Membership::Load{}; },
                         .on_forgotten = [] {},
                         .on_fleet = {}});
  const auto beat = [&] {
    clock_.advance_to(clock_.now() + kBeat);
    wait(membership.pass());
  };
  for (int i = 0; i <= Membership::kBeatsMissed; ++i) {
    wait(members.beat(member("other"), clock_.now()));
    beat();
  }
  ahead_ = std::chrono::seconds(25);
  beat();
  EXPECT_EQ(wait(members.list()).size(), 2U);
  for (int i = 0; i < Membership::kBeatsMissed; ++i) beat();
  EXPECT_EQ(wait(members.list()).size(), 1U) << "it has not beaten since";
}

STREAKY_STORE_SUITE_ON(ServersClockTest, Dialect::postgres);

}  // namespace
}  // namespace streaky::engine
