// The daily round as one thing that starts and stops: scheduler, worker, reaper, cleaner.
//
// Everything comes from outside: clock, randomness, HTTP (behind `github` and `courier`), database.
// Threading: construct, start and stop on the executor's thread. Stop order: no new bites, no new
// claims; what is under way finishes within the grace or is handed back; results are written; the
// heartbeat ends last, after which the fleet is left.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "crypto/sealer.h"
#include "engine/fleet.h"
#include "engine/worker.h"
#include "github/contributions.h"
#include "notify/courier.h"
#include "store/database.h"

namespace streaky::engine {

struct EngineOptions {
  bool schedule = true;  // run the scheduler
  bool work = true;      // run worker, reaper and cleaner
  runtime::Millis tick{1'000};
  runtime::Millis beat{60'000};  // how often the fleet hears of this process
  Worker::Options worker;
  Sender::Limits sender;
};

/// All borrowed; they outlive the engine.
struct EngineParts {
  store::Database& database;
  github::Contributions& github;
  notify::Courier& courier;
  const crypto::Sealer& sealer;
  runtime::Clock& clock;
  runtime::Random& random;
  runtime::Log& log;
  runtime::Metrics& metrics;
  runtime::Executor executor;
  std::string public_url;  // of the site, for links in messages; empty: they carry none
  std::string owner;       // of leases; unique among the processes that share the database
  std::string host;        // for the fleet, as are the next three
  std::string version;
  std::string roles;
  std::string fixed_keys;  // store/members.h
  /// Hears at each beat among how many workers limits are divided; may be absent.
  std::function<void(const Fleet&)> on_fleet;
};

class Engine {
 public:
  Engine(EngineParts parts, EngineOptions options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  /// Twice is once.
  void start();
  /// Returns when everything has ended; also before `start`, and a second time.
  runtime::Task<void> stop();

  /// False while the database refuses the engine's work.
  [[nodiscard]] bool healthy() const;
  /// There may be new work: do not wait for the next poll.
  void hurry();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streaky::engine
