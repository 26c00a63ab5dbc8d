// What is peculiar to PostgreSQL: many writers at once, connections that are lost, transactions
// that give way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
#include <csignal>
#include <future>
#include <latch>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

#include "store/sealed_values.h"
#include "store/store_testing.h"

namespace streaky::store {
namespace {

using Kind = DatabaseError::Kind;
using ClaimedBy = std::map<std::int64_t, std::string>;

class PostgresTest : public StoreTest {
 protected:
  /// Another program with the same database, on its threads.
  std::unique_ptr<Stores> program() { return open(Database::Mode::thread); }

  /// Of one more program.
  [[nodiscard]] Database::Options with_connections(int connections) const {
    Database::Options options;
    options.url = url();
    options.connections = connections;
    return options;
  }

  Kind kind_of_failed(const Database::Work& work) {
    try {
      wait(s_->database.write(work));
    } catch (const DatabaseError& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error.kind();
    }
    ADD_FAILURE() << "it was written";
    return Kind::other;
  }
};

/// Claims and ends jobs until there are none; a job that somebody else had too is a failure.
runtime::Task<void> work_off(Stores& stores, std::string owner, ClaimedBy& claimed) {
  while (true) {
    auto jobs = co_await stores.jobs.claim(owner, 7, false, kNow, kLease);
    if (jobs.empty()) co_return;
    std::vector<JobOutcome> outcomes;
    for (const ClaimedJob& job : jobs) {
      EXPECT_TRUE(claimed.emplace(job.id, owner).second) << "claimed twice";
      JobOutcome outcome;
      outcome.job_id = job.id;
      outcome.attempt = job.attempt;
      outcome.user_id = job.user.id;
      outcome.settings_version = job.user.settings_version;
      outcome.verdict = streak::Verdict::safe;
      outcomes.push_back(outcome);
    }
    const auto results = co_await stores.jobs.finish(owner, outcomes, kNow, kLease);
    for (const FinishResult& result : results) EXPECT_EQ(result.finish, Finish::accepted);
  }
}

runtime::Task<void> schedule_all(Stores& stores, std::string batch, int& jobs) {
  for (bool more = true; more;) {
    Planner planner = [](const DueUser&) {
      return Planned{.job = NewJob{kToday, 1200, kNow, kMidnight}, .next_check_at = kMidnight};
    };
    const Bite bite = co_await stores.schedule.take_due(kNow, 20, batch, planner);
    jobs += bite.jobs;
    more = bite.more;
  }
}

TEST_P(PostgresTest, ManyProgramsTakeEachUserAndJobOnce) {
  constexpr int kUsers = 300;
  sign_up(kUsers);
  std::vector<std::unique_ptr<Stores>> programs;
  for (int i = 0; i < 3; ++i) programs.push_back(program());
  int made = 0;
  int running = 0;
  const auto done = [&](const std::exception_ptr& error) {
    --running;
    EXPECT_FALSE(error) << "a scheduler or worker failed";
  };
  for (auto& one : programs) {
    for (const char* batch : {"b1", "b2"}) {
      ++running;
      boost::asio::co_spawn(io_, schedule_all(*one, batch, made), done);
    }
  }
  io_.restart();
  io_.run();
  // A scheduler passes by users whom another one holds that moment.
  made += take_due("b3", 1200).jobs;
  EXPECT_EQ(made, kUsers);
  ClaimedBy claimed;
  int owner = 0;
  for (auto& one : programs) {
    for (int i = 0; i < 3; ++i, ++running) {
      boost::asio::co_spawn(io_, work_off(*one, "w" + std::to_string(++owner), claimed), done);
    }
  }
  io_.restart();
  io_.run();
  EXPECT_EQ(running, 0);
  EXPECT_EQ(claimed.size(), static_cast<std::size_t>(kUsers));
  std::set<std::string> owners;
  for (const auto& [job, by] : claimed) owners.insert(by);
  EXPECT_GT(owners.size(), 1U);
  EXPECT_EQ(counters(), recount());
}

TEST_P(PostgresTest, AConnectionThatWasLostBetweenTransactionsIsNotNoticed) {
  sign_up(1);
  std::int64_t server = 0;
  Database::Work look = [&](Session& session) {
    long long process = 0;
    session.connection() << "SELECT pg_backend_pid()", soci::into(process);
    server = process;
  };
  wait(s_->database.read(look));
  const std::int64_t before = server;
  TestSchema::execute("SELECT pg_terminate_backend(" + std::to_string(before) + ", 5000)");
  EXPECT_EQ(wait(s_->users.count_active()), 1);
  wait(s_->database.read(look));
  EXPECT_NE(server, before);
}

TEST_P(PostgresTest, AConnectionThatIsLostInATransactionIsSaidAndNothingIsWritten) {
  Database::Work work = [](Session& session) {
    session.execute("INSERT INTO batches (id, origin, created_at) VALUES ('b', 'manual', 0)");
    session.execute("SELECT pg_terminate_backend(pg_backend_pid())");
  };
  EXPECT_EQ(kind_of_failed(work), Kind::lost);
  EXPECT_FALSE(wait(s_->batches.find("b")).has_value());
  EXPECT_EQ(sign_up(1).size(), 1U);
}

// Its kernel still answers, so the connection looks sound: a stalled disk, a stopped machine behind
// a pooler.
TEST_P(PostgresTest, AServerThatHangsIsLeftForANewConnection) {
  Database::Options options = with_connections(1);
  options.longest_call = runtime::Millis{1'000};
  Stores program(io_, options);
  long long server = 0;
  Database::Work hang = [&](Session& session) {
    session.connection() << "SELECT pg_backend_pid()", soci::into(server);
    ASSERT_EQ(kill(static_cast<pid_t>(server), SIGSTOP), 0);
    session.execute("SELECT 1");
  };
  try {
    wait(program.database.write(hang));
    ADD_FAILURE() << "it answered";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), Kind::lost);
    EXPECT_THAT(error.what(), testing::HasSubstr("did not answer in time"));
  }
  EXPECT_EQ(wait(program.users.count_active()), 0);
  kill(static_cast<pid_t>(server), SIGCONT);
}

// It may have become a standby: another one of the url's servers takes over from it.
TEST_P(PostgresTest, AServerThatBecameReadOnlyIsLeftForANewConnection) {
  long long server = 0;
  Database::Work look = [&](Session& session) {
    session.connection() << "SELECT pg_backend_pid()", soci::into(server);
  };
  wait(s_->database.read(look));
  const long long before = server;
  Database::Work work = [](Session& session) {
    session.execute("SET TRANSACTION READ ONLY");
    session.execute("INSERT INTO batches (id, origin, created_at) VALUES ('b', 'manual', 0)");
  };
  EXPECT_EQ(kind_of_failed(work), Kind::read_only);
  wait(s_->database.read(look));
  EXPECT_NE(server, before);
}

// A member that cannot beat while others hold its rows would be taken for gone.
TEST_P(PostgresTest, WhatGoesFirstWaitsForNoOtherCall) {
  Stores program(io_, with_connections(1));
  std::promise<void> first_is_done;
  std::future_status seen = std::future_status::deferred;
  Database::Work holds = [&](Session& /*session*/) {
    seen = first_is_done.get_future().wait_for(std::chrono::seconds{20});
  };
  Database::Work beat = [&](Session& session) { session.execute("SELECT 1"); };
  boost::asio::co_spawn(io_, program.database.write(holds), boost::asio::detached);
  boost::asio::co_spawn(io_, program.database.write(beat, Database::Line::first),
                        [&](const std::exception_ptr& error) {
                          EXPECT_FALSE(error);
                          first_is_done.set_value();
                        });
  io_.restart();
  io_.run();
  EXPECT_EQ(seen, std::future_status::ready);
}

// It hung for one connection; the others have not met it since, and would each wait as long.
TEST_P(PostgresTest, AServerThatHungIsLeftByAllConnections) {
  Database::Options options = with_connections(2);
  options.longest_call = runtime::Millis{4'000};
  Stores program(io_, options);
  std::map<long long, int> servers;
  Database::Work look = [&](Session& session) {
    long long server = 0;
    session.connection() << "SELECT pg_backend_pid()", soci::into(server);
    ++servers[server];
  };
  while (servers.size() < 2) wait(program.database.read(look));
  for (const auto& [server, times] : servers) kill(static_cast<pid_t>(server), SIGSTOP);
  const auto began = std::chrono::steady_clock::now();
  int failed = 0;
  for (int call = 0; call < 6; ++call) {
    try {
      wait(program.database.read(look));
    } catch (const DatabaseError&) {
      ++failed;
    }
  }
  EXPECT_LE(failed, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - began, 2 * options.longest_call);
  for (const auto& [server, times] : servers) kill(static_cast<pid_t>(server), SIGCONT);
}

TEST_P(PostgresTest, WhoGivesUpWaitsForNoCall) {
  Stores program(io_, with_connections(1));
  int refused = 0;
  const auto count = [&](const std::exception_ptr& error) { refused += error ? 1 : 0; };
  Database::Work hangs = [&](Session& session) {
    boost::asio::post(io_, [&] { program.database.give_up(); });
    session.execute("SELECT pg_sleep(60)");
  };
  Database::Work look = [](Session& session) { session.execute("SELECT 1"); };
  boost::asio::co_spawn(io_, program.database.write(hangs), count);
  boost::asio::co_spawn(io_, program.database.read(look), count);
  const auto began = std::chrono::steady_clock::now();
  io_.restart();
  io_.run();
  EXPECT_THROW(wait(program.database.read(look)), DatabaseError);
  EXPECT_EQ(refused, 2) << "what was under way, and what was queued";
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(10));
}

TEST_P(PostgresTest, WhoReadsEverythingIsNotCutOff) {
  Database::Options options;
  options.url = url();
  options.longest_call = runtime::Millis{300};
  Stores program(io_, options);
  Database::Work slow = [](Session& session) {
    session.take_time();
    session.execute("SELECT pg_sleep(1)");
  };
  EXPECT_NO_THROW(wait(program.database.read(slow)));
  Database::Work cut = [](Session& session) { session.execute("SELECT pg_sleep(60)"); };
  EXPECT_THROW(wait(program.database.read(cut)), DatabaseError);
}

TEST_P(PostgresTest, TwoThatWaitForEachOtherBothSucceed) {
  const auto other = program();
  sign_up(2);
  std::latch both(2);
  std::atomic<int> runs = 0;
  const auto lock_in_order = [&](const char* first, const char* second) {
    return [&, first, second](Session& session) {
      const int run = ++runs;
      const std::string update = "UPDATE users SET updated_at = updated_at + 1 WHERE login = ";
      session.execute(update + first);
      if (run <= 2) both.arrive_and_wait();
      session.execute(update + second);
    };
  };
  const auto here = open(Database::Mode::thread);
  int done = 0;
  const auto count = [&](const std::exception_ptr& error) { done += error ? 0 : 1; };
  boost::asio::co_spawn(io_, here->database.write(lock_in_order("'user0'", "'user1'")), count);
  boost::asio::co_spawn(io_, other->database.write(lock_in_order("'user1'", "'user0'")), count);
  io_.restart();
  io_.run();
  EXPECT_EQ(done, 2);
  EXPECT_EQ(runs, 3) << "one gave way and ran again";
}

TEST_P(PostgresTest, RowsThatAnotherHoldsTooLongAreSaid) {
  sign_up(1);
  Database::Work work = [](Session& session) {
    session.execute("UPDATE users SET updated_at = 1");
  };
  while_held("UPDATE users SET updated_at = 0",
             [&] { EXPECT_EQ(kind_of_failed(work), Kind::locked); });
}

// Statistics of a quiet night say that nothing waits. A plan that rests on them walks all that
// waits for each user of a bite.
TEST_P(PostgresTest, AfterAQuietNightNoBiteWalksWhatWaits) {
  sign_up(1'000);
  take_due("before", 600);
  sql("UPDATE jobs SET state = 'completed'");
  sql("ANALYZE");
  const std::string rows =
      R"('[{"id": 1, "user_id": 1, "date": "2026-08-06", "stage": 1200, "zone": "UTC"}]')";
  const std::regex of_what_waits("(using|on) \\w*(due|leas|expir|pending|_channel_id_idx)");
  for (const char* name : {"schedule/unfinished", "schedule/move_jobs", "deliveries/answered"}) {
    std::string statement = Statements(Dialect::postgres).text(name);
    for (const auto& [parameter, value] : {std::pair<std::string, std::string>{":jobs", rows},
                                           {":manual", "-1"},
                                           {":first_day", "'2026-08-05'"},
                                           {":last_day", "'2026-08-07'"}}) {
      for (auto at = statement.find(parameter); at != std::string::npos;
           at = statement.find(parameter)) {
        statement.replace(at, parameter.size(), value);
      }
    }
    for (const std::string& line : plan_of(statement)) {
      if (line.find("Scan") == std::string::npos) continue;
      EXPECT_FALSE(std::regex_search(line, of_what_waits)) << name << ": " << line;
    }
  }
}

TEST_P(PostgresTest, ARowThatTheSchemaRefusesIsToldApartAndNotQuoted) {
  Database::Work work = [](Session& session) {
    session.execute(
        "INSERT INTO batch_counts (batch_id, name, slot, value) VALUES ('hush', 'hush', 0, 1)");
  };
  try {
    wait(s_->database.write(work));
    FAIL() << "it was taken";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), Kind::rejected) << error.what();
    EXPECT_EQ(std::string(error.what()).find("hush"), std::string::npos) << error.what();
  }
}

