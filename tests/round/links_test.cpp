// Links in messages, pressed: what the user said about the day is what happens to it.
#include <gtest/gtest.h>

#include "account/day_action.h"
#include "account/user_edit.h"
#include "engine/action_links.h"
#include "support/town.h"

namespace streaky::testing_support {
namespace {

using namespace std::chrono_literals;
using sim::Service;

constexpr const char* kSite = "https://streaky.example";

struct LinksInMessages : testing::Test {
  static House::Settings settings() {
    House::Settings settings;
    settings.tokens = {"ghp_sim0"};
    settings.public_url = kSite;
    return settings;
  }
  static runtime::TimePoint at(const char* text) { return runtime::parse_rfc3339(text).value(); }

  void open() {
    town.start_process();
    town.move_in();
    town.world.reset_ledger(town.clock.now());
  }

  void set_stages(const Neighbour& person, streak::StageMinutes stages) {
    auto user = town.house.user(person->login).value();
    user.remind_at = std::move(stages);
    user.next_check_at = streak::next_stage(streak::Zone::find(user.time_zone).value(),
                                            user.remind_at, town.clock.now())
                             ->at;
    store::Users users(town.house.database());
    town.house.await(users.save({user}, town.clock.now()));
  }

  /// The token behind a label of the person's newest message; empty where there is none.
  std::string token(const Neighbour& person, std::string_view label) {
    std::string token;
    for (const sim::Entry& entry : town.world.ledger().entries()) {
      if (entry.person != person.index()) continue;
      token.clear();
      for (const sim::EntryLink& link : entry.links) {
        if (link.label == label) token = link.url.substr(link.url.rfind('/') + 1);
      }
    }
    return token;
  }

  /// The code of what went wrong; empty where nothing did.
  std::string use(const std::string& token) {
    const auto link = engine::ActionLinks(town.house.sealer(), kSite).read(token);
    if (!link) return "no_link";
    store::Users users(town.house.database());
    const auto result = town.house.await(account::use_action_link(&users, *link, town.clock.now()));
    return result ? std::string() : result.error().code;
  }
  std::string press(const Neighbour& person, std::string_view label) {
    return use(token(person, label));
  }

