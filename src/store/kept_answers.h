// Answers that are given again when a request with the same Idempotency-Key comes again.
// Threading, errors: see database.h.
//
// Per user and key. An answer is kept for `kAnswerLife`, of one user at most `kMostKeptAnswers`. A
// request whose process went away may be tried again after `kAnswerLapse`.
#pragma once

#include <cstdint>
#include <string>

#include "runtime/time.h"
#include "store/database.h"

namespace streaky::store {

inline constexpr std::chrono::hours kAnswerLife{24};
inline constexpr std::chrono::minutes kAnswerLapse{2};
inline constexpr int kMostKeptAnswers = 200;

struct KeptAnswer {
  int status = 0;
  std::string content_type;
  std::string location;
  std::string body;
};

/// Which request of whom.
struct AnswerKey {
  std::int64_t user_id = 0;
  std::string key;           // as the client chose it
  std::string request_hash;  // of what is asked for
};

class KeptAnswers {
 public:
  enum class Begun {
    fresh,          // work on it, then `finish` or `forget`
    under_way,      // another one is worked on
    answered,       // the answer is given again
    other_request,  // the key was used for something else
  };
  struct Start {
    Begun begun = Begun::fresh;
    KeptAnswer answer;
  };

  explicit KeptAnswers(Database& database) : database_(database) {}

  runtime::Task<Start> begin(AnswerKey key, runtime::TimePoint now);
  runtime::Task<void> finish(AnswerKey key, KeptAnswer answer);
  /// It came to nothing and may be tried again at once.
  runtime::Task<void> forget(AnswerKey key);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
