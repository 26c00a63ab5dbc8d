#include "account/user_view.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "account/user_edit.h"
#include "runtime/bytes.h"
#include "runtime/printable.h"
#include "streak/local_day.h"
#include "streak/message.h"

namespace streaky::account {

namespace {

namespace json = boost::json;

/// Boost.JSON writes what it is given: bytes that are no UTF-8 would make a document that nobody
/// can read.
json::string clean(const std::string& text) {
  return json::string(runtime::is_utf8(text) ? text : runtime::printable(text, text.size()));
}

json::value text_or_null(const std::string& text) {
  if (text.empty()) return nullptr;
  return clean(text);
}

json::value at_or_null(const std::optional<runtime::TimePoint>& at) {
  if (!at) return nullptr;
  return json::string(runtime::to_rfc3339(*at));
}

json::value label_or_null(const std::optional<streak::Label>& label) {
  if (!label) return nullptr;
  return json::string(streak::to_text(*label));
}

json::array times_json(const store::User& user) {
  json::array times;
  for (const int minute : user.remind_at) times.emplace_back(streak::minute_text(minute));
  return times;
}

json::array rest_days_json(const store::User& user, runtime::TimePoint now) {
  json::array days;
  std::string text = rest_days_in_force(user, now).to_text();
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    days.emplace_back(text.substr(0, comma));
    text.erase(0, comma + 1);
  }
  return days;
}

json::value pause_json(const store::User& user, runtime::TimePoint now) {
  const auto pause = pause_in_force(user, now);
  if (!pause) return nullptr;
  json::object object;
  object["from"] = streak::to_text(pause->first);
  object["until"] = label_or_null(pause->last);
  return object;
}

json::array channels_json(const store::User& user) {
  json::array channels;
  for (const store::Channel& channel : user.channels) {
    json::object object;
    object["kind"] = clean(channel.kind);
    object["hint"] = clean(channel.hint);
    object["on"] = channel.on;
    object["off_reason"] = text_or_null(channel.off_reason);
    channels.push_back(std::move(object));
  }
  return channels;
}

json::value streak_json(const store::StreakState& state) {
  if (!state.seen_at) return nullptr;
  json::object object;
  object["verdict"] = streak::to_text(state.verdict);
  object["length"] = state.length;
  object["began"] = label_or_null(state.began);
  object["longest"] = state.longest;
  object["date"] = label_or_null(state.today);
  object["count"] = state.today_count;
  object["views"] = text_or_null(state.views);
  object["seen_at"] = at_or_null(state.seen_at);
  return object;
}

}  // namespace

json::object user_json(const store::User& user, runtime::TimePoint now) {
  json::object object;
  object["login"] = clean(user.login);
  object["login_shared"] = user.login_taken;
  object["node_id"] = text_or_null(user.node_id);
  object["database_id"] = user.database_id ? json::value(*user.database_id) : json::value(nullptr);
  object["time_zone"] = clean(user.time_zone);
  object["remind_at"] = times_json(user);
  object["rest_days"] = rest_days_json(user, now);
  object["daily_summary"] = user.daily_summary;
  object["github_token"] = token_text(user);
  object["status"] = store::to_text(user.status);
  object["pause"] = pause_json(user, now);
  object["next_check_at"] = at_or_null(user.next_check_at);
  object["created_at"] = runtime::to_rfc3339(user.created_at);
  object["channels"] = channels_json(user);
  object["streak"] = streak_json(user.streak);
  return object;
}

json::object delivery_json(const store::Deliveries::History& delivery) {
  json::object object;
  object["at"] = runtime::to_rfc3339(delivery.at);
  object["channel"] = clean(delivery.channel_kind);
  object["kind"] = clean(delivery.kind);
  object["state"] = clean(delivery.state);
  object["subject"] = clean(delivery.subject);
  object["reason"] = text_or_null(delivery.reason);
  return object;
}

json::object export_json(const store::User& user, runtime::TimePoint now) {
  json::object object;
  object["login"] = clean(user.login);
  if (!user.node_id.empty()) {
    object["github_id"] = clean(user.node_id);
  } else if (user.database_id) {
    object["github_id"] = *user.database_id;
  }
  object["time_zone"] = clean(user.time_zone);
  object["remind_at"] = times_json(user);
  object["rest_days"] = rest_days_json(user, now);
  object["daily_summary"] = user.daily_summary;
  return object;
}

std::string local_text(const store::User& user, runtime::TimePoint at) {
  const auto zone = streak::Zone::find(user.time_zone);
  if (!zone) return runtime::to_rfc3339(at);
  return streak::to_text(zone->local_date(at)) + " " + zone->clock_text(at);
}

std::string times_text(const store::User& user) {
  std::string text;
  for (const int minute : user.remind_at) {
    if (!text.empty()) text += ", ";
    text += streak::minute_text(minute);
  }
  return text;
}

std::string channels_text(const store::User& user) {
  std::string text;
  for (const store::Channel& channel : user.channels) {
    if (!text.empty()) text += ", ";
    text += runtime::printable(channel.kind);
    if (!channel.on) text += " (off)";
  }
  return text.empty() ? "none" : text;
}

std::string status_text(const store::User& user, runtime::TimePoint now) {
  const auto pause = pause_in_force(user, now);
  if (pause && pause->last) return "paused until " + streak::to_text(*pause->last);
  return store::to_text(user.status);
}

const char* token_text(const store::User& user) {
  if (user.sealed_token.empty()) return "none";
  return user.token_dead ? "dead" : "set";
}

std::string streak_text(const store::User& user) {
  if (!user.streak.seen_at) return "not checked yet";
  return streak::days_text(user.streak.length);
}

}  // namespace streaky::account
