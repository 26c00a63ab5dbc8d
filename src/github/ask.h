// One question under way. Used by the batcher alone.
#pragma once

#include <optional>
#include <utility>

#include "github/batcher.h"

namespace streaky::github {

struct Batcher::Ask {
  Ask(Question asked, runtime::Clock& clock) : question(std::move(asked)), wake(clock) {}

  [[nodiscard]] bool own() const { return !question.own_token.empty(); }

  Question question;
  runtime::Wake wake;  // notified when `result` is there
  std::optional<AskResult> result;
  bool abandoned = false;       // the caller left at its deadline
  std::optional<Failure> last;  // why the latest request did not settle it
  std::size_t last_size = 0;    // how many users that request asked for
  int sends = 0;
  int tries = 0;  // of them, those that only time could mend
};

}  // namespace streaky::github
