// Edits that race running checks, and names that change hands.
#include <gtest/gtest.h>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

class UsersEditTest : public StoreTest {
 protected:
  User read(const std::string& login) {
    return wait(s_->users.find({login, "", std::nullopt})).value();
  }
  User reread(const User& user) { return wait(s_->jobs.reread(user.id)).value(); }

  /// False when the edit has to be made again.
  bool edit(const User& before, const User& after) {
    return wait(s_->users.edit({{before, after}}, kNow)).at(0).has_value();
  }

  /// What GitHub says of the accounts behind claimed jobs.
  struct Said {
    std::string login;
    std::string node_id;
    bool token_dead = false;
  };
  void answer(const std::map<std::string, Said>& answers) {
    sql("UPDATE users SET next_check_at = 1");
    const std::string batch_id = "b" + std::to_string(++rounds_);
    take_due(batch_id, 600 + rounds_);
    std::vector<JobOutcome> outcomes;
    for (const ClaimedJob& job : claim("w1")) {
      JobOutcome outcome = outcome_of(job);
      const auto said = answers.find(job.user.sealed_token);
      if (said != answers.end()) {
        outcome.login = said->second.login;
        outcome.node_id = said->second.node_id;
        outcome.own_token_dead = said->second.token_dead;
      }
      outcomes.push_back(outcome);
    }
    for (const FinishResult& result : finish("w1", outcomes)) {
      EXPECT_EQ(result.finish, Finish::accepted);
    }
  }

  /// Users that `answer` knows by name whatever becomes of their logins.
  std::vector<User> sign_up_named(const std::vector<std::string>& names) {
    std::vector<User> users;
    for (const std::string& name : names) {
      User user = sign_up(1, name).at(0);
      user.login = name;
      user.sealed_token = name;
      users.push_back(user);
    }
    wait(s_->users.save(users, kNow));
    return users;
  }

  int rounds_ = 0;
};

TEST_P(UsersEditTest, WhatACheckWroteMeanwhileStays) {
  sign_up(1);
  sql("UPDATE users SET sealed_token = 'the token'");
  const User before = add_telegram(read("user0"));
  // A check ends between reading and saving: id, new login, dead token, a channel that died, a chat
  // that moved, the next hour.
  answer({{"the token", {"Renamed", "U_1", true}}});
  wait(s_->users.switch_channel_off(before.channels[0].id, "Unknown Webhook", kNow));
  sql("UPDATE channels SET sealed = 'the moved chat' WHERE kind = 'telegram'");
  const auto next = kNow + std::chrono::hours(20);
  sql("UPDATE users SET next_check_at = " + std::to_string(runtime::to_unix_ms(next)));

  User after = before;
  after.daily_summary = true;
  ASSERT_TRUE(edit(before, after));
  const User now = read("renamed");
  EXPECT_TRUE(now.daily_summary);
  EXPECT_EQ(now.login, "Renamed");
  EXPECT_EQ(now.node_id, "U_1");
  EXPECT_TRUE(now.token_dead);
  EXPECT_EQ(now.next_check_at, next);
  ASSERT_EQ(now.channels.size(), 2U);
  EXPECT_FALSE(now.channels[0].on);
  EXPECT_EQ(now.channels[0].off_reason, "Unknown Webhook");
  EXPECT_EQ(now.channels[1].sealed, "the moved chat");
  EXPECT_EQ(now.settings_version, before.settings_version + 1);
}

TEST_P(UsersEditTest, WhatTheEditChangedWins) {
  sign_up(1);
  const User before = add_telegram(read("user0"));
  answer({{"", {"Renamed", "U_1", true}}});
  wait(s_->users.switch_channel_off(before.channels[0].id, "Unknown Webhook", kNow));

  User after = before;
  after.sealed_token = "a new token";
  after.node_id = "U_typed";
  after.channels[0].sealed = "a new webhook";
  after.channels.pop_back();
  after.next_check_at = kNow + std::chrono::hours(2);
  ASSERT_TRUE(edit(before, after));
  const User now = reread(before);
  EXPECT_EQ(now.sealed_token, "a new token");
  EXPECT_FALSE(now.token_dead);
  EXPECT_EQ(now.node_id, "U_1") << "GitHub knows better";
  ASSERT_EQ(now.channels.size(), 1U);
  EXPECT_EQ(now.channels[0].sealed, "a new webhook");
  EXPECT_TRUE(now.channels[0].on);
  EXPECT_EQ(now.next_check_at, kNow + std::chrono::hours(2));
}

