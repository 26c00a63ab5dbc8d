// `streaky status`: how the service does: the processes that share the database, what waits for
// them, users, rounds under way, channels. What GitHub's tokens may still spend is asked by
// `streaky doctor`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <memory>
#include <vector>

#include "app/command.h"
#include "app/fleet.h"
#include "app/terminal.h"
#include "store/batches.h"
#include "store/health.h"
#include "store/users.h"

namespace streaky::app {

namespace {

constexpr int kRounds = 20;
constexpr std::size_t kReasonShown = 100;

struct Status {
  runtime::TimePoint now{};
  bool serving = false;
  std::vector<store::Member> members;
  store::Backlog backlog;
  std::int64_t users = 0;
  int rounds_under_way = 0;
  store::ChannelReport channels;
};

Status read_status(const Options& options) {
  Base base(options);
  const auto database = open_database(base, options, false);
  Status status;
  status.now = base.clock->now();
  status.serving = somebody_works(base, *database, options);
  status.members = members_of(base, *database);
  status.backlog = base.run(store::read_backlog(database.get(), status.now));
  store::Users users(*database);
  status.users = base.run(users.count_active());
  store::Batches batches(*database);
  for (const store::Batch& batch : base.run(batches.newest(kRounds))) {
    if (!batch.settled()) ++status.rounds_under_way;
  }
  status.channels = base.run(store::read_channel_report(database.get(), status.now));
  return status;
}

boost::json::array processes_json(const std::vector<store::Member>& members) {
  boost::json::array processes;
  for (const store::Member& one : members) {
    processes.push_back({{"name", one.name},
                         {"host", one.host},
                         {"version", one.version},
                         {"roles", one.roles},
                         {"started_at", runtime::to_rfc3339(one.started_at)},
                         {"last_beat_at", runtime::to_rfc3339(one.beat_at)},
                         {"in_flight", one.in_flight},
                         {"checks_per_minute", one.checks_per_minute},
                         {"sends_per_minute", one.sends_per_minute}});
  }
  return processes;
}

void add_channels(boost::json::object& object, const store::ChannelReport& report) {
  boost::json::object channels;
  for (const auto& [kind, health] : report.kinds) {
    boost::json::object deliveries;
    for (const auto& [state, number] : health.deliveries) deliveries[state] = number;
    boost::json::object one{{"on", health.on}, {"off", health.off}};
    one["deliveries_last_day"] = std::move(deliveries);
    channels[kind] = std::move(one);
  }
  boost::json::array reasons;
  for (const store::OffReason& one : report.off_reasons) {
    reasons.push_back({{"kind", one.kind}, {"reason", one.reason}, {"channels", one.channels}});
  }
  object["channels"] = std::move(channels);
  object["off_reasons"] = std::move(reasons);
}

void print_json(const Status& status) {
  const store::Backlog& backlog = status.backlog;
  boost::json::object object{{"serving", status.serving},
                             {"jobs_due", backlog.jobs_due},
                             {"jobs_in_hand", backlog.jobs_in_hand},
                             {"deliveries_due", backlog.deliveries_due},
                             {"deliveries_in_hand", backlog.deliveries_in_hand},
                             {"oldest_due_ms", backlog.oldest_due.count()},
                             {"users", status.users},
                             {"rounds_under_way", status.rounds_under_way}};
  object["processes"] = processes_json(status.members);
  add_channels(object, status.channels);
  fmt::print("{}\n", boost::json::serialize(object));
}

void print_processes(const Status& status) {
  const auto ago = [now = status.now](runtime::TimePoint at) {
    return runtime::to_human(std::max(now - at, runtime::Millis{0}));
  };
  Table table(
      {"PROCESS", "ROLES", "VERSION", "UP", "LAST BEAT", "IN FLIGHT", "CHECKS/MIN", "SENDS/MIN"});
  for (const store::Member& one : status.members) {
    table.add_row({printable(one.name), printable(one.roles), printable(one.version),
                   ago(one.started_at), ago(one.beat_at) + " ago", std::to_string(one.in_flight),
                   std::to_string(one.checks_per_minute), std::to_string(one.sends_per_minute)});
  }
  if (!status.members.empty()) table.print(stdout);
  if (!status.serving) fmt::print("no worker is at work on this database\n");
}

void print_backlog(const store::Backlog& backlog) {
  fmt::print("{} checks wait, {} in hand; {} messages wait, {} in hand", backlog.jobs_due,
             backlog.jobs_in_hand, backlog.deliveries_due, backlog.deliveries_in_hand);
  if (backlog.oldest_due > runtime::Millis{0}) {
    fmt::print("; the oldest has waited {}", runtime::to_human(backlog.oldest_due));
  }
  fmt::print("\n");
}

void print_channels(const store::ChannelReport& report) {
  for (const auto& [kind, health] : report.kinds) {
    fmt::print("{}: {} on, {} off; of the last day {} sent, {} waiting, {} dead, {} too late\n",
               kind, health.on, health.off, health.count("sent"),
               health.count("pending") + health.count("sending"), health.count("dead"),
               health.count("expired"));
  }
  for (const store::OffReason& one : report.off_reasons) {
    fmt::print("  off: {} {} ({})\n", one.channels, one.kind, printable(one.reason, kReasonShown));
  }
}

void print_text(const Status& status) {
  print_processes(status);
  print_backlog(status.backlog);
  fmt::print("active users: {}\nrounds under way: {}\n", status.users, status.rounds_under_way);
  print_channels(status.channels);
}

}  // namespace

void add_status_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand(
      "status",
      "The processes at work on this database, what waits, rounds and channels; exit 1 without a "
      "worker");
  auto json = std::make_shared<bool>(false);  // shared with the callback below
  command->add_flag("--json", *json, "Print JSON");
  command->callback([&invocation, json] {
    invocation.run = [json](Options& options) {
      const Status status = read_status(options);
      if (*json) {
        print_json(status);
      } else {
        print_text(status);
      }
      return status.serving ? kExitDone : kExitFailed;
    };
  });
}

}  // namespace streaky::app
