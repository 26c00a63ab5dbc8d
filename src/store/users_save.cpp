#include "store/users_save.h"

#include <stdexcept>
#include <utility>

#include "runtime/bytes.h"
#include "store/counts.h"
#include "store/json_rows.h"
#include "store/pending_deliveries.h"
#include "store/session.h"
#include "store/texts.h"

namespace streaky::store {

namespace {

/// The rows of all tables that `save` writes.
struct Rows {
  boost::json::array users;
  boost::json::array rest_days;
  boost::json::array pauses;
  boost::json::array channels;
  std::vector<std::int64_t> user_ids;
  std::vector<std::int64_t> channel_ids;
  std::vector<std::int64_t> off_channel_ids;
  std::vector<std::int64_t> resting_channel_ids;  // of users who are not active
};

void add_rules(Rows& rows, const User& user) {
  int position = 0;
  for (const streak::RestDays& entry : user.rules.rest_days) {
    rows.rest_days.push_back({{"user_id", user.id},
                              {"position", position++},
                              {"from_date", json_label(entry.from)},
                              {"days", int{entry.days.bits()}}});
  }
  position = 0;
  for (const streak::Pause& pause : user.rules.pauses) {
    rows.pauses.push_back({{"user_id", user.id},
                           {"position", position++},
                           {"first_date", json_label(pause.first)},
                           {"last_date", json_label(pause.last)}});
  }
}

void add_day_word(boost::json::object& row, const std::optional<streak::DayWord>& word) {
  row["word_date"] = nullptr;
  row["word_stopped"] = 0;
  row["word_snoozed_until"] = nullptr;
  if (!word) return;
  row["word_date"] = json_label(word->date);
  row["word_stopped"] = word->stopped ? 1 : 0;
  row["word_snoozed_until"] = json_at(word->snoozed_until);
}

void add_channels(Rows& rows, const User& user) {
  for (const Channel& channel : user.channels) {
    if (channel.id <= 0) throw std::invalid_argument("save: a channel without an allotted id");
    rows.channels.push_back({{"id", channel.id},
                             {"user_id", user.id},
                             {"kind", json_text(channel.kind)},
                             {"sealed", json_text(channel.sealed)},
                             {"hint", json_text(channel.hint)},
                             {"is_on", channel.on ? 1 : 0},
                             {"off_reason", json_text(channel.off_reason)},
                             {"level", streak::to_text(channel.level)}});
    rows.channel_ids.push_back(channel.id);
    if (!channel.on) {
      rows.off_channel_ids.push_back(channel.id);
    } else if (user.status != UserStatus::active) {
      rows.resting_channel_ids.push_back(channel.id);
    }
  }
}

boost::json::value login_key_of(const User& user) {
  if (user.login_taken) return nullptr;
  return json_text_or_null(runtime::to_lower_ascii(user.login));
}

Rows rows_of(const std::vector<User>& users) {
  Rows rows;
  for (const User& user : users) {
    if (user.id <= 0) throw std::invalid_argument("save: a user without an allotted id");
    rows.user_ids.push_back(user.id);
    rows.users.push_back({{"id", user.id},
                          {"login", json_text(user.login)},
                          {"login_key", login_key_of(user)},
                          {"node_id", json_text_or_null(user.node_id)},
                          {"database_id", json_number(user.database_id)},
                          {"time_zone", json_text(user.time_zone)},
                          {"remind_at", minutes_to_text(user.remind_at)},
                          {"daily_summary", user.daily_summary ? 1 : 0},
                          {"sealed_token", json_text(user.sealed_token)},
                          {"token_dead", user.token_dead ? 1 : 0},
                          {"status", to_text(user.status)},
                          {"next_check_at", json_at(user.next_check_at)}});
    add_day_word(rows.users.back().as_object(), user.day_word);
    add_rules(rows, user);
    add_channels(rows, user);
  }
  return rows;
}

void save_channels(Session& session, const Rows& rows, runtime::TimePoint now) {
  const std::string ids = to_json(rows.user_ids);
  std::vector<std::int64_t> ended = rows.off_channel_ids;
  {
    std::int64_t id = 0;
    auto gone = session.query("users/delete_channels");
    gone.bind("ids", ids).bind("keep", to_json(rows.channel_ids)).into(id);
    while (gone.next()) ended.push_back(id);
  }
  session.query("users/save_channels")
      .bind("channels", to_json(rows.channels))
      .bind("now", now)
      .run();
  Counts counts;
  const PendingEnd end{"cancelled", "channel_off", "the channel was removed or switched off"};
  end_pending_of_channels(session, counts, ended, end, now);
  const PendingEnd rest{"cancelled", "inactive", "the user was paused or removed"};
  end_pending_of_channels(session, counts, rows.resting_channel_ids, rest, now);
  counts.write(session);
}

}  // namespace

void save_users(Session& session, const std::vector<User>& users, runtime::TimePoint now) {
  if (users.empty()) return;
  const Rows rows = rows_of(users);
  const std::string wanted = to_json(rows.users);
  const std::string ids = to_json(rows.user_ids);
  session.query("users/yield_logins").bind("users", wanted).run();
  session.query("users/save").bind("users", wanted).bind("now", now).run();
  session.query("users/delete_rest_days").bind("ids", ids).run();
  session.query("users/delete_pauses").bind("ids", ids).run();
  session.query("users/save_rest_days").bind("rest_days", to_json(rows.rest_days)).run();
  session.query("users/save_pauses").bind("pauses", to_json(rows.pauses)).run();
  save_channels(session, rows, now);
}

runtime::Task<void> Users::save(std::vector<User> users, runtime::TimePoint now) {
  if (users.size() > kMostSaved) throw std::length_error("save: at most 1000 users at a time");
  Database::Work work = [&](Session& session) { save_users(session, users, now); };
  if (!users.empty()) co_await database_.write(std::move(work));
}

}  // namespace streaky::store
