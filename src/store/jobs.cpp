#include "store/jobs.h"

#include <algorithm>
#include <utility>

#include "store/counts.h"
#include "store/days.h"
#include "store/json_rows.h"
#include "store/session.h"
#include "store/user_reads.h"
#include "store/user_rows.h"

namespace streaky::store {

namespace {

/// How often a claim that met only users who are no longer active tries again.
constexpr int kMostRounds = 20;

std::vector<ClaimedJob> fetch(Query& query) {
  std::vector<ClaimedJob> jobs;
  ClaimedJob job;
  query.into(job.id, job.batch_id, job.user.id, job.date, job.zone, job.stage, job.created_at,
             job.due_at, job.expires_at, job.attempt, job.tries, job.crashes, job.alone,
             job.told_unknown);
  while (query.next()) jobs.push_back(job);
  std::ranges::sort(jobs, [](const ClaimedJob& a, const ClaimedJob& b) {
    return std::pair(a.due_at, a.id) < std::pair(b.due_at, b.id);
  });
  return jobs;
}

struct ClaimRequest {
  std::string owner;
  int limit = 0;
  bool may_take_alone = false;
  runtime::TimePoint now{};
  runtime::TimePoint lease_until{};
};

std::vector<ClaimedJob> take(Session& session, const ClaimRequest& request) {
  if (request.may_take_alone) {
    auto alone = session.query("jobs/claim_alone");
    alone.bind("owner", request.owner)
        .bind("now", request.now)
        .bind("lease_until", session.by_server(request.lease_until))
        .within(days_alive(request.now));
    auto jobs = fetch(alone);
    if (!jobs.empty()) return jobs;
  }
  auto query = session.query("jobs/claim");
  query.bind("owner", request.owner)
      .bind("limit", request.limit)
      .bind("now", request.now)
      .bind("lease_until", session.by_server(request.lease_until))
      .within(days_alive(request.now));
  return fetch(query);
}

/// Ends the jobs of users that are no longer active and leaves the others.
void end_inactive(Session& session, Counts& counts, std::vector<ClaimedJob>& jobs,
                  runtime::TimePoint now) {
  std::vector<std::int64_t> ids;
  std::erase_if(jobs, [&](const ClaimedJob& job) {
    if (job.user.status == UserStatus::active) return false;
    ids.push_back(job.id);
    counts.move(job.batch_id, "pending", "completed");
    counts.add_verdict(job.batch_id, "inactive");
    return true;
  });
  if (ids.empty()) return;
  session.query("jobs/end_inactive")
      .bind("ids", to_json(ids))
      .bind("now", now)
      .within(days_alive(now))
      .run();
}

std::vector<ClaimedJob> claim_in(Session& session, const ClaimRequest& request) {
  // A claim that the server forgot leaves the job waiting, and its worker's result is refused. The
  // claims of deliveries must last: a message would be sent twice.
  session.need_not_last();
  session.expect_sound_clocks();
  Counts counts;
  std::vector<ClaimedJob> jobs;
  for (int round = 0; round < kMostRounds && jobs.empty(); ++round) {
    jobs = take(session, request);
    if (jobs.empty()) break;
    std::vector<std::int64_t> user_ids;
    user_ids.reserve(jobs.size());
    for (const ClaimedJob& job : jobs) user_ids.push_back(job.user.id);
    const auto users = load_users(session, user_ids);
    // Copied: two dates or stages of one user may be claimed together.
    for (ClaimedJob& job : jobs) job.user = users.at(job.user.id);
    end_inactive(session, counts, jobs, request.now);
  }
  for (const ClaimedJob& job : jobs) counts.move(job.batch_id, "pending", "processing");
  counts.write(session);
  return jobs;
}

void release_in(Session& session, const std::string& owner,
                const std::vector<std::int64_t>& job_ids) {
  Counts counts;
  {
    std::string batch_id;
    auto query = session.query("jobs/release");
    query.bind("owner", owner).bind("ids", to_json(job_ids)).into(batch_id);
    while (query.next()) counts.move(batch_id, "processing", "pending");
  }
  counts.write(session);
}

}  // namespace

runtime::Task<std::vector<ClaimedJob>> Jobs::claim(std::string owner, int limit,
                                                   bool may_take_alone, runtime::TimePoint now,
                                                   runtime::TimePoint lease_until) {
  std::vector<ClaimedJob> jobs;
  const ClaimRequest request{std::move(owner), limit, may_take_alone, now, lease_until};
  Database::Work work = [&](Session& session) { jobs = claim_in(session, request); };
  if (limit > 0) co_await database_.write(std::move(work));
  co_return jobs;
}

runtime::Task<std::optional<User>> Jobs::reread(std::int64_t user_id) {
  std::optional<User> user;
  Database::Work work = [&](Session& session) {
    auto users = load_users(session, {user_id});
    const auto found = users.find(user_id);
    if (found != users.end()) user = std::move(found->second);
  };
  co_await database_.read(std::move(work));
  co_return user;
}

runtime::Task<void> Jobs::release(std::string owner, std::vector<std::int64_t> job_ids) {
  Database::Work work = [&](Session& session) { release_in(session, owner, job_ids); };
  if (!job_ids.empty()) co_await database_.write(std::move(work));
}

runtime::Task<runtime::Millis> Jobs::extend(std::string owner, InHand in_hand,
                                            runtime::TimePoint lease_until) {
  runtime::Millis ahead{0};
  Database::Work work = [&](Session& session) {
    ahead = session.server_ahead();
    const auto keep = [&](const char* name, std::string ids) {
      session.query(name)
          .bind("owner", owner)
          .bind("ids", std::move(ids))
          .bind("lease_until", session.by_server(lease_until))
          .within(days_around(lease_until))
          .run();
    };
    if (!in_hand.jobs.empty()) keep("jobs/extend", to_json(in_hand.jobs));
    if (!in_hand.deliveries.empty()) keep("jobs/extend_deliveries", to_json(in_hand.deliveries));
  };
  co_await database_.write(std::move(work), Database::Line::first);
  co_return ahead;
}

runtime::Task<Jobs::Due> Jobs::next_due(runtime::TimePoint now) {
  Due due;
  Database::Work work = [&](Session& session) {
    session.expect_sound_clocks();
    session.query("jobs/next_due")
        .bind("now", now)
        .within(days_alive(now))
        .into(due.jobs, due.alone, due.deliveries)
        .one();
  };
  co_await database_.read(std::move(work));
  co_return due;
}

std::vector<Jobs::Look> read_looks(Session& session, std::int64_t user_id, int most) {
  std::vector<Jobs::Look> looks;
  Jobs::Look one;
  auto query = session.query("jobs/looks");
  query.bind("user", user_id).bind("limit", std::max(most, 0));
  query.into(one.date, one.stage, one.state, one.verdict, one.error, one.at);
  while (query.next()) looks.push_back(one);
  return looks;
}

runtime::Task<std::vector<Jobs::Look>> Jobs::looks(std::int64_t user_id, int limit) {
  std::vector<Look> looks;
  Database::Work work = [&](Session& session) { looks = read_looks(session, user_id, limit); };
  co_await database_.read(std::move(work));
  co_return looks;
}

}  // namespace streaky::store
