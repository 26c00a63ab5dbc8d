#include <fmt/format.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "pg_depot.h"
#include "pg_rows.h"
#include "store/listener.h"

namespace streaky::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kBatches = 300;
constexpr std::chrono::milliseconds kBetween{20};
constexpr std::chrono::seconds kLongest{10};

double ms_since(Clock::time_point began) {
  return std::chrono::duration<double, std::milli>(Clock::now() - began).count();
}

/// A worker on a connection of its own, that looks only when it hears of something.
class Worker {
 public:
  Worker() : thread_([this] { work(); }) {}
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;
  ~Worker() {
    over_ = true;
    thread_.join();
  }

  /// How often it has heard, and how many jobs it has claimed.
  [[nodiscard]] int heard() const { return heard_; }
  [[nodiscard]] int claimed() const { return claimed_; }

 private:
  void work() {
    boost::asio::io_context io{1};
    PgStore store(server_url());
    bool news = false;
    store::Listener listener(io.get_executor(), server_url(), [&] {
      news = true;
      ++heard_;
    });
    auto waits = boost::asio::make_work_guard(io);
    while (!over_) {
      io.run_one_for(std::chrono::milliseconds{20});
      if (!std::exchange(news, false)) continue;
      claimed_ += static_cast<int>(store.claim(kPerClaim, noon()).size());
    }
    listener.stop();
    waits.reset();
    io.run();
  }

  std::atomic<bool> over_ = false;
  std::atomic<int> heard_ = 0;
  std::atomic<int> claimed_ = 0;
  std::thread thread_;  // the last: it uses the others
};

template <typename Condition>
double wait_until(Clock::time_point began, Condition&& condition) {
  while (!condition()) {
    if (Clock::now() - began > kLongest) throw std::runtime_error("nothing was heard");
    std::this_thread::sleep_for(std::chrono::microseconds{100});
  }
  return ms_since(began);
}

}  // namespace

boost::json::object pg_hear(std::int64_t users) {
  PgStore store(server_url());
  RawPg raw(server_url());
  sign_up(raw, users);
  store.make_days(0, noon());
  raw.execute("UPDATE users SET next_check_at = NULL");
  raw.execute("VACUUM (ANALYZE)");
  Worker worker;
  wait_until(Clock::now(), [&] { return worker.heard() > 0; });
  std::vector<double> heard;
  std::vector<double> claimed;
  for (int batch = 1; batch <= kBatches; ++batch) {
    std::this_thread::sleep_for(kBetween);
    raw.execute(fmt::format("UPDATE users SET next_check_at = {} WHERE id = {}",
                            runtime::to_unix_ms(noon()), batch));
    const int before = worker.heard();
    const auto began = Clock::now();
    store.enqueue_due(noon(), fmt::format("00000000-0000-4000-8000-{:012}", batch));
    heard.push_back(wait_until(began, [&] { return worker.heard() > before; }));
    claimed.push_back(wait_until(began, [&] { return worker.claimed() == batch; }));
  }
  return {{"batches", kBatches},
          {"heard_median_ms", quantile(heard, 0.5)},
          {"heard_p99_ms", quantile(heard, 0.99)},
          {"heard_most_ms", heard.back()},
          {"claimed_median_ms", quantile(claimed, 0.5)},
          {"claimed_p99_ms", quantile(claimed, 0.99)}};
}

}  // namespace streaky::bench
