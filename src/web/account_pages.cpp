// One's sessions, one's data, and the way out.
#include <boost/json.hpp>

#include "account/user_view.h"
#include "web/desk.h"
#include "web/handlers.h"
#include "web/replies.h"
#include "web/test_message.h"

namespace streaky::web {

namespace {

namespace json = boost::json;

/// As much as is kept: 90 days of messages, 7 of looks.
constexpr int kEverything = 10'000;

json::array looks_json(const std::vector<store::Jobs::Look>& looks) {
  json::array list;
  for (const store::Jobs::Look& look : looks) {
    json::object object;
    object["date"] = streak::to_text(look.date);
    object["at"] = runtime::to_rfc3339(look.at);
    object["state"] = look.state;
    object["verdict"] = look.verdict;
    object["error"] = look.error;
    list.push_back(std::move(object));
  }
  return list;
}

json::array days_json(const std::optional<store::SeenCalendar>& seen) {
  json::array days;
  if (!seen) return days;
  for (const auto& [label, count] : seen->calendar) {
    days.push_back(json::object{{"date", streak::to_text(label)}, {"count", count}});
  }
  return days;
}

json::array sessions_json(const std::vector<store::ListedSession>& sessions) {
  json::array list;
  for (const store::ListedSession& session : sessions) {
    list.push_back(json::object{{"device", session.device},
                                {"created_at", runtime::to_rfc3339(session.created_at)},
                                {"seen_at", runtime::to_rfc3339(session.seen_at)}});
  }
  return list;
}

json::array tokens_json(const std::vector<store::ApiToken>& tokens) {
  json::array list;
  for (const store::ApiToken& token : tokens) {
    json::object object;
    object["name"] = token.name;
    object["created_at"] = runtime::to_rfc3339(token.created_at);
    object["used_at"] =
        token.used_at ? json::value(runtime::to_rfc3339(*token.used_at)) : json::value(nullptr);
    list.push_back(std::move(object));
  }
  return list;
}

}  // namespace

Answer end_session(Desk* desk, Visit* visit) {
  const auto id = parse_id(visit->parameters.at(0));
  bool ended = false;
  if (id) ended = co_await desk->sessions.end(visit->user().id, *id);
  if (!ended) co_return problem(desk, visit, not_found());
  desk->pulse.end_of(visit->user().id);
  co_return see_other("/settings?said=session");
}

Answer end_other_sessions(Desk* desk, Visit* visit) {
  const store::WebSession& session = visit->signed_in->session;
  co_await desk->sessions.end_others(session.user_id, session.id);
  desk->pulse.end_of(session.user_id);
  co_return see_other("/settings?said=sessions");
}

Answer export_data(Desk* desk, Visit* visit) {
  const store::User& user = visit->user();
  const auto deliveries = co_await desk->deliveries.history(user.id, kEverything);
  const auto looks = co_await desk->jobs.looks(user.id, kEverything);
  const auto calendar = co_await desk->calendars.find(user.id);
  const auto sessions = co_await desk->sessions.list(user.id, visit->now);
  const auto api_tokens = co_await desk->api_tokens.list(user.id);
  json::object object;
  object["exported_at"] = runtime::to_rfc3339(visit->now);
  object["account"] = account::user_json(user, visit->now);
  json::array messages;
  for (const auto& delivery : deliveries) messages.push_back(account::delivery_json(delivery));
  object["messages"] = std::move(messages);
  object["looks"] = looks_json(looks);
  object["days"] = days_json(calendar);
  object["sessions"] = sessions_json(sessions);
  object["api_tokens"] = tokens_json(api_tokens);
  net::ServerResponse response = json_reply(200, json::serialize(object) + "\n");
  response.headers.push_back({"Content-Disposition", "attachment; filename=\"streaky.json\""});
  co_return response;
}

Answer delete_page(Desk* desk, Visit* visit) {
  PageFrame frame;
  frame.title = "Delete your account";
  frame.place = "settings";
  Data data;
  data.set("login", visit->user().login);
  co_return page(desk, visit, "delete", std::move(frame), std::move(data));
}

Answer delete_account(Desk* desk, Visit* visit) {
  const std::int64_t user_id = visit->user().id;
  co_await desk->users.remove(user_id);
  desk->pulse.end_of(user_id);
  desk->parts.log.info("an account was deleted by its owner", {{"user", user_id}});
  desk->jar.clear(*visit, Cookie::session);
  co_return see_other("/?said=deleted");
}

}  // namespace streaky::web
