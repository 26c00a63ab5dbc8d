#include "store/move.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <utility>

#include "store/api_tokens.h"
#include "store/kept_answers.h"
#include "store/known_keys.h"
#include "store/sessions.h"
#include "store/store_testing.h"
#include "store/telegram_links.h"

namespace streaky::store {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Key;

using House = std::map<std::string, std::vector<std::string>>;

constexpr int kStepsAtATime = 100;

int count_more(void* steps) {
  *static_cast<std::int64_t*>(steps) += kStepsAtATime;
  return 0;
}

/// SQLite adds to `steps` from now on; null ends it. See soci_headers.h.
#if defined(__clang__)
__attribute__((no_sanitize("vptr")))
#endif
void count_steps_of(Session& session, std::int64_t* steps) {
  auto* backend = static_cast<soci::sqlite3_session_backend*>(session.connection().get_backend());
  const int every = steps == nullptr ? 0 : kStepsAtATime;
  sqlite_api::sqlite3_progress_handler(backend->conn_, every, count_more, steps);
}

class MoveTest : public StoreTest {
 protected:
  /// Users, a round of which two checks are in hand, messages, keys, a session.
  void live_a_little() {
    auto users = sign_up(3);
    add_telegram(users.at(0));
    trigger("b1");
    ASSERT_NE(remind_once("w", true), "");
    const KnownKey key{"v1.k1.", "aaaa", false};
    ASSERT_TRUE(wait(KnownKeys(s_->database).add({key}, {})));
    sql("INSERT INTO user_rest_days (user_id, position, from_date, days) SELECT id, 0, "
        "'2026-08-01', 96 FROM users");
    sql("INSERT INTO user_pauses (user_id, position, first_date, last_date) SELECT id, 0, "
        "'2026-08-02', NULL FROM users");
    sql("UPDATE users SET database_id = 9007199254740993 + id, node_id = 'Ü\"\\' || id, "
        "word_date = '2026-08-06', word_stopped = 1, word_snoozed_until = 5");
    sql("UPDATE channels SET level = 'loud'");
    wait(ApiTokens(s_->database).make("hash", users.at(0).id, SessionOrigin::link, "ci", kNow));
    wait(KeptAnswers(s_->database).begin({users.at(0).id, "k", "h"}, kNow));
    sql("INSERT INTO used_links (user_id, date, stage, action, used_at) SELECT id, '2026-08-06', "
        "1200, 'snooze', 7 FROM users");
    Sessions sessions(s_->database);
    wait(sessions.begin("hash", users.at(0).id, SessionOrigin::github, "Firefox", kNow));
    const std::int64_t session = wait(sessions.find("hash", kNow))->session.id;
    TelegramLinks links(s_->database);
    wait(links.add_code("code", users.at(0).id, session, kNow));
    wait(links.take_bot(7'000'000'001, "a", kNow, kLease));
    wait(links.hear(7'000'000'001, "a", kNow));
    wait(links.advance(7'000'000'001, "a", 8'000'000'002, kNow));
  }

  House everything(Stores& stores) {
    House house;
    wait(Move(stores.database).read([&house](const MovedRows& part) {
      auto& rows = house[part.table];
      rows.insert(rows.end(), part.rows.begin(), part.rows.end());
    }));
    return house;
  }

  /// On PostgreSQL, rows that are in no table by day.
  std::int64_t stray_rows(Stores& stores) {
    long long rows = 0;
    Database::Work work = [&rows](Session& session) {
      session.connection() << "SELECT (SELECT COUNT(*) FROM jobs_default) + "
                              "(SELECT COUNT(*) FROM deliveries_default)",
          soci::into(rows);
    };
    wait(stores.database.read(work));
    return rows;
  }

  /// A new database of that kind.
  std::unique_ptr<Stores> empty(Dialect dialect) {
    Database::Options options;
    options.mode = Database::Mode::inline_calls;
    if (dialect == Dialect::postgres) {
      options.url = other_.emplace().url();
    } else {
      options.url = "sqlite:" + folder_.path() + "/other.db";
    }
    return std::make_unique<Stores>(io_, options);
  }

  /// Carries a house in; `change` may spoil what is read back.
  void move_in(Stores& stores, const House& house, const std::function<void(House&)>& change) {
    static const std::vector<std::string> order = {
        "id_sequences", "users",          "channels",     "user_rest_days", "user_pauses",
        "user_streaks", "batches",        "batch_counts", "jobs",           "deliveries",
        "sessions",     "user_calendars", "known_keys",   "api_tokens",     "kept_answers",
        "used_links",   "telegram_codes", "telegram_bots"};
    std::size_t at = 0;
    House held;
    Incoming incoming;
    incoming.rewind = [&] {
      at = 0;
      held.clear();
    };
    incoming.next = [&](MovedRows& part) {
      while (at < order.size() && !house.contains(order[at])) ++at;
      if (at == order.size()) return false;
      part.table = order[at++];
      part.rows = house.at(part.table);
      return true;
    };
    incoming.read_back = [&held](const MovedRows& part) {
      auto& rows = held[part.table];
      rows.insert(rows.end(), part.rows.begin(), part.rows.end());
    };
    incoming.compare = [&] {
      change(held);
      if (held != house) throw std::runtime_error("not the same");
    };
    wait(Move(stores.database).write(incoming));
  }

  /// Deliveries of those numbers are written, then everything is read; gives how much of the
  /// database's work that took: SQLite's steps, or the rows that PostgreSQL looked at.
  std::int64_t fill_and_read(int from, int to) {
    sql("INSERT INTO deliveries (id, batch_id, job_id, user_id, channel_id, channel_kind, kind, "
        "date, zone, stage, subject, body, urgency, state, created_at, checked_at, due_at, "
        "expires_at) WITH RECURSIVE n (i) AS (SELECT " +
        std::to_string(from) + " UNION ALL SELECT i + 1 FROM n WHERE i < " +
        std::to_string(to - 1) +
        ") SELECT 'd' || i, 'b', 1, (SELECT MIN(id) FROM users), 1, 'discord', 'reminder', "
        "'2026-08-06', 'UTC', i, 's', 'b', 'high', 'sent', 1, 1, 1, 1 FROM n");
    const std::int64_t before = work_done();
    if (GetParam() == Dialect::sqlite) count_steps(&steps_);
    EXPECT_EQ(everything(*s_).at("deliveries").size(), static_cast<std::size_t>(to));
    if (GetParam() == Dialect::sqlite) count_steps(nullptr);
    return work_done() - before;
  }

  std::int64_t work_done() {
    if (GetParam() == Dialect::sqlite) return steps_;
    sql("SELECT pg_stat_force_next_flush()");
    return number(
        "SELECT CAST(SUM(seq_tup_read + COALESCE(idx_tup_fetch, 0)) AS BIGINT) FROM "
        "pg_stat_user_tables WHERE schemaname = current_schema() AND relname LIKE 'deliveries%'");
  }

  void count_steps(std::int64_t* steps) {
    Database::Work work = [&](Session& session) { count_steps_of(session, steps); };
    wait(s_->database.read(work));
  }

  std::int64_t steps_ = 0;
  std::optional<TestSchema> other_;
};

TEST_P(MoveTest, ToADatabaseOfEitherKindAndBackNothingChanges) {
  live_a_little();
  const House house = everything(*s_);
  for (const char* table :
       {"users", "channels", "user_rest_days", "user_pauses", "jobs", "deliveries", "batch_counts",
        "known_keys", "id_sequences", "api_tokens", "kept_answers", "used_links", "telegram_codes",
        "telegram_bots"}) {
    EXPECT_THAT(house, Contains(Key(table)));
  }
  for (const Dialect to : {Dialect::sqlite, Dialect::postgres}) {
    const auto there = empty(to);
    move_in(*there, house, [](House&) {});
    EXPECT_EQ(everything(*there), house);
    if (to == Dialect::postgres) {
      EXPECT_EQ(stray_rows(*there), 0) << "each is in the table of its day";
    }
  }
}

TEST_P(MoveTest, TheRoundGoesOnAtTheNewPlace) {
  live_a_little();
  const House house = everything(*s_);
  const auto there = empty(GetParam() == Dialect::sqlite ? Dialect::postgres : Dialect::sqlite);
  move_in(*there, house, [](House&) {});
  // What was in hand comes back when its lease ends; new rows meet none of the old ids.
  EXPECT_EQ(wait(there->upkeep.reap(kLease + std::chrono::seconds(1))).jobs_returned, 2);
  const auto jobs = wait(there->jobs.claim("w2", 100, false, kNow, kLease));
  EXPECT_EQ(jobs.size(), 2U);
  const Bite again = wait(there->schedule.take_due(kNow, 5'000, "b2", plan(1200)));
  EXPECT_EQ(again.jobs, 3);
  ApiTokens tokens(there->database);
  const auto moved = wait(tokens.find("hash"));
  ASSERT_TRUE(moved);
  const auto user = moved->signed_in.user.id;
  const auto made = wait(tokens.make("another", user, SessionOrigin::link, "new", kNow));
  EXPECT_GT(made, moved->token.id);
}

TEST_P(MoveTest, HowLongATableIsCostsEachRowNothing) {
  sign_up(1);
  const std::int64_t few = fill_and_read(0, 3'000);
  const std::int64_t many = fill_and_read(3'000, 24'000);
  EXPECT_GT(few, 0);
  EXPECT_LT(many, few * 9) << "eight times the rows";
}

/// A new table or column that nobody thought of here would stay behind.
TEST_P(MoveTest, EveryTableAndColumnIsCarried) {
  const std::set<std::string> of_the_place = {
      "members", "schema_migrations", "schema_compatibility", "batch_counts.slot", "token_slices"};
  const std::string columns_of =
      GetParam() == Dialect::sqlite
          ? "SELECT t.name, c.name FROM sqlite_schema t, pragma_table_info(t.name) c "
            "WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'"
          : "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT) FROM "
            "information_schema.columns WHERE table_schema = current_schema() AND table_name NOT "
            "IN "
            "(SELECT relname FROM pg_class WHERE relispartition)";
  int looked = 0;
  Database::Work work = [&](Session& session) {
    std::string table;
    std::string column;
    soci::statement rows =
        (session.connection().prepare << columns_of, soci::into(table), soci::into(column));
    rows.execute();
    while (rows.fetch()) {
      if (of_the_place.contains(table) || of_the_place.contains(table + "." + column)) continue;
      ++looked;
      const std::regex word("\\b" + column + "\\b");
      for (const char* way : {"read_", "write_"}) {
        const std::string& text = session.statements().text("move/" + (way + table));
        EXPECT_TRUE(std::regex_search(text, word)) << way << table << ": " << column;
      }
    }
  };
  wait(s_->database.read(work));
  EXPECT_GT(looked, 150);
}

TEST_P(MoveTest, ADatabaseInUseTakesNothing) {
  live_a_little();
  const House house = everything(*s_);
  try {
    move_in(*s_, house, [](House&) {});
    FAIL() << "it was taken";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), DatabaseError::Kind::rejected);
    EXPECT_THAT(error.what(), HasSubstr("needs one that is new"));
  }
  EXPECT_EQ(everything(*s_), house);
}

TEST_P(MoveTest, WhatDoesNotCompareLeavesNothingBehind) {
  live_a_little();
  const auto there = empty(Dialect::postgres);
  const House before = everything(*there);
  const auto lose = [](House& held) { held["users"].pop_back(); };
  EXPECT_THROW(move_in(*there, everything(*s_), lose), std::runtime_error);
  EXPECT_EQ(everything(*there), before);
}

TEST_P(MoveTest, ATableOfNobodysIsRefused) {
  Incoming incoming;
  bool given = false;
  incoming.rewind = [&] { given = false; };
  incoming.next = [&](MovedRows& part) {
    if (std::exchange(given, true)) return false;
    part = {"schema_migrations", {"[1]"}};
    return true;
  };
  incoming.read_back = [](const MovedRows&) {};
  incoming.compare = [] {};
  EXPECT_THROW(wait(Move(s_->database).write(incoming)), DatabaseError);
}

STREAKY_STORE_SUITE(MoveTest);

}  // namespace
}  // namespace streaky::store
