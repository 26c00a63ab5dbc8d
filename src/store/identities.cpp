#include "store/identities.h"

#include <unordered_map>
#include <vector>

#include "runtime/bytes.h"
#include "store/json_rows.h"

namespace streaky::store {

namespace {

using Holders = std::unordered_map<std::string, std::int64_t>;

/// Takes `key` for the user unless somebody else holds it.
bool take(Holders& holders, const std::string& key, std::int64_t user_id) {
  return holders.try_emplace(key, user_id).first->second == user_id;
}

std::string text_of(std::optional<std::int64_t> number) {
  return number ? std::to_string(*number) : std::string();
}

}  // namespace

void Identities::add(std::int64_t user_id, const Identity& stored, const Identity& said) {
  Identity wanted = stored;
  if (!said.login.empty()) {
    wanted.login = said.login;
    wanted.login_key = runtime::to_lower_ascii(said.login);
  }
  if (wanted.node_id.empty()) wanted.node_id = said.node_id;
  if (!wanted.database_id) wanted.database_id = said.database_id;
  wanted.token_dead = stored.token_dead || said.token_dead;
  if (wanted != stored) changes_[user_id] = {stored, wanted};
}

void Identities::write(Session& session) {
  if (changes_.empty()) return;
  std::vector<std::string> logins;
  std::vector<std::string> node_ids;
  std::vector<std::int64_t> database_ids;
  for (const auto& [id, change] : changes_) {
    logins.push_back(change.wanted.login_key);
    node_ids.push_back(change.wanted.node_id);
    if (change.wanted.database_id) database_ids.push_back(*change.wanted.database_id);
  }
  Holders by_login;
  Holders by_node;
  Holders by_number;
  {
    std::int64_t id = 0;
    Identity held;
    auto query = session.query("users/identity_holders");
    query.bind("logins", to_json(logins))
        .bind("node_ids", to_json(node_ids))
        .bind("database_ids", to_json(database_ids));
    query.into(id, held.login_key, held.node_id, held.database_id);
    while (query.next()) {
      if (!held.login_key.empty()) by_login[held.login_key] = id;
      if (!held.node_id.empty()) by_node[held.node_id] = id;
      if (held.database_id) by_number[text_of(held.database_id)] = id;
    }
  }
  boost::json::array rows;
  for (auto& [id, change] : changes_) {
    Identity& wanted = change.wanted;
    const Identity& stored = change.stored;
    if (!wanted.login_key.empty() && !take(by_login, wanted.login_key, id)) {
      wanted.login = stored.login;
      wanted.login_key = stored.login_key;
    }
    if (!wanted.node_id.empty() && !take(by_node, wanted.node_id, id)) wanted.node_id.clear();
    if (wanted.database_id && !take(by_number, text_of(wanted.database_id), id)) {
      wanted.database_id.reset();
    }
    if (wanted == stored) continue;
    rows.push_back({{"id", id},
                    {"login", json_text(wanted.login)},
                    {"login_key", json_text_or_null(wanted.login_key)},
                    {"node_id", json_text_or_null(wanted.node_id)},
                    {"database_id", json_number(wanted.database_id)},
                    {"token_dead", wanted.token_dead ? 1 : 0}});
  }
  changes_.clear();
  if (!rows.empty()) session.query("users/save_identity").bind("users", to_json(rows)).run();
}

}  // namespace streaky::store
