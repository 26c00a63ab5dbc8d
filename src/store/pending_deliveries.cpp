#include "store/pending_deliveries.h"

#include "store/json_rows.h"

namespace streaky::store {

namespace {

PendingEnd overtaken() { return {"cancelled", "overtaken", "a later reminder took its place"}; }

/// Runs a query for ids and batches of pending deliveries, and ends those.
void end_found(Session& session, Counts& counts, Query& query, const PendingEnd& end,
               runtime::TimePoint now) {
  std::string id;
  std::string batch_id;
  std::vector<std::string> ids;
  query.into(id, batch_id);
  while (query.next()) {
    ids.push_back(id);
    counts.move_delivery(batch_id, "pending", end.state);
  }
  if (ids.empty()) return;
  session.query("deliveries/end_pending")
      .bind("ids", to_json(ids))
      .bind("state", end.state)
      .bind("code", end.code)
      .bind("reason", end.reason)
      .bind("now", now)
      .run();
}

}  // namespace

void end_pending_of_channels(Session& session, Counts& counts,
                             const std::vector<std::int64_t>& channel_ids, const PendingEnd& end,
                             runtime::TimePoint now) {
  if (channel_ids.empty()) return;
  auto query = session.query("deliveries/waiting_for_channels");
  query.bind("channels", to_json(channel_ids));
  end_found(session, counts, query, end, now);
}

void cancel_overtaken(Session& session, Counts& counts, const boost::json::array& reminders,
                      runtime::TimePoint now) {
  if (reminders.empty()) return;
  auto query = session.query("deliveries/overtaken");
  query.bind("reminders", to_json(reminders));
  end_found(session, counts, query, overtaken(), now);
}

void cancel_overtaken_meanwhile(Session& session, Counts& counts,
                                const std::vector<std::string>& ids, runtime::TimePoint now) {
  if (ids.empty()) return;
  auto query = session.query("deliveries/overtaken_meanwhile");
  query.bind("ids", to_json(ids));
  end_found(session, counts, query, overtaken(), now);
}

std::unordered_map<std::string, std::string> give_way(Session& session,
                                                      const std::vector<std::string>& ids,
                                                      const std::string& owner,
                                                      runtime::TimePoint now) {
  std::unordered_map<std::string, std::string> waiting;
  if (ids.empty()) return waiting;
  std::string id;
  std::string batch_id;
  auto query = session.query("deliveries/give_way");
  query.bind("ids", to_json(ids))
      .bind("owner", owner)
      .bind("recent", now - kLongestDay)
      .bind("alive", session.by_server(now));
  query.into(id, batch_id);
  while (query.next()) waiting.emplace(id, batch_id);
  return waiting;
}

void cancel_answered(Session& session, Counts& counts, const boost::json::array& jobs,
                     runtime::TimePoint now) {
  if (jobs.empty()) return;
  auto query = session.query("deliveries/answered");
  query.bind("jobs", to_json(jobs));
  const PendingEnd end{"cancelled", "answered", "GitHub could be checked after all"};
  end_found(session, counts, query, end, now);
}

}  // namespace streaky::store
