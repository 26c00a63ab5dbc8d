// Looks at one user on behalf of a job: opens the user's token, asks GitHub, trusts settled history
// for seven days. Threading: the executor's thread. Borrows what it is constructed with.
#pragma once

#include "crypto/sealer.h"
#include "engine/decide.h"
#include "github/contributions.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "store/users.h"

namespace streaky::engine {

class Checker {
 public:
  static constexpr std::chrono::days kHistoryTrust{7};

  Checker(github::Contributions& github, const crypto::Sealer& sealer, runtime::Clock& clock,
          runtime::Log& log)
      : github_(github), sealer_(sealer), clock_(clock), log_(log) {}

  /// Asks about `today`, a label of the user's own, until `deadline`; where old history cannot be
  /// read again in that time, once more for as long without it. A paused day is answered without
  /// asking. `user` must outlive the call.
  runtime::Task<github::SeenPtr> look(const store::User* user, streak::Label today,
                                      runtime::TimePoint deadline);

  /// What to ask about a stored user. Errors: those of the sealer.
  runtime::Result<github::Subject> subject_of(const store::User& user, streak::Label today,
                                              bool use_anchor);

 private:
  struct Request {
    const store::User& user;  // borrowed
    streak::Label today;
    runtime::TimePoint deadline;
  };

  [[nodiscard]] github::SeenPtr without_asking(const store::User& user, streak::Label today) const;
  runtime::Task<github::SeenPtr> ask(const Request& request, bool use_anchor);

  github::Contributions& github_;
  const crypto::Sealer& sealer_;
  runtime::Clock& clock_;
  runtime::Log& log_;
};

}  // namespace streaky::engine
