// The database goes away while messages are in hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "store/members.h"
#include "store/session.h"
#include "support/town.h"

namespace streaky::testing_support {
namespace {

using namespace std::chrono_literals;
using sim::Service;

/// One message at a time, each under way for 9 s: the others wait in hand. The first two are
/// surely ours when their turn comes.
struct Outages : testing::Test {
  static constexpr std::size_t kPeople = 5;
  static constexpr std::size_t kSurelyOurs = 2;

  static House::Settings settings() {
    House::Settings settings;
    settings.tokens = {"ghp_sim0"};
    settings.engine.sender.in_flight = 1;
    return settings;
  }
  static runtime::TimePoint at(const char* text) { return runtime::parse_rfc3339(text).value(); }

  void SetUp() override {
    for (std::size_t i = 0; i < kPeople; ++i) people.push_back(town.settle("UTC", 7));
    town.world.latency(Service::discord) = {9s, 0};
    town.start_process();
    town.move_in();
    town.world.reset_ledger(town.clock.now());
    town.house.run_until(at("2026-07-01T20:00:05Z"));
    ASSERT_EQ(heard().size(), 1U);
    set_database(false);
  }

  /// Away: every statement on users and deliveries fails.
  void set_database(bool there) {
    rename("deliveries", there);
    set_users(there);
  }
  void set_users(bool there) { rename("users", there); }

  void rename(const std::string& table, bool there) {
    const std::string away = table + "_away";
    const std::string order =
        "ALTER TABLE " + (there ? away : table) + " RENAME TO " + (there ? table : away);
    store::Database::Work work = [order](store::Session& session) { session.execute(order); };
    town.house.await(town.house.database().write(work));
  }

  void contribute() {
    for (const Neighbour& person : people) {
      town.world.activity().contribute(*person.operator->(), person->base, 1, town.clock.now());
    }
  }

  std::vector<std::string> heard() {
    std::vector<std::string> all;
    for (const Neighbour& person : people) {
      for (const std::string& text : town.heard(person)) all.push_back(text);
    }
    return all;
  }

  Town town{Town::default_start(), settings()};  // 2026-07-01 12:00 UTC
  std::vector<Neighbour> people;
};

TEST_F(Outages, WhoContributedMeanwhileIsLeftInPeace) {
  town.house.run_until(at("2026-07-01T20:30:00Z"));
  ASSERT_EQ(heard().size(), kSurelyOurs) << "the others wait for the database";
  contribute();
  town.house.run_until(at("2026-07-01T21:00:00Z"));
  set_database(true);
  town.house.run_until(at("2026-07-02T01:00:00Z"));
  EXPECT_EQ(heard().size(), kSurelyOurs);
}

TEST_F(Outages, WhatIsInHandGoesOutOnceItIsBack) {
  town.house.run_until(at("2026-07-01T21:00:00Z"));
  EXPECT_EQ(heard().size(), kSurelyOurs);
  set_database(true);
  town.house.run_until(at("2026-07-01T21:05:00Z"));
  const auto texts = heard();
  EXPECT_EQ(texts.size(), kPeople);
  for (const std::string& text : texts) EXPECT_EQ(text.find("As of"), std::string::npos) << text;
}

TEST_F(Outages, EverybodyHearsBeforeMidnightHowOldTheAnswerIs) {
  town.house.run_until(at("2026-07-01T23:44:00Z"));
  EXPECT_EQ(heard().size(), kSurelyOurs);
  town.house.run_until(at("2026-07-01T23:50:00Z"));
  const auto texts = heard();
  EXPECT_EQ(texts.size(), kPeople);
  const auto old = std::ranges::count_if(
      texts, [](const std::string& text) { return text.contains("As of 20:00: GitHub shows no"); });
  EXPECT_EQ(old, kPeople - kSurelyOurs);
  town.house.run_until(at("2026-07-02T00:10:00Z"));
  set_database(true);
  town.house.run_until(at("2026-07-02T01:00:00Z"));
  EXPECT_EQ(heard().size(), kPeople) << "nobody hears twice";
}

// A server that is started anew just when old answers are due for their last try.
TEST_F(Outages, AMomentWithoutAnswersInTheLastMinutesIsWaitedFor) {
  town.world.down(Service::discord) = true;
  set_database(true);
  town.house.run_until(at("2026-07-01T20:10:00Z"));
  const auto before = heard().size();
  contribute();
  town.world.down(Service::github) = true;  // until 23:45 they wait for an answer
  town.house.run_until(at("2026-07-01T20:40:00Z"));
  town.world.down(Service::discord) = false;
  town.house.run_until(at("2026-07-01T23:45:00Z") - 1ms);
  town.world.down(Service::github) = false;
  set_users(false);
  town.house.run_until(at("2026-07-01T23:45:20Z"));
  set_users(true);
  town.house.run_until(at("2026-07-02T01:00:00Z"));
  EXPECT_EQ(heard().size(), before);
}

TEST_F(Outages, WhatIsKeptGoesBackToTheTableWhenItIsBack) {
  town.world.down(Service::discord) = true;
  town.house.run_until(at("2026-07-01T21:00:00Z"));
  set_database(true);
  town.house.run_for(45s);
  const auto backlog =
      town.house.await(store::read_backlog(&town.house.database(), town.clock.now()));
  EXPECT_EQ(backlog.deliveries_in_hand, 0);
}

TEST_F(Outages, AChannelThatFailsForAWhileIsTriedAgain) {
  town.house.run_until(at("2026-07-01T23:40:00Z"));
  town.world.down(Service::discord) = true;
  town.house.run_until(at("2026-07-01T23:48:00Z"));
  EXPECT_EQ(heard().size(), kSurelyOurs);
  town.world.down(Service::discord) = false;
  town.house.run_until(at("2026-07-01T23:58:00Z"));
  EXPECT_EQ(heard().size(), kPeople);
}

TEST_F(Outages, WhoAskedForQuietMeanwhileIsLeftInPeace) {
  set_database(true);
  for (const Neighbour& person : people) {
    NewUser resting;
    resting.login = person->login;
    resting.discord_webhook = sim::People::webhook_url(*person.operator->());
    resting.rules.pauses.push_back({streak::parse_label("2026-07-01").value(), std::nullopt});
    town.house.add(resting);
  }
  set_database(false);
  town.house.run_until(at("2026-07-01T21:00:00Z"));
  set_database(true);
  town.house.run_until(at("2026-07-02T01:00:00Z"));
  EXPECT_LE(heard().size(), kSurelyOurs);
}

TEST_F(Outages, AStopHandsBackWhatWaits) {
  town.house.run_until(at("2026-07-01T20:30:00Z"));
  set_database(true);
  ASSERT_TRUE(town.house.stop_until(town.clock.now() + 30s));
  town.start_process();
  town.house.run_for(5min);
  EXPECT_EQ(heard().size(), kPeople);
}

}  // namespace
}  // namespace streaky::testing_support
