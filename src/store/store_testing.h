// What the tests of this room share: a fresh database per test, users, and a recount of batches
// from the tables. Parametrised over the kinds of database, so that all pass one suite.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <filesystem>
#include <functional>
#include <latch>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/metrics.h"
#include "store/batches.h"
#include "store/database.h"
#include "store/day_tables.h"
#include "store/days.h"
#include "store/deliveries.h"
#include "store/jobs.h"
#include "store/later_schema_testing.h"
#include "store/postgres_testing.h"
#include "store/schedule.h"
#include "store/session.h"
#include "store/upkeep.h"
#include "store/users.h"

namespace streaky::store {

inline const runtime::TimePoint kNow =
    runtime::from_unix_ms(1'786'039'200'000);  // 2026-08-06 18:00
inline const runtime::TimePoint kMidnight = kNow + std::chrono::hours(6);
inline const runtime::TimePoint kLease = kNow + std::chrono::seconds(30);
inline const streak::Label kToday =
    std::chrono::floor<std::chrono::days>(std::chrono::sys_time<runtime::Millis>(kNow));

/// A folder that goes with the test.
class TestFolder {
 public:
  TestFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "streaky-store-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// One process's view of a database.
struct Stores {
  Stores(boost::asio::io_context& io, const Database::Options& options)
      : database(io.get_executor(), options, metrics) {}

  runtime::Metrics metrics;
  Database database;
  Users users{database};
  Schedule schedule{database};
  Jobs jobs{database};
  Deliveries deliveries{database};
  Batches batches{database};
  Upkeep upkeep{database};
};

using CountsByBatch = std::map<std::pair<std::string, std::string>, std::int64_t>;

class StoreTest : public testing::TestWithParam<Dialect> {
 protected:
  void SetUp() override {
    if (GetParam() == Dialect::postgres) schema_.emplace();
    s_ = open();
    if (GetParam() == Dialect::postgres) make_today();
    if (!on_later_schema()) return;
    Database::Work work = [](Session& session) { migrate_further(session); };
    wait(s_->database.write(work));
    s_ = open();
  }

  /// As the cleaner has done long before.
  void make_today() {
    Database::Work work = [](Session& session) {
      for (const DayTableKind& kind : {kJobsByDay, kDeliveriesByWeek}) {
        make_first_day_table(session, kind, missing_day_table({}, kind, kToday).value());
      }
    };
    wait(s_->database.write(work));
  }

  [[nodiscard]] std::string url() const {
    return schema_ ? schema_->url() : "sqlite:" + folder_.path() + "/streaky.db";
  }
  [[nodiscard]] std::string file() const { return url().substr(std::string("sqlite:").size()); }

  std::unique_ptr<Stores> open(Database::Mode mode = Database::Mode::inline_calls) {
    Database::Options options;
    options.url = url();
    options.mode = mode;
    options.busy_timeout = runtime::Millis{200};
    return std::make_unique<Stores>(io_, options);
  }

  template <typename T>
  T wait(runtime::Task<T> task) {
    std::optional<T> result;
    std::exception_ptr failure;
    boost::asio::co_spawn(io_, std::move(task), [&](std::exception_ptr error, T value) {
      failure = std::move(error);
      result = std::move(value);
    });
    io_.restart();
    io_.run();
    if (failure) std::rethrow_exception(failure);
    return std::move(result.value());
  }

  void wait(runtime::Task<void> task) {
    std::exception_ptr failure;
    boost::asio::co_spawn(io_, std::move(task),
                          [&](std::exception_ptr error) { failure = std::move(error); });
    io_.restart();
    io_.run();
    if (failure) std::rethrow_exception(failure);
  }

  /// Users `<prefix>0…` with one Discord channel each, due now.
  std::vector<User> sign_up(int count, const std::string& prefix = "user") {
    std::vector<UserKey> keys;
    for (int i = 0; i < count; ++i) keys.push_back({prefix + std::to_string(i), "", std::nullopt});
    const auto allotted = wait(s_->users.allot(keys));
    std::vector<User> users;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      User user;
      user.id = allotted[i].user_id;
      user.login = keys[i].login;
      user.remind_at = {1200};
      user.next_check_at = kNow;
      Channel channel;
      channel.id = allotted[i].discord_channel_id;
      channel.kind = "discord";
      channel.sealed = "sealed-" + keys[i].login;
      channel.hint = "…42";
      user.channels = {channel};
      users.push_back(user);
    }
    wait(s_->users.save(users, kNow - std::chrono::hours(1)));
    for (User& user : users) user.settings_version = 1;
    return users;
  }

