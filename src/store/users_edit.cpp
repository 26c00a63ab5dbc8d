#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "store/session.h"
#include "store/user_rows.h"
#include "store/users.h"
#include "store/users_save.h"

namespace streaky::store {

namespace {

bool same(const Channel& one, const Channel& other) {
  return one.kind == other.kind && one.sealed == other.sealed && one.hint == other.hint &&
         one.on == other.on && one.off_reason == other.off_reason && one.level == other.level;
}

const Channel* find_channel(const std::vector<Channel>& channels, std::int64_t id) {
  const auto found = std::ranges::find(channels, id, &Channel::id);
  return found == channels.end() ? nullptr : &*found;
}

/// A channel that the edit left alone stays as it is stored now: it may have been switched off, or
/// its chat may have moved.
std::vector<Channel> merge_channels(const UserEdit& edit, const User& stored) {
  std::vector<Channel> channels;
  for (const Channel& channel : edit.after.channels) {
    const Channel* before = find_channel(edit.before->channels, channel.id);
    const Channel* now = find_channel(stored.channels, channel.id);
    const bool untouched = before != nullptr && now != nullptr && same(*before, channel);
    channels.push_back(untouched ? *now : channel);
  }
  return channels;
}

/// `stored` with what the edit changed. Between two edits nobody but the checks writes, and those
/// leave the settings themselves alone.
User merge(const UserEdit& edit, const User& stored) {
  const User& before = *edit.before;
  User user = edit.after;
  if (user.login == before.login) {
    user.login = stored.login;
    user.login_taken = stored.login_taken;
  }
  // Ids are frozen once: the first answer outranks what a person says of them.
  if (!stored.node_id.empty()) user.node_id = stored.node_id;
  if (stored.database_id) user.database_id = stored.database_id;
  if (user.sealed_token == before.sealed_token) {
    user.sealed_token = stored.sealed_token;
    user.token_dead = stored.token_dead;
  }
  if (user.next_check_at == before.next_check_at) user.next_check_at = stored.next_check_at;
  user.channels = merge_channels(edit, stored);
  user.streak = stored.streak;
  user.settings_version = stored.settings_version;
  return user;
}

/// Nothing when what was read is no longer what the settings are.
std::optional<User> resolve(const UserEdit& edit, const UsersById& stored) {
  const auto found = stored.find(edit.after.id);
  const bool exists = found != stored.end();
  if (!edit.before) return exists ? std::nullopt : std::optional<User>(edit.after);
  if (!exists || found->second.settings_version != edit.before->settings_version) {
    return std::nullopt;
  }
  return merge(edit, found->second);
}

std::vector<std::optional<User>> edit_in(Session& session, const std::vector<UserEdit>& edits,
                                         runtime::TimePoint now) {
  std::vector<std::int64_t> ids;
  ids.reserve(edits.size());
  for (const UserEdit& edit : edits) ids.push_back(edit.after.id);
  session.lock("users/lock", ids);
  const UsersById stored = load_users(session, ids);
  std::vector<std::optional<User>> results;
  std::vector<User> users;
  for (const UserEdit& edit : edits) {
    results.push_back(resolve(edit, stored));
    if (results.back()) users.push_back(*results.back());
  }
  save_users(session, users, now);
  for (std::optional<User>& user : results) {
    if (user) ++user->settings_version;
  }
  return results;
}

Query& bind_link(Query& query, std::int64_t user_id, const LinkUse& link) {
  return query.bind("user", user_id)
      .bind("date", streak::to_text(link.date))
      .bind("stage", link.stage)
      .bind("action", link.action);
}

bool is_used(Session& session, std::int64_t user_id, const LinkUse& link) {
  bool used = false;
  auto query = session.query("users/link_used");
  bind_link(query, user_id, link).into(used).one();
  return used;
}

bool is_code_of(Session& session, std::int64_t user_id, const std::string& hash,
                runtime::TimePoint now) {
  std::int64_t owner = 0;
  auto query = session.query("telegram_links/find_code");
  return query.bind("hash", hash).bind("now", now).into(owner).next() && owner == user_id;
}

}  // namespace

runtime::Task<std::vector<std::optional<User>>> Users::edit(std::vector<UserEdit> edits,
                                                            runtime::TimePoint now) {
  if (edits.size() > kMostSaved) throw std::length_error("edit: at most 1000 users at a time");
  std::vector<std::optional<User>> results;
  Database::Work work = [&](Session& session) { results = edit_in(session, edits, now); };
  if (!edits.empty()) co_await database_.write(std::move(work));
  co_return results;
}

runtime::Task<Users::Once> Users::edit_once(UserEdit edit, LinkUse link, runtime::TimePoint now) {
  Once once;
  const std::int64_t user_id = edit.after.id;
  std::vector<UserEdit> edits;
  edits.push_back(std::move(edit));
  Database::Work work = [&](Session& session) {
    once = Once{};
    once.used_before = is_used(session, user_id, link);
    if (once.used_before) return;
    once.user = std::move(edit_in(session, edits, now).front());
    if (!once.user) return;
    auto query = session.query("users/use_link");
    bind_link(query, user_id, link).bind("now", now).run();
  };
  co_await database_.write(std::move(work));
  co_return once;
}

runtime::Task<Users::Once> Users::edit_by_code(UserEdit edit, std::string code_hash,
                                               runtime::TimePoint now) {
  Once once;
  const std::int64_t user_id = edit.after.id;
  std::vector<UserEdit> edits;
  edits.push_back(std::move(edit));
  Database::Work work = [&](Session& session) {
    once = Once{};
    // Whoever uses the code meanwhile waits here, and then finds it gone.
    session.lock("users/lock", std::vector<std::int64_t>(1, user_id));
    once.used_before = !is_code_of(session, user_id, code_hash, now);
    if (once.used_before) return;
    once.user = std::move(edit_in(session, edits, now).front());
    if (once.user) session.query("telegram_links/end_code").bind("hash", code_hash).run();
  };
  co_await database_.write(std::move(work));
  co_return once;
}

runtime::Task<bool> Users::link_used(std::int64_t user_id, LinkUse link) {
  bool used = false;
  Database::Work work = [&](Session& session) { used = is_used(session, user_id, link); };
  co_await database_.read(std::move(work));
  co_return used;
}

}  // namespace streaky::store
