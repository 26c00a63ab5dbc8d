// The floor of the queue rows: the same rows in the same tables, written by hand on SQLite's own
// API with prepared statements, in transactions of the same size and the same durability.
//
// Threading: one thread. Errors: std::runtime_error.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace streaky::bench {

struct CloseDatabase {
  void operator()(sqlite3* database) const { sqlite3_close(database); }
};
using RawDatabase = std::unique_ptr<sqlite3, CloseDatabase>;

RawDatabase open_raw(const std::string& file);
void execute(sqlite3* database, const char* sql);

class RawStatement {
 public:
  RawStatement(sqlite3* database, const char* sql);
  RawStatement(const RawStatement&) = delete;
  RawStatement& operator=(const RawStatement&) = delete;
  ~RawStatement() { sqlite3_finalize(statement_); }

  RawStatement& bind(int place, std::int64_t value);
  RawStatement& bind(int place, std::string_view value);
  /// True while there is a row; resets itself after the last.
  bool step();
  void run();
  [[nodiscard]] std::int64_t number(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] std::string text(int column) const;

 private:
  sqlite3_stmt* statement_ = nullptr;
};

struct RawJob {
  std::int64_t id = 0;
  std::int64_t user_id = 0;
  std::int64_t attempt = 0;
  std::vector<std::string> texts;  // everything else that a worker is given
};

class RawQueue {
 public:
  explicit RawQueue(sqlite3* database);

  /// One batch for all users, in transactions of `per_bite`.
  void enqueue(int per_bite, std::int64_t now);
  std::vector<RawJob> claim(int limit, std::int64_t now, std::int64_t lease_until);
  /// Ends the jobs as safe and keeps what was seen of the streaks.
  void complete(const std::vector<RawJob>& jobs, std::int64_t now);

 private:
  void move_counts(std::int64_t by, std::string_view from, std::string_view to);

  sqlite3* database_;  // borrowed
  RawStatement begin_;
  RawStatement commit_;
  RawStatement users_;
  RawStatement insert_batch_;
  RawStatement insert_job_;
  RawStatement claim_;
  RawStatement load_user_;
  RawStatement load_channels_;
  RawStatement load_rest_days_;
  RawStatement load_pauses_;
  RawStatement finish_;
  RawStatement save_streak_;
  RawStatement count_;
};

}  // namespace streaky::bench
