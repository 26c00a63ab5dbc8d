// One run of the whole of Streaky in a simulated world: a seed, so many users, so many days.
//
// The engine, its clients and its database are the product's own; around them stand the world, the
// weather, the people, a machine that is killed and sleeps, and the oracle. The seed decides
// everything: the same options give the same events in the same order, and the same `sum`.
//
// Virtual time passes as fast as the engine lets it: while nothing is under way and the tables say
// that nothing is due, the clock leaps to what comes next, and idle polls in between are late
// together. Threading: one thread; one simulation at a time in a process.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "simulation/oracle.h"

namespace streaky::simulation {

struct Options {
  std::uint64_t seed = 1;
  int days = 60;
  std::size_t users = 60;
  double severity = 1;  // how often things go wrong; 0: never
  std::string start = "2027-12-01T00:00:00Z";
  std::size_t most_failures = 1;  // it ends after so many
};

struct Report {
  std::vector<Failure> failures;
  Tally tally;
  std::uint64_t sum = 0;  // over all events: equal runs have equal sums
  std::uint64_t events = 0;
  std::uint64_t requests = 0;
  std::uint64_t lost_answers = 0;
  std::uint64_t changes = 0;  // of settings
  std::uint64_t presses = 0;  // links in messages that did something
  std::uint64_t spells = 0;
  std::uint64_t kills = 0;
  std::uint64_t starts = 0;
  std::int64_t pages = 0;  // of the database, at the end
  runtime::TimePoint end;

  [[nodiscard]] bool ok() const { return failures.empty(); }
};

class Simulation {
 public:
  explicit Simulation(Options options);
  ~Simulation();

  Report run();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streaky::simulation
