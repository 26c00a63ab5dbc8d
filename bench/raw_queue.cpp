#include "raw_queue.h"

#include <stdexcept>

namespace streaky::bench {

namespace {

constexpr std::string_view kOwner = "bench:1:1";
constexpr std::string_view kBatch = "00000000-0000-4000-8000-000000000001";

[[noreturn]] void fail(sqlite3* database) { throw std::runtime_error(sqlite3_errmsg(database)); }

}  // namespace

RawDatabase open_raw(const std::string& file) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open(file.c_str(), &opened);
  RawDatabase database(opened);
  if (code != SQLITE_OK) fail(opened);
  for (const char* rule : {"PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL",
                           "PRAGMA foreign_keys = ON", "PRAGMA busy_timeout = 10000"}) {
    execute(opened, rule);
  }
  return database;
}

void execute(sqlite3* database, const char* sql) {
  if (sqlite3_exec(database, sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(database);
}

RawStatement::RawStatement(sqlite3* database, const char* sql) {
  if (sqlite3_prepare_v2(database, sql, -1, &statement_, nullptr) != SQLITE_OK) fail(database);
}

RawStatement& RawStatement::bind(int place, std::int64_t value) {
  sqlite3_bind_int64(statement_, place, value);
  return *this;
}

RawStatement& RawStatement::bind(int place, std::string_view value) {
  sqlite3_bind_text(statement_, place, value.data(), static_cast<int>(value.size()), SQLITE_STATIC);
  return *this;
}

bool RawStatement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  sqlite3_reset(statement_);
  if (code != SQLITE_DONE) fail(sqlite3_db_handle(statement_));
  return false;
}

void RawStatement::run() {
  while (step()) continue;
}

std::string RawStatement::text(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string() : std::string(bytes, size);
}

RawQueue::RawQueue(sqlite3* database)
    : database_(database),
      begin_(database, "BEGIN IMMEDIATE"),
      commit_(database, "COMMIT"),
      users_(database,
             "SELECT id, time_zone, remind_at, next_check_at, settings_version FROM users "
             "WHERE status = 'active' AND id > ?1 ORDER BY id LIMIT ?2"),
      insert_batch_(database,
                    "INSERT INTO batches (id, origin, created_at) VALUES (?1, 'manual', ?2) "
                    "ON CONFLICT (id) DO NOTHING"),
      insert_job_(database,
                  "INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, "
                  "due_at, expires_at) VALUES (?1, ?2, '2026-08-06', -1, ?3, 'pending', ?4, ?4, "
                  "?5) ON CONFLICT (user_id, date, stage) DO NOTHING"),
      claim_(database,
             "UPDATE jobs SET state = 'processing', owner = ?1, lease_until = ?2, "
             "attempt = attempt + 1 WHERE id IN (SELECT id FROM jobs WHERE state = 'pending' AND "
             "alone = 0 AND due_at <= ?3 AND expires_at > ?3 ORDER BY due_at, id LIMIT ?4) "
             "RETURNING id, user_id, attempt, batch_id, date, zone, stage, created_at, due_at, "
             "expires_at, tries, crashes, alone, told_unknown"),
      load_user_(database,
                 "SELECT u.login, u.node_id, u.database_id, u.time_zone, u.remind_at, "
                 "u.daily_summary, u.sealed_token, u.token_dead, u.status, u.settings_version, "
                 "u.next_check_at, u.created_at, s.anchor_through, s.anchor_length, "
                 "s.anchor_began, s.length, s.began, s.longest, s.today, s.today_count, "
                 "s.verdict, s.views, s.seen_at, s.history_at FROM users u LEFT JOIN "
                 "user_streaks s ON s.user_id = u.id WHERE u.id = ?1"),
      load_channels_(database,
                     "SELECT id, kind, sealed, hint, is_on, off_reason FROM channels "
                     "WHERE user_id = ?1 ORDER BY id"),
      load_rest_days_(database,
                      "SELECT from_date, days FROM user_rest_days WHERE user_id = ?1 "
                      "ORDER BY position"),
      load_pauses_(database,
                   "SELECT first_date, last_date FROM user_pauses WHERE user_id = ?1 "
                   "ORDER BY position"),
      finish_(database,
              "UPDATE jobs SET state = 'completed', verdict = 'safe', ended_at = ?1, owner = '', "
              "lease_until = NULL WHERE id = ?2 AND state = 'processing' AND owner = ?3 AND "
              "attempt = ?4"),
      save_streak_(database,
                   "INSERT INTO user_streaks (user_id, anchor_through, anchor_length, "
                   "anchor_began, length, began, longest, today, today_count, verdict, views, "
                   "seen_at, history_at) VALUES (?1, '2026-08-02', 26, '2026-07-08', 30, "
                   "'2026-07-08', 30, '2026-08-06', 1, 'safe', 'service', ?2, ?2) "
                   "ON CONFLICT (user_id) DO UPDATE SET anchor_through = excluded.anchor_through, "
                   "anchor_length = excluded.anchor_length, anchor_began = excluded.anchor_began, "
                   "length = excluded.length, began = excluded.began, longest = excluded.longest, "
                   "today = excluded.today, today_count = excluded.today_count, "
                   "verdict = excluded.verdict, views = excluded.views, "
                   "seen_at = excluded.seen_at, history_at = excluded.history_at"),
      count_(database,
             "INSERT INTO batch_counts (batch_id, name, value) VALUES (?1, ?2, ?3) "
             "ON CONFLICT (batch_id, name) DO UPDATE SET value = value + excluded.value") {}

void RawQueue::enqueue(int per_bite, std::int64_t now) {
  constexpr std::int64_t kDayMs = 86'400'000;
  std::int64_t after = 0;
  std::int64_t made = per_bite;
  while (made == per_bite) {
    begin_.run();
    insert_batch_.bind(1, kBatch).bind(2, now).run();
    made = 0;
    users_.bind(1, after).bind(2, std::int64_t{per_bite});
    while (users_.step()) {
      after = users_.number(0);
      const std::string zone = users_.text(1);
      insert_job_.bind(1, kBatch).bind(2, after).bind(3, zone).bind(4, now).bind(5, now + kDayMs);
      insert_job_.run();
      ++made;
    }
    count_.bind(1, kBatch).bind(2, std::string_view("pending")).bind(3, made).run();
    commit_.run();
  }
}

std::vector<RawJob> RawQueue::claim(int limit, std::int64_t now, std::int64_t lease_until) {
  std::vector<RawJob> jobs;
  begin_.run();
  claim_.bind(1, kOwner).bind(2, lease_until).bind(3, now).bind(4, std::int64_t{limit});
  while (claim_.step()) {
    RawJob job{claim_.number(0), claim_.number(1), claim_.number(2), {}};
    for (int column = 3; column < 14; ++column) job.texts.push_back(claim_.text(column));
    jobs.push_back(std::move(job));
  }
  for (RawJob& job : jobs) {
    load_user_.bind(1, job.user_id);
    while (load_user_.step()) {
      for (int column = 0; column < 24; ++column) job.texts.push_back(load_user_.text(column));
    }
    load_channels_.bind(1, job.user_id);
    while (load_channels_.step()) {
      for (int column = 0; column < 6; ++column) job.texts.push_back(load_channels_.text(column));
    }
    load_rest_days_.bind(1, job.user_id).run();
    load_pauses_.bind(1, job.user_id).run();
  }
  if (!jobs.empty()) move_counts(static_cast<std::int64_t>(jobs.size()), "pending", "processing");
  commit_.run();
  return jobs;
}

void RawQueue::complete(const std::vector<RawJob>& jobs, std::int64_t now) {
  begin_.run();
  for (const RawJob& job : jobs) {
    finish_.bind(1, now).bind(2, job.id).bind(3, kOwner).bind(4, job.attempt).run();
    if (sqlite3_changes(database_) != 1) throw std::runtime_error("a job was not ours");
    save_streak_.bind(1, job.user_id).bind(2, now).run();
  }
  const auto ended = static_cast<std::int64_t>(jobs.size());
  move_counts(ended, "processing", "completed");
  count_.bind(1, kBatch).bind(2, std::string_view("verdict:safe")).bind(3, ended).run();
  commit_.run();
}

void RawQueue::move_counts(std::int64_t by, std::string_view from, std::string_view to) {
  count_.bind(1, kBatch).bind(2, from).bind(3, -by).run();
  count_.bind(1, kBatch).bind(2, to).bind(3, by).run();
}

}  // namespace streaky::bench
