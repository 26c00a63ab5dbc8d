#include "store/user_rows.h"

#include <algorithm>
#include <string>
#include <vector>

#include "store/json_rows.h"
#include "store/texts.h"

namespace streaky::store {

namespace {

/// True when some of them have rules, which few do: nothing is asked for those who have none.
bool load_rows(Session& session, const std::string& ids, UsersById& users) {
  bool any_rules = false;
  bool has_rules = false;
  User user;
  std::string minutes;
  std::string status;
  std::string verdict;
  std::optional<streak::Label> through;
  streak::Anchor anchor;
  DayWordColumns word;
  StreakState& streak = user.streak;
  auto rows = session.query("users/load");
  rows.bind("ids", ids);
  rows.into(user.id, user.login, user.login_taken, user.node_id, user.database_id, user.time_zone,
            minutes, user.daily_summary, user.sealed_token, user.token_dead, status,
            user.settings_version, user.next_check_at, user.created_at, word.date, word.stopped,
            word.snoozed_until, through, anchor.length, anchor.began, streak.length, streak.began,
            streak.longest, streak.today, streak.today_count, verdict, streak.views, streak.seen_at,
            streak.history_at, has_rules);
  while (rows.next()) {
    user.remind_at = minutes_of(minutes);
    user.status = status_of(status);
    user.day_word = day_word_of(word);
    streak.verdict = verdict_of(verdict);
    streak.anchor.reset();
    if (through) streak.anchor = streak::Anchor{*through, anchor.length, anchor.began};
    users[user.id] = user;
    any_rules = any_rules || has_rules;
  }
  return any_rules;
}

void load_rules(Session& session, const std::string& ids, UsersById& users) {
  std::int64_t user_id = 0;
  {
    streak::RestDays entry;
    int days = 0;
    auto rows = session.query("users/load_rest_days");
    rows.bind("ids", ids);
    rows.into(user_id, entry.from, days);
    while (rows.next()) {
      entry.days = streak::Weekdays(static_cast<std::uint8_t>(days));
      users[user_id].rules.rest_days.push_back(entry);
    }
  }
  streak::Pause pause;
  auto rows = session.query("users/load_pauses");
  rows.bind("ids", ids);
  rows.into(user_id, pause.first, pause.last);
  while (rows.next()) users[user_id].rules.pauses.push_back(pause);
}

void load_channels(Session& session, const std::string& ids, UsersById& users) {
  std::int64_t user_id = 0;
  Channel channel;
  std::string level;
  auto rows = session.query("users/load_channels");
  rows.bind("ids", ids);
  rows.into(user_id, channel.id, channel.kind, channel.sealed, channel.hint, channel.on,
            channel.off_reason, level);
  while (rows.next()) {
    channel.level = channel_level_of(level);
    users[user_id].channels.push_back(channel);
  }
}

}  // namespace

UsersById load_users(Session& session, const std::vector<std::int64_t>& ids) {
  UsersById users;
  if (ids.empty()) return users;
  users.reserve(ids.size());
  std::vector<std::int64_t> once = ids;
  std::ranges::sort(once);
  once.erase(std::ranges::unique(once).begin(), once.end());
  const std::string json = to_json(once);
  const bool any_rules = load_rows(session, json, users);
  if (any_rules) load_rules(session, json, users);
  load_channels(session, json, users);
  return users;
}

boost::json::object streak_row(std::int64_t user_id, const StreakState& streak) {
  const streak::Anchor anchor = streak.anchor.value_or(streak::Anchor{});
  boost::json::value through;
  if (streak.anchor) through = json_label(anchor.through);
  return {{"user_id", user_id},
          {"anchor_through", through},
          {"anchor_length", anchor.length},
          {"anchor_began", json_label(anchor.began)},
          {"length", streak.length},
          {"began", json_label(streak.began)},
          {"longest", streak.longest},
          {"today", json_label(streak.today)},
          {"today_count", streak.today_count},
          {"verdict", streak::to_text(streak.verdict)},
          {"views", json_text(streak.views)},
          {"seen_at", json_at(streak.seen_at)},
          {"history_at", json_at(streak.history_at)}};
}

}  // namespace streaky::store
