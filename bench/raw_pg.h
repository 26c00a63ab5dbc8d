// The floor of the rows on PostgreSQL: the same rows in the same tables, written by hand on libpq
// with prepared statements, many rows in one statement as typed arrays, in transactions of the same
// size on the same server.
//
// Threading: one thread. Errors: std::runtime_error.
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "raw_queue.h"

namespace streaky::bench {

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using PgResult = std::unique_ptr<PGresult, ClearResult>;

class RawPg {
 public:
  explicit RawPg(const std::string& url);

  /// One statement or several, without parameters.
  PgResult execute(const std::string& sql);
  std::int64_t number(const std::string& sql);
  void prepare(const char* name, const char* sql);
  PgResult run(const char* name, const std::vector<std::string>& parameters);

 private:
  PgResult checked(PGresult* result);

  std::unique_ptr<PGconn, CloseConnection> connection_;
};

class RawPgQueue {
 public:
  explicit RawPgQueue(const std::string& url);

  /// Due users in bites: one job each in one batch, and their next check a day later.
  std::size_t enqueue_due(int per_bite, std::int64_t now);
  std::vector<RawJob> claim(int limit, std::int64_t now, std::int64_t lease_until);
  /// Ends the jobs as safe and keeps what was seen of the streaks.
  void complete(const std::vector<RawJob>& jobs, std::int64_t now);

 private:
  void prepare_enqueue();
  void prepare_claim();
  void prepare_complete();
  void count(std::vector<std::string> names, std::vector<std::int64_t> by);

  RawPg pg_;
};

}  // namespace streaky::bench
