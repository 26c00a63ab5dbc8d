#include "engine/answers.h"

#include <algorithm>

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
    failed(question.began, now);
    return false;
  }
  failing_since_.reset();
  answered_at_ = now;
  // Not with each of them: all who wait look up.
  return question.for_all || under_way_ == kMostAsking / 2;
}

void Answers::failed(Millis began, Millis now) {
  if (!failing_since_) failing_since_ = std::max(began, answered_at_);
  failed_at_ = now;
}

bool Answers::silent_for(Millis patience, Millis now) const {
  return failing_since_ && now - *failing_since_ >= patience && now - failed_at_ <= kRecent;
}

}  // namespace streaky::engine
