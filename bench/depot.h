// A database on disk with users in it, for the rows that measure the queue alone.
//
// The folder is `BENCH_DATA` (a real disk, please: what is measured is durable), else the present
// one. Threading: one thread. Errors: exceptions.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "runtime/metrics.h"
#include "store/database.h"

namespace streaky::bench {

class Depot {
 public:
  static constexpr std::size_t kUsers = 20'000;

  /// Makes the database and signs up `kUsers`, each with a channel.
  Depot();
  ~Depot();
  Depot(const Depot&) = delete;
  Depot& operator=(const Depot&) = delete;

  [[nodiscard]] store::Database& database() { return *database_; }
  [[nodiscard]] std::string file() const { return (folder_ / "streaky.db").string(); }

  /// Runs a task to its end on this thread; what it throws comes out of here.
  template <typename T>
  T run(runtime::Task<T> task) {
    auto future = boost::asio::co_spawn(io_, std::move(task), boost::asio::use_future);
    while (future.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
      if (io_.run_one() == 0) io_.restart();
    }
    return future.get();
  }

 private:
  void sign_up();

  std::filesystem::path folder_;
  boost::asio::io_context io_{1};
  runtime::Metrics metrics_;
  std::unique_ptr<store::Database> database_;
};

/// When all of it happens.
runtime::TimePoint depot_now();

}  // namespace streaky::bench
