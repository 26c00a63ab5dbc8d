#include "app/service.h"

#include "app/fleet.h"
#include "app/key_holders.h"
#include "runtime/process.h"
#include "store/postgres_url.h"

namespace streaky::app {

namespace {

/// From the signal to stop: the worker's grace, and a while for messages on their way.
constexpr runtime::Millis kLongestDrain{20'000};
/// And from there until the database is not waited for any more: others hand on what is left.
constexpr runtime::Millis kLongestStop{45'000};

engine::EngineOptions engine_options(const Options& options, Service::Roles roles) {
  engine::EngineOptions engine;
  engine.schedule = roles.schedule;
  engine.work = roles.work;
  engine.tick = options.engine_tick;
  engine.worker.claim = options.engine_claim;
  engine.worker.in_flight = options.engine_in_flight;
  engine.worker.deadline = options.engine_deadline;
  engine.worker.lease = options.engine_lease;
  engine.beat = beat_of(options);
  return engine;
}

std::string roles_text(Service::Roles roles) {
  std::string text;
  const auto add = [&text](bool has, const char* name) {
    if (has) text += (text.empty() ? "" : ",") + std::string(name);
  };
  add(roles.schedule, "scheduler");
  add(roles.work, "worker");
  add(roles.web, "web");
  return text;
}

}  // namespace

Service::Service(Base& base, store::Database& database, const crypto::Sealer& sealer,
                 const Options& options, Roles roles)
    : clock_(*base.clock),
      log_(*base.log),
      database_(database),
      works_(roles.work),
      dealer_(database, *base.log),
      outside_(base, options),
      courier_(make_courier(base, outside_, sealer, options)),
      engine_({.database = database,
               .github = outside_.github,
               .courier = *courier_,
               .sealer = sealer,
               .clock = *base.clock,
               .random = *base.random,
               .log = *base.log,
               .metrics = base.metrics,
               .executor = base.io.get_executor(),
               .public_url = options.server_public_url_given ? options.server_public_url : "",
               .owner = runtime::process_name(),
               .host = runtime::host_name(),
               .version = STREAKY_VERSION,
               .roles = roles_text(roles),
               .fixed_keys = fixed_keys(options),
               .on_fleet = fleet_hearer(options)},
              engine_options(options, roles)) {
  const std::string url = options.database_url();
  if (!store::is_postgres_url(url)) return;
  outside_.budget.set_dealer(dealer_);
  // Until the first beat has told how many there are.
  divide({.workers = 2, .workers_on_host = 1, .newcomer = true});
  if (!works_) return;
  const std::string& way = options.store_listen_url.empty() ? url : options.store_listen_url;
  listener_ =
      std::make_unique<store::Listener>(base.io.get_executor(), way, [this] { engine_.hurry(); });
}

/// On SQLite one process is expected to work: everything is its own.
std::function<void(const engine::Fleet&)> Service::fleet_hearer(const Options& options) {
  if (!store::is_postgres_url(options.database_url())) return nullptr;
  return [this](const engine::Fleet& fleet) { divide(fleet); };
}

void Service::divide(const engine::Fleet& fleet) {
  if (works_) {
    outside_.budget.set_portion(
        github::Portion::of_fleet(fleet.workers, fleet.visitors, fleet.newcomer));
    outside_.notifier.share(fleet.workers_on_host, fleet.workers);
  } else {
    outside_.budget.set_portion(github::Portion::of_visitor(fleet.workers, fleet.visitors));
    outside_.notifier.share(fleet.workers_on_host + 1, fleet.workers + 1);
  }
}

void Service::set_github_tokens(std::vector<runtime::Secret> tokens) {
  if (works_ && tokens.empty()) log_.warn(kNoGitHubToken);
  outside_.budget.set_service_tokens(std::move(tokens));
}

runtime::Task<void> Service::stop() {
  if (listener_) listener_->stop();
  // A service that hangs does not keep the process: what is cut off counts as perhaps seen.
  const auto cut =
      clock_.call_at(clock_.monotonic() + kLongestDrain, [this] { outside_.http.stop(); });
  const auto give_up =
      clock_.call_at(clock_.monotonic() + kLongestStop, [this] { database_.give_up(); });
  co_await engine_.stop();
  co_await courier_->wait_idle();
  co_await outside_.github.wait_idle();
  clock_.cancel(cut);
  clock_.cancel(give_up);
  outside_.http.stop();
}

}  // namespace streaky::app
