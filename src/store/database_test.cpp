#include "store/database.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>

#include "store/store_testing.h"

namespace streaky::store {
namespace {

using Kind = DatabaseError::Kind;

const int kNewest = static_cast<int>(Statements(Dialect::sqlite).migrations().size());

class DatabaseTest : public StoreTest {
 protected:
  /// Opens and gives the error; fails the test when there is none.
  DatabaseError error_of_opening() {
    try {
      open();
    } catch (const DatabaseError& error) {
      EXPECT_NE(std::string(error.what()).find(folder_.path()), std::string::npos) << error.what();
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error;
    }
    ADD_FAILURE() << "it opened";
    return {Kind::other, ""};
  }

  /// The kind of the error as a number.
  int open_as_nobody() {
    constexpr uid_t kNobody = 65'534;
    if (getuid() == 0 && setuid(kNobody) != 0) return 100;
    try {
      open();
    } catch (const DatabaseError& error) {
      return static_cast<int>(error.kind());
    }
    return 99;
  }
};

TEST_P(DatabaseTest, StartsAtTheNewestSchemaAndOpensAgain) {
  EXPECT_EQ(s_->database.schema_version(), kNewest);
  sign_up(1);
  s_.reset();
  s_ = open();
  EXPECT_EQ(s_->database.schema_version(), kNewest);
  EXPECT_EQ(wait(s_->users.count_active()), 1);
}

TEST_P(DatabaseTest, KeepsItsPromisesToTheDisk) {
  EXPECT_EQ(number("PRAGMA synchronous"), 2) << "FULL";
  EXPECT_EQ(number("PRAGMA foreign_keys"), 1);
  EXPECT_EQ(number("SELECT COUNT(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
}

TEST_P(DatabaseTest, ADatabaseOfTheFirstSchemaIsBroughtUpToDate) {
  sign_up(2);
  for (const char* trigger :
       {"users_insert", "users_update", "channels_insert", "channels_update"}) {
    sql(fmt::format("DROP TRIGGER {}_retired_key", trigger));
  }
  for (const char* table :
       {"retired_keys", "sessions", "signin_links", "user_calendars", "operator_actions",
        "public_cards", "known_keys", "used_links", "api_tokens", "kept_answers", "telegram_codes",
        "telegram_bots", "members", "operator_accounts", "token_slices", "schema_compatibility"}) {
    sql(fmt::format("DROP TABLE {}", table));
  }
  for (const char* column : {"word_date", "word_stopped", "word_snoozed_until"}) {
    sql(fmt::format("ALTER TABLE users DROP COLUMN {}", column));
  }
  sql("ALTER TABLE channels DROP COLUMN level");
  sql("DELETE FROM schema_migrations WHERE version > 1");
  s_.reset();
  s_ = open();
  EXPECT_EQ(s_->database.schema_version(), kNewest);
  EXPECT_EQ(number("SELECT COUNT(*) FROM retired_keys"), 0);
  EXPECT_EQ(wait(s_->users.count_active()), 2);
}

TEST_P(DatabaseTest, AWriteThatThrowsLeavesNothing) {
  Database::Work work = [](Session& session) {
    session.execute("INSERT INTO batches (id, origin, created_at) VALUES ('b', 'manual', 0)");
    throw std::runtime_error("no");
  };
  EXPECT_THROW(wait(s_->database.write(work)), std::runtime_error);
  EXPECT_FALSE(wait(s_->batches.find("b")).has_value());
  sign_up(1);
}

TEST_P(DatabaseTest, RunsOnItsThreadAndResumesOnTheExecutor) {
  s_ = open(Database::Mode::thread);
  const auto here = std::this_thread::get_id();
  auto there = here;
  Database::Work work = [&](Session&) { there = std::this_thread::get_id(); };
  wait(s_->database.write(work));
  EXPECT_TRUE(there != here);
  EXPECT_EQ(sign_up(3).size(), 3U);
  EXPECT_GE(s_->metrics.value("streaky_db_transactions_total", {{"kind", "write"}}), 3);
  Database::Work fail = [](Session&) { throw std::runtime_error("from there"); };
  EXPECT_THROW(wait(s_->database.read(fail)), std::runtime_error);
  s_->database.stop();
  s_->database.stop();
  EXPECT_THROW(wait(s_->users.count_active()), DatabaseError);
}

TEST_P(DatabaseTest, StopRunsWhatIsQueued) {
  s_ = open(Database::Mode::thread);
  int ended = 0;
  for (int i = 0; i < 20; ++i) {
    boost::asio::co_spawn(io_, s_->users.count_active(),
                          [&](const std::exception_ptr& error, std::int64_t) {
                            if (!error) ++ended;
                          });
  }
  io_.restart();
  io_.poll();  // starts all of them
  s_->database.stop();
  io_.restart();
  io_.run();
  EXPECT_EQ(ended, 20);
}

TEST_P(DatabaseTest, AHeldLockIsSaidAndPasses) {
  const auto other = open();
  Database::Work hold = [&](Session&) {
    Database::Options options;
    options.url = url();
    options.mode = Database::Mode::inline_calls;
    options.busy_timeout = runtime::Millis{20};
    runtime::Metrics metrics;
    try {
      Database blocked(io_.get_executor(), options, metrics);
      ADD_FAILURE() << "two writers at once";
    } catch (const DatabaseError& error) {
      EXPECT_EQ(error.kind(), Kind::locked);
    }
  };
  wait(s_->database.write(hold));
  EXPECT_EQ(wait(other->users.allot({{"ann", "", std::nullopt}})).size(), 1U);
}

TEST_P(DatabaseTest, WhoMetALockReadsAndWritesOnceItIsGone) {
  boost::asio::io_context elsewhere;
  Database::Options options;
  options.url = url();
  options.mode = Database::Mode::inline_calls;
  options.busy_timeout = runtime::Millis{20};
  runtime::Metrics metrics;
  Database database(elsewhere.get_executor(), options, metrics);
  Users users(database);
  const auto run = [&elsewhere](auto task) {
    auto future = boost::asio::co_spawn(elsewhere, std::move(task), boost::asio::use_future);
    elsewhere.restart();
    elsewhere.run();
    return future.get();
  };
  Database::Work hold = [&](Session&) {
    EXPECT_THROW(run(users.allot({{"ann", "", std::nullopt}})), DatabaseError);
  };
  wait(s_->database.write(hold));
  EXPECT_EQ(run(users.count_active()), 0) << "a read first: it must not meet the failed write";
  EXPECT_EQ(run(users.allot({{"ann", "", std::nullopt}})).size(), 1U);
}

TEST_P(DatabaseTest, AMissingDatabaseIsAnErrorWhenAsked) {
  Database::Options options;
  options.url = "sqlite:" + folder_.path() + "/none.db";
  options.create = false;
  runtime::Metrics metrics;
  try {
    Database missing(io_.get_executor(), options, metrics);
    FAIL() << "it opened";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), Kind::cannot_open);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/none.db"));
  for (const std::string& bad :
       {std::string("mysql:x"), std::string("sqlite:"), "sqlite:" + folder_.path(),
        std::string("sqlite:/no/such/folder/x.db")}) {
    options.url = bad;
    options.create = true;
    EXPECT_THROW(Database(io_.get_executor(), options, metrics), DatabaseError) << bad;
  }
}

TEST_P(DatabaseTest, ADatabaseInMemoryWorks) {
  Database::Options options;
  options.url = "sqlite::memory:";
  options.mode = Database::Mode::inline_calls;
  s_ = std::make_unique<Stores>(io_, options);
  sign_up(2);
  EXPECT_EQ(trigger("b1").jobs, 2);
}

TEST_P(DatabaseTest, OddPathsOpen) {
  runtime::Metrics metrics;
  for (const char* name : {"a b c.db", "a=b.db", "ü;'.db"}) {
    Database::Options options;
    options.url = "sqlite:" + folder_.path() + "/" + name;
    options.mode = Database::Mode::inline_calls;
    {
      Database database(io_.get_executor(), options, metrics);
    }
    EXPECT_TRUE(std::filesystem::exists(folder_.path() + "/" + name)) << name;
  }
}

TEST_P(DatabaseTest, SomethingElseIsNotADatabase) {
  s_.reset();
  std::filesystem::remove(file());
  std::ofstream(file()) << std::string(10'000, 'x');
  const DatabaseError error = error_of_opening();
  EXPECT_EQ(error.kind(), Kind::corrupt);
  EXPECT_NE(std::string(error.what()).find("is not an SQLite database"), std::string::npos);
}

TEST_P(DatabaseTest, ADamagedFileIsSaid) {
  sign_up(200);
  trigger("b1");
  s_.reset();
  {
    std::fstream stream(file(), std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(4096);
    for (int page = 0; page < 20; ++page) stream << std::string(4096, '\xAB');
  }
  try {
    s_ = open();
    wait(s_->users.list(0, 1000));
    FAIL() << "it was read";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), Kind::corrupt) << error.what();
  }
}

TEST_P(DatabaseTest, AFullDiskIsSaidAndNothingClaimedIsLost) {
  sign_up(3);
  trigger("b1");
  const auto jobs = claim("w1");
  sql("PRAGMA max_page_count = 1");  // SQLite takes the present size instead
  std::vector<JobOutcome> outcomes;
  for (const ClaimedJob& job : jobs) {
    JobOutcome outcome = outcome_of(job);
    outcome.deliveries = {delivery_to(job.user.channels[0])};
    outcome.deliveries[0].message.body = std::string(100'000, 'x');
    outcomes.push_back(outcome);
  }
  try {
    finish("w1", outcomes);
    FAIL() << "it had room";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), Kind::full) << error.what();
  }
  EXPECT_EQ(batch("b1").count("processing"), 3);
  sql("PRAGMA max_page_count = 100000");
  EXPECT_EQ(finish("w1", outcomes)[0].finish, Finish::accepted);
  EXPECT_EQ(batch("b1").count("completed"), 3);
  EXPECT_EQ(counters(), recount());
}

TEST_P(DatabaseTest, ARowThatTheSchemaRefusesIsToldApart) {
  sign_up(2);
  const auto refused = [this](const std::string& statement) {
    try {
      sql(statement);
    } catch (const DatabaseError& error) {
      EXPECT_TRUE(error.refuses_rows()) << error.what();
      return error.kind();
    }
    return Kind::other;
  };
  EXPECT_EQ(refused("INSERT INTO id_sequences (name, next_id) VALUES ('user', 1)"), Kind::taken);
  EXPECT_EQ(refused("UPDATE users SET login_key = 'same'"), Kind::taken);
  EXPECT_EQ(refused("UPDATE users SET status = 'asleep'"), Kind::rejected);
}

int deny_rollback(void* /*context*/, int action, const char* what, const char* /*unused*/,
                  const char* /*database*/, const char* /*trigger*/) {
  const bool rollback = action == SQLITE_TRANSACTION && std::string_view(what) == "ROLLBACK";
  return rollback ? SQLITE_DENY : SQLITE_OK;
}

/// See soci_headers.h.
#if defined(__clang__)
__attribute__((no_sanitize("vptr")))
#endif
void forbid_rollback(Session& session) {
  auto* backend = static_cast<soci::sqlite3_session_backend*>(session.connection().get_backend());
  sqlite_api::sqlite3_set_authorizer(backend->conn_, deny_rollback, nullptr);
}

TEST_P(DatabaseTest, ATransactionThatCannotBeRolledBackIsLeftBehind) {
  Database::Work work = [](Session& session) {
    forbid_rollback(session);
    session.execute("UPDATE id_sequences SET next_id = 1000 WHERE name = 'user'");
    throw std::runtime_error("a bug");
  };
  EXPECT_THROW(wait(s_->database.write(work)), std::runtime_error);
  EXPECT_EQ(sign_up(1)[0].id, 1) << "written, and nothing of the other";
}

TEST_P(DatabaseTest, AReadOnlyFileOrFolderIsSaid) {
  using enum std::filesystem::perms;
  s_.reset();
  std::filesystem::permissions(file(), owner_read | group_read | others_read);
  const auto closed = group_read | group_exec | others_read | others_exec;
  for (const auto others : {group_all | others_all, closed}) {
    std::filesystem::permissions(folder_.path(), owner_all | others);
    // Root may write everything: a child without rights looks.
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) _exit(open_as_nobody());
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(Kind::read_only));
  }
}

STREAKY_STORE_SUITE_ON(DatabaseTest, Dialect::sqlite);

}  // namespace
}  // namespace streaky::store
