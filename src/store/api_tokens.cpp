#include "store/api_tokens.h"

#include <utility>

#include "store/session.h"
#include "store/user_rows.h"

namespace streaky::store {

namespace {

std::optional<ApiTokens::Holder> find_in(Session& session, const std::string& hash) {
  ApiTokens::Holder found;
  std::int64_t user_id = 0;
  std::string made_by;
  {
    ApiToken& token = found.token;
    auto query = session.query("api_tokens/find");
    query.bind("hash", hash);
    query.into(token.id, user_id, made_by, token.name, token.created_at, token.used_at);
    if (!query.next()) return std::nullopt;
  }
  auto users = load_users(session, {user_id});
  const auto user = users.find(user_id);
  if (user == users.end() || user->second.status == UserStatus::removed) return std::nullopt;
  found.signed_in.session.user_id = user_id;
  found.signed_in.session.made_by = parse_session_origin(made_by);
  found.signed_in.user = std::move(user->second);
  return found;
}

}  // namespace

runtime::Task<std::optional<std::int64_t>> ApiTokens::make(std::string hash, std::int64_t user_id,
                                                           SessionOrigin made_by, std::string name,
                                                           runtime::TimePoint now) {
  std::optional<std::int64_t> made;
  Database::Work work = [&](Session& session) {
    made.reset();
    // Two who make tokens for the same user come one after the other: none beyond the limit.
    session.lock("users/lock", std::vector<std::int64_t>{user_id});
    std::int64_t id = 0;
    auto query = session.query("api_tokens/make");
    query.bind("hash", hash).bind("user", user_id).bind("made_by", to_text(made_by));
    query.bind("name", name).bind("now", now).bind("most", kMostApiTokens).into(id);
    if (query.next()) made = id;
  };
  co_await database_.write(std::move(work));
  co_return made;
}

runtime::Task<std::optional<ApiTokens::Holder>> ApiTokens::find(std::string hash) {
  std::optional<Holder> found;
  Database::Work work = [&](Session& session) { found = find_in(session, hash); };
  co_await database_.read(std::move(work));
  co_return found;
}

bool ApiTokens::wants_touch(const ApiToken& token, runtime::TimePoint now) {
  return !token.used_at || now - *token.used_at >= kTokenTouch;
}

runtime::Task<void> ApiTokens::touch(std::int64_t token_id, runtime::TimePoint now) {
  Database::Work work = [&](Session& session) {
    session.query("api_tokens/touch").bind("id", token_id).bind("now", now).run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::vector<ApiToken>> ApiTokens::list(std::int64_t user_id) {
  std::vector<ApiToken> tokens;
  Database::Work work = [&](Session& session) {
    ApiToken one;
    auto query = session.query("api_tokens/list");
    query.bind("user", user_id).into(one.id, one.name, one.created_at, one.used_at);
    while (query.next()) tokens.push_back(one);
  };
  co_await database_.read(std::move(work));
  co_return tokens;
}

runtime::Task<bool> ApiTokens::revoke(std::int64_t user_id, std::int64_t token_id) {
  bool revoked = false;
  Database::Work work = [&](Session& session) {
    std::int64_t id = 0;
    auto query = session.query("api_tokens/revoke");
    revoked = query.bind("id", token_id).bind("user", user_id).into(id).next();
  };
  co_await database_.write(std::move(work));
  co_return revoked;
}

}  // namespace streaky::store
