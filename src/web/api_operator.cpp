// The API's rounds and users, for operators.
#include <algorithm>
#include <boost/json.hpp>

#include "account/user_view.h"
#include "web/api_handlers.h"
#include "web/api_replies.h"
#include "web/operator_actions.h"
#include "web/test_message.h"

namespace streaky::web {

namespace {

namespace json = boost::json;

json::object batch_json(const store::Batch& batch) {
  json::object counts;
  for (const auto& [name, value] : batch.counts) counts[name] = value;
  json::object object;
  object["id"] = batch.id;
  object["origin"] = batch.origin;
  object["created_at"] = runtime::to_rfc3339(batch.created_at);
  object["settled"] = batch.settled();
  object["jobs"] = batch.total();
  object["counts"] = std::move(counts);
  return object;
}

json::object listed_user_json(const store::User& user, runtime::TimePoint now) {
  json::object object = account::user_json(user, now);
  object["id"] = user.id;
  return object;
}

Answer change(Desk* desk, Visit* visit, Verb verb) {
  const auto id = parse_id(visit->parameters.at(0));
  if (!id) co_return problem(desk, visit, not_found());
  auto changing = pause_or_resume(desk, visit, *id, verb);
  const auto result = co_await std::move(changing);
  if (!result) co_return refused(desk, visit, result.error());
  co_return api_reply(200, listed_user_json(*result, visit->now));
}

json::object member_json(const store::Member& member) {
  json::object object;
  object["name"] = member.name;
  object["host"] = member.host;
  object["version"] = member.version;
  object["roles"] = member.roles;
  object["started_at"] = runtime::to_rfc3339(member.started_at);
  object["beat_at"] = runtime::to_rfc3339(member.beat_at);
  object["in_flight"] = member.in_flight;
  object["checks_per_minute"] = member.checks_per_minute;
  object["sends_per_minute"] = member.sends_per_minute;
  return object;
}

}  // namespace

Answer api_fleet(Desk* desk, Visit* visit) {
  const auto members = co_await desk->members.list();
  const auto backlog = co_await store::read_backlog(&desk->parts.database, visit->now);
  json::array items;
  for (const store::Member& member : members) items.push_back(member_json(member));
  json::object object;
  object["members"] = std::move(items);
  object["jobs_due"] = backlog.jobs_due;
  object["jobs_in_hand"] = backlog.jobs_in_hand;
  object["deliveries_due"] = backlog.deliveries_due;
  object["deliveries_in_hand"] = backlog.deliveries_in_hand;
  object["oldest_due_ms"] = backlog.oldest_due.count();
  co_return api_reply(200, object);
}

Answer api_batches(Desk* desk, Visit* visit) {
  const auto wanted = read_page(*visit);
  if (!wanted) co_return bad_page(desk, visit);
  const auto batches = co_await desk->batches.page(wanted->at, wanted->id, wanted->limit + 1);
  const auto most = static_cast<std::size_t>(wanted->limit);
  json::array items;
  for (std::size_t i = 0; i < std::min(most, batches.size()); ++i) {
    items.push_back(batch_json(batches[i]));
  }
  json::object object;
  object["batches"] = std::move(items);
  object["next_cursor"] = nullptr;
  if (batches.size() > most) {
    const store::Batch& last = batches[most - 1];
    object["next_cursor"] = make_cursor(last.created_at, last.id);
  }
  co_return api_reply(200, object);
}

Answer api_begin_batch(Desk* desk, Visit* visit) {
  const auto id = co_await begin_round_now(desk, visit);
  std::optional<store::Batch> batch;
  if (id) batch = co_await desk->batches.find(*id);
  if (!batch) {
    co_return problem(desk, visit,
                      {.status = 409,
                       .code = "nobody",
                       .title = "There is nobody to check",
                       .detail = "No user is active, or all of them are being checked by hand."});
  }
  net::ServerResponse response = api_reply(201, batch_json(*batch));
  response.headers.push_back({"Location", "/api/v1/operator/batches/" + batch->id});
  co_return response;
}

Answer api_batch(Desk* desk, Visit* visit) {
  const std::string id = visit->parameters.at(0);
  const auto batch = co_await find_round(desk, id);
  if (!batch) co_return problem(desk, visit, not_found());
  const auto reasons = co_await desk->batches.failures(id);
  json::array failures;
  for (const auto& reason : reasons) {
    failures.push_back(json::object{{"error", reason.error}, {"jobs", reason.jobs}});
  }
  json::object object = batch_json(*batch);
  object["failures"] = std::move(failures);
  co_return api_reply(200, object);
}

Answer api_retry_batch(Desk* desk, Visit* visit) {
  const auto retried = co_await retry_round_now(desk, visit, visit->parameters.at(0));
  if (!retried) co_return problem(desk, visit, not_found());
  co_return api_reply(200, json::object{{"retried", *retried}});
}

Answer api_users(Desk* desk, Visit* visit) {
  const auto wanted = read_page(*visit);
  const auto after = wanted ? parse_id(wanted->id.empty() ? "0" : wanted->id) : std::nullopt;
  if (!after) co_return bad_page(desk, visit);
  json::array items;
  json::object object;
  object["next_cursor"] = nullptr;
  if (has_field(visit->query, "login")) {
    const auto user = co_await look_up(desk, std::string(field(visit->query, "login")));
    if (user) items.push_back(listed_user_json(*user, visit->now));
  } else {
    const auto users = co_await desk->users.list(*after, wanted->limit + 1);
    const auto most = static_cast<std::size_t>(wanted->limit);
    for (std::size_t i = 0; i < std::min(most, users.size()); ++i) {
      items.push_back(listed_user_json(users[i], visit->now));
    }
    if (users.size() > most) {
      object["next_cursor"] = make_cursor({}, std::to_string(users[most - 1].id));
    }
  }
  object["users"] = std::move(items);
  co_return api_reply(200, object);
}

Answer api_user(Desk* desk, Visit* visit) {
  const auto id = parse_id(visit->parameters.at(0));
  std::optional<store::User> user;
  if (id) user = co_await desk->users.get(*id);
  if (!user) co_return problem(desk, visit, not_found());
  co_return api_reply(200, listed_user_json(*user, visit->now));
}

Answer api_pause_user(Desk* desk, Visit* visit) { return change(desk, visit, Verb::pause); }

Answer api_resume_user(Desk* desk, Visit* visit) { return change(desk, visit, Verb::resume); }

}  // namespace streaky::web
