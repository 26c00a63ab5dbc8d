#include "raw_pg.h"

#include <cstdlib>
#include <stdexcept>
#include <utility>

namespace streaky::bench {

namespace {

constexpr const char* kOwner = "bench:1:1";
constexpr const char* kBatch = "00000000-0000-4000-8000-000000000001";
constexpr std::int64_t kDayMs = 86'400'000;

/// What these rows hold needs no quoting.
template <typename T, typename Text>
std::string array_of(const std::vector<T>& values, Text text) {
  std::string out = "{";
  for (const T& value : values) {
    if (out.size() > 1) out += ',';
    out += text(value);
  }
  return out + "}";
}

std::string array_of(const std::vector<std::int64_t>& values) {
  return array_of(values, [](std::int64_t value) { return std::to_string(value); });
}

std::string array_of(const std::vector<std::string>& values) {
  return array_of(values, [](const std::string& value) { return value; });
}

std::string repeated(std::size_t times, const std::string& value) {
  return array_of(std::vector<std::string>(times, value));
}

std::int64_t number_at(const PgResult& rows, int row, int column) {
  return std::strtoll(PQgetvalue(rows.get(), row, column), nullptr, 10);
}

std::string text_at(const PgResult& rows, int row, int column) {
  return {PQgetvalue(rows.get(), row, column),
          static_cast<std::size_t>(PQgetlength(rows.get(), row, column))};
}

/// Everything that was asked for is taken over, as a worker would.
std::size_t read_all(const PgResult& rows, std::vector<std::string>& texts) {
  for (int row = 0; row < PQntuples(rows.get()); ++row) {
    for (int column = 0; column < PQnfields(rows.get()); ++column) {
      texts.push_back(text_at(rows, row, column));
    }
  }
  return texts.size();
}

}  // namespace

RawPg::RawPg(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
}

PgResult RawPg::checked(PGresult* result) {
  PgResult owned(result);
  const auto status = PQresultStatus(result);
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK) {
    throw std::runtime_error(PQerrorMessage(connection_.get()));
  }
  return owned;
}

PgResult RawPg::execute(const std::string& sql) {
  return checked(PQexec(connection_.get(), sql.c_str()));
}

std::int64_t RawPg::number(const std::string& sql) { return number_at(execute(sql), 0, 0); }

void RawPg::prepare(const char* name, const char* sql) {
  checked(PQprepare(connection_.get(), name, sql, 0, nullptr));
}

PgResult RawPg::run(const char* name, const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  return checked(PQexecPrepared(connection_.get(), name, static_cast<int>(values.size()),
                                values.data(), nullptr, nullptr, 0));
}

RawPgQueue::RawPgQueue(const std::string& url) : pg_(url) {
  // A plan for any limit would read all due users for each bite.
  pg_.execute("SET plan_cache_mode = force_custom_plan");
  pg_.prepare("begin", "BEGIN");
  pg_.prepare("commit", "COMMIT");
  pg_.prepare("count",
              "INSERT INTO batch_counts (batch_id, name, slot, value) SELECT $1, n.name, 0, n.by "
              "FROM unnest($2::text[], $3::bigint[]) AS n(name, by) ON CONFLICT (batch_id, name, "
              "slot) DO UPDATE SET value = batch_counts.value + excluded.value");
  prepare_enqueue();
  prepare_claim();
  prepare_complete();
}

void RawPgQueue::prepare_enqueue() {
  pg_.prepare("due",
              "SELECT id, time_zone, remind_at, next_check_at, settings_version FROM users WHERE "
              "status = 'active' AND next_check_at <= $1::bigint ORDER BY next_check_at, id "
              "LIMIT $2::bigint FOR NO KEY UPDATE SKIP LOCKED");
  pg_.prepare("move",
              "UPDATE users SET next_check_at = n.next FROM unnest($1::bigint[], $2::bigint[]) AS "
              "n(id, next) WHERE users.id = n.id");
  pg_.prepare("insert_batch",
              "INSERT INTO batches (id, origin, created_at) VALUES ($1, 'schedule', $2::bigint) "
              "ON CONFLICT (id) DO NOTHING");
  pg_.prepare("insert_jobs",
              "INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, "
              "expires_at) SELECT $1, n.user_id, n.date, 840, n.zone, 'pending', $2::bigint, "
              "n.due_at, n.expires_at FROM unnest($3::bigint[], $4::text[], $5::text[], "
              "$6::bigint[], $7::bigint[]) AS n(user_id, date, zone, due_at, expires_at) "
              "ON CONFLICT (user_id, date, stage) DO NOTHING");
}

