#include "store/database.h"

#include <algorithm>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <iterator>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "store/connection.h"
#include "store/postgres_url.h"

namespace streaky::store {

namespace {

/// Callers that wait for the database's thread at the same time. Far above what the engine's own
/// limits let happen: reaching it is a bug that must not eat the memory.
constexpr std::size_t kMostWaiting = 10'000;

constexpr const char* kClosed = "the database is closed";

/// How often calls are looked after that take too long.
constexpr std::chrono::milliseconds kWatchEvery{1'000};

using SteadyTime = std::chrono::steady_clock::time_point;
using Handler = boost::asio::any_completion_handler<void(std::exception_ptr)>;

}  // namespace

class Database::Impl {
 public:
  Impl(runtime::Executor executor, const Options& options, runtime::Metrics& metrics)
      : executor_(std::move(executor)), mode_(options.mode), options_(options), metrics_(metrics) {
    Slot& first = slots_.emplace_back();
    first.connection = open_connection(options_, Opening::first);
    schema_version_ = first.connection->schema_version();
    known_schema_ = first.connection->known_schema();
    if (mode_ != Mode::thread) return;
    const bool many = is_postgres_url(options_.url);
    slots_.resize(many ? static_cast<std::size_t>(std::max(options_.connections, 1)) : 1);
    for (Slot& slot : slots_) threads_.emplace_back([&] { serve(slot, false); });
    if (!many) return;
    Slot& kept = slots_.emplace_back();
    threads_.emplace_back([&] { serve(kept, true); });
    watcher_ = std::thread([this] { watch(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() { stop(); }

  runtime::Task<void> run(bool write, Work work, Line line) {
    if (mode_ == Mode::inline_calls) {
      run_here(slots_.front().connection, write, work);
      co_return;
    }
    auto initiate = [this, write, line, &work](auto handler) {
      submit(Call{write, &work, Handler(std::move(handler)), executor_}, line);
    };
    auto token = boost::asio::use_awaitable;
    auto waiting =
        boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(std::exception_ptr)>(
            initiate, token);
    co_await std::move(waiting);
  }

  [[nodiscard]] int schema_version() const { return schema_version_; }
  [[nodiscard]] int known_schema() const { return known_schema_; }

  void give_up() {
    std::deque<Call> left;
    {
      const std::scoped_lock lock(mutex_);
      given_up_ = true;
      left = std::exchange(first_, {});
      std::ranges::move(std::exchange(waiting_, {}), std::back_inserter(left));
    }
    ended_.notify_all();
    for (Call& call : left) complete(std::move(call), closed());
  }

  void stop() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    urgent_.notify_all();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    {
      const std::scoped_lock lock(mutex_);
      over_ = true;
    }
    ended_.notify_all();
    if (watcher_.joinable()) watcher_.join();
    for (Slot& slot : slots_) slot.connection.reset();
  }

 private:
  struct Call {
    Call(bool is_write, const Work* the_work, Handler the_handler,
         const runtime::Executor& executor)
        : write(is_write), work(the_work), handler(std::move(the_handler)), guard(executor) {}

    bool write;
    const Work* work;  // in the frame of the coroutine that waits
    Handler handler;
    boost::asio::executor_work_guard<runtime::Executor> guard;  // keeps the executor running
  };

  /// One thread's connection; absent until it is used.
  struct Slot {
    std::unique_ptr<Connection> connection;
    SteadyTime answered_at{};              // the end of its latest call
    std::optional<SteadyTime> busy_since;  // guarded by the mutex
  };

  void submit(Call call, Line line) {
    const char* refusal = nullptr;
    {
      const std::scoped_lock lock(mutex_);
      if (stopping_ || given_up_) {
        refusal = kClosed;
      } else if (waiting_.size() + first_.size() >= kMostWaiting) {
        refusal = "too many calls wait for the database";
      } else if (line == Line::first) {
        first_.push_back(std::move(call));
      } else {
        waiting_.push_back(std::move(call));
      }
    }
    if (refusal == nullptr) {
      changed_.notify_one();
      if (line == Line::first) urgent_.notify_one();
      return;
    }
    const DatabaseError error(DatabaseError::Kind::other, refusal);
    // Refused, so it was not moved into the line.
    // NOLINTNEXTLINE(bugprone-use-after-move)
    complete(std::move(call), std::make_exception_ptr(error));
  }

  /// One thread, with a connection of its own that is opened when it is first needed. One is kept
  /// for what goes first: all others may wait for rows that somebody holds.
  void serve(Slot& slot, bool kept) {
    while (true) {
      std::unique_lock lock(mutex_);
      const auto any = [&] { return !first_.empty() || (!kept && !waiting_.empty()); };
      (kept ? urgent_ : changed_).wait(lock, [&] { return stopping_ || any(); });
      if (!any()) return;
      auto& line = first_.empty() ? waiting_ : first_;
      Call call = std::move(line.front());
      line.pop_front();
      // The server that hung for one hangs for all, and this connection has not met it yet.
      const bool doubtful = slot.answered_at < cut_at_;
      lock.unlock();
      std::exception_ptr error;
      try {
        if (doubtful) slot.connection.reset();
        if (!slot.connection) slot.connection = open_connection(options_, Opening::further);
        note_busy(slot, std::chrono::steady_clock::now());
        run_here(slot.connection, call.write, *call.work);
      } catch (...) {
        error = std::current_exception();
      }
      note_busy(slot, std::nullopt);
      slot.answered_at = std::chrono::steady_clock::now();
      complete(std::move(call), std::move(error));
    }
  }

  void note_busy(Slot& slot, std::optional<SteadyTime> since) {
    const std::scoped_lock lock(mutex_);
    slot.busy_since = since;
  }

  /// Cuts off calls that take too long.
  void watch() {
    std::unique_lock lock(mutex_);
    while (!over_) {
      ended_.wait_for(lock, std::min(kWatchEvery, options_.longest_call));
      const auto longest = given_up_ ? runtime::Millis{0} : options_.longest_call;
      const SteadyTime now = std::chrono::steady_clock::now();
      for (Slot& slot : slots_) {
        if (!slot.busy_since || now - *slot.busy_since < longest) continue;
        slot.connection->cut_off();
        slot.busy_since = cut_at_ = now;  // the call may go on with a new connection
      }
    }
  }

  void complete(Call call, std::exception_ptr error) {
    auto resume = [handler = std::move(call.handler), error = std::move(error)]() mutable {
      std::move(handler)(std::move(error));
    };
    boost::asio::post(executor_, std::move(resume));
  }

  static std::exception_ptr closed() {
    return std::make_exception_ptr(DatabaseError(DatabaseError::Kind::other, kClosed));
  }

  void run_here(std::unique_ptr<Connection>& connection, bool write, const Work& work) {
    if (!connection) std::rethrow_exception(closed());
    metrics_.count("streaky_db_transactions_total", {{"kind", write ? "write" : "read"}});
    connection->transact(write, work);
  }

  const runtime::Executor executor_;
  const Mode mode_;
  const Options options_;
  runtime::Metrics& metrics_;  // borrowed
  std::deque<Slot> slots_;     // one for each thread
  int schema_version_ = 0;
  int known_schema_ = 0;

  std::mutex mutex_;  // guards the six below
  std::deque<Call> waiting_;
  std::deque<Call> first_;
  bool given_up_ = false;
  bool stopping_ = false;
  bool over_ = false;    // all calls have ended
  SteadyTime cut_at_{};  // when a call was last cut off
  std::condition_variable changed_;
  std::condition_variable urgent_;
  std::condition_variable ended_;
  std::vector<std::thread> threads_;
  std::thread watcher_;
};

Database::Database(runtime::Executor executor, Options options, runtime::Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(executor), options, metrics)) {}

Database::~Database() = default;

runtime::Task<void> Database::write(Work work, Line line) {
  auto done = impl_->run(true, std::move(work), line);
  co_await std::move(done);
}

runtime::Task<void> Database::read(Work work) {
  auto done = impl_->run(false, std::move(work), Line::usual);
  co_await std::move(done);
}

int Database::schema_version() const { return impl_->schema_version(); }

int Database::known_schema() const { return impl_->known_schema(); }

void Database::give_up() { impl_->give_up(); }

void Database::stop() { impl_->stop(); }

}  // namespace streaky::store
