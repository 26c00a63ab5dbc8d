#include "simulation/tables.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <chrono>
#include <stdexcept>
#include <utility>

namespace streaky::simulation {

using namespace std::chrono_literals;
using runtime::TimePoint;

namespace {

constexpr std::int64_t kNothing = INT64_MAX;

constexpr const char* kNextWork = R"(
SELECT MIN(at) FROM (
  SELECT at FROM (SELECT next_check_at AS at FROM users
                   WHERE status = 'active' AND next_check_at IS NOT NULL
                   ORDER BY next_check_at LIMIT 1)
  UNION ALL
  SELECT at FROM (SELECT due_at AS at FROM jobs WHERE state = 'pending' AND alone = 0
                   ORDER BY due_at LIMIT 1)
  UNION ALL
  SELECT at FROM (SELECT due_at AS at FROM jobs WHERE state = 'pending' AND alone = 1
                   ORDER BY due_at LIMIT 1)
  UNION ALL
  SELECT at FROM (SELECT expires_at AS at FROM jobs WHERE state = 'pending'
                   ORDER BY expires_at LIMIT 1)
  UNION ALL
  SELECT at FROM (SELECT due_at AS at FROM deliveries WHERE state = 'pending'
                   ORDER BY due_at LIMIT 1)
  UNION ALL
  SELECT at FROM (SELECT expires_at AS at FROM deliveries WHERE state = 'pending'
                   ORDER BY expires_at LIMIT 1)
  UNION ALL
  SELECT MIN(lease_until) AS at FROM jobs WHERE state = 'processing'
  UNION ALL
  SELECT MIN(lease_until) AS at FROM deliveries WHERE state = 'sending'))";

struct Question {
  const char* what;
  const char* sql;         // ?1 is an instant
  runtime::Millis before;  // of it: now minus this
};

constexpr std::array kStuck = {
    Question{"jobs that outlived their midnight",
             "SELECT (SELECT COUNT(*) FROM jobs WHERE state = 'pending' AND expires_at < ?1) + "
             "(SELECT COUNT(*) FROM jobs WHERE state = 'processing' AND expires_at < ?1)",
             5min},
    Question{"jobs whose lease ran out long ago",
             "SELECT COUNT(*) FROM jobs WHERE state = 'processing' AND lease_until < ?1", 2min},
    Question{"jobs that are due and not claimed",
             "SELECT COUNT(*) FROM jobs WHERE state = 'pending' AND due_at < ?1", 8min},
    Question{"deliveries that outlived their midnight",
             "SELECT (SELECT COUNT(*) FROM deliveries WHERE state = 'pending' AND expires_at < "
             "?1) + (SELECT COUNT(*) FROM deliveries WHERE state = 'sending' AND expires_at < ?1)",
             5min},
    Question{"deliveries whose lease ran out long ago",
             "SELECT COUNT(*) FROM deliveries WHERE state = 'sending' AND lease_until < ?1", 2min},
    Question{"deliveries that are due and not sent",
             "SELECT COUNT(*) FROM deliveries WHERE state = 'pending' AND due_at < ?1", 8min},
    Question{"users that are due and not looked at",
             "SELECT COUNT(*) FROM users WHERE status = 'active' AND "
             "COALESCE(next_check_at, 0) < ?1",
             8min},
};

constexpr std::array kLeftOver = {
    Question{"batches older than seven days", "SELECT COUNT(*) FROM batches WHERE created_at < ?1",
             24h * 7 + 3h},
    Question{"jobs older than eight days", "SELECT COUNT(*) FROM jobs WHERE created_at < ?1",
             24h * 8 + 3h},
    Question{"deliveries older than ninety days",
             "SELECT COUNT(*) FROM deliveries WHERE created_at < ?1", 24h * 90 + 3h},
    Question{"counts without a batch",
             "SELECT COUNT(*) FROM batch_counts c WHERE ?1 > 0 AND NOT EXISTS (SELECT 1 FROM "
             "batches b WHERE b.id = c.batch_id)",
             0ms},
};

}  // namespace

