#include <stdexcept>

#include "pg_beside.h"
#include "pg_depot.h"
#include "pg_rows.h"

namespace streaky::bench {

namespace {

constexpr const char* kBatch = "00000000-0000-4000-8000-000000000002";

void expect_all(std::size_t made, std::int64_t users) {
  if (made != static_cast<std::size_t>(users)) throw std::logic_error("not everybody has a job");
}

}  // namespace

boost::json::object pg_enqueue(std::int64_t users) {
  PgStore store(server_url());
  RawPg raw(server_url());
  RawPgQueue queue(server_url());
  sign_up(raw, users);
  store.make_days(0, noon());
  start_afresh(raw);
  const double ours = seconds_of([&] { expect_all(store.enqueue_due(noon(), kBatch), users); });
  start_afresh(raw);
  const double floor = seconds_of([&] {
    expect_all(queue.enqueue_due(store::Schedule::kMostPerBite, runtime::to_unix_ms(noon())),
               users);
  });
  start_afresh(raw);
  double beside = 0;
  const Waits waits =
      waits_beside(users, [&] { beside = seconds_of([&] { store.enqueue_due(noon(), kBatch); }); });
  const auto many = static_cast<double>(users);
  boost::json::object figures{{"users", users},
                              {"enqueue_per_s", many / ours},
                              {"raw_enqueue_per_s", many / floor},
                              {"times_raw", ours / floor},
                              {"enqueue_beside_per_s", many / beside}};
  add_to(figures, waits);
  return figures;
}

}  // namespace streaky::bench
