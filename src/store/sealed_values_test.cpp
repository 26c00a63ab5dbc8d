#include "store/sealed_values.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using Kind = SealedValue::Kind;
using testing::ElementsAre;
using testing::Pair;

class SealedValuesTest : public StoreTest {
 protected:
  /// Three users, the first two with a token, everybody with a Discord channel.
  void SetUp() override {
    StoreTest::SetUp();
    users_ = sign_up(3);
    users_[0].sealed_token = "v1.k1.token0";
    users_[1].sealed_token = "v1.k2.token1";
    for (std::size_t i = 0; i < users_.size(); ++i) {
      users_[i].channels[0].sealed = "c1.ch1.channel" + std::to_string(i);
    }
    wait(s_->users.save(users_, kNow));
  }

  std::vector<std::string> not_of(Kind kind, const std::string& prefix, std::int64_t after = 0,
                                  int limit = 100) {
    std::vector<std::string> sealed;
    for (const SealedValue& value : wait(values().not_of(kind, prefix, after, limit))) {
      sealed.push_back(value.login + " " + value.what + " " + value.sealed);
    }
    return sealed;
  }
  SealedValues values() { return SealedValues(s_->database); }

  std::vector<User> users_;
};

TEST_P(SealedValuesTest, GivesWhatIsSealedWithAnotherKeyInOrderOfIds) {
  EXPECT_THAT(not_of(Kind::token, "v1.k2."), ElementsAre("user0 GitHub token v1.k1.token0"));
  EXPECT_THAT(not_of(Kind::token, ""),
              ElementsAre("user0 GitHub token v1.k1.token0", "user1 GitHub token v1.k2.token1"));
  EXPECT_THAT(not_of(Kind::channel, "c1.ch1."), ElementsAre());
  EXPECT_THAT(not_of(Kind::channel, "c1.ch2.", users_[0].channels[0].id, 1),
              ElementsAre("user1 discord credential c1.ch1.channel1"));
}

TEST_P(SealedValuesTest, ReplacesWhatIsStillTheSameAndNothingElse) {
  auto read = wait(values().not_of(Kind::channel, "c1.ch2.", 0, 100));
  ASSERT_EQ(read.size(), 3U);
  users_[1].channels[0].sealed = "c1.ch1.edited meanwhile";
  wait(s_->users.save({users_[1]}, kNow));
  std::vector<ResealedValue> resealed;
  for (const SealedValue& value : read) resealed.push_back({value, "c1.ch2.anew"});
  auto token = wait(values().not_of(Kind::token, "v1.k2.", 0, 100)).at(0);
  resealed.push_back({token, "v1.k2.anew"});
  EXPECT_EQ(wait(values().replace(resealed)), 3);
  EXPECT_THAT(wait(values().count_by_key()),
              ElementsAre(Pair("c1.ch1.", 1), Pair("c1.ch2.", 2), Pair("v1.k2.", 2)));
  EXPECT_EQ(wait(s_->users.find({"user1", "", std::nullopt}))->channels[0].sealed,
            "c1.ch1.edited meanwhile");
}

// A re-sealed value is the same credential: an edit that was begun before goes through.
TEST_P(SealedValuesTest, ResealingIsNoEdit) {
  const User before = *wait(s_->users.find({"user0", "", std::nullopt}));
  const auto read = wait(values().not_of(Kind::token, "v1.k2.", 0, 100));
  wait(values().replace({{read.at(0), "v1.k2.anew"}}));
  User after = before;
  after.daily_summary = true;
  const auto edited = wait(s_->users.edit({{before, after}}, kNow));
  ASSERT_TRUE(edited.at(0).has_value());
  EXPECT_EQ(edited[0]->sealed_token, "v1.k2.anew") << "and does not bring the old key back";
}

TEST_P(SealedValuesTest, AKeyRetiresOnlyWhenNothingNeedsIt) {
  EXPECT_FALSE(wait(values().retire("v1.k1.")));
  EXPECT_FALSE(wait(values().retire("c1.ch1.")));
  const auto read = wait(values().not_of(Kind::token, "v1.k2.", 0, 100));
  wait(values().replace({{read.at(0), "v1.k2.anew"}}));
  EXPECT_TRUE(wait(values().retire("v1.k1.")));
  EXPECT_TRUE(wait(values().retire("v1.k1."))) << "after a crash it is asked again";
}

// A process that sealed before the rotation and writes after it would lose the value.
TEST_P(SealedValuesTest, NothingIsStoredUnderARetiredKey) {
  EXPECT_TRUE(wait(values().retire("v1.k0.")));
  EXPECT_TRUE(wait(values().retire("c1.ch0.")));
  const auto refused = [&](const User& user) {
    try {
      wait(s_->users.save({user}, kNow));
    } catch (const DatabaseError& error) {
      EXPECT_THAT(error.what(), testing::HasSubstr("retired"));
      return error.kind() == DatabaseError::Kind::rejected;
    }
    return false;
  };
  User late = users_[0];
  late.sealed_token = "v1.k0.late";
  EXPECT_TRUE(refused(late));
  late = users_[2];
  late.channels[0].sealed = "c1.ch0.late";
  EXPECT_TRUE(refused(late));
  late.channels[0].sealed = "c1.ch0x.another key";
  EXPECT_FALSE(refused(late));
  const UserKey key{"new", "", std::nullopt};
  User fresh = users_[0];
  const Allotted allotted = wait(s_->users.allot({key})).at(0);
  fresh.id = allotted.user_id;
  fresh.login = "new";
  fresh.sealed_token = "v1.k0.late";
  fresh.channels.clear();
  EXPECT_TRUE(refused(fresh));
  EXPECT_FALSE(wait(s_->users.find(key)).has_value());
}

STREAKY_STORE_SUITE(SealedValuesTest);

}  // namespace
}  // namespace streaky::store
