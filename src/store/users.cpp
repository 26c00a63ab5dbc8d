#include "store/users.h"

#include <algorithm>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "runtime/bytes.h"
#include "store/counts.h"
#include "store/json_rows.h"
#include "store/pending_deliveries.h"
#include "store/session.h"
#include "store/user_reads.h"
#include "store/user_rows.h"

namespace streaky::store {

namespace {

constexpr std::size_t kMostKeys = 1'000;
constexpr int kMostToldOn = 3;

std::int64_t reserve_ids(Session& session, const std::string& name, int count) {
  std::int64_t first = 0;
  session.query("users/reserve").bind("name", name).bind("count", count).into(first).one();
  return first;
}

/// The ids of users that match, by position; absent where nobody does.
std::vector<std::optional<std::int64_t>> match(Session& session, const std::vector<UserKey>& keys) {
  boost::json::array rows;
  rows.reserve(keys.size());
  for (const UserKey& key : keys) {
    rows.push_back({{"login", json_text_or_null(runtime::to_lower_ascii(key.login))},
                    {"node_id", json_text_or_null(key.node_id)},
                    {"database_id", json_number(key.database_id)}});
  }
  std::vector<std::optional<std::int64_t>> found(keys.size());
  int position = 0;
  std::optional<std::int64_t> id;
  auto query = session.query("users/match");
  query.bind("keys", to_json(rows)).into(position, id);
  while (query.next()) found.at(static_cast<std::size_t>(position)) = id;
  return found;
}

/// Ids for those who are not stored yet. Keys that share a frozen id, or a login that no frozen id
/// contradicts, name one user.
class NewIds {
 public:
  explicit NewIds(std::int64_t first) : next_(first) {}

  std::int64_t id_of(const UserKey& key) {
    const std::string login = runtime::to_lower_ascii(key.login);
    const std::string database_id = key.database_id ? std::to_string(*key.database_id) : "";
    auto id = lookup(by_node_, key.node_id);
    if (!id) id = lookup(by_database_, database_id);
    if (!id) {
      const auto same = by_login_.find(login);
      if (!login.empty() && same != by_login_.end() && agrees(key, same->second)) {
        id = same->second.second;
      }
    }
    if (!id) id = next_++;
    if (!key.node_id.empty()) by_node_[key.node_id] = *id;
    if (key.database_id) by_database_[database_id] = *id;
    if (!login.empty()) by_login_.try_emplace(login, key, *id);
    return *id;
  }

 private:
  using Ids = std::unordered_map<std::string, std::int64_t>;
  using Holder = std::pair<UserKey, std::int64_t>;

  static std::optional<std::int64_t> lookup(const Ids& ids, const std::string& key) {
    const auto found = ids.find(key);
    if (key.empty() || found == ids.end()) return std::nullopt;
    return found->second;
  }

  static bool agrees(const UserKey& key, const Holder& holder) {
    const UserKey& other = holder.first;
    const bool node = key.node_id.empty() || other.node_id.empty() || key.node_id == other.node_id;
    const bool number =
        !key.database_id || !other.database_id || key.database_id == other.database_id;
    return node && number;
  }

