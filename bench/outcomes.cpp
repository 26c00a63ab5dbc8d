#include "outcomes.h"

#include <chrono>
#include <utility>

namespace streaky::bench {

namespace {

store::StreakState state_seen(runtime::TimePoint now) {
  const streak::Label today = std::chrono::floor<std::chrono::days>(now);
  const streak::Label began = today - std::chrono::days{29};
  store::StreakState state;
  state.anchor = {.through = today - std::chrono::days{4}, .length = 26, .began = began};
  state.length = 30;
  state.began = began;
  state.longest = 30;
  state.today = today;
  state.today_count = 1;
  state.verdict = streak::Verdict::safe;
  state.views = "service";
  state.seen_at = now;
  state.history_at = now;
  return state;
}

}  // namespace

std::vector<store::JobOutcome> safe_outcomes(const std::vector<store::ClaimedJob>& claimed,
                                             runtime::TimePoint now) {
  const store::StreakState seen = state_seen(now);
  std::vector<store::JobOutcome> outcomes;
  outcomes.reserve(claimed.size());
  for (const store::ClaimedJob& job : claimed) {
    store::JobOutcome outcome;
    outcome.job_id = job.id;
    outcome.attempt = job.attempt;
    outcome.user_id = job.user.id;
    outcome.settings_version = job.user.settings_version;
    outcome.verdict = streak::Verdict::safe;
    outcome.streak = seen;
    outcomes.push_back(std::move(outcome));
  }
  return outcomes;
}

}  // namespace streaky::bench
