#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "pg_depot.h"
#include "pg_rows.h"

namespace streaky::bench {

namespace {

constexpr int kDays = 7;
constexpr std::int64_t kPerHour = 20;  // one of so many is due: 5 %
constexpr int kTicks = 1'200;          // a third of an hour, in seconds
constexpr int kTicksPerHour = 3'600;
constexpr int kWholeHours = 2;
constexpr const char* kBatch = "00000000-0000-4000-8000-000000000002";

/// The seven days before noon: for each hour a batch, for each user who was due in it a completed
/// job, for every tenth a reminder that was sent. By SQL, without the triggers that look after
/// foreign keys; in the order in which the service would have written it.
void write_history(RawPg& raw, std::int64_t users) {
  const std::int64_t now = runtime::to_unix_ms(noon());
  const std::int64_t due = users / kPerHour;
  raw.execute("SET session_replication_role = replica");
  for (int hour = kDays * 24; hour > 0; --hour) {
    const std::int64_t at = now - hour * kMsPerDay / 24;
    const std::string batch = fmt::format("00000000-0000-4000-8000-1{:011}", hour);
    const std::int64_t first = hour * due % users;
    raw.execute(fmt::format("INSERT INTO batches VALUES ('{}', 'schedule', {})", batch, at));
    // More than 20 hours are in a day: a stage of its own for each hour keeps the rows unique.
    raw.execute(fmt::format(
        "INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, "
        "expires_at, attempt, verdict, ended_at) SELECT '{0}', ({1} + i) % {2} + 1, "
        "to_char(to_timestamp({3}), 'YYYY-MM-DD'), {4}, 'Europe/Berlin', 'completed', {5}, {5}, "
        "{5} + 36000000, 1, 'safe', {5} + 2000 FROM generate_series(0, {6}) i",
        batch, first, users, at / 1'000, hour % 24 * 60, at, due - 1));
    raw.execute(fmt::format(
        "INSERT INTO deliveries (id, batch_id, job_id, user_id, channel_id, channel_kind, kind, "
        "date, zone, stage, subject, body, urgency, state, created_at, checked_at, due_at, "
        "expires_at, attempt, remote_id, ended_at) SELECT '{0}' || '-' || user_id, '{0}', id, "
        "user_id, user_id, 'discord', 'reminder', date, zone, stage, 'Your streak of 30 days', "
        "repeat('b', 160), 'high', 'sent', {1}, {1}, {1}, {1} + 36000000, 1, "
        "'1402000000000000000', {1} + 3000 FROM jobs WHERE batch_id = '{0}' AND id % 10 = 0",
        batch, at));
  }
  raw.execute("SET session_replication_role = origin");
  raw.execute("UPDATE users SET next_check_at = NULL");
  raw.execute("VACUUM (ANALYZE)");
  raw.execute("CHECKPOINT");
}

/// `count` users from `first` on are due at `at`.
void make_due(RawPg& raw, std::int64_t first, std::int64_t count, std::int64_t at) {
  raw.execute(fmt::format("UPDATE users SET next_check_at = {} WHERE id BETWEEN {} AND {}", at,
                          first, first + count - 1));
}

double timed_claim(PgStore& store, runtime::TimePoint now,
                   std::vector<store::ClaimedJob>& claimed) {
  return seconds_of([&] { claimed = store.claim(kPerClaim, now); }) * 1e3;
}

/// Users who become due second by second are claimed second by second.
std::vector<double> claim_as_they_come(RawPg& raw, PgStore& store, std::int64_t users) {
  const std::int64_t each = std::max<std::int64_t>(users / kPerHour / kTicksPerHour, 1);
  std::vector<double> taken;
  for (int tick = 0; tick < kTicks; ++tick) {
    const runtime::TimePoint now = noon() + std::chrono::seconds{tick};
    make_due(raw, 1 + tick * each, each, runtime::to_unix_ms(noon()));
    store.enqueue_due(now, kBatch);
    std::vector<store::ClaimedJob> claimed;
    taken.push_back(timed_claim(store, now, claimed));
    if (std::cmp_not_equal(claimed.size(), each)) throw std::logic_error("not all were claimed");
    store.complete(claimed, now);
  }
  return taken;
}

/// All who are due in an hour at its beginning.
std::vector<double> claim_on_the_hour(RawPg& raw, PgStore& store, std::int64_t users) {
  const std::int64_t due = users / kPerHour;
  std::vector<double> taken;
  for (int hour = 1; hour <= kWholeHours; ++hour) {
    const runtime::TimePoint now = noon() + std::chrono::hours{hour};
    make_due(raw, 1 + (2 + hour) * due, due, runtime::to_unix_ms(noon()));
    store.enqueue_due(now, kBatch);
    std::vector<store::ClaimedJob> claimed;
    for (double ms = timed_claim(store, now, claimed); !claimed.empty();
         ms = timed_claim(store, now, claimed)) {
      taken.push_back(ms);
      store.complete(claimed, now);
    }
  }
  return taken;
}

}  // namespace

boost::json::object pg_rest(std::int64_t users) {
  PgStore store(server_url());
  RawPg raw(server_url());
  sign_up(raw, users);
  const double filled = seconds_of([&] { write_history(raw, users); });
  const std::int64_t history = raw.number("SELECT COUNT(*) FROM jobs");
  const std::int64_t bytes = raw.number("SELECT pg_database_size(current_database())");
  auto spread = claim_as_they_come(raw, store, users);
  auto whole = claim_on_the_hour(raw, store, users);
  return {{"users", users},
          {"jobs_of_history", history},
          {"history_filled_s", filled},
          {"database_bytes", bytes},
          {"claims", spread.size()},
          {"claim_median_ms", quantile(spread, 0.5)},
          {"claim_p99_ms", quantile(spread, 0.99)},
          {"claims_of_500", whole.size()},
          {"claim_500_median_ms", quantile(whole, 0.5)},
          {"claim_500_p99_ms", quantile(whole, 0.99)}};
}

}  // namespace streaky::bench
