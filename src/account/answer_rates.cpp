#include "account/answer_rates.h"

#include <algorithm>

namespace streaky::account {

static_assert(AnswerRates::kMostChats > AnswerRates::kBurst + AnswerRates::kChatBurst *
                                                                  AnswerRates::kChatEvery.count() /
                                                                  AnswerRates::kEvery.count());

double AnswerRates::level_at(const Bucket& bucket, runtime::Millis every, runtime::Millis now) {
  const double drained =
      static_cast<double>((now - bucket.at).count()) / static_cast<double>(every.count());
  return std::max(bucket.level - drained, 0.0);
}

bool AnswerRates::take(const std::string& chat, runtime::Millis now) {
  if (chats_.size() >= kMostChats) {
    std::erase_if(
        chats_, [now](const auto& entry) { return level_at(entry.second, kChatEvery, now) <= 0; });
  }
  const double all = level_at(all_, kEvery, now);
  const auto found = chats_.find(chat);
  const double one = found == chats_.end() ? 0 : level_at(found->second, kChatEvery, now);
  if (all + 1 > kBurst || one + 1 > kChatBurst) return false;
  all_ = {.level = all + 1, .at = now};
  chats_[chat] = {.level = one + 1, .at = now};
  return true;
}

}  // namespace streaky::account
