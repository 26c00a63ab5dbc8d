// The whole engine in one process, on a virtual clock, with its database inline: what a round test
// starts, feeds, kills and starts again.
//
// The database is a file, so that a "process" can die and another one can go on from what the file
// holds. HTTP comes from outside: the simulated world. Threading: one thread.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "crypto/sealer.h"
#include "engine/engine.h"
#include "github/contributions.h"
#include "github/token_budget.h"
#include "net/http_client.h"
#include "notify/direct_courier.h"
#include "notify/notifier.h"
#include "runtime/clock.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "store/batches.h"
#include "store/database.h"
#include "store/users.h"

namespace streaky::testing_support {

/// A folder that goes away with the object.
class TempFolder {
 public:
  /// Below the system's folder for such things when none is given.
  explicit TempFolder(const std::string& below = {});
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// A user as a test describes one; credentials are in the clear here and sealed by `House::add`.
struct NewUser {
  std::string login;
  std::string node_id;
  std::string time_zone = "UTC";
  std::vector<int> remind_at = {1200};
  std::string github_token;
  std::string discord_webhook;
  std::string telegram_token;
  std::string telegram_chat;
  bool daily_summary = false;
  streak::DayRules rules;
};

/// What a courier may be built of; all borrowed from the process.
struct CourierParts {
  net::HttpClient& http;
  notify::Notifier& notifier;
  const crypto::Sealer& sealer;
  runtime::Clock& clock;
  runtime::Random& random;
  runtime::Log& log;
  runtime::Metrics& metrics;
  runtime::Executor executor;
};

class House {
 public:
  struct Settings {
    engine::EngineOptions engine;
    std::vector<std::string> tokens = {"ghp_service0"};
    int discord_per_second = 50;
    std::uint64_t seed = 1;
    /// Off: tick and poll as the engine has them. On: once a minute, since polling is for work that
    /// other processes make and would be most of what a test does.
    bool rare_polls = true;
    /// The database keeps more in memory than SQLite does by itself: long runs read less.
    bool large_cache = false;
    /// How deliveries travel; not set: straight from the process.
    std::function<std::unique_ptr<notify::Courier>(CourierParts)> make_courier{};
    std::string public_url;    // of the site, for links in messages; empty: none
    std::string folder_below;  // where the database's folder is made; empty: the system's place
  };

  House(runtime::VirtualClock& clock, Settings settings);
  ~House();

  /// How a process reaches the world: made anew for each process, on its executor.
  using MakeHttp = std::function<std::unique_ptr<net::HttpClient>(runtime::Executor)>;

  /// Starts a process: database, GitHub, notifier, engine.
  void start(const MakeHttp& make_http);
  [[nodiscard]] bool running() const { return process_ != nullptr; }
  /// What kill -9 does: nothing that was in memory runs again, no destructor either. The database's
  /// files are closed, as the system would.
  void kill();
  /// An orderly end.
  void stop();
  /// The same, for at most so long; false leaves the process as it is then.
  bool stop_until(runtime::TimePoint at_most);
  /// After `start` has thrown: what came to be of the process is taken apart.
  void abandon() { process_.reset(); }

  /// Runs everything that is due up to that instant.
  void run_until(runtime::TimePoint at);
  void run_for(runtime::Millis by) { run_until(clock_.now() + by); }
  /// Runs until `done`, at most until that instant; false when it was not reached.
  bool run_until(const std::function<bool()>& done, runtime::TimePoint at_most);
  /// Runs one step: all that is ready now, then the earliest timer. False when nothing is left.
  bool step(runtime::TimePoint at_most);
  /// Runs one handler that is ready, or all of them; time stands still. Gives their number.
  std::size_t run_one_ready();
  std::size_t run_ready();

  /// Runs a task to its end in the running process, moving time as needed.
  template <typename T>
  T await(runtime::Task<T> task) {
    auto future = boost::asio::co_spawn(process_->io, std::move(task), boost::asio::use_future);
    const auto end = clock_.now() + std::chrono::hours{1};
    while (future.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
      if (!step(end)) break;
    }
    return future.get();
  }

  std::int64_t add(const NewUser& user);
  std::optional<store::User> user(const std::string& login);
  /// Makes a batch for everybody, as `batch trigger` does; gives its id.
  std::string trigger();
  store::Batch batch(const std::string& id);
  /// Runs until jobs and deliveries of the batch are settled.
  bool settle(const std::string& batch_id, runtime::Millis within);

  [[nodiscard]] runtime::Metrics& metrics() { return process_->metrics; }
  [[nodiscard]] store::Database& database() { return *process_->database; }
  [[nodiscard]] engine::Engine& engine() { return *process_->engine; }
  [[nodiscard]] const crypto::Sealer& sealer() const { return *sealer_; }
  [[nodiscard]] std::string database_path() const { return folder_.file("streaky.db"); }

 private:
  // In order of construction: what is named later is destroyed earlier.
  struct Process {
    boost::asio::io_context io{1};
    runtime::Metrics metrics;
    std::unique_ptr<runtime::Log> log;
    std::unique_ptr<runtime::Random> random;
    std::unique_ptr<net::HttpClient> http;
    std::unique_ptr<store::Database> database;
    std::unique_ptr<github::TokenBudget> budget;
    std::unique_ptr<github::Contributions> github;
    std::unique_ptr<notify::Notifier> notifier;
    std::unique_ptr<notify::Courier> courier;
    std::unique_ptr<engine::Engine> engine;
  };

  runtime::VirtualClock& clock_;
  Settings settings_;
  TempFolder folder_;
  std::unique_ptr<crypto::Sealer> sealer_;
  std::unique_ptr<Process> process_;
  int processes_ = 0;
};

}  // namespace streaky::testing_support
