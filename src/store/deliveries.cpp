#include "store/deliveries.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "store/counts.h"
#include "store/days.h"
#include "store/json_rows.h"
#include "store/pending_deliveries.h"
#include "store/session.h"
#include "store/texts.h"
#include "store/user_reads.h"

namespace streaky::store {

namespace {

std::unordered_map<std::string, ClaimedDelivery> load_deliveries(
    Session& session, const std::vector<std::string>& ids, runtime::TimePoint now) {
  std::unordered_map<std::string, ClaimedDelivery> deliveries;
  if (ids.empty()) return deliveries;
  deliveries.reserve(ids.size());
  ClaimedDelivery one;
  std::string urgency;
  std::string level;
  auto query = session.query("deliveries/load");
  query.bind("ids", to_json(ids)).within(days_alive(now));
  query.into(one.id, one.batch_id, one.job_id, one.user_id, one.channel_id, one.channel_kind,
             one.sealed, one.kind, one.message.subject, one.message.body, urgency, one.date,
             one.zone, one.stage, one.created_at, one.checked_at, one.expires_at, one.attempt,
             level);
  while (query.next()) {
    one.message.urgency = urgency_of(urgency);
    one.channel_level = channel_level_of(level);
    deliveries[one.id] = one;
  }
  return deliveries;
}

struct ClaimRequest {
  std::string owner;
  int limit = 0;
  runtime::TimePoint now{};
  runtime::TimePoint due_by{};
  runtime::TimePoint lease_until{};
};

std::vector<ClaimedDelivery> claim_in(Session& session, const ClaimRequest& request) {
  session.expect_sound_clocks();
  std::vector<std::pair<std::int64_t, std::string>> due;
  {
    std::string id;
    std::int64_t due_at = 0;
    auto query = session.query("deliveries/claim");
    query.bind("owner", request.owner)
        .bind("limit", request.limit)
        .bind("now", request.now)
        .bind("due_by", request.due_by)
        .bind("recent", request.now - kLongestDay)
        .bind("alive", session.by_server(request.now))
        .bind("lease_until", session.by_server(request.lease_until))
        .within(days_alive(request.now));
    query.into(id, due_at);
    while (query.next()) due.emplace_back(due_at, id);
  }
  std::ranges::sort(due);
  std::vector<std::string> ids;
  ids.reserve(due.size());
  for (const auto& [at, id] : due) ids.push_back(id);
  const auto waiting = give_way(session, ids, request.owner, request.now);
  std::erase_if(due, [&waiting](const auto& one) { return waiting.contains(one.second); });
  auto loaded = load_deliveries(session, ids, request.now);
  std::vector<ClaimedDelivery> claimed;
  claimed.reserve(due.size());
  Counts counts;
  for (const auto& [at, id] : due) {
    claimed.push_back(std::move(loaded.at(id)));
    claimed.back().waited = true;
    claimed.back().due_at = runtime::TimePoint{runtime::Millis{at}};
    counts.move_delivery(claimed.back().batch_id, "pending", "sending");
  }
  counts.write(session);
  return claimed;
}

}  // namespace

runtime::Task<std::vector<ClaimedDelivery>> Deliveries::claim(std::string owner, int limit,
                                                              runtime::TimePoint now,
                                                              runtime::TimePoint lease_until,
                                                              runtime::Millis ahead) {
  std::vector<ClaimedDelivery> claimed;
  const ClaimRequest request{std::move(owner), limit, now, now + ahead, lease_until};
  Database::Work work = [&](Session& session) { claimed = claim_in(session, request); };
  if (limit > 0) co_await database_.write(std::move(work));
  co_return claimed;
}

runtime::Task<bool> Deliveries::still_held(Look look) {
  std::optional<runtime::TimePoint> until;
  bool enough = false;
  const auto ask = [&](Session& session, const char* name, bool renew) {
    until.reset();
    auto query = session.query(name);
    query.bind("owner", look.owner).bind("id", look.id).bind("attempt", look.attempt);
    query.within({look.date, look.date});
    if (renew) query.bind("lease_until", session.by_server(look.lease_until));
    runtime::TimePoint found;
    query.into(found);
    if (query.next()) until = found;
    enough = until >= session.by_server(look.needed_until);
  };
  Database::Work read = [&](Session& session) { ask(session, "deliveries/still_held", false); };
  co_await database_.read(std::move(read));
  if (!until || enough) co_return until.has_value();
  Database::Work renew = [&](Session& session) { ask(session, "deliveries/hold_on", true); };
  co_await database_.write(std::move(renew));
  co_return until.has_value();
}

std::vector<Deliveries::History> read_history(Session& session, std::int64_t user_id, int most) {
  std::vector<Deliveries::History> entries;
  Deliveries::History entry;
  auto query = session.query("deliveries/history");
  query.bind("user", user_id).bind("limit", std::max(most, 0));
  query.into(entry.channel_kind, entry.kind, entry.state, entry.reason, entry.at, entry.subject);
  while (query.next()) entries.push_back(entry);
  return entries;
}

runtime::Task<std::vector<Deliveries::History>> Deliveries::history(std::int64_t user_id,
                                                                    int limit) {
  std::vector<History> entries;
  Database::Work work = [&](Session& session) { entries = read_history(session, user_id, limit); };
  co_await database_.read(std::move(work));
  co_return entries;
}

runtime::Task<std::vector<Deliveries::Listed>> Deliveries::page(std::int64_t user_id,
                                                                runtime::TimePoint created_at,
                                                                std::string id, int limit) {
  std::vector<Listed> listed;
  Database::Work work = [&](Session& session) {
    Listed one;
    History& entry = one.entry;
    auto query = session.query("deliveries/page");
    query.bind("user", user_id).bind("at", created_at).bind("id", id);
    query.bind("limit", std::max(limit, 0));
    query.into(one.id, entry.channel_kind, entry.kind, entry.state, entry.reason, entry.at,
               entry.subject, one.date, one.created_at);
    while (query.next()) listed.push_back(one);
  };
  co_await database_.read(std::move(work));
  co_return listed;
}

}  // namespace streaky::store
