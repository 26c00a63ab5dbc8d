#include "store/upkeep.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "store/counts.h"
#include "store/days.h"
#include "store/json_rows.h"
#include "store/kept_answers.h"
#include "store/pending_deliveries.h"
#include "store/session.h"

namespace streaky::store {

namespace {

/// Transactions of one `reap`, of at most kBite rows of each kind. What is left waits for the next:
/// whoever reaps renews its own leases in between.
constexpr int kMostBites = 10;

/// What one `reap` is after.
struct Reach {
  runtime::TimePoint now;
  streak::LabelRange days;
};

int return_jobs(Session& session, Counts& counts, const Reach& reach, Reaped& reaped) {
  int rows = 0;
  std::string batch_id;
  std::string state;
  std::string error;
  auto query = session.query("upkeep/return_jobs");
  query.bind("now", session.by_both(reach.now))
      .bind("lease_now", session.by_server(reach.now))
      .bind("limit", kBite)
      .bind("before_alone", Upkeep::kCrashesBeforeAlone)
      .bind("most_alone", Upkeep::kCrashesAlone)
      .within(reach.days);
  query.into(batch_id, state, error);
  while (query.next()) {
    ++rows;
    counts.move(batch_id, "processing", state);
    if (state == "pending") {
      ++reaped.jobs_returned;
    } else if (error == "poison") {
      ++reaped.jobs_given_up;
    } else {
      ++reaped.jobs_expired;
    }
  }
  return rows;
}

int return_deliveries(Session& session, Counts& counts, const Reach& reach, Reaped& reaped) {
  const runtime::TimePoint now = session.by_both(reach.now);
  int rows = 0;
  std::string id;
  std::string batch_id;
  std::string state;
  std::vector<std::string> waiting;
  auto query = session.query("upkeep/return_deliveries");
  query.bind("now", now)
      .bind("lease_now", session.by_server(reach.now))
      .bind("limit", kBite)
      .within(reach.days)
      .into(id, batch_id, state);
  while (query.next()) {
    ++rows;
    if (state == "pending") waiting.push_back(id);
    counts.move_delivery(batch_id, "sending", state);
    ++(state == "expired" ? reaped.deliveries_expired : reaped.deliveries_returned);
  }
  cancel_overtaken_meanwhile(session, counts, waiting, now);
  return rows;
}

int expire_jobs(Session& session, Counts& counts, const Reach& reach, Reaped& reaped) {
  const runtime::TimePoint now = session.by_both(reach.now);
  int rows = 0;
  std::string batch_id;
  auto query = session.query("upkeep/expire_jobs");
  query.bind("now", now).bind("limit", kBite).within(reach.days).into(batch_id);
  while (query.next()) {
    ++rows;
    counts.move(batch_id, "pending", "failed");
  }
  reaped.jobs_expired += rows;
  return rows;
}

int expire_deliveries(Session& session, Counts& counts, const Reach& reach, Reaped& reaped) {
  const runtime::TimePoint now = session.by_both(reach.now);
  int rows = 0;
  std::string batch_id;
  auto query = session.query("upkeep/expire_deliveries");
  query.bind("now", now).bind("limit", kBite).within(reach.days).into(batch_id);
  while (query.next()) {
    ++rows;
    counts.move_delivery(batch_id, "pending", "expired");
  }
  reaped.deliveries_expired += rows;
  return rows;
}

/// True when a bite was full: there may be more.
bool reap_bite(Session& session, const Reach& reach, Reaped& reaped) {
  session.expect_sound_clocks();
  Counts counts;
  int most = return_jobs(session, counts, reach, reaped);
  most = std::max(most, expire_jobs(session, counts, reach, reaped));
  most = std::max(most, return_deliveries(session, counts, reach, reaped));
  most = std::max(most, expire_deliveries(session, counts, reach, reaped));
  counts.write(session);
  return most == kBite;
}

template <typename Id>
int delete_rows(Session& session, const char* statement, runtime::TimePoint before, int limit,
                bool by_day = false) {
  int rows = 0;
  Id id{};
  auto query = session.query(statement);
  query.bind("before", before).bind("limit", limit).into(id);
  if (by_day) query.within(days_until(before));
  while (query.next()) ++rows;
  return rows;
}

}  // namespace

runtime::Task<Reaped> Upkeep::reap(runtime::TimePoint now) {
  return reap_days(now, days_around(now), false);
}

runtime::Task<Reaped> Upkeep::reap_old(runtime::TimePoint now) {
  return reap_days(now, days_before(now), true);
}

runtime::Task<Reaped> Upkeep::reap_days(runtime::TimePoint now, streak::LabelRange days, bool old) {
  Reaped reaped;
  bool more = false;
  const Reach reach{now, days};
  Database::Work look = [&](Session& session) {
    more = false;
    if (old && session.statements().dialect() == Dialect::sqlite) return;
    session.query("upkeep/anything_to_reap")
        .bind("now", now)
        .bind("lease_now", session.by_server(now))
        .within(days)
        .into(more)
        .one();
  };
  co_await database_.read(std::move(look));
  for (int bite = 0; more && bite < kMostBites; ++bite) {
    Reaped part;
    Database::Work work = [&](Session& session) {
      part = Reaped{};
      more = reap_bite(session, reach, part);
    };
    co_await database_.write(std::move(work));
    reaped.jobs_returned += part.jobs_returned;
    reaped.jobs_given_up += part.jobs_given_up;
    reaped.jobs_expired += part.jobs_expired;
    reaped.deliveries_returned += part.deliveries_returned;
    reaped.deliveries_expired += part.deliveries_expired;
  }
  reaped.more = more;
  co_return reaped;
}

runtime::Task<int> Upkeep::clean(runtime::TimePoint batches_before,
                                 runtime::TimePoint deliveries_before, int limit) {
  int deleted = 0;
  const int most = std::clamp(limit, 0, kBite);
  Database::Work work = [&](Session& session) {
    session.expect_sound_clocks();
    const bool by_day = session.statements().dialect() == Dialect::postgres;
    const auto old_batches = session.by_both(batches_before);
    const auto old_deliveries = session.by_both(deliveries_before);
    const auto jobs_before = old_batches - (by_day ? kGraceOfJobs : std::chrono::days{0});
    const auto told_before = old_deliveries - (by_day ? kGraceOfDeliveries : std::chrono::days{0});
    deleted = delete_rows<std::int64_t>(session, "upkeep/clean_jobs", jobs_before, most, true);
    deleted += delete_rows<std::string>(session, "upkeep/clean_batches", old_batches, most);
    deleted +=
        delete_rows<std::string>(session, "upkeep/clean_deliveries", told_before, most, true);
    deleted += delete_rows<std::int64_t>(session, "upkeep/clean_used_links", old_deliveries, most);
  };
  if (most > 0) co_await database_.write(std::move(work));
  co_return deleted;
}

runtime::Task<int> Upkeep::clean_web(runtime::TimePoint now, int limit) {
  bool any = false;
  Database::Work look = [&](Session& session) {
    session.query("upkeep/anything_of_web")
        .bind("now", now)
        .bind("old", now - kAnswerLife)
        .into(any)
        .one();
  };
  co_await database_.read(std::move(look));
  std::int64_t deleted = 0;
  const int most = std::clamp(limit, 0, kBite);
  Database::Work work = [&](Session& session) {
    deleted = session.query("sessions/clean").bind("now", now).bind("limit", most).run();
    deleted += session.query("kept_answers/clean")
                   .bind("old", now - kAnswerLife)
                   .bind("limit", most)
                   .run();
  };
  if (any) co_await database_.write(std::move(work));
  co_return static_cast<int>(deleted);
}

}  // namespace streaky::store
