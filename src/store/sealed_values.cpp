#include "store/sealed_values.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "store/json_rows.h"
#include "store/session.h"

namespace streaky::store {

namespace {

using Kind = SealedValue::Kind;

std::vector<SealedValue> read_tokens(Session& session, const std::string& prefix,
                                     std::int64_t after, int limit) {
  std::vector<SealedValue> values;
  SealedValue value;
  auto query = session.query("sealed_values/tokens");
  query.bind("prefix", prefix).bind("after", after).bind("limit", limit);
  query.into(value.user_id, value.login, value.sealed);
  while (query.next()) {
    value.kind = Kind::token;
    value.what = "GitHub token";
    values.push_back(value);
  }
  return values;
}

std::vector<SealedValue> read_channels(Session& session, const std::string& prefix,
                                       std::int64_t after, int limit) {
  std::vector<SealedValue> values;
  SealedValue value;
  auto query = session.query("sealed_values/channels");
  query.bind("prefix", prefix).bind("after", after).bind("limit", limit);
  query.into(value.channel_id, value.user_id, value.login, value.what, value.sealed);
  while (query.next()) {
    value.kind = Kind::channel;
    value.what += " credential";
    values.push_back(value);
  }
  return values;
}

}  // namespace

runtime::Task<std::vector<SealedValue>> SealedValues::not_of(Kind kind, std::string prefix,
                                                             std::int64_t after, int limit) {
  std::vector<SealedValue> values;
  const int most = std::clamp(limit, 0, kMost);
  Database::Work work = [&](Session& session) {
    values = kind == Kind::token ? read_tokens(session, prefix, after, most)
                                 : read_channels(session, prefix, after, most);
  };
  co_await database_.read(std::move(work));
  co_return values;
}

runtime::Task<int> SealedValues::replace(std::vector<ResealedValue> values) {
  if (values.size() > kMost) throw std::length_error("replace: at most 1000 values at a time");
  boost::json::array tokens;
  boost::json::array channels;
  for (const ResealedValue& value : values) {
    auto& rows = value.before.kind == Kind::token ? tokens : channels;
    rows.push_back({{"id", value.before.id()},
                    {"sealed", json_text(value.before.sealed)},
                    {"anew", json_text(value.anew)}});
  }
  std::int64_t replaced = 0;
  Database::Work work = [&](Session& session) {
    replaced = session.query("sealed_values/replace_tokens").bind("values", to_json(tokens)).run();
    replaced +=
        session.query("sealed_values/replace_channels").bind("values", to_json(channels)).run();
  };
  if (!values.empty()) co_await database_.write(std::move(work));
  co_return static_cast<int>(replaced);
}

runtime::Task<std::map<std::string, std::int64_t>> SealedValues::count_by_key() {
  std::map<std::string, std::int64_t> counts;
  Database::Work work = [&](Session& session) {
    counts.clear();
    std::string prefix;
    std::int64_t count = 0;
    auto query = session.query("sealed_values/count");
    query.into(prefix, count);
    while (query.next()) counts[prefix] = count;
  };
  co_await database_.read(std::move(work));
  co_return counts;
}

runtime::Task<bool> SealedValues::retire(std::string prefix) {
  bool needed = true;
  Database::Work work = [&](Session& session) {
    session.lock("sealed_values/lock_retired");
    session.query("sealed_values/any_with").bind("prefix", prefix).into(needed).one();
    if (!needed) session.query("sealed_values/retire").bind("prefix", prefix).run();
  };
  co_await database_.write(std::move(work));
  co_return !needed;
}

}  // namespace streaky::store