  std::int64_t next_;
  Ids by_node_;
  Ids by_database_;
  std::unordered_map<std::string, Holder> by_login_;
};

std::unordered_map<std::int64_t, std::vector<streak::Label>> told_on(
    Session& session, const std::vector<std::int64_t>& ids) {
  std::unordered_map<std::int64_t, std::vector<streak::Label>> told;
  std::int64_t user_id = 0;
  streak::Label date;
  auto query = session.query("users/told_on");
  query.bind("ids", to_json(ids)).bind("most", kMostToldOn).into(user_id, date);
  while (query.next()) told[user_id].push_back(date);
  return told;
}

std::optional<std::int64_t> channel_of(const std::optional<User>& user, std::string_view kind) {
  if (!user) return std::nullopt;
  const auto found = std::ranges::find(user->channels, kind, &Channel::kind);
  if (found == user->channels.end()) return std::nullopt;
  return found->id;
}

std::vector<Allotted> allot_in(Session& session, const std::vector<UserKey>& keys) {
  const auto matched = match(session, keys);
  std::vector<std::int64_t> ids;
  for (const auto& id : matched) {
    if (id) ids.push_back(*id);
  }
  const auto users = load_users(session, ids);
  auto told = told_on(session, ids);
  const int count = static_cast<int>(keys.size());
  NewIds fresh(reserve_ids(session, "user", count));
  std::int64_t next_channel = reserve_ids(session, "channel", 2 * count);
  std::unordered_map<std::int64_t, Allotted> by_user;
  std::vector<Allotted> allotted;
  allotted.reserve(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const std::int64_t id = matched[i] ? *matched[i] : fresh.id_of(keys[i]);
    auto [place, added] = by_user.try_emplace(id);
    if (added) {
      Allotted& one = place->second;
      one.user_id = id;
      if (matched[i]) one.existing = users.at(id);
      one.discord_channel_id = channel_of(one.existing, "discord").value_or(next_channel);
      one.telegram_channel_id = channel_of(one.existing, "telegram").value_or(next_channel + 1);
      next_channel += 2;
      one.told_on = std::move(told[id]);
    }
    allotted.push_back(place->second);
  }
  return allotted;
}

std::optional<Allotted> allot_for_in(Session& session, std::int64_t user_id) {
  auto users = load_users(session, {user_id});
  const auto user = users.find(user_id);
  if (user == users.end()) return std::nullopt;
  const std::int64_t next_channel = reserve_ids(session, "channel", 2);
  Allotted one;
  one.user_id = user_id;
  one.existing = std::move(user->second);
  one.discord_channel_id = channel_of(one.existing, "discord").value_or(next_channel);
  one.telegram_channel_id = channel_of(one.existing, "telegram").value_or(next_channel + 1);
  one.told_on = std::move(told_on(session, {user_id})[user_id]);
  return one;
}

/// The counters lose what the user's rows added, so that they still add up without them.
void uncount(Session& session, std::int64_t user_id, Counts& counts) {
  std::string batch_id;
  std::string state;
  std::string verdict;
  std::int64_t number = 0;
  {
    auto jobs = session.query("users/job_counts");
    jobs.bind("id", user_id).into(batch_id, state, verdict, number);
    while (jobs.next()) {
      counts.add(batch_id, state, -number);
      if (state == "completed") counts.add_verdict(batch_id, verdict, -number);
    }
  }
  std::string channel_kind;
  std::string kind;
  auto deliveries = session.query("users/delivery_counts");
  deliveries.bind("id", user_id).into(batch_id, state, channel_kind, kind, number);
  while (deliveries.next()) {
    counts.add(batch_id, "delivery:" + state, -number);
    if (state == "sent") counts.add_sent(batch_id, channel_kind, kind, -number);
  }
}

std::optional<User> find_in(Session& session, const UserKey& key) {
  const auto id = match(session, {key}).front();
  if (!id) return std::nullopt;
  auto users = load_users(session, {*id});
  const auto found = users.find(*id);
  if (found == users.end()) return std::nullopt;
  return std::move(found->second);
}

std::vector<User> list_in(Session& session, std::int64_t after_id, int limit) {
  std::vector<std::int64_t> ids;
  {
    std::int64_t id = 0;
    auto query = session.query("users/list");
    query.bind("after", after_id).bind("limit", limit).into(id);
    while (query.next()) ids.push_back(id);
  }
  auto loaded = load_users(session, ids);
  std::vector<User> users;
  users.reserve(ids.size());
  for (const std::int64_t id : ids) users.push_back(std::move(loaded.at(id)));
  return users;
}

}  // namespace

runtime::Task<std::vector<Allotted>> Users::allot(std::vector<UserKey> keys) {
  if (keys.size() > kMostKeys) throw std::length_error("allot: at most 1000 users at a time");
  std::vector<Allotted> allotted;
  Database::Work work = [&](Session& session) { allotted = allot_in(session, keys); };
  if (!keys.empty()) co_await database_.write(std::move(work));
  co_return allotted;
}

runtime::Task<std::optional<Allotted>> Users::allot_for(std::int64_t user_id) {
  std::optional<Allotted> allotted;
  Database::Work work = [&](Session& session) { allotted = allot_for_in(session, user_id); };
  co_await database_.write(std::move(work));
  co_return allotted;
}

runtime::Task<std::optional<User>> Users::find(UserKey key) {
  std::optional<User> found;
  Database::Work work = [&](Session& session) { found = find_in(session, key); };
  co_await database_.read(std::move(work));
  co_return found;
}

runtime::Task<std::optional<User>> Users::get(std::int64_t user_id) {
  std::optional<User> found;
  Database::Work work = [&](Session& session) {
    auto users = load_users(session, {user_id});
    const auto user = users.find(user_id);
    if (user != users.end()) found = std::move(user->second);
  };
  co_await database_.read(std::move(work));
  co_return found;
}

UserMark read_mark(Session& session, std::int64_t user_id) {
  UserMark mark;
  auto query = session.query("users/mark");
  query.bind("id", user_id)
      .into(mark.settings, mark.streak_seen, mark.calendar_seen, mark.delivery);
  query.next();
  return mark;
}

std::string to_text(const UserMark& mark) {
  return std::to_string(mark.settings) + " " + std::to_string(mark.streak_seen) + " " +
         std::to_string(mark.calendar_seen) + " " + mark.delivery;
}

runtime::Task<std::string> Users::mark(std::int64_t user_id) {
  std::string mark;
  Database::Work work = [&](Session& session) { mark = to_text(read_mark(session, user_id)); };
  co_await database_.read(std::move(work));
  co_return mark;
}

runtime::Task<bool> Users::save_streak(std::int64_t user_id, std::int64_t settings_version,
                                       StreakState state) {
  bool saved = false;
  Database::Work work = [&](Session& session) {
    saved = false;
    session.lock("users/lock", std::vector<std::int64_t>{user_id});
    const auto users = load_users(session, {user_id});
    const auto user = users.find(user_id);
    if (user == users.end() || user->second.settings_version != settings_version) return;
    if (user->second.streak.seen_at > state.seen_at) return;
    const boost::json::array rows(1, streak_row(user_id, state));
    session.query("users/save_streaks").bind("streaks", to_json(rows)).run();
    saved = true;
  };
  co_await database_.write(std::move(work));
  co_return saved;
}

runtime::Task<std::vector<User>> Users::list(std::int64_t after_id, int limit) {
  std::vector<User> users;
  Database::Work work = [&](Session& session) { users = list_in(session, after_id, limit); };
  co_await database_.read(std::move(work));
  co_return users;
}

runtime::Task<bool> Users::remove(std::int64_t user_id) {
  bool removed = false;
  Database::Work work = [&](Session& session) {
    session.lock("users/lock", std::vector<std::int64_t>{user_id});
    session.lock("users/lock_jobs", user_id);
    session.lock("users/lock_deliveries", user_id);
    Counts counts;
    uncount(session, user_id, counts);
    counts.write(session);
    std::int64_t id = 0;
    auto query = session.query("users/delete");
    removed = query.bind("id", user_id).into(id).next();
  };
  co_await database_.write(std::move(work));
  co_return removed;
}

runtime::Task<void> Users::switch_channel_off(std::int64_t channel_id, std::string reason,
                                              runtime::TimePoint now) {
  Database::Work work = [&](Session& session) {
    std::int64_t id = 0;
    {
      auto query = session.query("users/switch_off");
      query.bind("id", channel_id).bind("reason", reason).into(id);
      if (!query.next()) return;
    }
    Counts counts;
    const PendingEnd end{"dead", "channel_off", reason};
    end_pending_of_channels(session, counts, {channel_id}, end, now);
    counts.write(session);
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::int64_t> Users::count_active() {
  std::int64_t count = 0;
  Database::Work work = [&](Session& session) {
    session.query("users/count_active").into(count).one();
  };
  co_await database_.read(std::move(work));
  co_return count;
}

}  // namespace streaky::store
