#include "store/schedule.h"

#include <algorithm>
#include <utility>

#include "store/counts.h"
#include "store/days.h"
#include "store/json_rows.h"
#include "store/session.h"
#include "store/texts.h"

namespace streaky::store {

namespace {

struct PlannedJob {
  std::int64_t user_id = 0;
  std::string zone;
  NewJob job;
};

std::vector<DueUser> fetch(Query& query) {
  std::vector<DueUser> users;
  DueUser user;
  std::string minutes;
  DayWordColumns word;
  query.into(user.id, user.time_zone, minutes, user.next_check_at, user.settings_version, word.date,
             word.stopped, word.snoozed_until);
  while (query.next()) {
    user.remind_at = minutes_of(minutes);
    user.day_word = day_word_of(word);
    users.push_back(user);
  }
  return users;
}

boost::json::array job_rows(const std::vector<PlannedJob>& jobs) {
  boost::json::array rows;
  rows.reserve(jobs.size());
  for (const PlannedJob& planned : jobs) {
    rows.push_back({{"user_id", planned.user_id},
                    {"date", json_label(planned.job.date)},
                    {"stage", planned.job.stage},
                    {"zone", json_text(planned.zone)},
                    {"due_at", json_at(planned.job.due_at)},
                    {"expires_at", json_at(planned.job.expires_at)}});
  }
  return rows;
}

/// Ends what is unfinished of the same users' and dates' other jobs. `made` rows: `id`, `user_id`,
/// `date`, `stage`. A worker that holds such a job will find its result stale.
void supersede(Session& session, Counts& counts, const boost::json::array& made,
               runtime::TimePoint now) {
  std::vector<std::int64_t> ids;
  {
    std::int64_t id = 0;
    std::string batch_id;
    std::string state;
    auto query = session.query("schedule/unfinished");
    query.bind("jobs", to_json(made)).bind("manual", kManualStage).within(days_alive(now));
    query.into(id, batch_id, state);
    while (query.next()) {
      ids.push_back(id);
      counts.move(batch_id, state, "completed");
      counts.add_verdict(batch_id, "superseded");
    }
  }
  if (ids.empty()) return;
  session.query("schedule/supersede")
      .bind("ids", to_json(ids))
      .bind("now", now)
      .within(days_alive(now))
      .run();
}

/// New jobs in the batch, superseding older ones; those that exist already are left alone.
int insert_jobs(Session& session, Counts& counts, const std::string& batch_id,
                const boost::json::array& rows, runtime::TimePoint now) {
  boost::json::array made;
  {
    std::int64_t id = 0;
    std::int64_t user_id = 0;
    std::string date;
    int stage = 0;
    auto query = session.query("schedule/insert_jobs");
    query.bind("batch", batch_id).bind("jobs", to_json(rows)).bind("now", now);
    query.into(id, user_id, date, stage);
    while (query.next()) {
      made.push_back({{"id", id}, {"user_id", user_id}, {"date", date}, {"stage", stage}});
    }
  }
  counts.add(batch_id, "pending", static_cast<std::int64_t>(made.size()));
  if (!made.empty()) supersede(session, counts, made, now);
  return static_cast<int>(made.size());
}

/// Ended jobs start again in this batch. The row moves; the old batch keeps what it counted, since
/// that is what happened there. They supersede nothing: a reminder of the day's own stage that is
/// still to be sent must not give way to one that was sent before.
int reopen_jobs(Session& session, Counts& counts, const std::string& batch_id,
                const boost::json::array& rows, runtime::TimePoint now) {
  int reopened = 0;
  std::int64_t id = 0;
  auto query = session.query("schedule/reopen_jobs");
  query.bind("batch", batch_id).bind("jobs", to_json(rows)).bind("now", now);
  query.within(days_alive(now)).into(id);
  while (query.next()) ++reopened;
  counts.add(batch_id, "pending", reopened);
  return reopened;
}

int write_jobs(Session& session, const std::string& batch_id, const char* origin,
               const std::vector<PlannedJob>& jobs, runtime::TimePoint now) {
  if (jobs.empty()) return 0;
  session.query("batches/insert")
      .bind("id", batch_id)
      .bind("origin", std::string(origin))
      .bind("now", now)
      .run();
  Counts counts;
  const boost::json::array rows = job_rows(jobs);
  session.query("schedule/move_jobs").bind("jobs", to_json(rows)).within(days_alive(now)).run();
  // Reopening comes first: it must not meet the jobs that are made now.
  int made = reopen_jobs(session, counts, batch_id, rows, now);
  made += insert_jobs(session, counts, batch_id, rows, now);
  counts.write(session);
  if (made == 0) {
    session.query("batches/delete_empty").bind("id", batch_id).run();
  } else {
    session.announce_work();
  }
  return made;
}

/// Moves `next_check_at` of those that nobody has touched since; gives their ids.
std::vector<std::int64_t> move_users(Session& session, const boost::json::array& moves) {
  std::vector<std::int64_t> moved;
  std::int64_t id = 0;
  auto query = session.query("schedule/move");
  query.bind("moves", to_json(moves)).into(id);
  while (query.next()) moved.push_back(id);
  std::ranges::sort(moved);
  return moved;
}

Bite take_due_in(Session& session, runtime::TimePoint now, int limit, const std::string& batch_id,
                 const Planner& planner) {
  std::vector<DueUser> users;
  {
    auto query = session.query("schedule/due");
    query.bind("now", now).bind("limit", limit);
    users = fetch(query);
  }
  Bite bite;
  bite.users = static_cast<int>(users.size());
  bite.more = bite.users == limit;
  if (users.empty()) return bite;
  bite.last_user_id = users.back().id;
  std::vector<PlannedJob> jobs;
  boost::json::array moves;
  for (const DueUser& user : users) {
    const Planned planned = planner(user);
    moves.push_back({{"id", user.id},
                     {"old", json_at(user.next_check_at)},
                     {"version", user.settings_version},
                     {"next", json_at(planned.next_check_at)}});
    if (planned.job) jobs.push_back({user.id, user.time_zone, *planned.job});
  }
  const auto moved = move_users(session, moves);
  std::erase_if(jobs, [&](const PlannedJob& planned) {
    return !std::ranges::binary_search(moved, planned.user_id);
  });
  bite.jobs = write_jobs(session, batch_id, "schedule", jobs, now);
  return bite;
}

Bite trigger_in(Session& session, runtime::TimePoint now, int limit, std::int64_t after_user_id,
                const std::string& batch_id, const Planner& planner) {
  std::vector<DueUser> users;
  {
    auto query = session.query("schedule/active_after");
    query.bind("after", after_user_id).bind("limit", limit);
    users = fetch(query);
  }
  Bite bite;
  bite.users = static_cast<int>(users.size());
  bite.more = bite.users == limit;
  bite.last_user_id = users.empty() ? after_user_id : users.back().id;
  std::vector<PlannedJob> jobs;
  for (const DueUser& user : users) {
    const Planned planned = planner(user);
    if (planned.job) jobs.push_back({user.id, user.time_zone, *planned.job});
  }
  bite.jobs = write_jobs(session, batch_id, "manual", jobs, now);
  return bite;
}

}  // namespace

runtime::Task<Bite> Schedule::take_due(runtime::TimePoint now, int limit, std::string batch_id,
                                       Planner planner) {
  Bite bite;
  const int most = std::clamp(limit, 1, kMostPerBite);
  Database::Work work = [&](Session& session) {
    session.expect_sound_clocks();
    bite = take_due_in(session, now, most, batch_id, planner);
  };
  co_await database_.write(std::move(work));
  co_return bite;
}

runtime::Task<Bite> Schedule::trigger(runtime::TimePoint now, int limit, std::int64_t after_user_id,
                                      std::string batch_id, Planner planner) {
  Bite bite;
  const int most = std::clamp(limit, 1, kMostPerBite);
  Database::Work work = [&](Session& session) {
    session.expect_sound_clocks();
    bite = trigger_in(session, now, most, after_user_id, batch_id, planner);
  };
  co_await database_.write(std::move(work));
  co_return bite;
}

runtime::Task<std::optional<runtime::TimePoint>> Schedule::next_due() {
  std::optional<runtime::TimePoint> due;
  Database::Work work = [&](Session& session) {
    session.expect_sound_clocks();
    session.query("schedule/next_due").into(due).next();
  };
  co_await database_.read(std::move(work));
  co_return due;
}

}  // namespace streaky::store
