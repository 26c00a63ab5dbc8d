// `streaky status`: the processes that share the database, and what waits for them.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <cstdio>
#include <memory>

#include "app/command.h"
#include "app/fleet.h"
#include "app/terminal.h"

namespace streaky::app {

namespace {

void print_json(const std::vector<store::Member>& members, const store::Backlog& backlog) {
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
  const boost::json::object object{{"processes", std::move(processes)},
                                   {"jobs_due", backlog.jobs_due},
                                   {"jobs_in_hand", backlog.jobs_in_hand},
                                   {"deliveries_due", backlog.deliveries_due},
                                   {"deliveries_in_hand", backlog.deliveries_in_hand},
                                   {"oldest_due_ms", backlog.oldest_due.count()}};
  fmt::print("{}\n", boost::json::serialize(object));
}

void print_table(const std::vector<store::Member>& members, const store::Backlog& backlog,
                 runtime::TimePoint now) {
  const auto ago = [now](runtime::TimePoint at) {
    return runtime::to_human(std::max(now - at, runtime::Millis{0}));
  };
  Table table(
      {"PROCESS", "ROLES", "VERSION", "UP", "LAST BEAT", "IN FLIGHT", "CHECKS/MIN", "SENDS/MIN"});
  for (const store::Member& one : members) {
    table.add_row({printable(one.name), printable(one.roles), printable(one.version),
                   ago(one.started_at), ago(one.beat_at) + " ago", std::to_string(one.in_flight),
                   std::to_string(one.checks_per_minute), std::to_string(one.sends_per_minute)});
  }
  if (members.empty()) {
    fmt::print("no `streaky serve` is at work on this database\n");
  } else {
    table.print(stdout);
  }
  fmt::print("{} checks wait, {} in hand; {} messages wait, {} in hand", backlog.jobs_due,
             backlog.jobs_in_hand, backlog.deliveries_due, backlog.deliveries_in_hand);
  if (backlog.oldest_due > runtime::Millis{0}) {
    fmt::print("; the oldest has waited {}", runtime::to_human(backlog.oldest_due));
  }
  fmt::print("\n");
}

int status(const Options& options, bool json) {
  Base base(options);
  const auto database = open_database(base, options, false);
  const auto members = members_of(base, *database);
  const runtime::TimePoint now = base.clock->now();
  const store::Backlog backlog = base.run(store::read_backlog(database.get(), now));
  if (json) {
    print_json(members, backlog);
  } else {
    print_table(members, backlog, now);
  }
  return somebody_works(base, *database, options) ? kExitDone : kExitFailed;
}

}  // namespace

void add_status_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand(
      "status", "The processes at work on this database and what waits; exit 1 without a worker");
  auto json = std::make_shared<bool>(false);  // shared with the callback below
  command->add_flag("--json", *json, "Print JSON");
  command->callback([&invocation, json] {
    invocation.run = [json](Options& options) { return status(options, *json); };
  });
}

}  // namespace streaky::app
