// A database that was used before there were tables by day.
#include <gtest/gtest.h>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using std::chrono::days;

constexpr int kVersionBefore = 12;

class DayMigrationTest : public StoreTest {
 protected:
  void SetUp() override {
    schema_.emplace();
    soci::session old(soci::postgresql, schema_->url());
    old << "BEGIN";
    old << "CREATE TABLE schema_migrations (version INTEGER NOT NULL PRIMARY KEY, name TEXT NOT "
           "NULL, applied_at BIGINT NOT NULL)";
    const Statements statements(Dialect::postgres);
    for (const Migration& migration : statements.migrations()) {
      if (migration.version > kVersionBefore) break;
      for (const std::string& statement : migration.statements) old << statement;
      old << "INSERT INTO schema_migrations VALUES (" + std::to_string(migration.version) +
                 ", 'x', 0)";
    }
    live_a_little(old);
    old << "COMMIT";
  }

  /// Two users; the first has been told yesterday and today, the second's job waits. What the
  /// programs of that version wrote.
  static void live_a_little(soci::session& old) {
    old << "INSERT INTO users (id, login, login_key, time_zone, remind_at, daily_summary, "
           "sealed_token, token_dead, status, settings_version, next_check_at, created_at, "
           "updated_at) SELECT i, 'user' || i, 'user' || i, 'UTC', '1200', 0, '', 0, 'active', 1, "
           "0, 0, 0 FROM generate_series(1, 2) i";
    old << "INSERT INTO channels (id, user_id, kind, sealed, hint, is_on, off_reason, changed_at) "
           "SELECT i, i, 'discord', 's', 'h', 1, '', 0 FROM generate_series(1, 2) i";
    old << "UPDATE id_sequences SET next_id = 3";
    old << "INSERT INTO batches VALUES ('b', 'schedule', " +
               std::to_string(runtime::to_unix_ms(kNow)) + ")";
    old << "INSERT INTO batch_counts VALUES ('b', 'pending', 0, 1), ('b', 'completed', 0, 2), "
           "('b', 'verdict:at_risk', 0, 2), ('b', 'delivery:sent', 0, 2), "
           "('b', 'sent:discord:reminder', 0, 2)";
    job(old, 1, "2026-08-05", "completed");
    job(old, 1, "2026-08-06", "completed");
    job(old, 2, "2026-08-06", "pending");
    old << "DELETE FROM jobs WHERE id > 3";
    old << "UPDATE jobs SET verdict = 'at_risk' WHERE state = 'completed'";
    old << "INSERT INTO deliveries (id, batch_id, job_id, user_id, channel_id, channel_kind, kind, "
           "date, zone, stage, subject, body, urgency, state, created_at, checked_at, due_at, "
           "expires_at) SELECT 'd' || id, 'b', id, 1, 1, 'discord', 'reminder', date, 'UTC', 600, "
           "'s', 'b', 'high', 'sent', created_at, created_at, due_at, expires_at FROM jobs "
           "WHERE state = 'completed'";
    // One that was made and is gone: its id is not used again.
    job(old, 2, "2026-08-04", "completed");
    old << "DELETE FROM jobs WHERE date = '2026-08-04'";
  }

  static void job(soci::session& old, int user, const std::string& date, const std::string& state) {
    const auto at = std::to_string(runtime::to_unix_ms(kNow));
    old << "INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, "
           "expires_at) VALUES ('b', " +
               std::to_string(user) + ", '" + date + "', 600, 'UTC', '" + state + "', " + at +
               ", " + at + ", " + std::to_string(runtime::to_unix_ms(kMidnight)) + ")";
  }

  std::int64_t parts_of(const std::string& whole) {
    return number("SELECT COUNT(*) FROM pg_inherits WHERE inhparent = CAST('" + whole +
                  "' AS regclass)");
  }
};

TEST_P(DayMigrationTest, WhatThereWasGoesOn) {
  s_ = open();
  EXPECT_EQ(number("SELECT COUNT(*) FROM jobs"), 3);
  EXPECT_EQ(number("SELECT COUNT(*) FROM deliveries"), 2);
  EXPECT_EQ(counters(), recount());
  // What waited is claimed, judged and told.
  const auto jobs = claim("w");
  ASSERT_EQ(jobs.size(), 1U);
  EXPECT_EQ(jobs[0].id, 3);
  JobOutcome outcome = outcome_of(jobs[0]);
  outcome.deliveries = {delivery_to(jobs[0].user.channels.at(0))};
  EXPECT_EQ(finish("w", {outcome}).at(0).written.size(), 1U);
  EXPECT_EQ(counters(), recount());
}

