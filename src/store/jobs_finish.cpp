#include <algorithm>
#include <map>
#include <stdexcept>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "store/counts.h"
#include "store/days.h"
#include "store/identities.h"
#include "store/jobs.h"
#include "store/json_rows.h"
#include "store/new_deliveries.h"
#include "store/pending_deliveries.h"
#include "store/session.h"
#include "store/user_rows.h"
#include "streak/mutant.h"

namespace streaky::store {

namespace {

constexpr std::size_t kMostOutcomes = 1'000;
/// "Could not check" is said in the last quarter of an hour of a day (engine/plan.h), by this job
/// or by one before it; to look for it is not worth it earlier.
constexpr std::int64_t kLastHourMs = 3'600'000;
constexpr const char* kExpired = "expired";

/// A job as it stands when its result comes in.
struct HeldJob {
  DeliveryOrigin origin;
  std::string state;
  std::string owner;
  int attempt = 0;
  std::int64_t settings_version = 0;
  Identity user;
};

using HeldJobs = std::unordered_map<std::int64_t, HeldJob>;

HeldJobs read_held(Session& session, const std::vector<JobOutcome>& outcomes,
                   runtime::TimePoint now) {
  std::vector<std::int64_t> ids;
  ids.reserve(outcomes.size());
  for (const JobOutcome& outcome : outcomes) ids.push_back(outcome.job_id);
  HeldJobs held;
  held.reserve(ids.size());
  HeldJob job;
  auto query = session.query("jobs/held");
  query.bind("ids", to_json(ids)).within(days_around(now));
  query.into(job.origin.job_id, job.origin.batch_id, job.state, job.owner, job.attempt,
             job.origin.user_id, job.origin.date, job.origin.zone, job.origin.stage,
             job.origin.expires_at, job.settings_version, job.user.login, job.user.login_key,
             job.user.node_id, job.user.database_id, job.user.token_dead);
  while (query.next()) held[job.origin.job_id] = job;
  return held;
}

/// A retry without a message rests on no setting; everything else was judged by them.
bool rests_on_settings(const JobOutcome& outcome) {
  return outcome.end == JobEnd::completed || !outcome.deliveries.empty();
}

/// The work of one `finish`: what each accepted outcome adds to the bulk statements.
class Finisher {
 public:
  Finisher(Session& session, DeliveryLease lease, runtime::TimePoint now)
      : session_(session), lease_(std::move(lease)), now_(now), deliveries_(now) {}

  std::vector<FinishResult> run(const std::vector<JobOutcome>& outcomes);
  /// The deliveries that the run has written.
  [[nodiscard]] const std::unordered_set<std::string>& written() const { return written_; }
  /// Of these, the ones that wait although they were to be sent at once.
  [[nodiscard]] const std::unordered_set<std::string>& put_back() const { return put_back_; }

 private:
  Finish judge(const HeldJobs& held, const JobOutcome& outcome) const;
  void accept(const HeldJob& job, const JobOutcome& outcome);
  void end_job(const HeldJob& job, const JobOutcome& outcome);
  void write_streaks();
  void write_deliveries();

