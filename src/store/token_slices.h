// The points of GitHub's tokens, dealt in slices to the processes that share them.
//
// One row per token, named by a hash of it: what is left of the present hour that nobody has taken.
// What a process has taken and not spent when it ends is lost until the hour's end: a slice at
// most. Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <string>

#include "store/database.h"

namespace streaky::store {

class TokenSlices {
 public:
  /// Points at most per slice; less towards the hour's end, so that something is left for all.
  static constexpr std::int64_t kSlice = 100;
  /// Ends that differ by less mean the same hour: answers waver.
  static constexpr runtime::Millis kSameWindow{60'000};
  static constexpr std::chrono::hours kForgottenAfter{24};

  explicit TokenSlices(Database& database) : database_(database) {}

  struct Ask {
    std::string token;
    runtime::TimePoint window_ends_at{};  // as GitHub said, by GitHub's clock
    /// What GitHub has last told the asker is left, without the asker's requests under way.
    std::int64_t left = 0;
    bool first = false;  // the asker has taken nothing in this window
    int workers = 1;     // that share the token
  };
  /// How many points are the asker's; 0 when none are left, or the window is over.
  runtime::Task<std::int64_t> take(Ask ask);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