TEST_P(UsersEditTest, TheSecondOfTwoEditsReadsAgain) {
  sign_up(1);
  const User before = read("user0");
  User one = before;
  one.time_zone = "Asia/Tokyo";
  User two = before;
  two.daily_summary = true;
  EXPECT_TRUE(edit(before, one));
  EXPECT_FALSE(edit(before, two));
  EXPECT_EQ(read("user0").time_zone, "Asia/Tokyo");
  EXPECT_FALSE(read("user0").daily_summary);
  const User again = read("user0");
  two = again;
  two.daily_summary = true;
  EXPECT_TRUE(edit(again, two));
  EXPECT_EQ(read("user0").time_zone, "Asia/Tokyo");
  EXPECT_TRUE(read("user0").daily_summary);
}

TEST_P(UsersEditTest, AnEditBringsNobodyBack) {
  sign_up(1);
  const User before = read("user0");
  EXPECT_TRUE(wait(s_->users.remove(before.id)));
  EXPECT_FALSE(edit(before, before));
  EXPECT_EQ(number("SELECT COUNT(*) FROM users"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM channels"), 0);
}

TEST_P(UsersEditTest, OneStaleEditDoesNotHoldTheOthers) {
  sign_up(2);
  const User first = read("user0");
  const User second = read("user1");
  EXPECT_TRUE(edit(first, first));
  User changed = second;
  changed.daily_summary = true;
  const auto results = wait(s_->users.edit({{first, first}, {second, changed}}, kNow));
  EXPECT_FALSE(results.at(0).has_value());
  ASSERT_TRUE(results.at(1).has_value());
  EXPECT_EQ(results.at(1)->settings_version, read("user1").settings_version);
  EXPECT_TRUE(read("user1").daily_summary);
}

TEST_P(UsersEditTest, AnAccountTakesTheNameOfOneThatIsProvenAnother) {
  const auto users = sign_up_named({"ann", "bob"});
  answer({{"ann", {"ann", "U_a"}}, {"bob", {"bob", "U_b"}}});
  // Bob gave his name up and is checked only later.
  answer({{"ann", {"bob", "U_a"}}});
  EXPECT_EQ(read("bob").id, users[0].id);
  EXPECT_FALSE(wait(s_->users.find({"ann", "", std::nullopt})).has_value());
  EXPECT_TRUE(reread(users[1]).login_taken);
  EXPECT_EQ(reread(users[1]).node_id, "U_b");
  answer({{"bob", {"robert", "U_b"}}});
  EXPECT_EQ(read("robert").id, users[1].id);
  EXPECT_EQ(read("bob").id, users[0].id);
}

TEST_P(UsersEditTest, TwoAccountsSwapTheirNames) {
  const auto users = sign_up_named({"ann", "bob"});
  answer({{"ann", {"ann", "U_a"}}, {"bob", {"bob", "U_b"}}});
  answer({{"ann", {"bob", "U_a"}}, {"bob", {"ann", "U_b"}}});
  EXPECT_EQ(read("bob").id, users[0].id);
  EXPECT_EQ(read("ann").id, users[1].id);
}

TEST_P(UsersEditTest, ANameThatAnUncheckedUserCarriesIsSharedUntilTheNextAnswers) {
  const auto users = sign_up_named({"ann", "bob"});
  answer({{"ann", {"ann", "U_a"}}});
  answer({{"ann", {"bob", "U_a"}}});
  EXPECT_EQ(read("bob").id, users[1].id) << "nothing says that these are two accounts";
  const User ann = reread(users[0]);
  EXPECT_EQ(ann.login, "bob");
  EXPECT_TRUE(ann.login_taken);
  EXPECT_EQ(ann.node_id, "U_a");
  // A newcomer under the name that the account no longer has is somebody else.
  EXPECT_FALSE(wait(s_->users.allot({{"ann", "", std::nullopt}})).at(0).existing.has_value());
  // An edit that is not about the name leaves it shared.
  User summary = ann;
  summary.daily_summary = true;
  EXPECT_TRUE(edit(ann, summary));
  EXPECT_EQ(read("bob").id, users[1].id);
  // The other turns out to be an account of its own, renamed too.
  answer({{"ann", {"bob", "U_a"}}, {"bob", {"robert", "U_b"}}});
  EXPECT_EQ(read("bob").id, users[0].id);
  EXPECT_EQ(read("robert").id, users[1].id);
  EXPECT_FALSE(reread(users[0]).login_taken);
}

TEST_P(UsersEditTest, TwoUsersOfOneAccountStayTwo) {
  const auto users = sign_up_named({"ann", "bob"});
  answer({{"ann", {"bob", "U_a"}}});
  for (int round = 0; round < 2; ++round)
    answer({{"ann", {"bob", "U_a"}}, {"bob", {"bob", "U_a"}}});
  EXPECT_EQ(reread(users[0]).node_id, "U_a");
  EXPECT_EQ(reread(users[1]).node_id, "");
  EXPECT_EQ(read("bob").id, users[1].id);
  EXPECT_EQ(number("SELECT COUNT(*) FROM users WHERE status = 'active'"), 2);
}

TEST_P(UsersEditTest, ALinkWorksOnceTogetherWithItsEdit) {
  sign_up(1);
  const User before = read("user0");
  User after = before;
  after.day_word = streak::DayWord{.date = kToday, .snoozed_until = kNow + std::chrono::hours(1)};
  const LinkUse link{.date = kToday, .stage = 1200, .action = "snooze"};
  EXPECT_FALSE(wait(s_->users.link_used(before.id, link)));
  const auto first = wait(s_->users.edit_once({before, after}, link, kNow));
  EXPECT_FALSE(first.used_before);
  ASSERT_TRUE(first.user);
  EXPECT_EQ(read("user0").day_word, after.day_word);
  EXPECT_TRUE(wait(s_->users.link_used(before.id, link)));

  User again = *first.user;
  again.day_word->stopped = true;
  const auto second = wait(s_->users.edit_once({first.user, again}, link, kNow));
  EXPECT_TRUE(second.used_before);
  EXPECT_EQ(read("user0").day_word, after.day_word);
  const LinkUse other{.date = kToday, .stage = 1350, .action = "snooze"};
  EXPECT_TRUE(wait(s_->users.edit_once({first.user, again}, other, kNow)).user)
      << "another reminder's link is another one";
}

TEST_P(UsersEditTest, ALinkIsNotUsedUpWhereTheSettingsChangedMeanwhile) {
  sign_up(1);
  const User before = read("user0");
  User other = before;
  other.daily_summary = true;
  ASSERT_TRUE(edit(before, other));
  User after = before;
  after.day_word = streak::DayWord{.date = kToday, .stopped = true};
  const LinkUse link{.date = kToday, .stage = 1200, .action = "stop"};
  EXPECT_FALSE(wait(s_->users.edit_once({before, after}, link, kNow)).user);
  EXPECT_FALSE(wait(s_->users.link_used(before.id, link)));
  EXPECT_FALSE(read("user0").day_word);
}

TEST_P(UsersEditTest, UsedLinksGoWithOldDeliveriesAndWithTheirUser) {
  sign_up(1);
  const User before = read("user0");
  const LinkUse link{.date = kToday, .stage = 1200, .action = "stop"};
  wait(s_->users.edit_once({before, before}, link, kNow));
  EXPECT_EQ(number("SELECT COUNT(*) FROM used_links"), 1);
  EXPECT_EQ(wait(s_->upkeep.clean(kNow, kNow, 10)), 0);
  EXPECT_EQ(wait(s_->upkeep.clean(kNow, kNow + std::chrono::seconds(1), 10)), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM used_links"), 0);
}

STREAKY_STORE_SUITE(UsersEditTest);

}  // namespace
}  // namespace streaky::store
