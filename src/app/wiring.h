// Builds and wires the parts that commands share: what `main` would otherwise do by hand.
//
// Threading: everything lives on one io_context, which `run` drives on the calling thread.
// Destruction order is the reverse of construction: the HTTP client and the database stop before
// what they call back into is gone.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include "app/options.h"
#include "crypto/sealer.h"
#include "github/contributions.h"
#include "github/token_budget.h"
#include "net/curl_client.h"
#include "notify/notifier.h"
#include "runtime/clock.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "store/database.h"
#include "store/users.h"

namespace streaky::app {

/// Clock, randomness, log, metrics, and a thread of control.
struct Base {
  explicit Base(const Options& options);

  /// Runs a task to its end on this thread; what it throws comes out of here.
  template <typename T>
  T run(runtime::Task<T> task) {
    auto future = boost::asio::co_spawn(io, std::move(task), boost::asio::use_future);
    while (future.wait_for(std::chrono::seconds{0}) != std::future_status::ready) {
      if (io.run_one() == 0) io.restart();
    }
    return future.get();
  }

  boost::asio::io_context io{1};
  std::unique_ptr<runtime::Clock> clock;
  std::unique_ptr<runtime::Random> random;
  std::unique_ptr<runtime::Log> log;
  runtime::Metrics metrics;
};

/// The database of the options; `create` makes folder and file where they are missing. Throws
/// store::DatabaseError.
std::unique_ptr<store::Database> open_database(Base& base, const Options& options, bool create);

/// For commands that must know all that is stored: refuses a database which a newer Streaky has
/// brought up to date. `command` names it. Throws std::runtime_error with a plain message.
void require_own_schema(const store::Database& database, const std::string& command);

/// True when there is such a file. Throws std::runtime_error with a plain message when that cannot
/// be found out.
bool file_exists(const std::string& path);

/// Where the keys of the options lie: `keys.text`, `keys.file`, the credential `streaky.keys` of
/// the service manager, or the key file beside the data folder; the first that there is.
crypto::KeySource key_source(const Options& options);

/// The keys of the options. Throws std::runtime_error with a plain message.
std::unique_ptr<crypto::Sealer> open_keys(const Options& options, bool create);

notify::NotifierOptions notifier_options(const Options& options);

/// The way to GitHub and to the channels.
struct Outside {
  Outside(Base& base, const Options& options);

  net::CurlClient http;
  github::TokenBudget budget;
  github::Contributions github;
  notify::Notifier notifier;
};

}  // namespace streaky::app
