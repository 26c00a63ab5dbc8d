// A running engine with everything around it: what `serve` keeps up, and what `batch trigger
// --wait` borrows for one round when no `serve` is at work.
#pragma once

#include <functional>
#include <memory>

#include "app/couriers.h"
#include "app/wiring.h"
#include "engine/engine.h"
#include "engine/point_dealer.h"
#include "store/listener.h"

namespace streaky::app {

constexpr const char* kNoGitHubToken =
    "no GitHub token is configured: only users with a token of their own can be checked; set "
    "github.tokens (STREAKY_GITHUB_TOKENS)";

class Service {
 public:
  struct Roles {
    bool schedule = true;
    bool work = true;
    bool web = true;
  };

  /// All borrowed but the options' values.
  Service(Base& base, store::Database& database, const crypto::Sealer& sealer,
          const Options& options, Roles roles);

  void start() { engine_.start(); }
  runtime::Task<void> stop();
  /// There may be new work: do not wait for the next poll.
  void hurry() { engine_.hurry(); }
  [[nodiscard]] bool healthy() const { return engine_.healthy(); }
  [[nodiscard]] const github::TokenBudget& budget() const { return outside_.budget; }
  void set_github_tokens(std::vector<runtime::Secret> tokens);
  /// What the site shares with the engine.
  [[nodiscard]] Outside& outside() { return outside_; }
  [[nodiscard]] notify::Courier& courier() { return *courier_; }

 private:
  std::function<void(const engine::Fleet&)> fleet_hearer(const Options& options);
  void divide(const engine::Fleet& fleet);

  runtime::Clock& clock_;      // borrowed
  runtime::Log& log_;          // borrowed
  store::Database& database_;  // borrowed
  const bool works_;
  engine::StorePointDealer dealer_;
  Outside outside_;
  std::unique_ptr<notify::Courier> courier_;
  engine::Engine engine_;
  std::unique_ptr<store::Listener> listener_;  // a worker's on PostgreSQL
};

}  // namespace streaky::app
