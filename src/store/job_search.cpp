#include "store/job_search.h"

#include <algorithm>
#include <utility>

#include "store/counts.h"
#include "store/session.h"

namespace streaky::store {

namespace {

std::vector<FoundJob> fetch(Query& query) {
  std::vector<FoundJob> jobs;
  FoundJob job;
  query.into(job.id, job.batch_id, job.user_id, job.login, job.date, job.zone, job.stage, job.state,
             job.verdict, job.error, job.attempt, job.tries, job.created_at, job.due_at,
             job.expires_at, job.ended_at);
  while (query.next()) jobs.push_back(job);
  return jobs;
}

std::vector<FoundJob> page_in(Session& session, const JobSearch::Wanted& wanted, int limit) {
  auto query = session.query(wanted.user_id ? "job_search/of_user" : "job_search/of_batch");
  query.bind("batch", wanted.batch_id).bind("state", wanted.state).bind("after", wanted.after_id);
  query.bind("limit", std::max(limit, 0));
  if (wanted.user_id) query.bind("user", *wanted.user_id);
  return fetch(query);
}

}  // namespace

runtime::Task<std::vector<FoundJob>> JobSearch::page(Wanted wanted, int limit) {
  std::vector<FoundJob> jobs;
  Database::Work work = [&](Session& session) { jobs = page_in(session, wanted, limit); };
  co_await database_.read(std::move(work));
  co_return jobs;
}

runtime::Task<std::optional<FoundJob>> JobSearch::find(std::int64_t id) {
  std::vector<FoundJob> jobs;
  Database::Work work = [&](Session& session) {
    auto query = session.query("job_search/find");
    query.bind("id", id);
    jobs = fetch(query);
  };
  co_await database_.read(std::move(work));
  std::optional<FoundJob> found;
  if (!jobs.empty()) found = std::move(jobs.front());
  co_return found;
}

runtime::Task<bool> JobSearch::retry(std::int64_t id, runtime::TimePoint now) {
  bool retried = false;
  Database::Work work = [&](Session& session) {
    std::string batch_id;
    {
      auto query = session.query("job_search/retry");
      retried = query.bind("id", id).bind("now", now).into(batch_id).next();
    }
    if (!retried) return;
    Counts counts;
    counts.move(batch_id, "failed", "pending");
    counts.write(session);
  };
  co_await database_.write(std::move(work));
  co_return retried;
}

runtime::Task<bool> JobSearch::hurry(std::int64_t id, runtime::TimePoint now) {
  bool hurried = false;
  Database::Work work = [&](Session& session) {
    std::string batch_id;
    auto query = session.query("job_search/hurry");
    hurried = query.bind("id", id).bind("now", now).into(batch_id).next();
  };
  co_await database_.write(std::move(work));
  co_return hurried;
}

}  // namespace streaky::store