  Town town{Town::default_start(), settings()};  // 2026-07-01 12:00 UTC
};

TEST_F(LinksInMessages, AfterASnoozeTheReminderComesAgain) {
  const auto anna = town.settle("UTC", 12);
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 1U);
  EXPECT_EQ(press(anna, "Snooze an hour"), "");
  town.house.run_until(at("2026-07-01T21:04:59Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  town.house.run_until(at("2026-07-01T21:06:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 2U);
  EXPECT_EQ(press(anna, "Snooze an hour"), "") << "the new reminder's own link";
  town.house.run_until(at("2026-07-01T22:08:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 3U);
  town.house.run_until(at("2026-07-02T12:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 3U);
}

TEST_F(LinksInMessages, NobodyWhoContributedMeanwhileHearsAgain) {
  const auto anna = town.settle("UTC", 12);
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  EXPECT_EQ(press(anna, "Snooze an hour"), "");
  anna->today = true;
  town.house.run_until(at("2026-07-02T00:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
}

TEST_F(LinksInMessages, ASnoozeHoldsBackTheStagesInIt) {
  const auto anna = town.settle("UTC", 12);
  open();
  set_stages(anna, {1200, 1230, 1350});
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  EXPECT_EQ(press(anna, "Snooze an hour"), "");
  town.house.run_until(at("2026-07-01T21:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U) << "20:30 lies within the snooze";
  town.house.run_until(at("2026-07-01T21:10:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 2U);
  town.house.run_until(at("2026-07-01T23:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 3U) << "22:30 comes as it would";
}

TEST_F(LinksInMessages, ASnoozeNearMidnightEndsInTime) {
  const auto anna = town.settle("UTC", 12);
  open();
  set_stages(anna, {1380});
  town.house.run_until(at("2026-07-01T23:10:00Z"));
  EXPECT_EQ(press(anna, "Snooze an hour"), "");
  town.house.run_until(at("2026-07-01T23:31:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 2U);
}

TEST_F(LinksInMessages, ASnoozeSurvivesAnOutageOfGitHubAndACrash) {
  const auto anna = town.settle("UTC", 12);
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  EXPECT_EQ(press(anna, "Snooze an hour"), "");
  town.crash();
  town.world.down(Service::github) = true;
  town.house.run_until(at("2026-07-01T22:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  town.world.down(Service::github) = false;
  town.house.run_until(at("2026-07-01T22:10:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 2U);
}

TEST_F(LinksInMessages, NoMoreTodayMeansTodayAlone) {
  const auto anna = town.settle("UTC", 12);
  open();
  set_stages(anna, {1200, 1350});
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  EXPECT_EQ(press(anna, "No more today"), "");
  EXPECT_EQ(town.house.user(anna->login)->next_check_at, at("2026-07-02T20:00:00Z"));
  const std::string batch = town.house.trigger();
  EXPECT_TRUE(town.house.settle(batch, 1min));
  town.house.run_until(at("2026-07-02T12:00:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U) << "not by hand either";
}

TEST_F(LinksInMessages, RestTodayKeepsTheStreakAndIsSilent) {
  const auto anna = town.settle("UTC", 12);
  open();
  set_stages(anna, {1200, 1350});
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  EXPECT_EQ(press(anna, "Rest today"), "");
  town.house.run_until(at("2026-07-02T19:59:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U);
  town.house.run_until(at("2026-07-02T20:05:00Z"));
  ASSERT_EQ(town.heard(anna).size(), 2U) << "the streak of 12 lives on: yesterday did not count";
  EXPECT_NE(town.heard(anna)[1].find("12 days"), std::string::npos) << town.heard(anna)[1];
}

TEST_F(LinksInMessages, RestTodayDoesNotCutAHolidayShort) {
  const auto anna = town.settle("UTC", 12);
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  const auto today = streak::parse_label("2026-07-01").value();
  auto away = account::pause_user(town.house.user(anna->login).value(),
                                  today + std::chrono::days{7}, true, town.clock.now());
  store::Users users(town.house.database());
  town.house.await(users.save({away.value()}, town.clock.now()));
  EXPECT_EQ(press(anna, "Rest today"), "");
  town.house.run_until(at("2026-07-08T23:59:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 1U) << "paused until the 8th";
  town.house.run_until(at("2026-07-09T20:05:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 2U);
}

TEST_F(LinksInMessages, WhatWaitsIsNotSentOnceTheUserHasAskedForQuiet) {
  const auto anna = town.settle("UTC", 12);
  anna->telegram = sim::TelegramState::living;
  open();
  town.fault(Service::discord, sim::Fault::error_503, 1);
  town.house.run_until(at("2026-07-01T20:01:00Z"));
  ASSERT_EQ(town.heard(anna, Service::telegram).size(), 1U);
  EXPECT_EQ(press(anna, "No more today"), "");
  town.no_faults();
  town.house.run_until(at("2026-07-02T00:00:00Z"));
  EXPECT_TRUE(town.heard(anna, Service::discord).empty());
}

TEST_F(LinksInMessages, EachLinkWorksOnceAndUntilMidnight) {
  const auto anna = town.settle("UTC", 12);
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  EXPECT_EQ(press(anna, "Snooze an hour"), "");
  EXPECT_EQ(press(anna, "Snooze an hour"), "used");
  const std::string stop = token(anna, "No more today");
  town.house.run_until(at("2026-07-02T00:00:00Z"));
  EXPECT_EQ(use(stop), "day_over");
}

TEST_F(LinksInMessages, WhoMovedToAnotherDateLeavesTheLinkBehind) {
  const auto anna = town.settle("UTC", 12);
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  auto user = town.house.user(anna->login).value();
  user.time_zone = "Asia/Tokyo";
  store::Users users(town.house.database());
  town.house.await(users.save({user}, town.clock.now()));
  EXPECT_EQ(press(anna, "No more today"), "day_over");
}

TEST_F(LinksInMessages, TelegramsAreButtonsAndWorkTheSame) {
  const auto anna = town.settle("UTC", 12);
  anna->discord = sim::DiscordState::none;
  anna->telegram = sim::TelegramState::living;
  open();
  town.house.run_until(at("2026-07-01T20:05:00Z"));
  EXPECT_EQ(press(anna, "Snooze an hour"), "");
  town.house.run_until(at("2026-07-01T21:10:00Z"));
  EXPECT_EQ(town.heard(anna).size(), 2U);
}

TEST(LinksWithoutASite, AreNone) {
  House::Settings settings;
  settings.tokens = {"ghp_sim0"};
  Town town{Town::default_start(), settings};
  const auto anna = town.settle("UTC", 12);
  town.start_process();
  town.move_in();
  town.world.reset_ledger(town.clock.now());
  town.house.run_for(10h);
  ASSERT_EQ(town.heard(anna).size(), 1U);
  EXPECT_TRUE(town.world.ledger().entries().front().links.empty());
}

}  // namespace
}  // namespace streaky::testing_support
