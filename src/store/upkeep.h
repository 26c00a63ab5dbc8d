// What the reaper and the cleaner do to the tables. Threading, errors: see database.h.
#pragma once

#include <chrono>

#include "store/database.h"
#include "streak/calendar.h"

namespace streaky::store {

struct Reaped {
  int jobs_returned = 0;
  int jobs_given_up = 0;  // crashed their worker too often while alone
  int jobs_expired = 0;   // the user's midnight has passed
  int deliveries_returned = 0;
  int deliveries_expired = 0;
  bool more = false;  // something was left for the next time
  [[nodiscard]] int all() const {
    return jobs_returned + jobs_given_up + jobs_expired + deliveries_returned + deliveries_expired;
  }
};

/// What `keep_days` did.
struct DaysKept {
  int made = 0;
  int dropped = 0;
  int unsettled = 0;        // tables that are old enough, but for what is unfinished in them
  int left_in_default = 0;  // days whose rows in the default table are not to be moved
  bool again_soon = false;  // somebody else was at it or in the way
};

class Upkeep {
 public:
  static constexpr int kCrashesBeforeAlone = 10;
  static constexpr int kCrashesAlone = 3;
  /// Tables for days to come: so long may a fleet be without one who makes them.
  static constexpr std::chrono::days kDaysAhead{7};
  /// On PostgreSQL, rows whose table was not dropped when it was old enough are deleted one by one.
  static constexpr std::chrono::days kGraceOfJobs{3};
  static constexpr std::chrono::days kGraceOfDeliveries{9};

  explicit Upkeep(Database& database) : database_(database) {}

  /// Leases that ran out: jobs and deliveries go back to pending (a job's crashes grow by one; ten
  /// make it run alone; three while alone fail it as `poison`). What has outlived its midnight ends
  /// as expired. Looks first and writes only when there is something to do.
  /// On PostgreSQL it looks at the days alone on which anything may live.
  runtime::Task<Reaped> reap(runtime::TimePoint now);
  /// PostgreSQL: ends as expired what was left unfinished on the days before those, when nobody
  /// was there to reap it. Nothing is left for it on SQLite.
  runtime::Task<Reaped> reap_old(runtime::TimePoint now);
  /// PostgreSQL: makes the tables of the days to come and drops those in which everything is older
  /// than that and settled (day_tables.h). Each in a transaction of its own, which waits for
  /// a lock no longer than 75 ms: what does not succeed at once is left for the next call. On
  /// SQLite nothing.
  runtime::Task<DaysKept> keep_days(runtime::TimePoint now, runtime::TimePoint batches_before,
                                    runtime::TimePoint deliveries_before);
  /// Deletes at most `limit` rows of each kind: settled batches with their jobs made before
  /// `batches_before`, deliveries made and links used before `deliveries_before`. On PostgreSQL
  /// jobs and deliveries go with their tables; a few days later, those that did not are deleted.
  /// Gives the number deleted.
  runtime::Task<int> clean(runtime::TimePoint batches_before, runtime::TimePoint deliveries_before,
                           int limit);
  /// Deletes at most `limit` sessions that are over, and as many kept answers that are too old.
  runtime::Task<int> clean_web(runtime::TimePoint now, int limit);

 private:
  runtime::Task<Reaped> reap_days(runtime::TimePoint now, streak::LabelRange days, bool old);

  Database& database_;  // borrowed
};

}  // namespace streaky::store