TEST_P(PostgresTest, NoServerIsSaidInOneLineWithoutThePassword) {
  const std::string with_password = "postgresql://ann:hush@";
  const std::string here = "&host=" + scratch_postgres_folder();
  for (const auto& [url, why] : std::map<std::string, std::string>{
           {with_password + "/streaky?host=" + folder_.path(), "No such file or directory"},
           {with_password + "127.0.0.1:1/streaky", "Connection refused"},
           {with_password + "127.0.0.1:1,127.0.0.1:2/streaky", "port 2 failed: Connection refused"},
           {"postgresql://streaky:hush@/nowhere?user=streaky" + here,
            "database \"nowhere\" does not exist"},
           {"postgresql:///postgres?user=nobody" + here, "role \"nobody\" does not exist"},
           {"postgresql://ann:hu@hush@db/streaky", "percent-encoded"}}) {
    Database::Options options;
    options.url = url;
    try {
      Stores stores(io_, options);
      FAIL() << "it opened";
    } catch (const DatabaseError& error) {
      const std::string text = error.what();
      EXPECT_EQ(error.kind(), Kind::cannot_open);
      EXPECT_THAT(text, testing::HasSubstr(why));
      EXPECT_EQ(text.find("hush"), std::string::npos) << text;
      EXPECT_EQ(text.find('\n'), std::string::npos) << text;
    }
  }
}

