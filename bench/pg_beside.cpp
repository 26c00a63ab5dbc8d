#include "pg_beside.h"

#include <atomic>
#include <future>
#include <thread>
#include <utility>
#include <vector>

#include "pg_depot.h"

namespace streaky::bench {

namespace {

constexpr int kMostPerLook = 100;
constexpr std::chrono::milliseconds kBetween{20};

template <typename Work>
void measure(double& longest, Work&& work) {
  longest = std::max(longest, seconds_of(std::forward<Work>(work)) * 1e3);
}

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

}  // namespace

void add_to(boost::json::object& figures, const Waits& waits) {
  figures["looks"] = waits.rounds;
  figures["longest_claim_ms"] = waits.claim;
  figures["longest_complete_ms"] = waits.complete;
  figures["longest_read_ms"] = waits.read;
  figures["longest_edit_ms"] = waits.edit;
  figures["longest_wait_ms"] = waits.longest();
}

Waits waits_beside(std::int64_t users, const std::function<void()>& work) {
  std::atomic<bool> over = false;
  auto other = std::async(std::launch::async, work_meanwhile, users, std::cref(over));
  try {
    work();
  } catch (...) {
    over = true;
    throw;
  }
  over = true;
  return other.get();
}

}  // namespace streaky::bench
