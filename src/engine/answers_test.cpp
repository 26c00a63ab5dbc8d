#include "engine/answers.h"

#include <gtest/gtest.h>

namespace streaky::engine {
namespace {

using runtime::Millis;

TEST(Answers, ManyAskWhileThereAreAnswers) {
  Answers answers;
  for (std::size_t i = 0; i < Answers::kMostAsking; ++i) {
    ASSERT_TRUE(answers.may_ask(Millis{0}));
    answers.ask(Millis{0});
  }
  EXPECT_FALSE(answers.may_ask(Millis{0}));
  answers.ended({.began = Millis{0}}, true, Millis{1});
  EXPECT_TRUE(answers.may_ask(Millis{1}));
}

TEST(Answers, OneAsksForAllWhileThereAreNone) {
  Answers answers;
  const auto first = answers.ask(Millis{0});
  const auto second = answers.ask(Millis{0});
  answers.ended(first, false, Millis{100});
  answers.ended(second, false, Millis{100});
  EXPECT_FALSE(answers.may_ask(Millis{100})) << "not at once";
  const Millis later = Millis{100} + Answers::kAskAgain;
  ASSERT_TRUE(answers.may_ask(later));
  const auto one = answers.ask(later);
  EXPECT_FALSE(answers.may_ask(later + Answers::kAskAgain));
  EXPECT_TRUE(answers.ended(one, true, later)) << "all look up";
  EXPECT_TRUE(answers.may_ask(later));
}

TEST(Answers, SilenceCountsFromTheFirstQuestionAndWhileItIsAskedAgain) {
  Answers answers;
  EXPECT_FALSE(answers.silent_for(Millis{0}, Millis{0}));
  answers.ended(answers.ask(Millis{0}), false, Millis{30'000});
  EXPECT_TRUE(answers.silent_for(Millis{30'000}, Millis{30'000}));
  EXPECT_FALSE(answers.silent_for(Millis{30'001}, Millis{30'000}));
  const Millis stale = Millis{30'001} + Answers::kRecent;
  EXPECT_FALSE(answers.silent_for(Millis{0}, stale)) << "nobody knows whether it still is";
  answers.suspect(stale, stale);
  EXPECT_FALSE(answers.silent_for(Millis{0}, stale)) << "a question will tell";
  answers.ended(answers.ask(stale), false, stale);
  EXPECT_TRUE(answers.silent_for(stale, stale)) << "no answer has come in between";
  answers.ended(answers.ask(stale), true, stale);
  EXPECT_FALSE(answers.silent_for(Millis{0}, stale));
}

TEST(Answers, SilenceBeginsAfterTheLatestAnswer) {
  Answers answers;
  const auto slow = answers.ask(Millis{0});
  answers.ended(answers.ask(Millis{0}), true, Millis{59'000});
  answers.ended(slow, false, Millis{60'000});
  EXPECT_FALSE(answers.silent_for(Millis{2'000}, Millis{60'000}));
}

}  // namespace
}  // namespace streaky::engine
