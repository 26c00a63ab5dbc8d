// What the reaper and the cleaner do to the tables. Threading, errors: see database.h.
#pragma once

#include <cstdint>

#include "store/database.h"

namespace streaky::store {

struct Reaped {
  int jobs_returned = 0;
  int jobs_given_up = 0;  // crashed their worker too often while alone
  int jobs_expired = 0;   // the user's midnight has passed
  int deliveries_returned = 0;
  int deliveries_expired = 0;
  [[nodiscard]] int all() const {
    return jobs_returned + jobs_given_up + jobs_expired + deliveries_returned + deliveries_expired;
  }
};

class Upkeep {
 public:
  static constexpr int kCrashesBeforeAlone = 10;
  static constexpr int kCrashesAlone = 3;

  explicit Upkeep(Database& database) : database_(database) {}

  /// Leases that ran out: jobs and deliveries go back to pending (a job's crashes grow by one; ten
  /// make it run alone; three while alone fail it as `poison`). What has outlived its midnight ends
  /// as expired. Looks first and writes only when there is something to do.
  runtime::Task<Reaped> reap(runtime::TimePoint now);
  /// Deletes at most `limit` rows of each kind: settled batches with their jobs made before
  /// `batches_before`, deliveries made and links used before `deliveries_before`. Gives the number
  /// deleted.
  runtime::Task<int> clean(runtime::TimePoint batches_before, runtime::TimePoint deliveries_before,
                           int limit);
  /// Deletes at most `limit` sessions that are over, and as many kept answers that are too old.
  runtime::Task<int> clean_web(runtime::TimePoint now, int limit);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