  Session& session_;  // borrowed
  const DeliveryLease lease_;
  const runtime::TimePoint now_;
  NewDeliveries deliveries_;
  Identities identities_;
  Counts counts_;
  std::vector<std::string> leased_;  // deliveries that are to be sent at once
  std::unordered_set<std::string> written_;
  std::unordered_set<std::string> put_back_;
  boost::json::array ends_;
  boost::json::array answered_;                  // after "could not check" had been written
  std::map<std::int64_t, StreakState> streaks_;  // one per user, whatever the jobs
};

std::vector<FinishResult> Finisher::run(const std::vector<JobOutcome>& outcomes) {
  const HeldJobs held = read_held(session_, outcomes, now_);
  std::vector<FinishResult> results;
  results.reserve(outcomes.size());
  std::unordered_set<std::int64_t> seen;
  for (const JobOutcome& outcome : outcomes) {
    FinishResult result;
    result.job_id = outcome.job_id;
    result.end = outcome.end;
    // The second result for one job in a call comes too late like any other.
    const bool first = seen.insert(outcome.job_id).second;
    result.finish = first ? judge(held, outcome) : Finish::stale;
    if (result.finish == Finish::accepted) accept(held.at(outcome.job_id), outcome);
    results.push_back(std::move(result));
  }
  if (!ends_.empty()) {
    session_.query("jobs/finish").bind("ends", to_json(ends_)).within(days_around(now_)).run();
  }
  write_streaks();
  identities_.write(session_);
  cancel_answered(session_, counts_, answered_, now_);
  write_deliveries();
  counts_.write(session_);
  return results;
}

Finish Finisher::judge(const HeldJobs& held, const JobOutcome& outcome) const {
  const auto found = held.find(outcome.job_id);
  if (found == held.end()) return Finish::stale;
  const HeldJob& job = found->second;
  const bool ours = job.state == "processing" && job.owner == lease_.owner &&
                    job.attempt == outcome.attempt && job.origin.user_id == outcome.user_id;
  if (!ours && !planted(Mutant::claims_not_fenced)) return Finish::stale;
  const bool changed = job.settings_version != outcome.settings_version;
  return changed && rests_on_settings(outcome) ? Finish::settings_changed : Finish::accepted;
}

void Finisher::accept(const HeldJob& job, const JobOutcome& outcome) {
  end_job(job, outcome);
  if (outcome.streak) {
    StreakState& streak = streaks_.try_emplace(outcome.user_id, *outcome.streak).first->second;
    if (streak.today < outcome.streak->today) streak = *outcome.streak;
  }
  Identity said;
  said.login = outcome.login;
  said.node_id = outcome.node_id;
  said.database_id = outcome.database_id;
  // A token that was replaced meanwhile is not the one that died.
  said.token_dead = outcome.own_token_dead && job.settings_version == outcome.settings_version;
  identities_.add(outcome.user_id, job.user, said);
  if (planted(Mutant::recorded_after_send)) return;
  for (const NewDelivery& delivery : outcome.deliveries) {
    deliveries_.add(job.origin, delivery, lease_);
    if (delivery.leased) leased_.push_back(delivery.id);
  }
}

void Finisher::end_job(const HeldJob& job, const JobOutcome& outcome) {
  std::string state = "completed";
  std::string verdict;
  std::string error;
  boost::json::value due_at;
  if (outcome.end == JobEnd::completed) {
    verdict = streak::to_text(outcome.verdict);
    const bool late = job.origin.expires_at - runtime::to_unix_ms(now_) <= kLastHourMs;
    if (outcome.verdict != streak::Verdict::unknown && (outcome.told_unknown || late)) {
      answered_.push_back({{"user_id", outcome.user_id}, {"date", job.origin.date}});
    }
  } else {
    error = outcome.error;
    state = outcome.end == JobEnd::retry ? "pending" : "failed";
  }
  const runtime::TimePoint at = std::max(now_, outcome.retry_at);
  const runtime::TimePoint midnight = runtime::from_unix_ms(job.origin.expires_at);
  // A day may also be over because its user travels: then that is not for others to see.
  if (outcome.end == JobEnd::retry || (outcome.error == kExpired && at >= midnight)) {
    const auto again = session_.again_before(midnight, at, now_);
    state = again ? "pending" : "failed";
    if (again) due_at = json_at(*again);
    if (!again) error = kExpired;
  }
  const bool ended = state != "pending";
  ends_.push_back({{"id", outcome.job_id},
                   {"state", state},
                   {"due_at", due_at},
                   {"verdict", verdict},
                   {"error", json_text(error)},
                   {"tried", outcome.end == JobEnd::completed ? 0 : 1},
                   {"told_unknown", outcome.told_unknown ? 1 : 0},
                   {"ended_at", ended ? json_at(now_) : boost::json::value()}});
  counts_.move(job.origin.batch_id, "processing", state);
  counts_.add_verdict(job.origin.batch_id, verdict);
}

void Finisher::write_deliveries() {
  written_ = deliveries_.write(session_, counts_);
  std::erase_if(leased_, [this](const std::string& id) { return !written_.contains(id); });
  for (const auto& [id, batch_id] : give_way(session_, leased_, lease_.owner, now_)) {
    counts_.move_delivery(batch_id, "sending", "pending");
    put_back_.insert(id);
  }
}

void Finisher::write_streaks() {
  boost::json::array rows;
  for (const auto& [user_id, streak] : streaks_) {
    rows.push_back(streak_row(user_id, streak));
  }
  if (rows.empty()) return;
  session_.query("users/save_streaks").bind("streaks", to_json(rows)).run();
}

}  // namespace

runtime::Task<std::vector<FinishResult>> Jobs::finish(std::string owner,
                                                      std::vector<JobOutcome> outcomes,
                                                      runtime::TimePoint now,
                                                      runtime::TimePoint lease_until) {
  if (outcomes.size() > kMostOutcomes) {
    throw std::length_error("finish: at most 1000 outcomes at a time");
  }
  std::vector<FinishResult> results;
  std::unordered_set<std::string> written;
  std::unordered_set<std::string> put_back;
  Database::Work work = [&](Session& session) {
    const DeliveryLease lease{owner, session.by_server(lease_until)};
    session.wait_briefly();
    Finisher finisher(session, lease, now);
    results = finisher.run(outcomes);
    written = finisher.written();
    put_back = finisher.put_back();
  };
  if (!outcomes.empty()) co_await database_.write(std::move(work));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (results[i].finish != Finish::accepted) continue;
    for (NewDelivery& delivery : outcomes[i].deliveries) {
      const bool sends = written.contains(delivery.id) || planted(Mutant::recorded_after_send);
      if (!sends) continue;
      if (put_back.contains(delivery.id)) delivery.leased = false;
      results[i].written.push_back(std::move(delivery));
    }
  }
  co_return results;
}

}  // namespace streaky::store
