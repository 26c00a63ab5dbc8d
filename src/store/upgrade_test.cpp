// Programs of several versions at one database: who migrates, who waits, who is refused.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <string>

#include "store/later_schema_testing.h"
#include "store/postgres_url.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

using testing::HasSubstr;

/// Some version of the past, from before members.
constexpr int kOld = 5;
/// What a program waits for a lock, but for migrations.
constexpr std::chrono::milliseconds kBusy{200};

class UpgradeTest : public StoreTest {
 protected:
  /// A further database, as a program of the past left it.
  struct OldDatabase {
    explicit OldDatabase(Dialect dialect)
        : statements(dialect),
          url(dialect == Dialect::postgres ? schema.emplace().url()
                                           : "sqlite:" + folder.path() + "/old.db"),
          connection(dialect == Dialect::postgres
                         ? soci::session(soci::postgresql, read_postgres_url(url)->connect)
                         : soci::session(soci::sqlite3, folder.path() + "/old.db")),
          session(connection, statements) {
      if (dialect == Dialect::sqlite) session.execute("PRAGMA journal_mode = WAL");
    }

    void migrate_to(int version) {
      session.query("session/begin_write").run();
      session.query("session/create_migrations").run();
      for (const Migration& migration : statements.migrations()) {
        if (migration.version > version) break;
        for (const std::string& statement : migration.statements) session.execute(statement);
        session.query("session/add_migration")
            .bind("version", migration.version)
            .bind("name", migration.name)
            .bind("now", 0)
            .run();
      }
      session.query("session/commit").run();
    }

    /// As a program does that migrates.
    void begin_migration() {
      session.query("session/begin_write").run();
      session.lock("session/lock_migrations");
    }
    void end_migration() { session.query("session/commit").run(); }

    TestFolder folder;
    std::optional<TestSchema> schema;
    Statements statements;
    std::string url;
    soci::session connection;
    Session session;
  };

  /// Another program, on a thread of its own: the version that it finds or reaches.
  static std::future<int> start_program(const std::string& url) {
    return std::async(std::launch::async, [url] {
      boost::asio::io_context io;
      Database::Options options;
      options.url = url;
      options.mode = Database::Mode::inline_calls;
      options.busy_timeout = kBusy;
      runtime::Metrics metrics;
      return Database(io.get_executor(), options, metrics).schema_version();
    });
  }

  int newest() { return s_->database.known_schema(); }

  void migrate_further_here() {
    Database::Work work = [](Session& session) { migrate_further(session); };
    wait(s_->database.write(work));
  }

  std::int64_t versions() { return number("SELECT COUNT(*) FROM schema_migrations"); }
};

TEST_P(UpgradeTest, OfProgramsThatStartTogetherOneMigrates) {
  for (const int version : {0, kOld, newest() - 1}) {
    OldDatabase old(GetParam());
    if (version > 0) old.migrate_to(version);
    std::array<std::future<int>, 4> programs;
    for (auto& program : programs) program = start_program(old.url);
    for (auto& program : programs) EXPECT_EQ(program.get(), newest()) << "from " << version;
    int rows = 0;
    old.connection << "SELECT COUNT(*) FROM schema_migrations", soci::into(rows);
    EXPECT_EQ(rows, newest());
  }
}

TEST_P(UpgradeTest, WhoFindsAMigrationUnderWayWaitsForItsEnd) {
  OldDatabase old(GetParam());
  old.migrate_to(kOld);
  old.begin_migration();
  auto program = start_program(old.url);
  EXPECT_EQ(program.wait_for(3 * kBusy), std::future_status::timeout)
      << "it gave up, or did not wait for its turn";
  old.end_migration();
  EXPECT_EQ(program.get(), newest());
}

TEST_P(UpgradeTest, ANewerSchemaThatOlderProgramsCanUseIsTakenAsItIs) {
  sign_up(2);
  migrate_further_here();
  const std::int64_t before = versions();
  s_ = open();
  EXPECT_EQ(s_->database.schema_version(), newest() + 1);
  EXPECT_EQ(versions(), before) << "nothing is applied";
  EXPECT_EQ(wait(s_->users.count_active()), 2);
  EXPECT_EQ(trigger("b1").jobs, 2);
  EXPECT_EQ(claim("w1").size(), 2U);
}

TEST_P(UpgradeTest, ANewerSchemaThatIsNotForThisProgramIsRefusedWithWhatToDo) {
  migrate_further_here();
  sql(fmt::format("UPDATE schema_compatibility SET compatible_from = {}", newest() + 1));
  const std::int64_t before = versions();
  try {
    open();
    FAIL() << "it opened";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), DatabaseError::Kind::newer_schema);
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("its schema is version {}", newest() + 1)));
    EXPECT_THAT(error.what(), HasSubstr(fmt::format("knows up to version {}", newest())));
    EXPECT_THAT(error.what(), HasSubstr("install the newer Streaky"));
    EXPECT_THAT(error.what(), testing::Not(HasSubstr("\n")));
  }
  EXPECT_EQ(versions(), before);
}

TEST_P(UpgradeTest, ASchemaThatDoesNotSayForWhomItIsIsRefused) {
  migrate_further_here();
  sql("DELETE FROM schema_compatibility");
  EXPECT_THROW(open(), DatabaseError);
}

TEST_P(UpgradeTest, ARunningProgramGoesOnWhileANewerOneMigrates) {
  sign_up(2);
  ASSERT_EQ(take_due("b1", 1200).jobs, 2);
  const auto newer = open();
  Database::Work work = [](Session& session) { migrate_further(session); };
  wait(newer->database.write(work));
  ASSERT_EQ(claim("w1").size(), 2U);
  EXPECT_EQ(sign_up(1, "late").size(), 1U);
  EXPECT_EQ(trigger("b2").jobs, 3);
  EXPECT_EQ(counters(), recount());
}

STREAKY_STORE_SUITE(UpgradeTest);

}  // namespace
}  // namespace streaky::store
