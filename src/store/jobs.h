// The queue of checks. `pending → processing → completed | failed` and back (docs/job-states.md).
// Threading, errors: see database.h.
//
// Claims are leases: `owner` holds a job until `lease_until` unless it extends. Every result is
// fenced by owner and attempt, so a worker whose lease lapsed cannot overwrite the new owner's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/deliveries.h"

namespace streaky::store {

struct ClaimedJob {
  std::int64_t id = 0;
  std::string batch_id;
  streak::Label date;
  std::string zone;
  int stage = 0;
  runtime::TimePoint created_at{};
  runtime::TimePoint due_at{};
  runtime::TimePoint expires_at{};
  int attempt = 1;  // grows with each claim; fences the result
  int tries = 0;    // ended without an answer so far: for the backoff
  int crashes = 0;
  bool alone = false;         // crashed its worker too often: runs with nothing beside it
  bool told_unknown = false;  // "could not check" was said already
  User user;                  // as of the claim
};

enum class JobEnd { completed, retry, failed };

struct JobOutcome {
  std::int64_t job_id = 0;
  int attempt = 1;
  std::int64_t user_id = 0;
  std::int64_t settings_version = 0;  // of the snapshot that was judged
  JobEnd end = JobEnd::completed;
  runtime::TimePoint retry_at{};
  std::string error;  // code, for retry and failed
  streak::Verdict verdict = streak::Verdict::unknown;
  bool told_unknown = false;
  std::optional<StreakState> streak;
  // What GitHub says of the account; empty leaves what is stored.
  std::string login;
  std::string node_id;
  std::optional<std::int64_t> database_id;
  bool own_token_dead = false;
  std::vector<NewDelivery> deliveries;
};

enum class Finish {
  accepted,
  stale,             // the lease was lost, or the job superseded: nothing was written
  settings_changed,  // the user was edited meanwhile: judge again with a fresh snapshot
};

struct FinishResult {
  std::int64_t job_id = 0;
  Finish finish = Finish::accepted;
  JobEnd end = JobEnd::completed;  // as the outcome asked for
  /// Those of the outcome's deliveries that were really written (a conflict means told already).
  std::vector<NewDelivery> written;
};

/// What a process works on.
struct InHand {
  std::vector<std::int64_t> jobs;
  std::vector<std::string> deliveries;
  [[nodiscard]] bool empty() const { return jobs.empty() && deliveries.empty(); }
};

class Jobs {
 public:
  explicit Jobs(Database& database) : database_(database) {}

  /// Up to `limit` due jobs, by due instant. A job that must run alone comes alone, and only when
  /// `may_take_alone`. Jobs of users that are no longer active end as completed.
  runtime::Task<std::vector<ClaimedJob>> claim(std::string owner, int limit, bool may_take_alone,
                                               runtime::TimePoint now,
                                               runtime::TimePoint lease_until);
  /// Ends or retries jobs and writes their deliveries, all in one transaction. Writing a reminder
  /// cancels what is still pending of the same user's and date's earlier stages.
  runtime::Task<std::vector<FinishResult>> finish(std::string owner,
                                                  std::vector<JobOutcome> outcomes,
                                                  runtime::TimePoint now,
                                                  runtime::TimePoint lease_until);
  /// The user of a job as stored now, for judging again.
  runtime::Task<std::optional<User>> reread(std::int64_t user_id);
  /// Hands back what was claimed and not begun, as if it had never been claimed.
  runtime::Task<void> release(std::string owner, std::vector<std::int64_t> job_ids);
  /// The heartbeat: one statement for the jobs and one for the deliveries that are in hand. What
  /// the tables say of `owner` besides (a claim of which only the answer was lost) is left to its
  /// lease. Goes first. Gives by how much the database's clock, which leases are counted by, is
  /// ahead of this machine's; 0 on SQLite.
  runtime::Task<runtime::Millis> extend(std::string owner, InHand in_hand,
                                        runtime::TimePoint lease_until);
  /// How looks at a user ended, newest first: what was judged when nothing was sent.
  struct Look {
    streak::Label date;
    int stage = 0;
    std::string state;
    std::string verdict;
    std::string error;
    runtime::TimePoint at{};
  };
  runtime::Task<std::vector<Look>> looks(std::int64_t user_id, int limit);
  /// From when on there is something to claim; nothing where nothing waits.
  struct Due {
    std::optional<runtime::TimePoint> jobs;
    std::optional<runtime::TimePoint> alone;  // a job that must run alone
    std::optional<runtime::TimePoint> deliveries;
  };
  /// Reads alone.
  runtime::Task<Due> next_due(runtime::TimePoint now);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