TEST_P(DayMigrationTest, NothingIsMadeOrSaidTwice) {
  s_ = open();
  EXPECT_EQ(take_due("b2", 600).jobs, 1) << "the first user's starts again, the other's waits";
  EXPECT_EQ(number("SELECT id FROM jobs WHERE batch_id = 'b2'"), 2);
  sql("UPDATE users SET next_check_at = 0 WHERE id = 2");
  EXPECT_EQ(take_due("b3", 700).jobs, 1);
  EXPECT_GT(number("SELECT id FROM jobs WHERE batch_id = 'b3'"), 4) << "4 was used before";
  for (const ClaimedJob& job : claim("w")) {
    if (job.user.id != 1) continue;
    JobOutcome outcome = outcome_of(job);
    outcome.deliveries = {delivery_to(job.user.channels.at(0))};
    EXPECT_TRUE(finish("w", {outcome}).at(0).written.empty()) << "it was said before";
  }
}

TEST_P(DayMigrationTest, TheTableOfBeforeGoesLikeTheOthers) {
  s_ = open();
  const auto now = runtime::TimePoint{std::chrono::floor<days>(std::chrono::system_clock::now())};
  const auto keep = [&](runtime::TimePoint at) {
    return wait(s_->upkeep.keep_days(at, at - days{7}, at - days{90}));
  };
  EXPECT_EQ(parts_of("jobs"), 2) << "the one of before and the default one";
  EXPECT_EQ(keep(now).left_in_default, 0);
  EXPECT_EQ(parts_of("jobs"), 2) << "it reaches as far as tables are made ahead";
  EXPECT_GE(keep(now + days{2}).made, 2 + 1);
  sql("UPDATE jobs SET state = 'completed'");
  EXPECT_EQ(keep(now + days{15}).dropped, 0);
  EXPECT_EQ(keep(now + days{16}).dropped, 1) << "that of jobs";
  EXPECT_EQ(number("SELECT COUNT(*) FROM jobs"), 0);
  EXPECT_EQ(number("SELECT COUNT(*) FROM deliveries"), 2);
}

TEST_P(DayMigrationTest, RowsOfFarDaysAreKept) {
  {
    soci::session old(soci::postgresql, schema_->url());
    old << "UPDATE jobs SET date = '2099-01-01' WHERE id = 3";
  }
  s_ = open();
  EXPECT_EQ(number("SELECT id FROM jobs_default"), 3);
  EXPECT_EQ(number("SELECT COUNT(*) FROM jobs"), 3);
}

TEST_P(DayMigrationTest, TablesThatWereEmptyLeaveNothingBehind) {
  schema_.emplace();
  s_ = open();
  EXPECT_EQ(number("SELECT COUNT(*) FROM pg_class WHERE relname LIKE '%before%' AND relnamespace = "
                   "CAST(current_schema() AS regnamespace)"),
            0);
  EXPECT_EQ(parts_of("deliveries"), 1);
}

/// The statements of the version before, which know of no days, on the new tables.
TEST_P(DayMigrationTest, AProgramOfTheVersionBeforeWorksOn) {
  s_ = open();
  sql("INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, "
      "expires_at) SELECT 'b', n.user_id, n.date, n.stage, 'UTC', 'pending', 0, 0, 9 FROM "
      "json_to_recordset('[{\"user_id\": 2, \"date\": \"2026-08-06\", \"stage\": 600}, "
      "{\"user_id\": 2, \"date\": \"2026-08-06\", \"stage\": 700}]') AS n(user_id BIGINT, date "
      "TEXT, stage INTEGER) ON CONFLICT (user_id, date, stage) DO NOTHING");
  EXPECT_EQ(number("SELECT COUNT(*) FROM jobs"), 4);
  sql("UPDATE jobs SET state = 'processing' WHERE id = ANY(ARRAY(SELECT j.id FROM jobs j WHERE "
      "j.state = 'pending' AND j.alone = 0 ORDER BY j.due_at, j.id LIMIT 500 FOR NO KEY UPDATE "
      "SKIP LOCKED))");
  EXPECT_EQ(number("SELECT COUNT(*) FROM jobs WHERE state = 'processing'"), 2);
  sql("INSERT INTO deliveries SELECT 'again', batch_id, job_id, user_id, channel_id, "
      "channel_kind, kind, date, zone, stage, subject, body, urgency, state, created_at, "
      "checked_at, due_at, expires_at FROM deliveries ON CONFLICT DO NOTHING");
  EXPECT_EQ(number("SELECT COUNT(*) FROM deliveries"), 2);
  sql("DELETE FROM jobs WHERE id = ANY(ARRAY(SELECT j.id FROM batches b JOIN jobs j ON j.batch_id "
      "= b.id LIMIT 1 FOR UPDATE OF j SKIP LOCKED))");
  EXPECT_EQ(number("SELECT COUNT(*) FROM jobs"), 3);
  EXPECT_TRUE(wait(s_->users.remove(2)));
  EXPECT_EQ(number("SELECT COUNT(*) FROM jobs WHERE user_id = 2"), 0);
}

STREAKY_STORE_SUITE_ON(DayMigrationTest, Dialect::postgres);

}  // namespace
}  // namespace streaky::store
