// The API's own account: who one is, what is set, the streak, and the messages.
#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "account/change.h"
#include "account/json_draft.h"
#include "account/user_view.h"
#include "web/api_handlers.h"
#include "web/api_replies.h"

namespace streaky::web {

namespace {

namespace json = boost::json;
using runtime::Task;

/// What is said about the pause.
struct PauseChange {
  bool said = false;
  bool on = false;
  std::optional<streak::Label> until;
};

struct SettingsChange {
  account::UserDraft draft;
  bool any = false;  // something of the draft or the pause was said
  PauseChange pause;
  std::optional<bool> public_card;
};

/// null resumes; {"until": null} pauses without an end.
account::Reason read_pause(const json::value& value, PauseChange& pause) {
  constexpr const char* kExpected =
      "pause: expected null, or an object with until: a date such as 2026-08-31, or null";
  pause.said = true;
  if (value.is_null()) return {};
  const json::object* object = value.if_object();
  if (object == nullptr || !other_field(*object, {"until"}).empty()) return kExpected;
  pause.on = true;
  const json::value* until = object->if_contains("until");
  if (until == nullptr || until->is_null()) return {};
  if (!until->is_string()) return kExpected;
  pause.until = streak::parse_label(std::string_view(until->get_string()));
  return pause.until ? account::Reason() : account::Reason(kExpected);
}

account::Reason read_field(std::string_view name, const json::value& value,
                           SettingsChange& change) {
  if (name == "public_card") {
    if (!value.is_bool()) return "public_card: expected true or false";
    change.public_card = value.get_bool();
    return {};
  }
  change.any = true;
  if (name == "pause") return read_pause(value, change.pause);
  return account::set_json_field(change.draft, name, value, runtime::Secret());
}

account::Reason read_change(const json::object& body, SettingsChange& change) {
  account::Reason reason =
      other_field(body, {"time_zone", "remind_at", "rest_days", "daily_summary", "github_token",
                         "pause", "public_card"});
  for (const auto& member : body) {
    if (!reason.empty()) break;
    reason = read_field(member.key(), member.value(), change);
  }
  return reason;
}

runtime::Result<store::User> with_pause(runtime::Result<store::User> user, const PauseChange& pause,
                                        bool told, runtime::TimePoint now) {
  if (!user || !pause.said) return user;
  if (!pause.on) return account::resume_user(std::move(*user), told, now);
  auto paused = account::pause_user(std::move(*user), pause.until, told, now);
  if (!paused && paused.error().code == "bad_date") {
    paused.error().message = "pause: expected until from today on, within ten years";
  }
  return paused;
}

Task<net::ServerResponse> settings_reply(Desk* desk, store::User user, runtime::TimePoint now) {
  json::object object = account::settings_json(user, now);
  object["public_card"] = co_await desk->calendars.is_public(user.id);
  co_return api_reply(200, object);
}

json::object listed_json(const store::Deliveries::Listed& listed) {
  json::object object = account::delivery_json(listed.entry);
  object["id"] = listed.id;
  object["date"] = streak::to_text(listed.date);
  object["created_at"] = runtime::to_rfc3339(listed.created_at);
  return object;
}

}  // namespace

Answer api_profile(Desk*, Visit* visit) {
  const store::User& user = visit->user();
  json::object object;
  object["id"] = user.id;
  object["login"] = user.login;
  object["node_id"] = user.node_id.empty() ? json::value(nullptr) : json::value(user.node_id);
  object["database_id"] = user.database_id ? json::value(*user.database_id) : json::value(nullptr);
  object["created_at"] = runtime::to_rfc3339(user.created_at);
  object["operator"] = visit->is_operator;
  object["signed_in_by"] = visit->by_token ? "token" : "session";
  co_return api_reply(200, object);
}

Answer api_settings(Desk* desk, Visit* visit) {
  return settings_reply(desk, visit->user(), visit->now);
}

Answer api_change_settings(Desk* desk, Visit* visit) {
  SettingsChange change;
  const account::Reason reason = read_change(visit->body, change);
  if (!reason.empty()) {
    co_return refused(desk, visit, {.code = "bad_field", .message = reason, .permanent = true});
  }
  store::User user = visit->user();
  if (change.any) {
    change.draft.login = user.login;
    change.draft.revive = true;
    const SettingsChange* said = &change;
    const crypto::Sealer* sealer = &desk->parts.sealer;
    const runtime::TimePoint now = visit->now;
    account::Edit edit = [said, sealer, now](const store::Allotted& allotted) {
      return with_pause(account::edit_user(said->draft, allotted, *sealer, now), said->pause,
                        account::told_today(allotted, now), now);
    };
    auto changing = account::change_user(&desk->users, user.id, std::move(edit), now);
    auto result = co_await std::move(changing);
    if (!result) co_return refused(desk, visit, result.error());
    user = std::move(*result);
  }
  if (change.public_card) co_await desk->calendars.set_public(user.id, *change.public_card);
  auto replying = settings_reply(desk, std::move(user), visit->now);
  co_return co_await std::move(replying);
}

Answer api_streak(Desk* desk, Visit* visit) {
  const store::User& user = visit->user();
  const auto failure = desk->looks.failure(user.id);
  json::object object;
  object["streak"] = account::streak_json(user.streak);
  object["looking"] = desk->looks.under_way(user.id);
  object["failure"] = failure ? json::value(failure->code) : json::value(nullptr);
  co_return api_reply(200, object);
}

Answer api_check(Desk* desk, Visit* visit) {
  if (!desk->looks.begin(visit->user().id)) {
    co_return come_again(problem(desk, visit, too_many_looks()));
  }
  co_return api_reply(202, json::object{{"looking", true}});
}

Answer api_deliveries(Desk* desk, Visit* visit) {
  const auto wanted = read_page(*visit);
  if (!wanted) co_return bad_page(desk, visit);
  const auto listed =
      co_await desk->deliveries.page(visit->user().id, wanted->at, wanted->id, wanted->limit + 1);
  const auto most = static_cast<std::size_t>(wanted->limit);
  json::array items;
  for (std::size_t i = 0; i < std::min(most, listed.size()); ++i) {
    items.push_back(listed_json(listed[i]));
  }
  json::object object;
  object["deliveries"] = std::move(items);
  object["next_cursor"] = nullptr;
  if (listed.size() > most) {
    const auto& last = listed[most - 1];
    object["next_cursor"] = make_cursor(last.created_at, last.id);
  }
  co_return api_reply(200, object);
}

}  // namespace streaky::web
