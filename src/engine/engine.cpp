#include "engine/engine.h"

#include <exception>
#include <utility>

#include "engine/membership.h"
#include "engine/scheduler.h"
#include "engine/upkeep.h"

namespace streaky::engine {

namespace {

runtime::TaskGroup::OnException log_bug(runtime::Log& log) {
  return [&log](const std::exception_ptr& error) {
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& what) {
      log.error("a task ended with an exception", {{"error", what.what()}});
    }
  };
}

}  // namespace

class Engine::Impl {
 public:
  Impl(EngineParts parts, EngineOptions options)
      : parts_(std::move(parts)),
        options_(options),
        on_bug_(log_bug(parts_.log)),
        loops_(parts_.executor, on_bug_),
        jobs_(parts_.database),
        deliveries_(parts_.database),
        schedule_(parts_.database),
        upkeep_(parts_.database),
        members_(parts_.database),
        checker_(parts_.github, parts_.sealer, parts_.clock, parts_.log),
        recorder_({.jobs = jobs_,
                   .deliveries = deliveries_,
                   .clock = parts_.clock,
                   .log = parts_.log,
                   .owner = parts_.owner,
                   .lease = options_.worker.lease},
                  parts_.executor, on_bug_),
        links_(parts_.sealer, parts_.public_url),
        sender_({.checker = checker_,
                 .recorder = recorder_,
                 .jobs = jobs_,
                 .courier = parts_.courier,
                 .clock = parts_.clock,
                 .random = parts_.random,
                 .log = parts_.log,
                 .metrics = parts_.metrics,
                 .lease = options_.worker.lease,
                 .silent = [this] { return membership_.silent(); },
                 .links = &links_,
                 .on_waiting = [this] { worker_.hurry(); }},
                options_.sender, parts_.executor, on_bug_),
        worker_({.jobs = jobs_,
                 .deliveries = deliveries_,
                 .checker = checker_,
                 .recorder = recorder_,
                 .sender = sender_,
                 .clock = parts_.clock,
                 .random = parts_.random,
                 .log = parts_.log,
                 .metrics = parts_.metrics,
                 .owner = parts_.owner},
                options_.worker, parts_.executor, on_bug_),
        scheduler_({.schedule = schedule_,
                    .clock = parts_.clock,
                    .random = parts_.random,
                    .log = parts_.log,
                    .metrics = parts_.metrics,
                    .tick = options_.tick,
                    .on_jobs = [this] { worker_.hurry(); }}),
        reaper_({.jobs = jobs_,
                 .upkeep = upkeep_,
                 .clock = parts_.clock,
                 .log = parts_.log,
                 .metrics = parts_.metrics,
                 .owner = parts_.owner,
                 .lease = options_.worker.lease,
                 .shared = parts_.on_fleet != nullptr,
                 .in_hand = [this] { return worker_.in_hand(); },
                 .on_returned = [this] { worker_.hurry(); }}),
        cleaner_({.upkeep = upkeep_, .clock = parts_.clock, .log = parts_.log}),
        membership_({.members = members_,
                     .clock = parts_.clock,
                     .log = parts_.log,
                     .metrics = parts_.metrics,
                     .self = self(parts_),
                     .beat = options_.beat,
                     .forgets = options_.work,
                     .load = [this] { return load(); },
                     .on_forgotten = [this] { reaper_.hurry(); },
                     .on_fleet = parts_.on_fleet}),
        heartbeat_(parts_.executor, on_bug_) {}

  void start() {
    if (std::exchange(started_, true)) return;
    heartbeat_.spawn(membership_.run());
    if (options_.schedule) loops_.spawn(scheduler_.run());
    if (!options_.work) return;
    heartbeat_.spawn(reaper_.run());
    loops_.spawn(cleaner_.run());
    loops_.spawn(worker_.run());
  }

  runtime::Task<void> stop() {
    scheduler_.stop();
    cleaner_.stop();
    worker_.stop();
    co_await loops_.wait_empty();
    if (started_ && !std::exchange(settled_, true)) {
      co_await worker_.settle();
      recorder_.give_up();
      co_await sender_.wait_empty();
      co_await recorder_.drain();
    }
    reaper_.stop();
    membership_.stop();
    co_await heartbeat_.wait_empty();
    co_await membership_.leave();
  }

  [[nodiscard]] bool healthy() const { return !worker_.ailing() && !scheduler_.ailing(); }
  void hurry() { worker_.hurry(); }

 private:
  static store::Member self(const EngineParts& parts) {
    store::Member member;
    member.name = parts.owner;
    member.host = parts.host;
    member.version = parts.version;
    member.roles = parts.roles;
    member.fixed_keys = parts.fixed_keys;
    return member;
  }

  [[nodiscard]] Membership::Load load() const {
    return {.in_flight = static_cast<std::int64_t>(worker_.jobs_in_hand() + sender_.held()),
            .checks = worker_.checks(),
            .sends = sender_.sent()};
  }

  EngineParts parts_;
  EngineOptions options_;
  runtime::TaskGroup::OnException on_bug_;
  runtime::TaskGroup loops_;
  store::Jobs jobs_;
  store::Deliveries deliveries_;
  store::Schedule schedule_;
  store::Upkeep upkeep_;
  store::Members members_;
  Checker checker_;
  Recorder recorder_;
  ActionLinks links_;
  Sender sender_;
  Worker worker_;
  Scheduler scheduler_;
  Reaper reaper_;
  Cleaner cleaner_;
  Membership membership_;
  runtime::TaskGroup heartbeat_;
  bool started_ = false;
  bool settled_ = false;
};

Engine::Engine(EngineParts parts, EngineOptions options)
    : impl_(std::make_unique<Impl>(std::move(parts), options)) {}

Engine::~Engine() = default;

void Engine::start() { impl_->start(); }

runtime::Task<void> Engine::stop() { return impl_->stop(); }

bool Engine::healthy() const { return impl_->healthy(); }

void Engine::hurry() { impl_->hurry(); }

}  // namespace streaky::engine
