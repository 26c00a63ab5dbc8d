// A database of PostgreSQL with users in it, for the rows that measure the store there. bench/
// starts the server (scripts/scratch-postgres, fsync on) and names it by BENCH_POSTGRES.
//
// Threading: one thread. Errors: exceptions.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <cstdint>
#include <future>
#include <string>
#include <utility>
#include <vector>

#include "raw_pg.h"
#include "runtime/metrics.h"
#include "store/database.h"
#include "store/jobs.h"
#include "store/schedule.h"
#include "store/users.h"

namespace streaky::bench {

inline constexpr int kPerClaim = 500;  // the engine's default
inline constexpr runtime::Millis kLease{30'000};
inline constexpr std::int64_t kMsPerDay = 86'400'000;

/// 12:00 UTC; everybody's reminder is at 14:00 in Berlin, which is the same instant.
runtime::TimePoint noon();

/// The store as one process has it.
class PgStore {
 public:
  explicit PgStore(const std::string& url);

  /// Runs a task to its end on this thread; what it throws comes out of here.
  template <typename T>
  T run(runtime::Task<T> task) {
    auto future = boost::asio::co_spawn(io_, std::move(task), boost::asio::use_future);
    while (future.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
      if (io_.run_one() == 0) io_.restart();
    }
    return future.get();
  }

  /// Takes everybody who is due, in bites as the scheduler does; how many jobs that made.
  std::size_t enqueue_due(runtime::TimePoint now, const std::string& batch);
  std::vector<store::ClaimedJob> claim(int limit, runtime::TimePoint now);
  /// Ends the jobs as safe, with a streak of 30 days.
  void complete(const std::vector<store::ClaimedJob>& claimed, runtime::TimePoint now);

 private:
  boost::asio::io_context io_{1};
  runtime::Metrics metrics_;
  store::Database database_;

 public:
  store::Schedule schedule{database_};
  store::Jobs jobs{database_};
  store::Users users{database_};
};

/// The url of the server's database, from BENCH_POSTGRES.
std::string server_url();
/// Users 1 to `count`, each with a channel and a streak that is a day old, all due at `noon()`.
void sign_up(RawPg& raw, std::int64_t count);
/// No job, everybody due again, no dead rows, nothing left to write back.
void start_afresh(RawPg& raw);

template <typename Work>
double seconds_of(Work&& work) {
  const auto began = std::chrono::steady_clock::now();
  std::forward<Work>(work)();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

/// `values` is put in order; 0.99: no more than one of a hundred is longer.
double quantile(std::vector<double>& values, double share);

}  // namespace streaky::bench
