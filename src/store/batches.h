// Batches and their counts, which are kept as the jobs move: reading them scans nothing.
// Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/database.h"

namespace streaky::store {

struct Batch {
  std::string id;
  std::string origin;  // "schedule", "manual"
  runtime::TimePoint created_at{};
  /// By name: jobs `pending`, `processing`, `completed`, `failed`; verdicts of completed jobs
  /// `verdict:safe`, `verdict:at_risk`, `verdict:no_streak`, `verdict:day_off`, `verdict:unknown`,
  /// `verdict:gone`; `superseded` and `inactive` (the user was paused meanwhile), which are
  /// completed too; deliveries `delivery:pending`, `delivery:sending`, `delivery:sent`,
  /// `delivery:dead`, `delivery:expired`, `delivery:cancelled`; and of the sent ones `sent:<channel
  /// kind>:<delivery kind>`. Absent means 0.
  std::map<std::string, std::int64_t> counts;

  [[nodiscard]] std::int64_t count(const std::string& name) const;
  [[nodiscard]] std::int64_t total() const;  // jobs
  /// Jobs and deliveries have ended.
  [[nodiscard]] bool settled() const;
};

struct BatchJob {
  std::int64_t id = 0;
  std::string login;
  std::string state;
  std::string verdict;
  std::string error;
};

class Batches {
 public:
  explicit Batches(Database& database) : database_(database) {}

  runtime::Task<std::optional<Batch>> find(std::string id);
  runtime::Task<std::vector<Batch>> newest(int limit);
  /// Failed jobs of a batch, at most `limit`.
  runtime::Task<std::vector<BatchJob>> failed_jobs(std::string id, int limit);
  /// How many failed for which reason, the most frequent first.
  struct Failures {
    std::string error;
    int jobs = 0;
  };
  runtime::Task<std::vector<Failures>> failures(std::string id);
  /// Failed jobs of today go back to pending (those past their midnight stay failed), and so do
  /// deliveries that ended dead though their channel is on. Gives the number.
  runtime::Task<int> retry_failed(std::string id, runtime::TimePoint now);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
