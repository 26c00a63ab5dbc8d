#include "store/identities.h"

#include <unordered_map>
#include <utility>

#include "runtime/bytes.h"
#include "store/json_rows.h"

namespace streaky::store {

namespace {

using HolderIds = std::unordered_map<std::string, std::int64_t>;

/// Takes `key` for the user unless somebody else holds it.
bool take(HolderIds& holders, const std::string& key, std::int64_t user_id) {
  return holders.try_emplace(key, user_id).first->second == user_id;
}

std::string text_of(std::optional<std::int64_t> number) {
  return number ? std::to_string(*number) : std::string();
}

/// Two frozen ids of one kind that differ are two accounts; anything less proves nothing.
bool proven_two(const Identity& one, const Identity& other) {
  const bool nodes = !one.node_id.empty() && !other.node_id.empty() && one.node_id != other.node_id;
  return nodes || (one.database_id && other.database_id && *one.database_id != *other.database_id);
}

}  // namespace

struct Identities::Holders {
  HolderIds by_login;
  HolderIds by_node;
  HolderIds by_number;
  std::unordered_map<std::int64_t, Identity> users;
};

void Identities::add(std::int64_t user_id, const Identity& stored, const Identity& said) {
  Identity wanted = stored;
  if (!said.login.empty()) {
    wanted.login = said.login;
    wanted.login_key = runtime::to_lower_ascii(said.login);
  }
  if (wanted.node_id.empty()) wanted.node_id = said.node_id;
  if (!wanted.database_id) wanted.database_id = said.database_id;
  wanted.token_dead = stored.token_dead || said.token_dead;
  if (wanted == stored) return;
  changes_[user_id] = Change{stored, std::move(wanted), !said.login.empty()};
}

Identities::Holders Identities::read_holders(Session& session) const {
  std::vector<std::string> logins;
  std::vector<std::string> node_ids;
  std::vector<std::int64_t> database_ids;
  for (const auto& [id, change] : changes_) {
    logins.push_back(change.wanted.login_key);
    node_ids.push_back(change.wanted.node_id);
    if (change.wanted.database_id) database_ids.push_back(*change.wanted.database_id);
  }
  Holders holders;
  std::int64_t id = 0;
  Identity held;
  auto query = session.query("users/identity_holders");
  query.bind("logins", to_json(logins))
      .bind("node_ids", to_json(node_ids))
      .bind("database_ids", to_json(database_ids));
  query.into(id, held.login_key, held.node_id, held.database_id);
  while (query.next()) {
    if (!held.login_key.empty()) holders.by_login[held.login_key] = id;
    if (!held.node_id.empty()) holders.by_node[held.node_id] = id;
    if (held.database_id) holders.by_number[text_of(held.database_id)] = id;
    holders.users[id] = held;
  }
  return holders;
}

void Identities::settle_ids(Holders& holders) {
  for (auto& [id, change] : changes_) {
    Identity& wanted = change.wanted;
    if (!wanted.node_id.empty() && !take(holders.by_node, wanted.node_id, id)) {
      wanted.node_id.clear();
    }
    if (wanted.database_id && !take(holders.by_number, text_of(wanted.database_id), id)) {
      wanted.database_id.reset();
    }
    holders.users[id] = wanted;
  }
}

std::vector<std::int64_t> Identities::settle_logins(Holders& holders) {
  // Old names are free before new ones are taken: two users may have swapped theirs.
  for (const auto& [id, change] : changes_) {
    const std::string& key = change.stored.login_key;
    if (key.empty() || key == change.wanted.login_key) continue;
    const auto held = holders.by_login.find(key);
    if (held != holders.by_login.end() && held->second == id) holders.by_login.erase(held);
  }
  std::vector<std::int64_t> losers;
  for (auto& [id, change] : changes_) {
    Identity& wanted = change.wanted;
    if (wanted.login_key == change.stored.login_key) continue;
    losers.push_back(id);
    if (wanted.login_key.empty() || take(holders.by_login, wanted.login_key, id)) continue;
    std::int64_t& holder = holders.by_login.at(wanted.login_key);
    const auto other = changes_.find(holder);
    const bool said_too = other != changes_.end() && other->second.named;
    if (said_too || !proven_two(wanted, holders.users.at(holder))) {
      wanted.login_key.clear();
      continue;
    }
    losers.push_back(holder);
    if (other != changes_.end()) other->second.wanted.login_key.clear();
    holder = id;
  }
  return losers;
}

void Identities::write(Session& session) {
  if (changes_.empty()) return;
  Holders holders = read_holders(session);
  settle_ids(holders);
  const std::vector<std::int64_t> losers = settle_logins(holders);
  boost::json::array rows;
  for (const auto& [id, change] : changes_) {
    const Identity& wanted = change.wanted;
    if (wanted == change.stored) continue;
    rows.push_back({{"id", id},
                    {"login", json_text(wanted.login)},
                    {"login_key", json_text_or_null(wanted.login_key)},
                    {"node_id", json_text_or_null(wanted.node_id)},
                    {"database_id", json_number(wanted.database_id)},
                    {"token_dead", wanted.token_dead ? 1 : 0}});
  }
  changes_.clear();
  if (!losers.empty()) session.query("users/free_logins").bind("ids", to_json(losers)).run();
  if (!rows.empty()) session.query("users/save_identity").bind("users", to_json(rows)).run();
}

}  // namespace streaky::store