class Tables::Statement {
 public:
  Statement(sqlite3* database, const std::string& sql) {
    if (sqlite3_prepare_v3(database, sql.c_str(), -1, SQLITE_PREPARE_PERSISTENT, &handle_,
                           nullptr) != SQLITE_OK) {
      throw std::runtime_error(std::string("the tables cannot be read: ") +
                               sqlite3_errmsg(database));
    }
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement() { sqlite3_finalize(handle_); }

  void bind(std::int64_t value) { sqlite3_bind_int64(handle_, 1, value); }
  bool next() {
    const int result = sqlite3_step(handle_);
    if (result == SQLITE_ROW) return true;
    sqlite3_reset(handle_);
    if (result != SQLITE_DONE) throw std::runtime_error("the tables cannot be read");
    return false;
  }
  [[nodiscard]] std::int64_t number(int column) const {
    return sqlite3_column_type(handle_, column) == SQLITE_NULL
               ? kNothing
               : sqlite3_column_int64(handle_, column);
  }
  [[nodiscard]] std::string text(int column) const {
    return reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  }

 private:
  sqlite3_stmt* handle_ = nullptr;
};

Tables::Tables(std::string path, std::string vfs) : path_(std::move(path)), vfs_(std::move(vfs)) {}

Tables::~Tables() {
  statements_.clear();
  sqlite3_close(database_);
}

Tables::Statement& Tables::prepared(const std::string& sql) {
  if (database_ == nullptr) {
    const int flags = SQLITE_OPEN_READWRITE;  // the write-ahead log's index is shared memory
    if (sqlite3_open_v2(path_.c_str(), &database_, flags, vfs_.c_str()) != SQLITE_OK) {
      throw std::runtime_error("the tables cannot be opened");
    }
  }
  for (const auto& [text, statement] : statements_) {
    if (text == sql) return *statement;
  }
  statements_.emplace_back(sql, std::make_unique<Statement>(database_, sql));
  return *statements_.back().second;
}

std::int64_t Tables::number(const std::string& sql, std::int64_t parameter) {
  Statement& statement = prepared(sql);
  statement.bind(parameter);
  std::int64_t value = kNothing;
  while (statement.next()) value = statement.number(0);
  return value;
}

std::optional<TimePoint> Tables::next_work() {
  const std::int64_t at = number(kNextWork);
  if (at == kNothing) return std::nullopt;
  return runtime::from_unix_ms(at);
}

std::vector<Tables::Sending> Tables::sending() {
  // "+id": sorted afterwards, or SQLite would walk the whole table in the order of its key.
  Statement& statement =
      prepared("SELECT user_id, channel_kind FROM deliveries WHERE state = 'sending' ORDER BY +id");
  std::vector<Sending> all;
  while (statement.next()) all.push_back(Sending{statement.number(0), statement.text(1)});
  return all;
}

std::vector<std::string> Tables::troubles(TimePoint wall) {
  std::vector<std::string> found;
  for (const Question& question : kStuck) {
    const std::int64_t rows = number(question.sql, runtime::to_unix_ms(wall - question.before));
    if (rows > 0) found.push_back(fmt::format("{} {}", rows, question.what));
  }
  return found;
}

std::vector<std::string> Tables::leftovers(TimePoint wall) {
  std::vector<std::string> found;
  for (const Question& question : kLeftOver) {
    const std::int64_t rows = number(question.sql, runtime::to_unix_ms(wall - question.before));
    if (rows > 0) found.push_back(fmt::format("{} {}", rows, question.what));
  }
  return found;
}

std::int64_t Tables::rows() {
  return number("SELECT (SELECT COUNT(*) FROM jobs) + (SELECT COUNT(*) FROM deliveries)");
}

std::int64_t Tables::pages() { return number("PRAGMA page_count"); }

}  // namespace streaky::simulation