void RawPgQueue::prepare_claim() {
  pg_.prepare("claim",
              "UPDATE jobs SET state = 'processing', owner = $1, lease_until = $2::bigint, attempt "
              "= attempt + 1 WHERE id = ANY(ARRAY(SELECT id FROM jobs WHERE state = 'pending' AND "
              "alone = 0 AND due_at <= $3::bigint AND expires_at > $3::bigint ORDER BY due_at, id "
              "LIMIT $4::bigint FOR NO KEY UPDATE SKIP LOCKED)) RETURNING id, user_id, attempt, "
              "batch_id, date, zone, stage, created_at, due_at, expires_at, tries, crashes, alone, "
              "told_unknown");
  pg_.prepare("load_users",
              "SELECT u.id, u.login, u.node_id, u.database_id, u.time_zone, u.remind_at, "
              "u.daily_summary, u.sealed_token, u.token_dead, u.status, u.settings_version, "
              "u.next_check_at, u.created_at, s.anchor_through, s.anchor_length, s.anchor_began, "
              "s.length, s.began, s.longest, s.today, s.today_count, s.verdict, s.views, "
              "s.seen_at, s.history_at FROM users u LEFT JOIN user_streaks s ON s.user_id = u.id "
              "WHERE u.id = ANY($1::bigint[])");
  pg_.prepare("load_channels",
              "SELECT user_id, id, kind, sealed, hint, is_on, off_reason FROM channels WHERE "
              "user_id = ANY($1::bigint[]) ORDER BY user_id, id");
  pg_.prepare("load_rest_days",
              "SELECT user_id, from_date, days FROM user_rest_days WHERE user_id = "
              "ANY($1::bigint[]) ORDER BY user_id, position");
  pg_.prepare("load_pauses",
              "SELECT user_id, first_date, last_date FROM user_pauses WHERE user_id = "
              "ANY($1::bigint[]) ORDER BY user_id, position");
}

void RawPgQueue::prepare_complete() {
  // The fences are no way to find the rows: by jobs_leased it takes ten times as long.
  pg_.prepare("finish",
              "UPDATE jobs SET state = 'completed', verdict = 'safe', ended_at = $1::bigint, owner "
              "= '', lease_until = NULL FROM unnest($2::bigint[], $3::bigint[]) AS n(id, attempt) "
              "WHERE jobs.id = n.id AND jobs.attempt = n.attempt AND state || '' = 'processing' "
              "AND owner || '' = $4");
  pg_.prepare(
      "save_streaks",
      "INSERT INTO user_streaks (user_id, anchor_through, anchor_length, anchor_began, length, "
      "began, longest, today, today_count, verdict, views, seen_at, history_at) SELECT * FROM "
      "unnest($1::bigint[], $2::text[], $3::integer[], $4::text[], $5::integer[], $6::text[], "
      "$7::integer[], $8::text[], $9::integer[], $10::text[], $11::text[], $12::bigint[], "
      "$13::bigint[]) ON CONFLICT (user_id) DO UPDATE SET anchor_through = "
      "excluded.anchor_through, anchor_length = excluded.anchor_length, anchor_began = "
      "excluded.anchor_began, length = excluded.length, began = excluded.began, longest = "
      "excluded.longest, today = excluded.today, today_count = excluded.today_count, verdict = "
      "excluded.verdict, views = excluded.views, seen_at = excluded.seen_at, history_at = "
      "excluded.history_at");
}

