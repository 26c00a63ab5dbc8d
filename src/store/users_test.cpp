#include "store/users.h"

#include <gtest/gtest.h>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

class UsersTest : public StoreTest {};

TEST_P(UsersTest, WhatIsSavedIsFound) {
  auto users = sign_up(1);
  User& user = users[0];
  user.login = "Octo-Cat";
  user.node_id = "U_1";
  user.database_id = 9'007'199'254'740'993;
  user.time_zone = "Pacific/Chatham";
  user.remind_at = {0, 1205};
  user.daily_summary = true;
  user.sealed_token = "v1.k.token";
  user.token_dead = true;
  user.rules.rest_days = {{kToday, streak::Weekdays(1)},
                          {kToday - std::chrono::days(9), streak::Weekdays(0)}};
  user.rules.pauses = {{kToday, kToday + std::chrono::days(3)}, {kToday, std::nullopt}};
  user.channels[0].on = false;
  user.channels[0].off_reason = "it's gone; \"bye\"";
  wait(s_->users.save(users, kNow));
  const User found = wait(s_->users.find({"octo-cat", "", std::nullopt})).value();
  EXPECT_EQ(found.id, user.id);
  EXPECT_EQ(found.login, "Octo-Cat");
  EXPECT_EQ(found.database_id, 9'007'199'254'740'993);
  EXPECT_EQ(found.time_zone, "Pacific/Chatham");
  EXPECT_EQ(found.remind_at, (streak::StageMinutes{0, 1205}));
  EXPECT_TRUE(found.daily_summary);
  EXPECT_TRUE(found.token_dead);
  EXPECT_EQ(found.sealed_token, "v1.k.token");
  EXPECT_EQ(found.settings_version, 2);
  EXPECT_EQ(found.next_check_at, kNow);
  ASSERT_EQ(found.rules.rest_days.size(), 2U);
  EXPECT_EQ(found.rules.rest_days[1].from, kToday - std::chrono::days(9));
  ASSERT_EQ(found.rules.pauses.size(), 2U);
  EXPECT_EQ(found.rules.pauses[0].last, kToday + std::chrono::days(3));
  EXPECT_FALSE(found.rules.pauses[1].last.has_value());
  ASSERT_EQ(found.channels.size(), 1U);
  EXPECT_FALSE(found.channels[0].on);
  EXPECT_EQ(found.channels[0].off_reason, "it's gone; \"bye\"");
}

TEST_P(UsersTest, SavingReplacesRulesAndChannels) {
  auto users = sign_up(1);
  users[0].rules.rest_days = {{kToday, streak::Weekdays(1)}};
  wait(s_->users.save(users, kNow));
  users[0].rules.rest_days.clear();
  users[0].channels.clear();
  wait(s_->users.save(users, kNow));
  const User found = wait(s_->jobs.reread(users[0].id)).value();
  EXPECT_TRUE(found.rules.rest_days.empty());
  EXPECT_TRUE(found.channels.empty());
}

TEST_P(UsersTest, EqualKeysShareAnIdAndIdsAreNeverUsedTwice) {
  const auto first = wait(s_->users.allot(
      {{"Ann", "", std::nullopt}, {"bob", "", std::nullopt}, {"ann", "U_a", std::nullopt}}));
  EXPECT_EQ(first[0].user_id, first[2].user_id);
  EXPECT_EQ(first[0].discord_channel_id, first[2].discord_channel_id);
  EXPECT_NE(first[0].user_id, first[1].user_id);
  EXPECT_NE(first[0].discord_channel_id, first[0].telegram_channel_id);
  const auto again = wait(s_->users.allot({{"cid", "", std::nullopt}}));
  EXPECT_GT(again[0].user_id, first[1].user_id);
  EXPECT_FALSE(again[0].existing.has_value());
}

TEST_P(UsersTest, AFrozenIdOutranksTheLogin) {
  auto users = sign_up(2);
  users[0].node_id = "U_zero";
  wait(s_->users.save({users[0]}, kNow));
  const auto allotted = wait(s_->users.allot({{"user1", "U_zero", std::nullopt},
                                              {"USER0", "", std::nullopt},
                                              {"user0", "U_other", std::nullopt}}));
  EXPECT_EQ(allotted[0].user_id, users[0].id);
  EXPECT_EQ(allotted[1].user_id, users[0].id);
  EXPECT_EQ(allotted[1].discord_channel_id, users[0].channels[0].id);
  EXPECT_FALSE(allotted[2].existing.has_value()) << "another account that took the name";

  User newcomer;
  newcomer.id = allotted[2].user_id;
  newcomer.login = "user0";
  newcomer.node_id = "U_other";
  wait(s_->users.save({newcomer}, kNow));
  EXPECT_EQ(wait(s_->users.find({"user0", "", std::nullopt}))->id, newcomer.id);
  EXPECT_EQ(wait(s_->users.find({"", "U_zero", std::nullopt}))->id, users[0].id);
}

TEST_P(UsersTest, ALoginIsNotStolenFromOneWhoIsNotProvenAnother) {
  const auto users = sign_up(1);
  User thief = users[0];
  thief.id += 100;
  thief.channels.clear();
  EXPECT_THROW(wait(s_->users.save({thief}, kNow)), DatabaseError);
  EXPECT_EQ(wait(s_->users.find({"user0", "", std::nullopt}))->id, users[0].id);
}

TEST_P(UsersTest, ToldOnNamesTheNewestDates) {
  sign_up(1);
  for (int day = 0; day < 4; ++day) {
    sql("UPDATE users SET next_check_at = 0");
    // Each day at its own noon.
    const auto date = kToday + std::chrono::days(1 - day);
    const runtime::TimePoint noon = runtime::TimePoint{date} + std::chrono::hours(12);
    const std::string batch = "b" + std::to_string(day);
    wait(s_->schedule.take_due(noon, 10, batch, plan(600, date)));
    sql("UPDATE jobs SET due_at = 0, expires_at = 4102444800000");
    const ClaimedJob job = wait(s_->jobs.claim("w1", 1, false, noon, kMidnight)).at(0);
    JobOutcome outcome = outcome_of(job);
    outcome.deliveries = {delivery_to(job.user.channels.at(0))};
    wait(s_->jobs.finish("w1", {outcome}, noon, kMidnight));
  }
  const auto allotted = wait(s_->users.allot({{"user0", "", std::nullopt}}));
  const std::vector<streak::Label> newest{kToday + std::chrono::days(1), kToday,
                                          kToday - std::chrono::days(1)};
  EXPECT_EQ(allotted[0].told_on, newest);
  EXPECT_TRUE(allotted[0].existing.has_value());
}

TEST_P(UsersTest, ListsInPagesAndLeavesTheRemovedOut) {
  auto users = sign_up(5);
  users[1].status = UserStatus::removed;
  wait(s_->users.save({users[1]}, kNow));
  const auto page = wait(s_->users.list(users[0].id, 2));
  ASSERT_EQ(page.size(), 2U);
  EXPECT_EQ(page[0].id, users[2].id);
  EXPECT_EQ(page[0].channels.size(), 1U);
  EXPECT_EQ(wait(s_->users.count_active()), 4);
}

TEST_P(UsersTest, RemovingTakesEverythingAndTheCountersFollow) {
  const auto users = sign_up(2);
  trigger("b1");
  remind_once("w1", false);
  EXPECT_TRUE(wait(s_->users.remove(users[0].id)));
  EXPECT_TRUE(wait(s_->users.remove(users[1].id)));
  EXPECT_FALSE(wait(s_->users.remove(users[1].id)));
  for (const char* table : {"users", "channels", "jobs", "deliveries", "user_streaks"}) {
    EXPECT_EQ(number(std::string("SELECT COUNT(*) FROM ") + table), 0) << table;
  }
  EXPECT_TRUE(batch("b1").settled());
  EXPECT_EQ(counters(), recount());
}

STREAKY_STORE_SUITE(UsersTest);

}  // namespace
}  // namespace streaky::store
