#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>

#include "engine/decide.h"
#include "streak/message.h"
#include "web/edits.h"
#include "web/handlers.h"
#include "web/news.h"
#include "web/replay.h"
#include "web/replies.h"
#include "web/settings_page.h"
#include "web/words.h"

namespace streaky::web {

namespace {

using runtime::Task;

struct Day {
  std::string_view name;
  std::string_view label;
};

constexpr auto kWeek = std::to_array<Day>({{"mon", "Monday"},
                                           {"tue", "Tuesday"},
                                           {"wed", "Wednesday"},
                                           {"thu", "Thursday"},
                                           {"fri", "Friday"},
                                           {"sat", "Saturday"},
                                           {"sun", "Sunday"}});

Data week_data(streak::Weekdays rests) {
  const std::string names = "," + rests.to_text() + ",";
  Data list{Data::type::list};
  for (const Day& day : kWeek) {
    Data row;
    row.set("name", std::string(day.name));
    row.set("label", std::string(day.label));
    row.set("rests", names.contains("," + std::string(day.name) + ","));
    list.push_back(row);
  }
  return list;
}

/// What the reminder of each stage would say today.
Data preview_data(const store::User& user, runtime::TimePoint now) {
  const streak::Zone zone = zone_or_utc(user.time_zone);
  const streak::Label today = zone.local_date(now);
  Data list{Data::type::list};
  for (const int stage : user.remind_at) {
    const auto message = engine::reminder_message({.user = user,
                                                   .stage = stage,
                                                   .streak = std::max(user.streak.length, 1),
                                                   .today_count = 0,
                                                   .lower_bound = false,
                                                   .own_token_dead = false,
                                                   .expires_at = zone.end_of(today),
                                                   .now = zone.instant_of(today, stage),
                                                   .as_of = std::nullopt});
    Data row;
    row.set("time", streak::minute_text(stage));
    row.set("subject", message.subject);
    row.set("body", message.body);
    list.push_back(row);
  }
  return list;
}

void set_replay_data(Data& data, const store::User& user,
                     const std::optional<store::SeenCalendar>& calendar, runtime::TimePoint now) {
  data.set("has_replay", calendar.has_value());
  if (!calendar) return;
  std::vector<std::string> days;
  for (const streak::Label day :
       replay(calendar->calendar, user.rules, account::today_of(user, now))) {
    days.push_back(short_date(day));
  }
  data.set("heard_never", days.empty());
  data.set("heard_count",
           days.size() == 1 ? std::string("1 day") : fmt::format("{} days", days.size()));
  data.set("heard", fmt::format("{}", fmt::join(days, ", ")));
  data.set("replay_days", std::to_string(kReplayDays));
}

Data sessions_data(const std::vector<store::ListedSession>& sessions, const Visit& visit) {
  const streak::Zone zone = zone_or_utc(visit.user().time_zone);
  Data list{Data::type::list};
  for (const store::ListedSession& session : sessions) {
    Data row;
    row.set("id", std::to_string(session.id));
    row.set("device", session.device);
    row.set("began", local_when(zone, session.created_at, visit.now));
    row.set("seen", ago(session.seen_at, visit.now));
    row.set("is_this", session.id == visit.signed_in->session.id);
    list.push_back(row);
  }
  return list;
}

void set_pause_data(Data& data, const store::User& user, runtime::TimePoint now) {
  const auto pause = account::pause_in_force(user, now);
  const bool paused = pause.has_value() || user.status == store::UserStatus::paused;
  data.set("paused", paused);
  const bool ends = pause && pause->last;
  data.set("paused_until", ends ? long_date(*pause->last) : std::string("further notice"));
  data.set("tomorrow", streak::to_text(account::today_of(user, now) + std::chrono::days{1}));
}

}  // namespace

Task<net::ServerResponse> settings_page(Desk* desk, Visit* visit, std::string problem) {
  const store::User& user = visit->user();
  const auto sessions = co_await desk->sessions.list(user.id, visit->now);
  const auto api_tokens = co_await desk->api_tokens.list(user.id);
  const auto calendar = co_await desk->calendars.find(user.id);
  const std::string bot = co_await listening_bot(desk, visit->now);
  const bool is_public = co_await desk->calendars.is_public(user.id);
  const bool typed = !problem.empty() && has_field(visit->form, "remind_at");
  Data data;
  set_when_data(data, *visit, typed);
  set_channel_data(data, user, bot);
  set_pause_data(data, user, visit->now);
  data.set("week", week_data(account::rest_days_in_force(user, visit->now)));
  data.set("summary", user.daily_summary);
  data.set("preview", preview_data(user, visit->now));
  set_replay_data(data, user, calendar, visit->now);
  data.set("is_public", is_public);
  data.set("card", desk->options.public_url + "/u/" + user.login);
  data.set("sessions", sessions_data(sessions, *visit));
  set_api_token_data(data, api_tokens, *visit);
  data.set("other_sessions", sessions.size() > 1);
  data.set("has_token", !user.sealed_token.empty());
  data.set("token_dead", user.token_dead);
  PageFrame frame;
  frame.title = "Settings";
  frame.place = "settings";
  const int status = problem.empty() ? 200 : 422;
  frame.problem = std::move(problem);
  co_return page(desk, visit, "settings", std::move(frame), std::move(data), status);
}

Task<net::ServerResponse> after_edit(Desk* desk, Visit* visit, runtime::Result<store::User> result,
                                     std::string said) {
  if (!result) {
    auto showing = settings_page(desk, visit, result.error().message);
    co_return co_await std::move(showing);
  }
  co_return see_other("/settings?said=" + said);
}

namespace {

/// Saves what a form asked for, or shows the `reason` why it cannot be.
Task<net::ServerResponse> save_draft(Desk* desk, Visit* visit, account::UserDraft draft,
                                     std::string reason, std::string said) {
  if (!reason.empty()) {
    auto showing = settings_page(desk, visit, std::move(reason));
    co_return co_await std::move(showing);
  }
  auto applying = apply_draft(desk, visit, std::move(draft));
  auto result = co_await std::move(applying);
  auto ending = after_edit(desk, visit, std::move(result), std::move(said));
  co_return co_await std::move(ending);
}

}  // namespace

Answer settings(Desk* desk, Visit* visit) { return settings_page(desk, visit, ""); }

Answer save_when(Desk* desk, Visit* visit) {
  account::UserDraft draft;
  std::string reason = read_when(*visit, draft);
  auto saving = save_draft(desk, visit, std::move(draft), std::move(reason), "when");
  co_return co_await std::move(saving);
}

Answer save_rest_days(Desk* desk, Visit* visit) {
  account::UserDraft draft;
  std::string reason = account::set_rest_days(draft, all_fields(visit->form, "day"));
  auto saving = save_draft(desk, visit, std::move(draft), std::move(reason), "rest-days");
  co_return co_await std::move(saving);
}

Answer save_summary(Desk* desk, Visit* visit) {
  account::UserDraft draft;
  draft.daily_summary.set(visit->value("summary") == "on");
  auto saving = save_draft(desk, visit, std::move(draft), "", "summary");
  co_return co_await std::move(saving);
}

Answer pause(Desk* desk, Visit* visit) {
  const std::string_view text = visit->value("until");
  const auto until = streak::parse_label(text);
  if (!text.empty() && !until) {
    auto showing = settings_page(desk, visit, "Pause: expected a date such as 2026-08-31.");
    co_return co_await std::move(showing);
  }
  const runtime::TimePoint now = visit->now;
  account::Edit edit = [until, now](const store::Allotted& allotted) {
    return account::pause_user(*allotted.existing, until, account::told_today(allotted, now), now);
  };
  auto changing = account::change_user(&desk->users, visit->user().id, std::move(edit), now);
  auto result = co_await std::move(changing);
  if (!result && result.error().code == "bad_date") {
    result.error().message = "Pause: expected a date from today on, within ten years.";
  }
  auto ending = after_edit(desk, visit, std::move(result), "paused");
  co_return co_await std::move(ending);
}

Answer resume(Desk* desk, Visit* visit) {
  const runtime::TimePoint now = visit->now;
  account::Edit edit = [now](const store::Allotted& allotted) {
    return account::resume_user(*allotted.existing, account::told_today(allotted, now), now);
  };
  auto changing = account::change_user(&desk->users, visit->user().id, std::move(edit), now);
  auto result = co_await std::move(changing);
  auto ending = after_edit(desk, visit, std::move(result), "resumed");
  co_return co_await std::move(ending);
}

}  // namespace streaky::web
