#include "pg_depot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "engine/plan.h"
#include "outcomes.h"

namespace streaky::bench {

runtime::TimePoint noon() { return runtime::from_unix_ms(1'786'017'600'000); }

PgStore::PgStore(const std::string& url)
    : database_(io_.get_executor(), store::Database::Options{.url = url, .wall = {}}, metrics_) {}

std::size_t PgStore::enqueue_due(runtime::TimePoint now, const std::string& batch) {
  const store::Planner planner = [now](const store::DueUser& user) {
    return engine::plan_due(user, now);
  };
  std::size_t made = 0;
  store::Bite bite;
  do {
    bite = run(schedule.take_due(now, store::Schedule::kMostPerBite, batch, planner));
    made += static_cast<std::size_t>(bite.jobs);
  } while (bite.more);
  return made;
}

std::vector<store::ClaimedJob> PgStore::claim(int limit, runtime::TimePoint now) {
  return run(jobs.claim("bench:1:1", limit, false, now, now + kLease));
}

void PgStore::complete(const std::vector<store::ClaimedJob>& claimed, runtime::TimePoint now) {
  std::vector<store::JobOutcome> outcomes = safe_outcomes(claimed, now);
  const auto results = run(jobs.finish("bench:1:1", std::move(outcomes), now, now + kLease));
  for (const auto& result : results) {
    if (result.finish != store::Finish::accepted) throw std::logic_error("a job was not ours");
  }
}

std::string server_url() {
  const char* url = std::getenv("BENCH_POSTGRES");  // NOLINT(concurrency-mt-unsafe): one thread yet
  if (url == nullptr) throw std::runtime_error("BENCH_POSTGRES names no server");
  return url;
}

void sign_up(RawPg& raw, std::int64_t count) {
  const std::int64_t now = runtime::to_unix_ms(noon());
  raw.execute(fmt::format(
      "INSERT INTO users (id, login, login_key, node_id, database_id, time_zone, remind_at, "
      "daily_summary, sealed_token, token_dead, status, settings_version, next_check_at, "
      "created_at, updated_at) SELECT i, 'user-' || i, 'user-' || i, 'U_kgDO' || 1000000 + i, i, "
      "'Europe/Berlin', '840', 0, '', 0, 'active', 1, {0}, {1}, {1} FROM generate_series(1, {2}) i",
      now, now - kMsPerDay, count));
  // As long as a sealed webhook.
  raw.execute(fmt::format(
      "INSERT INTO channels (id, user_id, kind, sealed, hint, is_on, off_reason, changed_at) "
      "SELECT i, i, 'discord', 'v1.k1.' || repeat('s', 196), '…0077', 1, '', {} "
      "FROM generate_series(1, {}) i",
      now - kMsPerDay, count));
  raw.execute(fmt::format(
      "INSERT INTO user_streaks (user_id, anchor_through, anchor_length, anchor_began, length, "
      "began, longest, today, today_count, verdict, views, seen_at, history_at) SELECT i, "
      "'2026-08-01', 25, '2026-07-08', 29, '2026-07-08', 29, '2026-08-05', 1, 'safe', 'service', "
      "{0}, {0} FROM generate_series(1, {1}) i",
      now - kMsPerDay, count));
  raw.execute(fmt::format("UPDATE id_sequences SET next_id = {}", count + 1));
  raw.execute("VACUUM (ANALYZE)");
}

void start_afresh(RawPg& raw) {
  raw.execute("TRUNCATE deliveries, batch_counts, jobs, batches");
  raw.execute(fmt::format("UPDATE users SET next_check_at = {0} WHERE next_check_at <> {0}",
                          runtime::to_unix_ms(noon())));
  raw.execute("VACUUM (ANALYZE)");
  raw.execute("CHECKPOINT");
}

double quantile(std::vector<double>& values, double share) {
  if (values.empty()) throw std::logic_error("nothing was measured");
  std::ranges::sort(values);
  const auto place =
      static_cast<std::size_t>(std::ceil(share * static_cast<double>(values.size())));
  return values[std::clamp<std::size_t>(place, 1, values.size()) - 1];
}

}  // namespace streaky::bench
