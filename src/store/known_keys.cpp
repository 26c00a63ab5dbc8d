#include "store/known_keys.h"

#include <utility>

#include "store/json_rows.h"
#include "store/session.h"

namespace streaky::store {

namespace {

std::vector<KnownKey> read_all(Session& session) {
  std::vector<KnownKey> keys;
  KnownKey key;
  auto query = session.query("known_keys/list");
  query.into(key.prefix, key.fingerprint, key.retired);
  while (query.next()) keys.push_back(key);
  return keys;
}

}  // namespace

runtime::Task<std::vector<KnownKey>> KnownKeys::list() {
  std::vector<KnownKey> keys;
  Database::Work work = [&](Session& session) { keys = read_all(session); };
  co_await database_.read(std::move(work));
  co_return keys;
}

runtime::Task<bool> KnownKeys::add(std::vector<KnownKey> keys, std::vector<KnownKey> seen) {
  boost::json::array rows;
  for (const KnownKey& key : keys) {
    rows.push_back({{"prefix", key.prefix}, {"fingerprint", key.fingerprint}});
  }
  bool added = false;
  Database::Work work = [&](Session& session) {
    session.lock("known_keys/lock");
    added = read_all(session) == seen;
    if (added) session.query("known_keys/add").bind("keys", to_json(rows)).run();
  };
  co_await database_.write(std::move(work));
  co_return added;
}

}  // namespace streaky::store
