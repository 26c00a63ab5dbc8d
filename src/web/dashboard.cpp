#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "account/user_edit.h"
#include "crypto/tokens.h"
#include "store/overview.h"
#include "web/dashboard_view.h"
#include "web/desk.h"
#include "web/handlers.h"
#include "web/heat_map.h"
#include "web/news.h"
#include "web/replies.h"

namespace streaky::web {

namespace {

constexpr int kHistory = 12;
constexpr std::size_t kRoomyDigits = 3;  // more are written smaller
constexpr double kRing = 364.4;          // around a circle of radius 58
constexpr std::chrono::duration<double> kDay = std::chrono::hours{24};
/// After a look that gave nothing, the page does not ask again at once.
constexpr std::chrono::minutes kPauseAfterFailure{2};

Data months_data(const HeatMap& map) {
  Data months{Data::type::list};
  for (const MonthSum& month : map.months) {
    Data row;
    row.set("name", month.name);
    row.set("days", std::to_string(month.days));
    row.set("contributions", std::to_string(month.contributions));
    row.set("open", !month.whole);
    months.push_back(row);
  }
  return months;
}

Data history_data(const std::vector<HistoryLine>& lines) {
  Data list{Data::type::list};
  for (const HistoryLine& line : lines) {
    Data row;
    row.set("when", line.when);
    row.set("what", line.what);
    row.set("outcome", line.outcome);
    row.set("tone", line.tone);
    row.set("reason", line.reason);
    row.set("has_reason", !line.reason.empty());
    list.push_back(row);
  }
  return list;
}

void set_view(Data& data, const StreakView& view, const store::User& user, runtime::TimePoint now) {
  data.set("tone", view.tone);
  data.set("is_safe", view.tone == "safe");
  data.set("is_risk", view.tone == "risk");
  data.set("is_calm", view.tone == "calm");
  data.set("is_unknown", view.tone == "unknown");
  data.set("headline", view.headline);
  data.set("detail", view.detail);
  data.set("streak", view.streak);
  data.set("long_streak", view.streak.size() > kRoomyDigits);
  data.set("streak_note", view.streak_note);
  data.set("longest", view.longest);
  data.set("today", view.today);
  data.set("today_note", view.today_note);
  data.set("seen", view.seen);
  data.set("left", view.left);
  data.set("until", runtime::to_rfc3339(view.midnight));
  data.set("next_reminder", view.next_reminder);
  data.set("zone", user.time_zone);
  data.set("has_day_word", !view.day_word.empty());
  data.set("day_word", view.day_word);
  // The circle of the picture, as long as what is left of the day.
  const double left = std::chrono::duration<double>(view.midnight - now) / kDay;
  data.set("ring", fmt::format("{:.1f}", kRing * std::clamp(left, 0.0, 1.0)));
}

/// What the user should mend, as a word above everything else.
void set_advice(Data& data, const store::User& user) {
  data.set("no_channel", user.channels.empty());
  const auto off = std::ranges::find(user.channels, false, &store::Channel::on);
  if (off != user.channels.end()) {
    data.set("channel_off", true);
    data.set("channel_off_hint", off->hint);
    data.set("channel_off_reason", off->off_reason);
  }
  data.set("token_dead", user.token_dead && !user.sealed_token.empty());
}

/// A look that begins or ends is news, also where it changes nothing that is stored.
std::string with_look(std::string mark, bool looking) {
  return std::move(mark) + (looking ? " looking" : "");
}

runtime::Task<std::string> user_mark(store::Users* users, const Looks* looks,
                                     std::int64_t user_id) {
  std::string mark = co_await users->mark(user_id);
  co_return with_look(std::move(mark), looks->under_way(user_id));
}

Pulse::Marker marker_of(Desk* desk, std::int64_t user_id) {
  store::Users* users = &desk->users;
  const Looks* looks = &desk->looks;
  return [users, looks, user_id] { return user_mark(users, looks, user_id); };
}

/// Begins a look where the page would otherwise show what is old.
void look_if_old(Desk* desk, const store::User& user, const store::Overview& overview,
                 runtime::TimePoint now) {
  const auto failure = desk->looks.failure(user.id);
  if (failure && now - failure->at < kPauseAfterFailure) return;
  std::optional<runtime::TimePoint> seen_at;
  if (overview.calendar) seen_at = overview.calendar->seen_at;
  if (wants_look(user, seen_at, now)) desk->looks.begin(user.id);
}

}  // namespace

runtime::Task<std::string> page_mark(Desk* desk, std::int64_t user_id) {
  std::string mark = co_await user_mark(&desk->users, &desk->looks, user_id);
  co_return crypto::content_hash(mark);
}

Answer dashboard(Desk* desk, Visit* visit) {
  const store::User& user = visit->user();
  const store::Overview overview =
      co_await store::read_overview(&desk->parts.database, &user, kHistory);
  const auto& calendar = overview.calendar;
  look_if_old(desk, user, overview, visit->now);
  const auto failure = desk->looks.failure(user.id);
  PageFrame frame;
  frame.title = "Your streak";
  frame.place = "dashboard";
  frame.news_at = "/live";
  frame.mark = crypto::content_hash(with_look(overview.mark, desk->looks.under_way(user.id)));

  LookState look;
  look.under_way = desk->looks.under_way(user.id);
  if (failure) look.failure = failure->code;
  Data data;
  set_view(data, view_of(user, look, visit->now), user, visit->now);
  set_advice(data, user);
  const streak::Calendar nothing;
  HeatMap map =
      make_heat_map(calendar ? calendar->calendar : nothing, account::today_of(user, visit->now));
  data.set("has_calendar", calendar.has_value());
  frame.picture = std::move(map.svg);
  data.set("summary", map.summary);
  data.set("months", months_data(map));
  data.set("looking", look.under_way);
  const auto lines = history_of(user, overview.deliveries, overview.looks, kHistory, visit->now);
  data.set("has_history", !lines.empty());
  data.set("history", history_data(lines));
  co_return page(desk, visit, "dashboard", std::move(frame), std::move(data));
}

Answer check_now(Desk* desk, Visit* visit) {
  if (!desk->looks.begin(visit->user().id)) {
    co_return come_again(problem(desk, visit, too_many_looks()));
  }
  co_return see_other("/dashboard?said=checking");
}

Answer live(Desk* desk, Visit* visit) {
  const std::int64_t user_id = visit->user().id;
  co_return live_reply(desk, visit,
                       desk->pulse.listen(user_id, std::string(field(visit->query, "mark")),
                                          marker_of(desk, user_id)));
}

}  // namespace streaky::web
