// The queue alone, through the store as the engine uses it, and the raw floor beside it: one job
// per user is made, claimed and completed, on SQLite with synchronous=FULL. Jobs are removed
// between the measured parts, so that each of them inserts.
#include <benchmark/benchmark.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "depot.h"
#include "engine/plan.h"
#include "outcomes.h"
#include "raw_queue.h"
#include "store/jobs.h"
#include "store/schedule.h"

namespace streaky::bench {
namespace {

constexpr int kPerClaim = 500;  // the engine's default
constexpr runtime::Millis kLease{30'000};
constexpr int kRounds = 5;
using Seconds = std::chrono::duration<double>;

template <typename Work>
double seconds_of(Work&& work) {
  const auto began = std::chrono::steady_clock::now();
  std::forward<Work>(work)();
  return Seconds(std::chrono::steady_clock::now() - began).count();
}

/// From a state in which no job exists and the log is written back.
void empty_queue(const Depot& depot) {
  const RawDatabase raw = open_raw(depot.file());
  execute(raw.get(), "DELETE FROM jobs");
  execute(raw.get(), "DELETE FROM batch_counts");
  execute(raw.get(), "DELETE FROM batches");
  execute(raw.get(), "PRAGMA wal_checkpoint(TRUNCATE)");
}

void enqueue(Depot& depot) {
  store::Schedule schedule(depot.database());
  const runtime::TimePoint now = depot_now();
  const store::Planner planner = [now](const store::DueUser& user) {
    return engine::plan_manual(user, now);
  };
  store::Bite bite;
  do {
    bite = depot.run(schedule.trigger(now, store::Schedule::kMostPerBite, bite.last_user_id,
                                      "00000000-0000-4000-8000-000000000002", planner));
  } while (bite.more);
}

std::size_t claim_and_complete(Depot& depot) {
  store::Jobs jobs(depot.database());
  std::size_t done = 0;
  for (;;) {
    const auto claimed =
        depot.run(jobs.claim("bench:1:1", kPerClaim, false, depot_now(), depot_now() + kLease));
    if (claimed.empty()) return done;
    std::vector<store::JobOutcome> outcomes = safe_outcomes(claimed, depot_now());
    done += outcomes.size();
    depot.run(jobs.finish("bench:1:1", std::move(outcomes), depot_now(), depot_now() + kLease));
  }
}

std::size_t raw_claim_and_complete(RawQueue& queue) {
  const std::int64_t now = runtime::to_unix_ms(depot_now());
  std::size_t done = 0;
  for (;;) {
    const auto claimed = queue.claim(kPerClaim, now, now + kLease.count());
    if (claimed.empty()) return done;
    queue.complete(claimed, now);
    done += claimed.size();
  }
}

void expect_all(std::size_t done) {
  if (done != Depot::kUsers) throw std::logic_error("not every job was completed");
}

void finish_row(benchmark::State& state) {
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(Depot::kUsers));
}

void queue_enqueue(benchmark::State& state) {
  Depot depot;
  for (auto _ : state) {
    empty_queue(depot);
    state.SetIterationTime(seconds_of([&depot] { enqueue(depot); }));
  }
  finish_row(state);
}
BENCHMARK(queue_enqueue)->UseManualTime()->Iterations(kRounds)->Unit(benchmark::kMillisecond);

void queue_raw_enqueue(benchmark::State& state) {
  Depot depot;
  const RawDatabase raw = open_raw(depot.file());
  RawQueue queue(raw.get());
  for (auto _ : state) {
    empty_queue(depot);
    state.SetIterationTime(seconds_of([&queue] {
      queue.enqueue(store::Schedule::kMostPerBite, runtime::to_unix_ms(depot_now()));
    }));
  }
  finish_row(state);
}
BENCHMARK(queue_raw_enqueue)->UseManualTime()->Iterations(kRounds)->Unit(benchmark::kMillisecond);

void queue_claim_complete(benchmark::State& state) {
  Depot depot;
  for (auto _ : state) {
    empty_queue(depot);
    enqueue(depot);
    state.SetIterationTime(seconds_of([&depot] { expect_all(claim_and_complete(depot)); }));
  }
  finish_row(state);
}
BENCHMARK(queue_claim_complete)
    ->UseManualTime()
    ->Iterations(kRounds)
    ->Unit(benchmark::kMillisecond);

void queue_raw_claim_complete(benchmark::State& state) {
  Depot depot;
  const RawDatabase raw = open_raw(depot.file());
  RawQueue queue(raw.get());
  for (auto _ : state) {
    empty_queue(depot);
    queue.enqueue(store::Schedule::kMostPerBite, runtime::to_unix_ms(depot_now()));
    state.SetIterationTime(seconds_of([&queue] { expect_all(raw_claim_and_complete(queue)); }));
  }
  finish_row(state);
}
BENCHMARK(queue_raw_claim_complete)
    ->UseManualTime()
    ->Iterations(kRounds)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace streaky::bench
