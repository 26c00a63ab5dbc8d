// From what GitHub answered to what is done about it: how the job ends, and whom to tell.
// Pure but for the ids of new deliveries. The rules are docs/job-states.md.
#pragma once

#include <expected>
#include <optional>

#include "github/contributions.h"
#include "runtime/random.h"
#include "store/jobs.h"

namespace streaky::engine {

using Look = github::Seen;

/// Everything but the answer of GitHub that a decision rests on.
struct Circumstances {
  const store::ClaimedJob& job;  // borrowed for the call; `job.user` is the snapshot that is judged
  runtime::TimePoint now{};
  bool send_at_once = true;  // there is room to send: new deliveries start out leased
};

store::JobOutcome decide(const Circumstances& circumstances, const Look& look,
                         runtime::Random& random);

/// What a sight about `today` changes in the user's streak; nothing when it proves too little to be
/// remembered (a lower bound, a paused day, a streak that a dead token hides).
std::optional<store::StreakState> remembered(const store::User& user, const github::Sight& sight,
                                             streak::Label today);

/// The reminder as it reads at `now`, from the streak that the snapshot's state or `sight` shows.
struct ReminderText {
  const store::User& user;  // borrowed for the call
  int stage = 0;
  int streak = 0;
  int today_count = 0;
  bool lower_bound = false;
  bool own_token_dead = false;
  runtime::TimePoint expires_at{};
  runtime::TimePoint now{};
  std::optional<runtime::TimePoint> as_of;
};
streak::Message reminder_message(const ReminderText& text);

/// Seconds to minutes, doubling, ± a quarter: when to ask GitHub again.
runtime::Millis check_backoff(int tries, runtime::Random& random);

}  // namespace streaky::engine
