// streaky-simulate: runs of the simulation from the command line. `--help` tells its options.
#include <fmt/format.h>
#include <sqlite3.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>

#include "simulation/mutants.h"
#include "simulation/simulation.h"

namespace {

using streaky::simulation::Options;
using streaky::simulation::Report;

constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

void print(const Options& options, const Report& report) {
  for (const auto& failure : report.failures) {
    fmt::print("FAILED seed {} {}: {}", options.seed, failure.what, failure.story);
  }
  const auto& tally = report.tally;
  fmt::print(
      "{} seed {} users {} days {} to {}: {} reminders, {} could-not-check, {} summaries, {} "
      "notices; {} duties, {} honest; {} spells, {} kills, {} starts, {} changes, {} links; {} "
      "requests, {} "
      "answers lost, {} doubles excused; {} pages; {} events, sum {:016x}\n",
      report.ok() ? "ok" : "FAILED", options.seed, options.users, options.days,
      streaky::runtime::to_rfc3339(report.end), tally.reminders, tally.could_not_check,
      tally.summaries, tally.notices, tally.duties, tally.honest_duties, report.spells,
      report.kills, report.starts, report.changes, report.presses, report.requests,
      report.lost_answers, tally.doubles, report.pages, report.events, report.sum);
  if (report.ok()) return;
  fmt::print(
      "again: build/streaky-simulate --seed {} --users {} --days {} --severity {} --start {}\n",
      options.seed, options.users, options.days, options.severity, options.start);
}

struct Arguments {
  Options options;
  std::string mutant = "none";
  bool must_fail = false;
  int tries = 1;
  bool twice = false;
};

void describe(CLI::App& app, Arguments& arguments) {
  Options& options = arguments.options;
  app.add_option("--seed", options.seed, "what everything follows from")->capture_default_str();
  app.add_option("--days", options.days, "virtual days")
      ->check(CLI::Range(1, 4'000))
      ->capture_default_str();
  app.add_option("--users", options.users, "people")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--severity", options.severity, "how often things go wrong; 0 is never")
      ->check(CLI::Range(0.0, 20.0))
      ->capture_default_str();
  app.add_option("--start", options.start, "RFC 3339")->capture_default_str();
  app.add_option("--most-failures", options.most_failures, "ends after so many")
      ->check(CLI::Range(1, 1'000))
      ->capture_default_str();
  app.add_option("--mutant", arguments.mutant, "a fault that is planted into the product")
      ->check(CLI::IsMember(streaky::simulation::mutant_names()))
      ->capture_default_str();
  app.add_flag("--must-fail", arguments.must_fail, "succeeds when a run fails");
  app.add_option("--tries", arguments.tries, "seeds, from --seed on, of which one must fail")
      ->check(CLI::Range(1, 1'000));
  app.add_flag("--twice", arguments.twice, "runs twice: both runs must be the same");
}

Report run_once(const Options& options) {
  streaky::simulation::Simulation simulation(options);
  Report report = simulation.run();
  print(options, report);
  return report;
}

int run(const Arguments& arguments) {
  // Everything here is one thread's: locks and a count of bytes would only cost time.
  sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
  sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  streaky::simulation::plant(*streaky::simulation::parse_mutant(arguments.mutant));
  Options options = arguments.options;
  if (arguments.must_fail) {
    for (int i = 0; i < arguments.tries; ++i, ++options.seed) {
      if (!run_once(options).ok()) return 0;
    }
    return kExitFailed;
  }
  const Report report = run_once(options);
  if (arguments.twice && run_once(options).sum != report.sum) {
    fmt::print("FAILED seed {}: a second run differs\n", options.seed);
    return kExitFailed;
  }
  return report.ok() ? 0 : kExitFailed;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("A simulated life of Streaky: one seed decides everything.", "streaky-simulate");
  Arguments arguments;
  try {
    describe(app, arguments);
    app.parse(argc, argv);
    return run(arguments);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kExitUsage;
  } catch (const std::exception& error) {
    fmt::print(stderr, "streaky-simulate: seed {}: {}\n", arguments.options.seed, error.what());
    return kExitFailed;
  }
}
