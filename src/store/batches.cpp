#include "store/batches.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "store/counts.h"
#include "store/json_rows.h"
#include "store/session.h"

namespace streaky::store {

std::int64_t Batch::count(const std::string& name) const {
  const auto found = counts.find(name);
  return found == counts.end() ? 0 : found->second;
}

std::int64_t Batch::total() const {
  return count("pending") + count("processing") + count("completed") + count("failed");
}

bool Batch::settled() const {
  return count("pending") == 0 && count("processing") == 0 && count("delivery:pending") == 0 &&
         count("delivery:sending") == 0;
}

namespace {

std::vector<Batch> fetch(Session& session, Query& query) {
  std::vector<Batch> batches;
  Batch batch;
  query.into(batch.id, batch.origin, batch.created_at);
  while (query.next()) batches.push_back(batch);
  std::vector<std::string> ids;
  std::unordered_map<std::string, Batch*> by_id;
  for (Batch& one : batches) {
    ids.push_back(one.id);
    by_id[one.id] = &one;
  }
  std::string id;
  std::string name;
  std::int64_t value = 0;
  auto counts = session.query("batches/counts");
  counts.bind("ids", to_json(ids)).into(id, name, value);
  while (counts.next()) by_id.at(id)->counts[name] = value;
  return batches;
}

/// Runs a statement that puts rows of the batch back to pending, bite by bite; gives their number.
template <typename Id>
int retry_rows(Session& session, const char* statement, const std::string& batch_id,
               runtime::TimePoint now) {
  int all = 0;
  for (int last = kBite; last == kBite; all += last) {
    last = 0;
    Id id{};
    auto query = session.query(statement);
    query.bind("id", batch_id).bind("now", now).bind("limit", kBite).into(id);
    while (query.next()) ++last;
  }
  return all;
}

int retry_in(Session& session, const std::string& id, runtime::TimePoint now) {
  const int jobs = retry_rows<std::int64_t>(session, "batches/retry_jobs", id, now);
  const int deliveries = retry_rows<std::string>(session, "batches/retry_deliveries", id, now);
  Counts counts;
  counts.add(id, "failed", -jobs);
  counts.add(id, "pending", jobs);
  counts.add(id, "delivery:dead", -deliveries);
  counts.add(id, "delivery:pending", deliveries);
  counts.write(session);
  return jobs + deliveries;
}

}  // namespace

runtime::Task<std::optional<Batch>> Batches::find(std::string id) {
  std::optional<Batch> found;
  Database::Work work = [&](Session& session) {
    auto query = session.query("batches/find");
    query.bind("id", id);
    auto batches = fetch(session, query);
    if (!batches.empty()) found = std::move(batches.front());
  };
  co_await database_.read(std::move(work));
  co_return found;
}

runtime::Task<std::vector<Batch>> Batches::newest(int limit) {
  std::vector<Batch> batches;
  Database::Work work = [&](Session& session) {
    auto query = session.query("batches/newest");
    query.bind("limit", std::max(limit, 0));
    batches = fetch(session, query);
  };
  co_await database_.read(std::move(work));
  co_return batches;
}

runtime::Task<std::vector<BatchJob>> Batches::failed_jobs(std::string id, int limit) {
  std::vector<BatchJob> jobs;
  Database::Work work = [&](Session& session) {
    BatchJob job;
    auto query = session.query("batches/failed_jobs");
    query.bind("id", id).bind("limit", std::max(limit, 0));
    query.into(job.id, job.login, job.state, job.verdict, job.error);
    while (query.next()) jobs.push_back(job);
  };
  co_await database_.read(std::move(work));
  co_return jobs;
}

runtime::Task<std::vector<Batches::Failures>> Batches::failures(std::string id) {
  std::vector<Failures> reasons;
  Database::Work work = [&](Session& session) {
    Failures one;
    auto query = session.query("batches/failures");
    query.bind("id", id).into(one.error, one.jobs);
    while (query.next()) reasons.push_back(one);
  };
  co_await database_.read(std::move(work));
  co_return reasons;
}

runtime::Task<int> Batches::retry_failed(std::string id, runtime::TimePoint now) {
  int retried = 0;
  Database::Work work = [&](Session& session) { retried = retry_in(session, id, now); };
  co_await database_.write(std::move(work));
  co_return retried;
}

}  // namespace streaky::store
