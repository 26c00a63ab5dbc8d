// Jobs as operators look for them, and what they do to a single one. Threading, errors: see
// database.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/database.h"
#include "streak/calendar.h"

namespace streaky::store {

struct FoundJob {
  std::int64_t id = 0;
  std::string batch_id;
  std::int64_t user_id = 0;
  std::string login;
  streak::Label date;
  std::string zone;
  int stage = 0;  // minutes since the local midnight; kManualStage
  std::string state;
  std::string verdict;
  std::string error;
  int attempt = 0;
  int tries = 0;
  runtime::TimePoint created_at{};
  runtime::TimePoint due_at{};
  runtime::TimePoint expires_at{};
  std::optional<runtime::TimePoint> ended_at;
};

class JobSearch {
 public:
  explicit JobSearch(Database& database) : database_(database) {}

  /// Of a batch, of a user, or of both: one of the two is given.
  struct Wanted {
    std::string batch_id;  // empty: any
    std::optional<std::int64_t> user_id;
    std::string state;  // empty: any
    std::int64_t after_id = 0;
  };
  /// In order of id, from the one after `after_id`.
  runtime::Task<std::vector<FoundJob>> page(Wanted wanted, int limit);
  runtime::Task<std::optional<FoundJob>> find(std::int64_t id);
  /// A failed job of today goes back to pending. False when it is none, or a later one of the same
  /// day has followed.
  runtime::Task<bool> retry(std::int64_t id, runtime::TimePoint now);
  /// A job that waits for its next try is due now. False when it does not wait.
  runtime::Task<bool> hurry(std::int64_t id, runtime::TimePoint now);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