void RawPgQueue::count(std::vector<std::string> names, std::vector<std::int64_t> by) {
  pg_.run("count", {kBatch, array_of(names), array_of(by)});
}

std::size_t RawPgQueue::enqueue_due(int per_bite, std::int64_t now) {
  std::size_t made = 0;
  for (;;) {
    pg_.run("begin", {});
    const PgResult due = pg_.run("due", {std::to_string(now), std::to_string(per_bite)});
    const int found = PQntuples(due.get());
    std::vector<std::int64_t> ids;
    std::vector<std::int64_t> instants;
    std::vector<std::int64_t> next;
    std::vector<std::string> zones;
    for (int row = 0; row < found; ++row) {
      ids.push_back(number_at(due, row, 0));
      zones.push_back(text_at(due, row, 1));
      instants.push_back(number_at(due, row, 3));
      next.push_back(instants.back() + kDayMs);
    }
    if (found > 0) {
      const auto many = static_cast<std::size_t>(found);
      pg_.run("move", {array_of(ids), array_of(next)});
      pg_.run("insert_batch", {kBatch, std::to_string(now)});
      pg_.run("insert_jobs", {kBatch, std::to_string(now), array_of(ids),
                              repeated(many, "2026-08-06"), array_of(zones), array_of(instants),
                              repeated(many, std::to_string(now + kDayMs / 2))});
      count({"pending"}, {found});
    }
    pg_.run("commit", {});
    made += static_cast<std::size_t>(found);
    if (found < per_bite) return made;
  }
}

std::vector<RawJob> RawPgQueue::claim(int limit, std::int64_t now, std::int64_t lease_until) {
  std::vector<RawJob> jobs;
  pg_.run("begin", {});
  const PgResult claimed = pg_.run(
      "claim", {kOwner, std::to_string(lease_until), std::to_string(now), std::to_string(limit)});
  std::vector<std::int64_t> user_ids;
  for (int row = 0; row < PQntuples(claimed.get()); ++row) {
    RawJob job{
        number_at(claimed, row, 0), number_at(claimed, row, 1), number_at(claimed, row, 2), {}};
    for (int column = 3; column < PQnfields(claimed.get()); ++column) {
      job.texts.push_back(text_at(claimed, row, column));
    }
    user_ids.push_back(job.user_id);
    jobs.push_back(std::move(job));
  }
  if (!jobs.empty()) {
    const std::string ids = array_of(user_ids);
    for (const char* load : {"load_users", "load_channels", "load_rest_days", "load_pauses"}) {
      read_all(pg_.run(load, {ids}), jobs.front().texts);
    }
    const auto many = static_cast<std::int64_t>(jobs.size());
    count({"pending", "processing"}, {-many, many});
  }
  pg_.run("commit", {});
  return jobs;
}

void RawPgQueue::complete(const std::vector<RawJob>& jobs, std::int64_t now) {
  std::vector<std::int64_t> ids;
  std::vector<std::int64_t> attempts;
  std::vector<std::int64_t> users;
  for (const RawJob& job : jobs) {
    ids.push_back(job.id);
    attempts.push_back(job.attempt);
    users.push_back(job.user_id);
  }
  const auto all = [&](const char* value) { return repeated(jobs.size(), value); };
  const std::string instants = repeated(jobs.size(), std::to_string(now));
  pg_.run("begin", {});
  const PgResult ended =
      pg_.run("finish", {std::to_string(now), array_of(ids), array_of(attempts), kOwner});
  if (std::to_string(jobs.size()) != PQcmdTuples(ended.get())) {
    throw std::runtime_error("a job was not ours");
  }
  pg_.run("save_streaks", {array_of(users), all("2026-08-02"), all("26"), all("2026-07-08"),
                           all("30"), all("2026-07-08"), all("30"), all("2026-08-06"), all("1"),
                           all("safe"), all("service"), instants, instants});
  const auto many = static_cast<std::int64_t>(jobs.size());
  count({"processing", "completed", "verdict:safe"}, {-many, many, many});
  pg_.run("commit", {});
}

}  // namespace streaky::bench
