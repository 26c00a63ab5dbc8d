// `streaky status`: how the service does: users, rounds under way, channels. What GitHub's tokens
// may still spend is asked by `streaky doctor`.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <memory>
#include <utility>

#include "app/command.h"
#include "app/run_lock.h"
#include "app/terminal.h"
#include "app/wiring.h"
#include "store/batches.h"
#include "store/health.h"
#include "store/users.h"

namespace streaky::app {

namespace {

constexpr int kRounds = 20;
constexpr std::size_t kReasonShown = 100;

struct Status {
  bool serving = false;
  std::int64_t users = 0;
  int rounds_under_way = 0;
  store::ChannelReport channels;
};

Status read_status(const Options& options) {
  Base base(options);
  const auto database = open_database(base, options, false);
  Status status;
  status.serving = RunLock::held(options.data_dir);
  store::Users users(*database);
  status.users = base.run(users.count_active());
  store::Batches batches(*database);
  for (const store::Batch& batch : base.run(batches.newest(kRounds))) {
    if (!batch.settled()) ++status.rounds_under_way;
  }
  status.channels = base.run(store::read_channel_report(database.get(), base.clock->now()));
  return status;
}

void print_json(const Status& status) {
  boost::json::object channels;
  for (const auto& [kind, health] : status.channels.kinds) {
    boost::json::object deliveries;
    for (const auto& [state, number] : health.deliveries) deliveries[state] = number;
    boost::json::object one{{"on", health.on}, {"off", health.off}};
    one["deliveries_last_day"] = std::move(deliveries);
    channels[kind] = std::move(one);
  }
  boost::json::array reasons;
  for (const store::OffReason& one : status.channels.off_reasons) {
    reasons.push_back({{"kind", one.kind}, {"reason", one.reason}, {"channels", one.channels}});
  }
  boost::json::object object{{"serving", status.serving},
                             {"users", status.users},
                             {"rounds_under_way", status.rounds_under_way}};
  object["channels"] = std::move(channels);
  object["off_reasons"] = std::move(reasons);
  fmt::print("{}\n", boost::json::serialize(object));
}

void print_text(const Status& status) {
  fmt::print("serve: {}\nactive users: {}\nrounds under way: {}\n",
             status.serving ? "at work on this data folder" : "not running here", status.users,
             status.rounds_under_way);
  for (const auto& [kind, health] : status.channels.kinds) {
    fmt::print("{}: {} on, {} off; of the last day {} sent, {} waiting, {} dead, {} too late\n",
               kind, health.on, health.off, health.count("sent"),
               health.count("pending") + health.count("sending"), health.count("dead"),
               health.count("expired"));
  }
  for (const store::OffReason& one : status.channels.off_reasons) {
    fmt::print("  off: {} {} ({})\n", one.channels, one.kind, printable(one.reason, kReasonShown));
  }
}

}  // namespace

void add_status_command(CLI::App& root, Invocation& invocation) {
  auto* command = root.add_subcommand("status", "How the service does: users, rounds, channels");
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
      return kExitDone;
    };
  });
}

}  // namespace streaky::app
