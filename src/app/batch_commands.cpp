// `streaky batch trigger|list|jobs|watch|retry`: rounds from the command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <exception>
#include <memory>
#include <optional>

#include "app/command.h"
#include "app/fleet.h"
#include "app/round.h"
#include "app/service.h"
#include "app/terminal.h"
#include "app/user_save.h"
#include "engine/trigger.h"
#include "runtime/signals.h"

namespace streaky::app {

namespace {

struct BatchArguments {
  std::string id;
  std::string login;
  std::string state;
  bool wait = false;
  bool json = false;
  int limit = 20;
};

void print_batch(const store::Batch& batch, bool json) {
  fmt::print("{}{}", json ? summary_json(batch) : summary_text(batch), json ? "\n" : "");
}

/// Watches a batch; without a `serve` at work on its database, works through it here.
int wait_for_batch(Base& base, store::Database& database, const Options& options,
                   const std::string& id, bool json) {
  bool stop = false;
  const runtime::Signals signals(base.io.get_executor(), [&stop] { stop = true; });
  std::unique_ptr<crypto::Sealer> sealer;
  std::unique_ptr<Service> service;
  if (!somebody_works(base, database, options)) {
    sealer = open_keys(options, false);
    service = std::make_unique<Service>(base, database, *sealer, options,
                                        Service::Roles{.schedule = false, .work = true});
    fmt::print(stderr, "no `streaky serve` is at work here: working through the batch myself\n");
    if (options.github_tokens.empty()) fmt::print(stderr, "{}\n", kNoGitHubToken);
    service->start();
  }
  std::optional<store::Batch> batch;
  std::exception_ptr trouble;
  try {
    batch = base.run(watch_round(&database, base.clock.get(), id, &stop));
  } catch (const std::exception&) {
    trouble = std::current_exception();
  }
  // Whatever happened, what is under way ends in order before its parts go.
  if (service) base.run(service->stop());
  if (trouble) std::rethrow_exception(trouble);
  if (stop)
    return complain("stopped; the batch goes on where it is when `serve` runs", kExitFailed);
  if (!batch) return complain("there is no batch " + id, kExitUsage);
  print_batch(*batch, json);
  return anything_failed(*batch) ? kExitFailed : kExitDone;
}

/// A round by hand that is still under way: a second trigger joins it.
engine::Triggered unfinished_round(Base& base, store::Database& database) {
  constexpr int kNewest = 50;
  store::Batches batches(database);
  for (const store::Batch& batch : base.run(batches.newest(kNewest))) {
    if (batch.origin != "manual" || batch.settled()) continue;
    fmt::print(stderr, "batch {} is still under way: joining it\n", batch.id);
    return {.batch_id = batch.id, .jobs = static_cast<int>(batch.total())};
  }
  return {};
}

/// After a trigger that made jobs.
int begun(Base& base, store::Database& database, const Options& options,
          const BatchArguments& arguments, const engine::Triggered& triggered) {
  if (arguments.wait) {
    return wait_for_batch(base, database, options, triggered.batch_id, arguments.json);
  }
  if (arguments.json) {
    fmt::print("{{\"batch_id\":\"{}\",\"users\":{}}}\n", triggered.batch_id, triggered.jobs);
    return kExitDone;
  }
  fmt::print("batch {}: {} users\n", triggered.batch_id, triggered.jobs);
  if (!somebody_works(base, database, options)) {
    fmt::print(stderr, "no `streaky serve` is at work here: start one, or use --wait\n");
  }
  return kExitDone;
}

int trigger_one(Base& base, store::Database& database, const Options& options,
                const BatchArguments& arguments) {
  store::Users users(database);
  const auto user = base.run(find_named(&users, arguments.login));
  if (!user) return complain("there is no user " + printable(arguments.login, 100), kExitUsage);
  const engine::Triggered triggered =
      base.run(engine::trigger_user(&database, base.clock.get(), base.random.get(), user->id));
  if (triggered.jobs == 0) {
    return complain(user->login + " is not active, or is being checked already", kExitFailed);
  }
  return begun(base, database, options, arguments, triggered);
}

int trigger(const Options& options, const BatchArguments& arguments) {
  Base base(options);
  const auto database = open_database(base, options, false);
  if (arguments.wait) open_keys(options, false);  // refused before anything is written
  if (!arguments.login.empty()) return trigger_one(base, *database, options, arguments);
  engine::Triggered triggered =
      base.run(engine::trigger_round(database.get(), base.clock.get(), base.random.get()));
  if (triggered.jobs == 0) triggered = unfinished_round(base, *database);
  if (triggered.jobs == 0) {
    fmt::print("{}\n",
               arguments.json ? R"({"batch_id":null,"users":0})" : "No active users to process.");
    return kExitDone;
  }
  return begun(base, *database, options, arguments, triggered);
}

int list(const Options& options, const BatchArguments& arguments) {
  Base base(options);
  const auto database = open_database(base, options, false);
  store::Batches batches(*database);
  const auto newest = base.run(batches.newest(arguments.limit));
  if (newest.empty() && !arguments.json) fmt::print("No batches yet.\n");
  for (const store::Batch& batch : newest) {
    if (arguments.json) {
      fmt::print("{}\n", summary_json(batch));
      continue;
    }
    fmt::print("{}  {}  {:<8}  {:>7} users  {:>6} at risk  {:>6} sent  {:>5} failed  {}\n",
               runtime::to_rfc3339(batch.created_at), batch.id, batch.origin, batch.total(),
               batch.count("verdict:at_risk"), batch.count("delivery:sent"), batch.count("failed"),
               batch.settled() ? "settled" : "under way");
  }
  return kExitDone;
}

/// The newest batch when none is named.
std::string id_or_newest(Base& base, store::Database& database, const std::string& id) {
  if (!id.empty()) return id;
  store::Batches batches(database);
  const auto newest = base.run(batches.newest(1));
  return newest.empty() ? std::string() : newest.front().id;
}

int watch(const Options& options, const BatchArguments& arguments) {
  Base base(options);
  const auto database = open_database(base, options, false);
  const std::string id = id_or_newest(base, *database, arguments.id);
  if (id.empty()) return complain("there are no batches yet", kExitUsage);
  bool stop = false;
  const runtime::Signals signals(base.io.get_executor(), [&stop] { stop = true; });
  const auto batch = base.run(watch_round(database.get(), base.clock.get(), id, &stop));
  if (stop) return kExitFailed;
  if (!batch) return complain("there is no batch " + id, kExitUsage);
  print_batch(*batch, arguments.json);
  return anything_failed(*batch) ? kExitFailed : kExitDone;
}

int jobs(const Options& options, const BatchArguments& arguments) {
  Base base(options);
  const auto database = open_database(base, options, false);
  const std::string id = id_or_newest(base, *database, arguments.id);
  if (id.empty()) return complain("there are no batches yet", kExitUsage);
  store::Batches batches(*database);
  if (!base.run(batches.find(id))) return complain("there is no batch " + id, kExitUsage);
  const store::Batches::JobFilter filter{.state = arguments.state, .login = arguments.login};
  for (const store::BatchJob& job : base.run(batches.jobs(id, filter, arguments.limit))) {
    const std::string& outcome = job.error.empty() ? job.verdict : job.error;
    if (arguments.json) {
      const boost::json::object object{{"id", job.id},
                                       {"login", job.login},
                                       {"state", job.state},
                                       {"verdict", job.verdict},
                                       {"error", job.error}};
      fmt::print("{}\n", boost::json::serialize(object));
    } else {
      fmt::print("{:<40}{:<12}{}\n", job.login, job.state, outcome);
    }
  }
  return kExitDone;
}

int retry(const Options& options, const BatchArguments& arguments) {
  Base base(options);
  const auto database = open_database(base, options, false);
  store::Batches batches(*database);
  if (!base.run(batches.find(arguments.id))) {
    return complain("there is no batch " + arguments.id, kExitUsage);
  }
  const int again = base.run(batches.retry_failed(arguments.id, base.clock->now()));
  fmt::print("{} will be tried again\n", again);
  if (!arguments.wait) return kExitDone;
  return wait_for_batch(base, *database, options, arguments.id, arguments.json);
}

}  // namespace

void add_batch_commands(CLI::App& root, Invocation& invocation) {
  auto* batch = root.add_subcommand("batch", "Rounds: start one, see how it goes");
  batch->require_subcommand(1);
  auto arguments = std::make_shared<BatchArguments>();  // shared by the callbacks below
  const auto add = [&](const char* name, const char* help,
                       int (*run)(const Options&, const BatchArguments&)) {
    auto* command = batch->add_subcommand(name, help);
    command->add_flag("--json", arguments->json, "Print JSON");
    command->callback([&invocation, arguments, run] {
      invocation.run = [arguments, run](Options& options) { return run(options, *arguments); };
    });
    return command;
  };
  constexpr const char* kWaitHelp =
      "Show progress until jobs and deliveries are settled; exit 1 if one failed";
  auto* trigger_command = add("trigger", "Check every active user now, whatever the hour", trigger);
  trigger_command->add_flag("--wait", arguments->wait, kWaitHelp);
  trigger_command->add_option("--login", arguments->login, "Only this user");
  constexpr int kMostListed = 1'000;
  add("list", "The newest batches", list)
      ->add_option("--limit", arguments->limit, "How many (default 20)")
      ->check(CLI::Range(1, kMostListed));
  add("watch", "Follow a batch until it is settled (default: the newest)", watch)
      ->add_option("ID", arguments->id, "Batch id");
  auto* jobs_command = add("jobs", "The jobs of a batch (default: the newest)", jobs);
  jobs_command->add_option("ID", arguments->id, "Batch id");
  jobs_command->add_option("--login", arguments->login, "Only logins that begin so");
  jobs_command->add_option("--state", arguments->state, "Only in this state")
      ->check(CLI::IsMember({"pending", "processing", "completed", "failed"}));
  jobs_command->add_option("--limit", arguments->limit, "How many (default 20)")
      ->check(CLI::Range(1, kMostListed));
  auto* retry_command = add("retry", "Try what failed in a batch again", retry);
  retry_command->add_option("ID", arguments->id, "Batch id")->required();
  retry_command->add_flag("--wait", arguments->wait, kWaitHelp);
}

}  // namespace streaky::app