// The database's or the role's own limit would end a large bite again and again.
TEST_P(PostgresTest, TheRolesTimeLimitIsNotOurs) {
  Database::Options options;
  options.url = url() + "%20-cstatement_timeout%3D50";
  Stores program(io_, options);
  Database::Work slow = [](Session& session) { session.execute("SELECT pg_sleep(0.2)"); };
  EXPECT_NO_THROW(wait(program.database.write(slow)));
}

TEST_P(PostgresTest, ADatabaseThatCannotHoldEveryLetterIsRefused) {
  const std::string name = schema_->name() + "_latin";
  TestSchema::execute("CREATE DATABASE " + name +
                      " TEMPLATE template0 ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C'");
  Database::Options options;
  options.url = "postgresql:///" + name + "?user=streaky&host=" + scratch_postgres_folder();
  try {
    Stores stores(io_, options);
    ADD_FAILURE() << "it opened";
  } catch (const DatabaseError& error) {
    EXPECT_EQ(error.kind(), Kind::cannot_open);
    EXPECT_THAT(error.what(), testing::HasSubstr("LATIN1"));
  }
  TestSchema::execute("DROP DATABASE " + name);
}

STREAKY_STORE_SUITE_ON(PostgresTest, Dialect::postgres);

}  // namespace
}  // namespace streaky::store
