#include "store/api_tokens.h"

#include <gtest/gtest.h>

#include "store/kept_answers.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using Begun = KeptAnswers::Begun;

class ApiTokensTest : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    users_ = sign_up(2);
  }
  ApiTokens tokens() { return ApiTokens(s_->database); }
  std::optional<std::int64_t> make(const std::string& hash, std::size_t user = 0) {
    return wait(
        tokens().make(hash, users_.at(user).id, SessionOrigin::link, "name of " + hash, kNow));
  }

  std::vector<User> users_;
};

TEST_P(ApiTokensTest, ATokenFindsItsUserUntilItIsRevoked) {
  const auto one = make("one");
  make("two", 1);
  ASSERT_TRUE(one);
  const auto found = wait(tokens().find("one"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->signed_in.user.login, "user0");
  EXPECT_EQ(found->signed_in.session.made_by, SessionOrigin::link);
  EXPECT_EQ(found->token.name, "name of one");
  EXPECT_FALSE(found->token.used_at);
  EXPECT_FALSE(wait(tokens().find("three")));
  EXPECT_FALSE(wait(tokens().revoke(users_[1].id, *one))) << "somebody else's";
  EXPECT_TRUE(wait(tokens().revoke(users_[0].id, *one)));
  EXPECT_FALSE(wait(tokens().find("one")));
  EXPECT_TRUE(wait(tokens().find("two")));
}

TEST_P(ApiTokensTest, OneUserHasSoManyAndNoMore) {
  for (int i = 0; i < kMostApiTokens; ++i) EXPECT_TRUE(make("t" + std::to_string(i)));
  EXPECT_FALSE(make("more"));
  EXPECT_TRUE(make("of another", 1));
  const auto listed = wait(tokens().list(users_[0].id));
  ASSERT_EQ(listed.size(), static_cast<std::size_t>(kMostApiTokens));
  EXPECT_EQ(listed.front().name, "name of t19") << "the newest first";
}

TEST_P(ApiTokensTest, TheLastUseIsWrittenNowAndThen) {
  make("one");
  auto token = wait(tokens().find("one"))->token;
  EXPECT_TRUE(ApiTokens::wants_touch(token, kNow));
  wait(tokens().touch(token.id, kNow));
  token = wait(tokens().find("one"))->token;
  EXPECT_EQ(token.used_at, kNow);
  EXPECT_FALSE(ApiTokens::wants_touch(token, kNow + minutes(1)));
  EXPECT_TRUE(ApiTokens::wants_touch(token, kNow + kTokenTouch));
}

TEST_P(ApiTokensTest, TheyGoWithTheirUser) {
  make("one");
  wait(s_->users.remove(users_[0].id));
  EXPECT_FALSE(wait(tokens().find("one")));
}

class KeptAnswersTest : public ApiTokensTest {
 protected:
  KeptAnswers answers() { return KeptAnswers(s_->database); }
  AnswerKey key(const std::string& name = "k", const std::string& hash = "h",
                std::size_t user = 0) {
    return {.user_id = users_.at(user).id, .key = name, .request_hash = hash};
  }
  Begun begin(AnswerKey answer_key, runtime::TimePoint now = kNow) {
    return wait(answers().begin(std::move(answer_key), now)).begun;
  }
  void finish(AnswerKey answer_key) {
    wait(answers().finish(std::move(answer_key),
                          {.status = 201, .content_type = "a", .location = "/b", .body = "c"}));
  }
};

TEST_P(KeptAnswersTest, WhatWasAnsweredIsAnsweredAgain) {
  EXPECT_EQ(begin(key()), Begun::fresh);
  EXPECT_EQ(begin(key()), Begun::under_way);
  finish(key());
  const auto again = wait(answers().begin(key(), kNow + hours(23)));
  EXPECT_EQ(again.begun, Begun::answered);
  EXPECT_EQ(again.answer.status, 201);
  EXPECT_EQ(again.answer.content_type, "a");
  EXPECT_EQ(again.answer.location, "/b");
  EXPECT_EQ(again.answer.body, "c");
  EXPECT_EQ(begin(key("k", "another request")), Begun::other_request);
  EXPECT_EQ(begin(key("k", "another request", 1)), Begun::fresh) << "another user's keys";
}

TEST_P(KeptAnswersTest, WhatCameToNothingMayBeTriedAgain) {
  begin(key());
  wait(answers().forget(key()));
  EXPECT_EQ(begin(key()), Begun::fresh);
  EXPECT_EQ(begin(key(), kNow + kAnswerLapse), Begun::fresh) << "its process went away";
  finish(key());
  wait(answers().forget(key()));
  EXPECT_EQ(begin(key(), kNow + hours(1)), Begun::answered);
  EXPECT_EQ(begin(key(), kNow + kAnswerLapse + kAnswerLife), Begun::fresh) << "too old";
}

TEST_P(KeptAnswersTest, TheOldestMakeRoomAndOldOnesAreCleaned) {
  for (int i = 0; i <= kMostKeptAnswers; ++i) {
    begin(key("k" + std::to_string(i)), kNow + minutes(i));
    finish(key("k" + std::to_string(i)));
  }
  const auto later = kNow + minutes(kMostKeptAnswers + 1);
  EXPECT_EQ(begin(key("k1"), later), Begun::answered);
  EXPECT_EQ(begin(key("k0"), later), Begun::fresh);
  EXPECT_EQ(wait(s_->upkeep.clean_web(later, 50)), 0);
  EXPECT_EQ(wait(s_->upkeep.clean_web(later + kAnswerLife, 50)), 50);
  EXPECT_EQ(wait(s_->upkeep.clean_web(later + kAnswerLife, 500)), kMostKeptAnswers - 50);
}

STREAKY_STORE_SUITE(ApiTokensTest);
STREAKY_STORE_SUITE(KeptAnswersTest);

}  // namespace
}  // namespace streaky::store
