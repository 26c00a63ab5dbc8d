// The fleet: one row per process that shares the database, kept fresh by its beats. A process whose
// beats end is forgotten, and what it had claimed is free at once instead of when its lease ends.
// Beats are told by the database's clock. Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "store/database.h"

namespace streaky::store {

struct Member {
  std::string name;  // the owner of its leases
  std::string host;
  std::string version;
  std::string roles;  // "scheduler,worker,web"
  runtime::TimePoint started_at{};
  runtime::TimePoint beat_at{};
  std::int64_t in_flight = 0;  // jobs and deliveries in its hands
  std::int64_t checks_per_minute = 0;
  std::int64_t sends_per_minute = 0;
  /// How what is sealed with its keys begins (`v1.k1x….`), parted by spaces, where it read them
  /// once, at its start; empty where it reads a key file.
  std::string fixed_keys;

  bool operator==(const Member&) const = default;
};

class Members {
 public:
  static constexpr int kMostListed = 1'000;

  explicit Members(Database& database) : database_(database) {}

  /// Writes the member's row; `beat_at` is `now` by the database's clock. Gives how far that one is
  /// ahead of this machine's.
  runtime::Task<runtime::Millis> beat(Member member, runtime::TimePoint now);
  /// It has ended in order. What it could not give back any more is free.
  runtime::Task<void> leave(std::string name);
  /// Forgets members that have not beaten since `now - silence` and ends the leases of what they
  /// hold; gives their names.
  runtime::Task<std::vector<std::string>> forget_silent(runtime::TimePoint now,
                                                        runtime::Millis silence);
  /// By start; instants as this machine's clock tells them.
  runtime::Task<std::vector<Member>> list();

 private:
  Database& database_;  // borrowed
};

/// How much waits, for who looks at the fleet.
struct Backlog {
  std::int64_t jobs_due = 0;  // at most kMostCounted
  std::int64_t jobs_in_hand = 0;
  std::int64_t deliveries_due = 0;  // at most kMostCounted
  std::int64_t deliveries_in_hand = 0;
  runtime::Millis oldest_due{0};  // how long the first of them has waited

  static constexpr int kMostCounted = 1'000'000;
};
runtime::Task<Backlog> read_backlog(Database* database, runtime::TimePoint now);

}  // namespace streaky::store
