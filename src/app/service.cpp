#include "app/service.h"

#include "runtime/process.h"

namespace streaky::app {

namespace {

engine::EngineOptions engine_options(const Options& options, Service::Roles roles) {
  engine::EngineOptions engine;
  engine.schedule = roles.schedule;
  engine.work = roles.work;
  engine.tick = options.engine_tick;
  engine.worker.claim = options.engine_claim;
  engine.worker.in_flight = options.engine_in_flight;
  engine.worker.deadline = options.engine_deadline;
  engine.worker.lease = options.engine_lease;
  return engine;
}

}  // namespace

Service::Service(Base& base, store::Database& database, const crypto::Sealer& sealer,
                 const Options& options, Roles roles)
    : outside_(base, options),
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
               .owner = runtime::process_name()},
              engine_options(options, roles)) {}

runtime::Task<void> Service::stop() {
  co_await engine_.stop();
  co_await courier_->wait_idle();
  co_await outside_.github.wait_idle();
  outside_.http.stop();
}

}  // namespace streaky::app