  /// A second channel, of kind telegram.
  User add_telegram(User user) {
    const UserKey key{user.login, user.node_id, user.database_id};
    Channel channel;
    channel.id = wait(s_->users.allot({key})).front().telegram_channel_id;
    channel.kind = "telegram";
    channel.sealed = "sealed-telegram";
    user.channels.push_back(channel);
    wait(s_->users.save({user}, kNow - std::chrono::hours(1)));
    return *wait(s_->users.find(key));
  }

  static Planner plan(int stage, streak::Label date = kToday,
                      std::optional<runtime::TimePoint> next = std::nullopt) {
    return [stage, date, next](const DueUser&) {
      Planned planned;
      planned.job = NewJob{date, stage, kNow, kMidnight};
      planned.next_check_at = next;
      return planned;
    };
  }

  Bite take_due(const std::string& batch, int stage) {
    return wait(s_->schedule.take_due(kNow, 5'000, batch, plan(stage)));
  }
  Bite trigger(const std::string& batch) {
    return wait(s_->schedule.trigger(kNow, 5'000, 0, batch, plan(kManualStage)));
  }
  bool something_due(runtime::TimePoint now) {
    const Jobs::Due due = wait(s_->jobs.next_due(now));
    return (due.jobs && *due.jobs <= now) || (due.alone && *due.alone <= now) ||
           (due.deliveries && *due.deliveries <= now);
  }
  std::vector<ClaimedJob> claim(const std::string& owner, int limit = 100) {
    return wait(s_->jobs.claim(owner, limit, false, kNow, kLease));
  }

  static JobOutcome outcome_of(const ClaimedJob& job, JobEnd end = JobEnd::completed) {
    JobOutcome outcome;
    outcome.job_id = job.id;
    outcome.attempt = job.attempt;
    outcome.user_id = job.user.id;
    outcome.settings_version = job.user.settings_version;
    outcome.end = end;
    outcome.verdict = streak::Verdict::at_risk;
    outcome.retry_at = kNow + std::chrono::minutes(1);
    if (end != JobEnd::completed) outcome.error = "github_502";
    return outcome;
  }

  NewDelivery delivery_to(const Channel& channel, const std::string& kind = "reminder",
                          bool leased = false) {
    NewDelivery delivery;
    delivery.id = "delivery-" + std::to_string(++deliveries_made_);
    delivery.channel_id = channel.id;
    delivery.kind = kind;
    delivery.message = {"Your streak", "3 h left \"today\" – go", streak::Urgency::high};
    delivery.checked_at = kNow;
    delivery.called_at = kNow;
    delivery.leased = leased;
    return delivery;
  }

  std::vector<FinishResult> finish(const std::string& owner, std::vector<JobOutcome> outcomes) {
    return wait(s_->jobs.finish(owner, std::move(outcomes), kNow, kLease));
  }

  /// Claims the only job and ends it with a reminder to the user's first channel.
  std::string remind_once(const std::string& owner, bool leased) {
    const ClaimedJob job = claim(owner).at(0);
    JobOutcome outcome = outcome_of(job);
    outcome.deliveries = {delivery_to(job.user.channels.at(0), "reminder", leased)};
    const auto results = finish(owner, {outcome});
    return results.at(0).written.empty() ? "" : results.at(0).written.front().id;
  }

  static DeliveryOutcome result_of(const std::string& id, DeliveryEnd end, int attempt = 1) {
    DeliveryOutcome outcome;
    outcome.id = id;
    outcome.attempt = attempt;
    outcome.end = end;
    outcome.at = kNow + std::chrono::minutes(1);
    outcome.code = "some_code";
    outcome.reason = "some reason";
    return outcome;
  }

  Batch batch(const std::string& id) { return wait(s_->batches.find(id)).value(); }

  void sql(const std::string& statement) {
    Database::Work work = [&](Session& session) { session.execute(statement); };
    wait(s_->database.write(work));
  }
  std::int64_t number(const std::string& statement) {
    std::int64_t value = 0;
    Database::Work work = [&](Session& session) {
      long long read = 0;
      soci::indicator indicator = soci::i_ok;
      session.connection() << statement, soci::into(read, indicator);
      value = read;
    };
    wait(s_->database.read(work));
    return value;
  }

  /// PostgreSQL's plan for a statement without parameters, line by line.
  std::vector<std::string> plan_of(const std::string& statement);
  /// Another transaction holds what `statement` takes while `meanwhile` runs.
  void while_held(const std::string& statement, const std::function<void()>& meanwhile);

  CountsByBatch counters();
  CountsByBatch recount();

  TestFolder folder_;
  std::optional<TestSchema> schema_;  // outlives the connections to it
  boost::asio::io_context io_;
  std::unique_ptr<Stores> s_;
  int deliveries_made_ = 0;
};

inline std::vector<std::string> StoreTest::plan_of(const std::string& statement) {
  std::vector<std::string> lines;
  Database::Work work = [&](Session& session) {
    lines.clear();
    std::string line;
    soci::statement rows =
        (session.connection().prepare << "EXPLAIN " + statement, soci::into(line));
    rows.execute();
    while (rows.fetch()) lines.push_back(line);
  };
  wait(s_->database.write(work));  // some of them lock rows
  return lines;
}

inline void StoreTest::while_held(const std::string& statement,
                                  const std::function<void()>& meanwhile) {
  const auto other = open();
  std::latch held(1);
  std::latch let_go(1);
  Database::Work hold = [&](Session& session) {
    session.execute(statement);
    held.count_down();
    let_go.wait();
  };
  std::thread holder([&] {
    boost::asio::io_context io;
    boost::asio::co_spawn(io, other->database.write(hold), [](const std::exception_ptr&) {});
    io.run();
  });
  held.wait();
  meanwhile();
  let_go.count_down();
  holder.join();
}

/// What the counters say.
inline CountsByBatch StoreTest::counters() {
  CountsByBatch counts;
  Database::Work work = [&](Session& session) {
    std::string batch;
    std::string name;
    long long value = 0;
    soci::statement rows =
        (session.connection().prepare << "SELECT batch_id, name, CAST(SUM(value) AS BIGINT) "
                                         "FROM batch_counts GROUP BY batch_id, name",
         soci::into(batch), soci::into(name), soci::into(value));
    rows.execute();
    while (rows.fetch()) {
      if (value != 0) counts[{batch, name}] = value;
    }
  };
  wait(s_->database.read(work));
  return counts;
}

/// What the tables say.
inline CountsByBatch StoreTest::recount() {
  CountsByBatch counts;
  Database::Work work = [&](Session& session) {
    const char* const verdicts =
        "SELECT batch_id, CASE WHEN verdict IN ('superseded', 'inactive') THEN verdict "
        "ELSE 'verdict:' || verdict END, COUNT(*) FROM jobs WHERE state = 'completed' GROUP BY 1, "
        "2";
    const char* const sent =
        "SELECT batch_id, 'sent:' || channel_kind || ':' || CASE WHEN kind LIKE 'channel_off:%' "
        "THEN 'channel_off' ELSE kind END, COUNT(*) FROM deliveries "
        "WHERE state = 'sent' GROUP BY 1, 2";
    const char* const statements[] = {
        "SELECT batch_id, state, COUNT(*) FROM jobs GROUP BY 1, 2", verdicts,
        "SELECT batch_id, 'delivery:' || state, COUNT(*) FROM deliveries GROUP BY 1, 2", sent};
    for (const char* statement : statements) {
      std::string batch;
      std::string name;
      long long value = 0;
      soci::statement rows = (session.connection().prepare << statement, soci::into(batch),
                              soci::into(name), soci::into(value));
      rows.execute();
      while (rows.fetch()) counts[{batch, name}] += value;
    }
  };
  wait(s_->database.read(work));
  return counts;
}

inline std::string dialect_name(const testing::TestParamInfo<Dialect>& info) {
  return info.param == Dialect::sqlite ? "sqlite" : "postgres";
}

/// Instantiates a suite for every kind of database that it must pass on.
#define STREAKY_STORE_SUITE(suite)                                                                \
  INSTANTIATE_TEST_SUITE_P(Databases, suite, testing::Values(Dialect::sqlite, Dialect::postgres), \
                           dialect_name)
/// For what is peculiar to one of them.
#define STREAKY_STORE_SUITE_ON(suite, dialect) \
  INSTANTIATE_TEST_SUITE_P(Databases, suite, testing::Values(dialect), dialect_name)

}  // namespace streaky::store
