#include <algorithm>
#include <atomic>
#include <exception>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "pg_depot.h"
#include "pg_rows.h"

namespace streaky::bench {

namespace {

constexpr const char* kBatch = "00000000-0000-4000-8000-000000000002";
constexpr int kMostPerLook = 100;
constexpr std::chrono::milliseconds kBetween{20};

/// The longest waits of somebody who works and reads meanwhile, in milliseconds.
struct Waits {
  double claim = 0;
  double complete = 0;
  double read = 0;
  double edit = 0;
  std::size_t rounds = 0;
  [[nodiscard]] double longest() const { return std::max({claim, complete, read, edit}); }
};

template <typename Work>
void measure(double& longest, Work&& work) {
  longest = std::max(longest, seconds_of(std::forward<Work>(work)) * 1e3);
}

/// A worker and a person at once: claims and ends what the bites make, reads a user, edits another.
/// Users from the whole range, so that some are in the bite of that moment.
Waits work_meanwhile(std::int64_t users, const std::atomic<bool>& over) {
  PgStore store(server_url());
  Waits waits;
  std::int64_t id = 1;
  while (!over) {
    std::vector<store::ClaimedJob> claimed;
    measure(waits.claim, [&] { claimed = store.claim(kMostPerLook, noon()); });
    if (!claimed.empty()) measure(waits.complete, [&] { store.complete(claimed, noon()); });
    id = (id + 7'919) % users + 1;
    store::UserEdit edit;
    measure(waits.read, [&] { edit.before = store.run(store.users.get(id)); });
    edit.after = edit.before.value();
    edit.after.daily_summary = !edit.after.daily_summary;
    measure(waits.edit, [&] { store.run(store.users.edit({edit}, noon())); });
    ++waits.rounds;
    std::this_thread::sleep_for(kBetween);
  }
  return waits;
}

void expect_all(std::size_t made, std::int64_t users) {
  if (made != static_cast<std::size_t>(users)) throw std::logic_error("not everybody has a job");
}

}  // namespace

boost::json::object pg_enqueue(std::int64_t users) {
  PgStore store(server_url());
  RawPg raw(server_url());
  RawPgQueue queue(server_url());
  sign_up(raw, users);
  start_afresh(raw);
  const double ours = seconds_of([&] { expect_all(store.enqueue_due(noon(), kBatch), users); });
  start_afresh(raw);
  const double floor = seconds_of([&] {
    expect_all(queue.enqueue_due(store::Schedule::kMostPerBite, runtime::to_unix_ms(noon())),
               users);
  });
  start_afresh(raw);
  std::atomic<bool> over = false;
  auto worker = std::async(std::launch::async, work_meanwhile, users, std::cref(over));
  double beside = 0;
  try {
    beside = seconds_of([&] { store.enqueue_due(noon(), kBatch); });
  } catch (...) {
    over = true;
    throw;
  }
  over = true;
  const Waits waits = worker.get();
  const auto many = static_cast<double>(users);
  return {{"users", users},
          {"enqueue_per_s", many / ours},
          {"raw_enqueue_per_s", many / floor},
          {"times_raw", ours / floor},
          {"enqueue_beside_per_s", many / beside},
          {"looks", waits.rounds},
          {"longest_claim_ms", waits.claim},
          {"longest_complete_ms", waits.complete},
          {"longest_read_ms", waits.read},
          {"longest_edit_ms", waits.edit},
          {"longest_wait_ms", waits.longest()}};
}

}  // namespace streaky::bench
