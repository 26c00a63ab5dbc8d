#include "engine/answers.h"

#include <algorithm>
#include <utility>

namespace streaky::engine {

using runtime::Millis;

bool Answers::may_ask(Millis now) const {
  if (failing_since_) return !one_asks_ && now >= failed_at_ + kAskAgain;
  return under_way_ < kMostAsking;
}

Answers::Question Answers::ask(Millis now) {
  const Question question{.began = now, .for_all = failing_since_.has_value()};
  ++under_way_;
  if (question.for_all) one_asks_ = true;
  return question;
}

bool Answers::ended(const Question& question, bool answered, Millis now) {
  --under_way_;
  if (question.for_all) one_asks_ = false;
  if (!answered) {
    suspect(question.began, now);
    failed_at_ = now;
    return false;
  }
  const bool is_back = this->answered(now);
  // Not with each of them: all who wait look up.
  return is_back || under_way_ == kMostAsking / 2;
}

bool Answers::answered(Millis now) {
  answered_at_ = now;
  return std::exchange(failing_since_, std::nullopt).has_value();
}

void Answers::suspect(Millis began, Millis now) {
  if (failing_since_) return;
  failing_since_ = std::max(began, answered_at_);
  failed_at_ = now;
}

bool Answers::silent_for(Millis patience, Millis now) const {
  return failing_since_ && now - *failing_since_ >= patience && now - failed_at_ <= kRecent;
}

}  // namespace streaky::engine
