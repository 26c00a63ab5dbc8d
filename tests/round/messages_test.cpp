// What becomes of messages: channels that die or move, answers that grow old, stages that follow.
#include <gtest/gtest.h>

#include <map>

#include "store/session.h"
#include "support/town.h"

namespace streaky::testing_support {
namespace {

using namespace std::chrono_literals;
using sim::Fault;
using sim::Service;

struct Messages : testing::Test {
  static House::Settings settings() {
    House::Settings settings;
    settings.tokens = {"ghp_sim0"};
    return settings;
  }
  static runtime::TimePoint at(const char* text) { return runtime::parse_rfc3339(text).value(); }
  static bool contains(const std::string& text, const char* part) {
    return text.find(part) != std::string::npos;
  }

  void open() {
    town.start_process();
    town.move_in();
    town.world.reset_ledger(town.clock.now());
  }

  Town town{Town::default_start(), settings()};  // 2026-07-01 12:00 UTC
};

TEST_F(Messages, ADeadChannelIsSwitchedOffAndToldElsewhere) {
  const auto anna = town.settle("UTC", 7);
  anna->discord = sim::DiscordState::deleted;
  anna->telegram = sim::TelegramState::living;
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  const auto heard = town.heard(anna, Service::telegram);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_TRUE(contains(heard[0] + heard[1], "Discord"));
  const auto user = town.house.user(anna->login);
  ASSERT_TRUE(user);
  for (const auto& channel : user->channels) {
    EXPECT_EQ(channel.on, channel.kind == "telegram");
    EXPECT_EQ(channel.off_reason.empty(), channel.on);
  }
}

TEST_F(Messages, AChatThatMovedIsFollowedAndKept) {
  const auto anna = town.settle("UTC", 7);
  anna->discord = sim::DiscordState::none;
  anna->telegram = sim::TelegramState::migrated;
  open();
  const auto before = town.house.user(anna->login)->channels.at(0).sealed;
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  EXPECT_NE(town.house.user(anna->login)->channels.at(0).sealed, before);
}

TEST_F(Messages, ADeadTokenIsRememberedAndTheMessageSaysWhatCouldBeSeen) {
  const auto anna = town.settle("UTC", 7);
  anna->token = sim::OwnToken::dead;
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 1U);
  EXPECT_TRUE(contains(town.heard(anna)[0], "public")) << town.heard(anna)[0];
  EXPECT_TRUE(town.house.user(anna->login)->token_dead);
}

TEST_F(Messages, WhoContributedWhileTheMessageWaitedIsLeftInPeace) {
  const auto anna = town.settle("UTC", 7);
  open();
  town.world.down(Service::discord) = true;
  town.house.run_until(at("2026-07-01T20:30:00Z"));
  town.world.activity().contribute(*anna.operator->(), anna->base, 1, town.clock.now());
  town.world.down(Service::discord) = false;
  town.house.run_until(at("2026-07-01T23:59:00Z"));
  EXPECT_TRUE(town.heard(anna).empty());
}

TEST_F(Messages, AnOldAnswerIsSentBeforeMidnightSayingHowOldItIs) {
  const auto anna = town.settle("UTC", 7);
  open();
  town.world.down(Service::discord) = true;
  town.house.run_until(at("2026-07-01T20:10:00Z"));
  town.world.down(Service::github) = true;
  town.house.run_until(at("2026-07-01T20:20:00Z"));  // the last answer is old by then
  town.world.down(Service::discord) = false;
  town.house.run_until(at("2026-07-01T23:40:00Z"));
  EXPECT_TRUE(town.heard(anna).empty());
  town.house.run_until(at("2026-07-01T23:55:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 1U);
  EXPECT_TRUE(contains(town.heard(anna)[0], "20:")) << town.heard(anna)[0];
}

TEST_F(Messages, ALaterStageTakesOverWhatIsUnfinished) {
  const auto anna = town.settle("UTC", 7);
  town.start_process();
  NewUser user;
  user.login = anna->login;
  user.remind_at = {1'200, 1'260, 1'320};
  user.discord_webhook = sim::People::webhook_url(*anna.operator->());
  town.house.add(user);
  town.world.reset_ledger(town.clock.now());
  town.world.down(Service::github) = true;
  town.house.run_until(at("2026-07-01T22:10:00Z"));
  town.world.down(Service::github) = false;
  town.house.run_until(at("2026-07-01T23:30:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U) << "three stages were due, one was left to speak";
}

TEST_F(Messages, SeveralStagesSpeakSeveralTimesAndMoreUrgently) {
  const auto anna = town.settle("UTC", 7);
  town.start_process();
  NewUser user;
  user.login = anna->login;
  user.remind_at = {1'200, 1'425};
  user.discord_webhook = sim::People::webhook_url(*anna.operator->());
  town.house.add(user);
  town.world.reset_ledger(town.clock.now());
  town.house.run_until(at("2026-07-01T23:50:00Z"));
  const auto heard = town.heard(anna);
  ASSERT_EQ(heard.size(), 2U);
  EXPECT_NE(heard[0], heard[1]);
}

TEST_F(Messages, AnEditWhileTheCheckIsUnderWayIsJudgedAgain) {
  const auto anna = town.settle("UTC", 7);
  open();
  town.world.latency(Service::github) = {10s, 0};
  town.house.run_until(at("2026-07-01T20:00:02Z"));
  NewUser user;
  user.login = anna->login;
  user.remind_at = {1'200};
  user.discord_webhook = sim::People::webhook_url(*anna.operator->());
  user.rules.pauses.push_back({streak::parse_label("2026-07-01").value(), std::nullopt});
  town.house.add(user);
  town.house.run_until(at("2026-07-01T21:00:00Z"));
  EXPECT_TRUE(town.heard(anna).empty()) << "she had paused before the answer came";
}

TEST_F(Messages, ALostAnswerMayDoubleAMessageButNeverLosesIt) {
  const auto anna = town.settle("UTC", 7);
  open();
  town.fault(Service::discord, Fault::reset_after, 1);
  town.house.run_until(at("2026-07-01T20:00:01Z"));
  town.no_faults();
  town.house.run_until(at("2026-07-01T20:30:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 2U) << "sent again, since nobody can know";
}

TEST_F(Messages, WhatWasSentIsNotSentAgainThoughItsRecordIsRefused) {
  const auto anna = town.settle("UTC", 7);
  open();
  store::Database::Work refuse = [](store::Session& session) {
    session.execute(
        "CREATE TRIGGER refuse BEFORE UPDATE ON deliveries WHEN NEW.remote_id <> '' "
        "BEGIN SELECT RAISE(ABORT, 'no ids today'); END");
  };
  town.house.await(town.house.database().write(refuse));
  town.house.run_until(at("2026-07-01T23:59:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  EXPECT_EQ(town.house.metrics().value("streaky_job_exceptions_total", {}), 0);
}

TEST_F(Messages, ANewTokenShowsThePrivateDaysThatTheServiceMissed) {
  const auto anna = town.settle("UTC", 400);
  anna->privacy = sim::Privacy::hidden;
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  const auto before = town.house.user(anna->login)->streak;
  ASSERT_LT(before.length, 400);
  anna->token = sim::OwnToken::repo;
  town.move_in();
  town.house.run_until(at("2026-07-02T20:05:00Z"));
  EXPECT_GE(town.house.user(anna->login)->streak.longest, 400);
}

TEST_F(Messages, RetentionLeavesNothingBehind) {
  const auto anna = town.settle("UTC", 7);
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  const std::string batch = town.house.trigger();
  EXPECT_TRUE(town.house.settle(batch, 1min));
  town.house.run_until(at("2026-07-10T12:00:00Z"));
  EXPECT_EQ(town.house.batch(batch).total(), 0) << "batches go after seven days";
  ASSERT_GE(town.heard(anna).size(), 1U);
}

/// Promises each message a turn of its own, 20 ms apart, and takes it when it comes back.
class Turnstile final : public notify::Courier {
 public:
  struct Notes {
    std::vector<runtime::TimePoint> promised;
    std::vector<runtime::TimePoint> came;  // each beside its promise
  };

  Turnstile(CourierParts parts, Notes* notes) : clock_(parts.clock), notes_(notes) {}

  runtime::Task<notify::Carried> carry(notify::SealedOutgoing outgoing) override {
    notify::Carried carried;
    const auto turn = turns_.find(outgoing.delivery_id);
    if (turn == turns_.end()) {
      const auto at = clock_.now() + 10s + turns_.size() * 20ms;
      turns_.emplace(outgoing.delivery_id, at);
      carried.outcome = notify::RetryAt{.at = at};
    } else {
      notes_->promised.push_back(turn->second);
      notes_->came.push_back(clock_.now());
      carried.outcome = notify::Sent{};
    }
    co_return carried;
  }
  runtime::Task<void> wait_idle() override { co_return; }

 private:
  runtime::Clock& clock_;
  Notes* notes_;  // borrowed
  std::map<std::string, runtime::TimePoint> turns_;
};

TEST(Turns, MessagesThatComeDueOneByOneAreClaimedTogetherAndNoneLeavesEarly) {
  Turnstile::Notes notes;
  House::Settings settings = Messages::settings();
  settings.make_courier = [&notes](CourierParts parts) {
    return std::make_unique<Turnstile>(std::move(parts), &notes);
  };
  constexpr int kPeople = 200;  // four seconds of turns
  Town town{Town::default_start(), settings};
  for (int i = 0; i < kPeople; ++i) town.settle("UTC", 7);
  town.start_process();
  town.move_in();
  const auto writes = [&town] {
    return town.house.metrics().value("streaky_db_transactions_total", {{"kind", "write"}});
  };
  const std::string batch = town.house.trigger();
  ASSERT_TRUE(town.house.run_until(
      [&] { return town.house.batch(batch).count("delivery:pending") == kPeople; },
      town.clock.now() + 1min));
  const double before = writes();
  ASSERT_TRUE(town.house.settle(batch, 1min));
  ASSERT_EQ(notes.came.size(), std::size_t{kPeople});
  for (std::size_t i = 0; i < notes.came.size(); ++i) {
    EXPECT_GE(notes.came[i], notes.promised[i]);
    EXPECT_LE(notes.came[i], notes.promised[i] + 500ms);
  }
  // One claim a second, and records in groups of at most 50 ms.
  EXPECT_LE(writes() - before, 6 + 4'000 / 50);
}

}  // namespace
}  // namespace streaky::testing_support
