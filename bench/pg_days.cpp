#include <fmt/format.h>

#include <thread>

#include "pg_beside.h"
#include "pg_depot.h"
#include "pg_rows.h"

namespace streaky::bench {

namespace {

constexpr int kDays = 60;  // pass while somebody works
constexpr int kWeekOfJobs = 7;
constexpr std::int64_t kPerDay = 20;  // one user of so many was looked at on a day that is over
constexpr std::chrono::milliseconds kBetween{100};
constexpr const char* kBatch = "00000000-0000-4000-8000-000000000002";
constexpr const char* kOldBatch = "00000000-0000-4000-8000-000000000001";

/// What the days before left, in their tables.
void write_settled(RawPg& raw, std::int64_t users) {
  const std::int64_t now = runtime::to_unix_ms(noon());
  raw.execute(fmt::format("INSERT INTO batches VALUES ('{}', 'schedule', {})", kOldBatch, now));
  for (int day = kDays + kWeekOfJobs; day > 0; --day) {
    const std::int64_t at = now - day * kMsPerDay;
    raw.execute(fmt::format(
        "INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, "
        "expires_at, attempt, verdict, ended_at) SELECT '{0}', i, to_char(to_timestamp({1}), "
        "'YYYY-MM-DD'), 840, 'Europe/Berlin', 'completed', {2}, {2}, {2}, 1, 'safe', {2} "
        "FROM generate_series(1, {3}) i",
        kOldBatch, at / 1'000, at, users / kPerDay));
  }
  raw.execute("VACUUM (ANALYZE)");
  raw.execute("CHECKPOINT");
}

struct Passed {
  int made = 0;
  int dropped = 0;
  int gave_way = 0;
};

/// Day by day the tables of a day to come are made, and those of one that is over dropped.
Passed let_days_pass(PgStore& store) {
  Passed all;
  for (int day = 1; day <= kDays; ++day) {
    const runtime::TimePoint now = noon() + std::chrono::days{day};
    const runtime::TimePoint before = now - std::chrono::days{kDays + kWeekOfJobs};
    store::DaysKept kept;
    do {
      kept = store.run(store.upkeep.keep_days(now, before, before));
      all.made += kept.made;
      all.dropped += kept.dropped;
      all.gave_way += kept.again_soon ? 1 : 0;
    } while (kept.again_soon);
    std::this_thread::sleep_for(kBetween);
  }
  return all;
}

}  // namespace

boost::json::object pg_days(std::int64_t users) {
  PgStore store(server_url());
  RawPg raw(server_url());
  sign_up(raw, users);
  store.make_days(kDays + kWeekOfJobs, noon());
  write_settled(raw, users);
  store.enqueue_due(noon(), kBatch);
  Passed passed;
  const Waits waits = waits_beside(users, [&] { passed = let_days_pass(store); });
  boost::json::object figures{{"users", users},
                              {"made", passed.made},
                              {"dropped", passed.dropped},
                              {"gave_way", passed.gave_way}};
  add_to(figures, waits);
  return figures;
}

}  // namespace streaky::bench
