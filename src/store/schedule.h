// From due users to jobs: the scheduler's bites. Threading, errors: see database.h.
//
// A bite is one transaction: it reads users whose `next_check_at` has come, asks the planner (pure,
// called on the database's thread) what to do with each, writes one batch with one job per user and
// moves `next_check_at`, comparing its old value and the settings version. Jobs are unique per
// (user, date, stage); a new job supersedes the unfinished ones of the same user and date.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "store/users.h"

namespace streaky::store {

/// The stage of a job that somebody asked for by hand.
inline constexpr int kManualStage = -1;

struct DueUser {
  std::int64_t id = 0;
  std::string time_zone;
  streak::StageMinutes remind_at;
  std::optional<runtime::TimePoint> next_check_at;
  std::int64_t settings_version = 0;
  std::optional<streak::DayWord> day_word;
};

struct NewJob {
  streak::Label date;
  int stage = kManualStage;  // minutes since the local midnight
  runtime::TimePoint due_at{};
  runtime::TimePoint expires_at{};  // the user's midnight
};

struct Planned {
  std::optional<NewJob> job;
  std::optional<runtime::TimePoint> next_check_at;
};
using Planner = std::function<Planned(const DueUser&)>;

struct Bite {
  int users = 0;  // looked at
  int jobs = 0;   // made
  std::int64_t last_user_id = 0;
  bool more = false;
};

class Schedule {
 public:
  /// Who edits a user of the bite under way waits for its end.
  static constexpr int kMostPerBite = 2'000;

  explicit Schedule(Database& database) : database_(database) {}

  /// Active users with `next_check_at` <= now. `batch_id` names the batch to make; none is made
  /// when no job is. A job of the same stage that has ended is opened again: only an edit of the
  /// settings brings a user back to a stage, and what was told already is not told twice.
  runtime::Task<Bite> take_due(runtime::TimePoint now, int limit, std::string batch_id,
                               Planner planner);
  /// Every active user whose id is above `after_user_id`, whatever the hour; `next_check_at` stays.
  /// A manual job of the same date that has ended is opened again in this batch. All bites of one
  /// trigger share a batch.
  runtime::Task<Bite> trigger(runtime::TimePoint now, int limit, std::int64_t after_user_id,
                              std::string batch_id, Planner planner);
  /// When the next user is due; nothing when nobody is.
  runtime::Task<std::optional<runtime::TimePoint>> next_due();

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
