// Whether the database answers, as far as many who ask it have seen.
//
// While it answers, a bounded number ask at a time. Once it does not, one asks for all, again and
// again, until it does: where no connection can be had each question takes long, one after the
// other. A value; all instants are of the monotonic clock. Threading: one thread.
#pragma once

#include <cstddef>
#include <optional>

#include "runtime/time.h"

namespace streaky::engine {

class Answers {
 public:
  static constexpr std::size_t kMostAsking = 64;
  static constexpr runtime::Millis kAskAgain{1'000};
  /// A failure that is older says nothing of the present.
  static constexpr runtime::Millis kRecent{10'000};

  struct Question {
    runtime::Millis began{0};
    bool for_all = false;
  };

  [[nodiscard]] bool may_ask(runtime::Millis now) const;
  /// To be followed by `ended`, however it ends.
  Question ask(runtime::Millis now);
  /// True when those who wait for their turn should look up.
  bool ended(const Question& question, bool answered, runtime::Millis now);
  /// It has answered something else, or has not: then a question will tell. As `ended`.
  bool answered(runtime::Millis now);
  void suspect(runtime::Millis began, runtime::Millis now);
  /// Whether every question has failed for so long, one of them a moment ago.
  [[nodiscard]] bool silent_for(runtime::Millis patience, runtime::Millis now) const;

 private:
  std::size_t under_way_ = 0;
  bool one_asks_ = false;
  runtime::Millis answered_at_{0};  // the latest
  std::optional<runtime::Millis> failing_since_;
  runtime::Millis failed_at_{0};  // the latest
};

}  // namespace streaky::engine
