// streaky-sim: the simulated world as a program. `streaky-sim --help` tells its options.
#include <CLI/CLI.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <string>

#include "net/origin.h"
#include "runtime/process.h"
#include "runtime/signals.h"
#include "sim/sim_server.h"

namespace {

using streaky::runtime::Millis;
using streaky::sim::Service;

struct Options {
  std::string listen = "127.0.0.1:8421";
  std::size_t users = 0;
  std::uint64_t seed = 1;
  std::string faults = "none";
  std::int64_t github_latency_ms = 0;
  std::int64_t channel_latency_ms = 0;
  double sigma = 0;
  bool lift_limits = false;
  bool summaries = false;
  int tokens = 10;
  std::string port_file;
  bool by_day = false;
};

void describe(CLI::App& app, Options& options) {
  app.add_option("--listen", options.listen, "host:port; port 0 takes any free one")
      ->capture_default_str();
  app.add_option("--users", options.users, "seeded users")
      ->check(CLI::Range(std::size_t{0}, streaky::sim::People::kMostUsers));
  app.add_option("--seed", options.seed, "what everything follows from")->capture_default_str();
  app.add_option("--faults", options.faults, "none or storm")
      ->check(CLI::IsMember({"none", "storm"}))
      ->capture_default_str();
  app.add_option("--github-latency-ms", options.github_latency_ms, "median latency of GitHub")
      ->check(CLI::Range(0, 600'000));
  app.add_option("--channel-latency-ms", options.channel_latency_ms,
                 "median latency of Discord and Telegram")
      ->check(CLI::Range(0, 600'000));
  app.add_option("--sigma", options.sigma, "spread of a log-normal latency; 0 is fixed")
      ->check(CLI::Range(0.0, 3.0));
  app.add_flag("--lift-limits", options.lift_limits, "no rate limits: for measurements");
  app.add_flag("--summaries", options.summaries, "some users ask for a daily summary");
  app.add_flag("--by-day", options.by_day, "nobody lives within two hours of a midnight");
  app.add_option("--tokens", options.tokens, "service tokens ghp_sim0, ghp_sim1, …")
      ->check(CLI::Range(0, streaky::sim::Github::kMostServiceTokens))
      ->capture_default_str();
  app.add_option("--port-file", options.port_file, "write the bound port there");
}

int run(const Options& options) {
  streaky::runtime::raise_file_limit();
  const auto place = streaky::net::parse_host_port(options.listen);
  if (!place) {
    std::fprintf(stderr, "streaky-sim: --listen: %s\n", place.error().message.c_str());
    return 2;
  }
  streaky::sim::WorldOptions rules;
  rules.seed = options.seed;
  rules.service_tokens = options.tokens;
  streaky::sim::World world(rules);
  const auto log = streaky::runtime::make_stderr_log(streaky::runtime::LogLevel::warn,
                                                     streaky::runtime::LogFormat::text);
  boost::asio::io_context io(1);
  const auto clock = streaky::runtime::make_system_clock(io.get_executor());
  streaky::sim::SeedOptions people;
  people.users = options.users;
  people.seed = options.seed;
  people.summaries = options.summaries;
  people.by_day = options.by_day;
  world.seed(people, clock->now());
  const auto faults = world.faults().use(options.faults);
  if (!faults) {
    std::fprintf(stderr, "streaky-sim: %s\n", faults.error().message.c_str());
    return 2;
  }
  world.latency(Service::github) = {Millis{options.github_latency_ms}, options.sigma};
  world.latency(Service::discord) = {Millis{options.channel_latency_ms}, options.sigma};
  world.latency(Service::telegram) = {Millis{options.channel_latency_ms}, options.sigma};
  world.lift_limits(options.lift_limits);

  streaky::sim::SimServer server(io.get_executor(), options.listen, world, *clock, *log);
  if (!options.port_file.empty()) {
    std::ofstream file(options.port_file, std::ios::trunc);
    file << server.port() << '\n';
    file.close();
    if (!file) {
      std::fprintf(stderr, "streaky-sim: cannot write %s\n", options.port_file.c_str());
      return 1;
    }
  }
  const streaky::runtime::Signals signals(io.get_executor(), [&server, &io] {
    server.stop();
    io.stop();
  });
  server.start();
  std::printf("streaky-sim: listening on port %d, %zu users, seed %llu\n",
              static_cast<int>(server.port()), world.people().size(),
              static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  io.run();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The simulated world of Streaky: GitHub, Discord and Telegram on one address.",
               "streaky-sim");
  Options options;
  try {
    describe(app, options);
    app.parse(argc, argv);
    return run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "streaky-sim: %s\n", error.what());
    return 1;
  }
}
