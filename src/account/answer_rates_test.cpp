#include "account/answer_rates.h"

#include <gtest/gtest.h>

namespace streaky::account {
namespace {

using runtime::Millis;

int taken(AnswerRates& rates, const std::string& chat, int times, Millis now) {
  int count = 0;
  for (int i = 0; i < times; ++i) count += rates.take(chat, now) ? 1 : 0;
  return count;
}

TEST(AnswerRates, OneChatIsAnsweredThriceAndThenRarely) {
  AnswerRates rates;
  EXPECT_EQ(taken(rates, "1", 100, Millis{0}), 3);
  EXPECT_EQ(taken(rates, "1", 100, AnswerRates::kChatEvery - Millis{1}), 0);
  EXPECT_EQ(taken(rates, "1", 100, AnswerRates::kChatEvery), 1);
  EXPECT_EQ(taken(rates, "1", 100, AnswerRates::kChatEvery * 10), 3);
}

TEST(AnswerRates, AllTogetherAreAnsweredAtALimitedRate) {
  AnswerRates rates;
  int count = 0;
  for (int chat = 0; chat < 1'000; ++chat) {
    count += rates.take(std::to_string(chat), Millis{chat}) ? 1 : 0;
  }
  EXPECT_EQ(count, 10 + 4) << "ten at once, five a second";
}

TEST(AnswerRates, WhatIsRefusedTakesNothingFromOthers) {
  AnswerRates rates;
  (void)taken(rates, "1", 100, Millis{0});
  EXPECT_EQ(taken(rates, "2", 3, Millis{0}), 3);
}

TEST(AnswerRates, AFloodFromManyChatsIsNotRemembered) {
  AnswerRates rates;
  for (int chat = 0; chat < 200'000; ++chat) {
    (void)rates.take(std::to_string(chat), Millis{chat * 10});
    ASSERT_LE(rates.chats(), AnswerRates::kMostChats);
  }
}

}  // namespace
}  // namespace streaky::account
