#include "support/house.h"

#include <unistd.h>

#include <atomic>
#include <stdexcept>
#include <utility>

#include "engine/plan.h"
#include "notify/channel.h"
#include "store/schedule.h"
#include "store/session.h"
#include "streak/local_day.h"

namespace streaky::testing_support {

namespace {

runtime::Task<store::Bite> trigger_all(store::Schedule* schedule, runtime::TimePoint now,
                                       std::string batch_id) {
  const store::Planner planner = [now](const store::DueUser& user) {
    return engine::plan_manual(user, now);
  };
  std::int64_t after = 0;
  store::Bite bite;
  do {
    bite = co_await schedule->trigger(now, store::Schedule::kMostPerBite, after, batch_id, planner);
    after = bite.last_user_id;
  } while (bite.more);
  co_return bite;
}

store::Channel sealed_channel(const crypto::Sealer& sealer, std::int64_t user, std::int64_t channel,
                              const char* kind, const runtime::Secret& value) {
  store::Channel made;
  made.id = channel;
  made.kind = kind;
  made.hint = "test";
  made.sealed = sealer.seal(
      value, {.purpose = crypto::Purpose::channel, .user_id = user, .channel_id = channel});
  return made;
}

}  // namespace

TempFolder::TempFolder(const std::string& below) {
  static std::atomic<int> count{0};
  path_ = (below.empty() ? std::filesystem::temp_directory_path() : std::filesystem::path(below)) /
          ("streaky-test-" + std::to_string(getpid()) + "-" + std::to_string(count++));
  std::filesystem::create_directories(path_);
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

House::House(runtime::VirtualClock& clock, Settings settings)
    : clock_(clock),
      settings_(std::move(settings)),
      folder_(settings_.folder_below),
      sealer_(crypto::make_ephemeral_sealer()) {
  if (!settings_.rare_polls) return;
  settings_.engine.tick = std::chrono::minutes{1};
  settings_.engine.worker.poll = std::chrono::minutes{1};
}

House::~House() {
  if (process_) kill();
}

void House::start(const MakeHttp& make_http) {
  ++processes_;
  process_ = std::make_unique<Process>();
  Process& process = *process_;
  process.log = runtime::make_null_log();
  process.random = std::make_unique<runtime::SeededRandom>(settings_.seed * 1'000 +
                                                           static_cast<std::uint64_t>(processes_));
  process.http = make_http(process.io.get_executor());
  process.database = std::make_unique<store::Database>(
      process.io.get_executor(),
      store::Database::Options{.url = "sqlite:" + database_path(),
                               .mode = store::Database::Mode::inline_calls,
                               .wall = {}},
      process.metrics);
  if (settings_.large_cache) {
    const auto enlarge = [](store::Session& session) {
      session.execute("PRAGMA cache_size = -65536");
    };
    await(process.database->read(enlarge));
  }
  process.budget = std::make_unique<github::TokenBudget>(clock_);
  for (const auto& token : settings_.tokens) {
    process.budget->add_service_token(runtime::Secret(token));
  }
  process.github = std::make_unique<github::Contributions>(
      *process.http, *process.budget, clock_, *process.random, *process.log, process.metrics,
      process.io.get_executor(), github::ContributionsOptions{});
  notify::NotifierOptions notifier;
  notifier.discord_per_second = settings_.discord_per_second;
  process.notifier = std::make_unique<notify::Notifier>(
      *process.http, clock_, *process.random, *process.log, process.metrics, std::move(notifier));
  if (settings_.make_courier) {
    process.courier = settings_.make_courier({.http = *process.http,
                                              .notifier = *process.notifier,
                                              .sealer = *sealer_,
                                              .clock = clock_,
                                              .random = *process.random,
                                              .log = *process.log,
                                              .metrics = process.metrics,
                                              .executor = process.io.get_executor()});
  } else {
    process.courier = std::make_unique<notify::DirectCourier>(*sealer_, *process.notifier, clock_,
                                                              *process.random, *process.log);
  }
  process.engine = std::make_unique<engine::Engine>(
      engine::EngineParts{.database = *process.database,
                          .github = *process.github,
                          .courier = *process.courier,
                          .sealer = *sealer_,
                          .clock = clock_,
                          .random = *process.random,
                          .log = *process.log,
                          .metrics = process.metrics,
                          .executor = process.io.get_executor(),
                          .public_url = settings_.public_url,
                          .owner = "process-" + std::to_string(processes_),
                          .host = "house",
                          .version = "0",
                          .roles = "scheduler,worker",
                          .fixed_keys = "",
                          .on_fleet = nullptr},
      settings_.engine);
  process.engine->start();
}

void House::kill() {
  clock_.drop_timers();
  if (process_->database) process_->database->stop();
  // A killed process unwinds nothing, and coroutines that are parked in each other cannot be taken
  // apart safely: the dead are kept, unrun, for as long as the test program lives.
  static auto* const graveyard = new std::vector<Process*>();
  graveyard->push_back(process_.release());
}

void House::stop() {
  await(process_->engine->stop());
  clock_.drop_timers();
  process_.reset();
}

bool House::stop_until(runtime::TimePoint at_most) {
  bool stopped = false;
  boost::asio::co_spawn(process_->io, process_->engine->stop(),
                        [&stopped](const std::exception_ptr&) { stopped = true; });
  if (!run_until([&stopped] { return stopped; }, at_most)) return false;
  clock_.drop_timers();
  process_.reset();
  return true;
}

std::size_t House::run_one_ready() {
  process_->io.restart();
  return process_->io.poll_one();
}

std::size_t House::run_ready() {
  process_->io.restart();
  return process_->io.poll();
}

bool House::step(runtime::TimePoint at_most) {
  if (run_ready() > 0) return true;
  const auto next = clock_.next_timer();
  if (!next || *next > at_most) return false;
  return clock_.advance_to_next();
}

void House::run_until(runtime::TimePoint at) {
  while (step(at)) {
  }
  clock_.advance_to(at);
}

bool House::run_until(const std::function<bool()>& done, runtime::TimePoint at_most) {
  while (!done()) {
    if (!step(at_most)) return done();
  }
  return true;
}

std::int64_t House::add(const NewUser& user) {
  store::Users users(*process_->database);
  std::vector<store::UserKey> keys;
  keys.push_back({.login = user.login, .node_id = user.node_id, .database_id = {}});
  const store::Allotted allotted = await(users.allot(keys)).front();
  store::User made;
  made.id = allotted.user_id;
  made.login = user.login;
  made.node_id = user.node_id;
  made.time_zone = user.time_zone;
  made.remind_at = user.remind_at;
  made.daily_summary = user.daily_summary;
  made.rules = user.rules;
  made.created_at = clock_.now();
  if (!user.github_token.empty()) {
    made.sealed_token =
        sealer_->seal(runtime::Secret(user.github_token),
                      {.purpose = crypto::Purpose::github_token, .user_id = made.id});
  }
  if (!user.discord_webhook.empty()) {
    const auto webhook = notify::normalise_discord_webhook(user.discord_webhook);
    if (!webhook) throw std::invalid_argument(webhook.error().message);
    made.channels.push_back(
        sealed_channel(*sealer_, made.id, allotted.discord_channel_id, "discord", *webhook));
  }
  if (!user.telegram_chat.empty()) {
    const auto chat = notify::normalise_telegram(user.telegram_token, user.telegram_chat);
    if (!chat) throw std::invalid_argument(chat.error().message);
    made.channels.push_back(
        sealed_channel(*sealer_, made.id, allotted.telegram_channel_id, "telegram", *chat));
  }
  const auto zone = streak::Zone::find(made.time_zone);
  if (!zone) throw std::invalid_argument("no such zone: " + made.time_zone);
  made.next_check_at = engine::first_check(
      *zone, made.remind_at, {.is_new = !allotted.existing.has_value()}, clock_.now());
  std::vector<store::User> saved;
  saved.push_back(std::move(made));
  await(users.save(saved, clock_.now()));
  return allotted.user_id;
}

std::optional<store::User> House::user(const std::string& login) {
  store::Users users(*process_->database);
  return await(users.find({.login = login, .node_id = {}, .database_id = {}}));
}

std::string House::trigger() {
  store::Schedule schedule(*process_->database);
  std::string id = process_->random->uuid();
  await(trigger_all(&schedule, clock_.now(), id));
  process_->engine->hurry();
  return id;
}

store::Batch House::batch(const std::string& id) {
  store::Batches batches(*process_->database);
  return await(batches.find(id)).value_or(store::Batch{});
}

bool House::settle(const std::string& batch_id, runtime::Millis within) {
  const auto end = clock_.now() + within;
  while (clock_.now() < end) {
    if (batch(batch_id).settled()) return true;
    run_for(runtime::Millis{100});
  }
  return batch(batch_id).settled();
}

}  // namespace streaky::testing_support
