#include <stdexcept>
#include <string>
#include <vector>

#include "pg_depot.h"
#include "pg_rows.h"

namespace streaky::bench {

namespace {

constexpr int kTurns = 5;
constexpr const char* kBatch = "00000000-0000-4000-8000-000000000002";

/// Everybody's job waits; nothing else is left to do for the server.
void fill_queue(RawPg& raw, PgStore& store) {
  start_afresh(raw);
  store.enqueue_due(noon(), kBatch);
  raw.execute("VACUUM (ANALYZE)");
  raw.execute("CHECKPOINT");
}

std::size_t through_store(PgStore& store) {
  std::size_t done = 0;
  for (;;) {
    const auto claimed = store.claim(kPerClaim, noon());
    if (claimed.empty()) return done;
    store.complete(claimed, noon());
    done += claimed.size();
  }
}

std::size_t through_sql(RawPgQueue& queue) {
  const std::int64_t now = runtime::to_unix_ms(noon());
  std::size_t done = 0;
  for (;;) {
    const auto claimed = queue.claim(kPerClaim, now, now + kLease.count());
    if (claimed.empty()) return done;
    queue.complete(claimed, now);
    done += claimed.size();
  }
}

void expect(std::size_t done, std::int64_t users) {
  if (done != static_cast<std::size_t>(users)) {
    throw std::logic_error("not every job was completed");
  }
}

}  // namespace

boost::json::object pg_queue(std::int64_t users) {
  PgStore store(server_url());
  RawPg raw(server_url());
  RawPgQueue queue(server_url());
  sign_up(raw, users);
  std::vector<double> ours;
  std::vector<double> floor;
  std::vector<double> ratios;
  for (int turn = 0; turn < kTurns; ++turn) {
    fill_queue(raw, store);
    ours.push_back(seconds_of([&] { expect(through_store(store), users); }));
    fill_queue(raw, store);
    // The raw statements count in the batch that they know.
    raw.execute("INSERT INTO batches VALUES ('00000000-0000-4000-8000-000000000001', 'manual', 0)");
    floor.push_back(seconds_of([&] { expect(through_sql(queue), users); }));
    ratios.push_back(floor.back() / ours.back());
  }
  const auto many = static_cast<double>(users);
  return {{"users", users},
          {"claim_complete_per_s", many / quantile(ours, 0.5)},
          {"raw_claim_complete_per_s", many / quantile(floor, 0.5)},
          {"claim_complete_ratio", quantile(ratios, 0.5)},
          {"ratios", boost::json::array(ratios.begin(), ratios.end())}};
}

}  // namespace streaky::bench
