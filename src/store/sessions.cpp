#include "store/sessions.h"

#include <algorithm>
#include <utility>

#include "store/session.h"
#include "store/user_rows.h"

namespace streaky::store {

namespace {

const char* to_text(SessionOrigin origin) {
  return origin == SessionOrigin::github ? "github" : "link";
}

std::optional<SignedIn> find_in(Session& session, const std::string& hash, runtime::TimePoint now) {
  SignedIn found;
  std::string made_by;
  {
    auto query = session.query("sessions/find");
    query.bind("hash", hash).bind("now", now);
    WebSession& one = found.session;
    query.into(one.id, one.user_id, made_by, one.created_at, one.seen_at, one.expires_at);
    if (!query.next()) return std::nullopt;
  }
  if (made_by == to_text(SessionOrigin::link)) found.session.made_by = SessionOrigin::link;
  auto users = load_users(session, {found.session.user_id});
  const auto user = users.find(found.session.user_id);
  if (user == users.end() || user->second.status == UserStatus::removed) return std::nullopt;
  found.user = std::move(user->second);
  return found;
}

}  // namespace

runtime::Task<void> Sessions::begin(std::string hash, std::int64_t user_id, SessionOrigin made_by,
                                    std::string device, runtime::TimePoint now) {
  Database::Work work = [&](Session& session) {
    session.query("sessions/make_room").bind("user", user_id).bind("keep", kMostSessions - 1).run();
    session.query("sessions/begin")
        .bind("hash", hash)
        .bind("user", user_id)
        .bind("made_by", to_text(made_by))
        .bind("device", device)
        .bind("now", now)
        .bind("expires_at", now + kSessionIdle)
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::optional<SignedIn>> Sessions::find(std::string hash, runtime::TimePoint now) {
  std::optional<SignedIn> found;
  Database::Work work = [&](Session& session) { found = find_in(session, hash, now); };
  co_await database_.read(std::move(work));
  co_return found;
}

bool Sessions::wants_extension(const WebSession& session, runtime::TimePoint now) {
  return now - session.seen_at >= kSessionTouch;
}

runtime::Task<void> Sessions::extend(WebSession session, runtime::TimePoint now) {
  const runtime::TimePoint until =
      std::min<runtime::TimePoint>(now + kSessionIdle, session.created_at + kSessionLife);
  Database::Work work = [&](Session& connection) {
    connection.query("sessions/extend")
        .bind("id", session.id)
        .bind("now", now)
        .bind("expires_at", until)
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::vector<ListedSession>> Sessions::list(std::int64_t user_id,
                                                         runtime::TimePoint now) {
  std::vector<ListedSession> sessions;
  Database::Work work = [&](Session& session) {
    ListedSession one;
    auto query = session.query("sessions/list");
    query.bind("user", user_id).bind("now", now);
    query.into(one.id, one.device, one.created_at, one.seen_at);
    while (query.next()) sessions.push_back(one);
  };
  co_await database_.read(std::move(work));
  co_return sessions;
}

runtime::Task<bool> Sessions::end(std::int64_t user_id, std::int64_t session_id) {
  bool ended = false;
  Database::Work work = [&](Session& session) {
    std::int64_t id = 0;
    auto query = session.query("sessions/end");
    ended = query.bind("id", session_id).bind("user", user_id).into(id).next();
  };
  co_await database_.write(std::move(work));
  co_return ended;
}

runtime::Task<void> Sessions::end_others(std::int64_t user_id, std::int64_t keep_session_id) {
  Database::Work work = [&](Session& session) {
    session.query("sessions/end_others").bind("user", user_id).bind("keep", keep_session_id).run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<void> Sessions::end_by_hash(std::string hash) {
  Database::Work work = [&](Session& session) {
    session.query("sessions/end_by_hash").bind("hash", hash).run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<void> Sessions::clean(runtime::TimePoint now, int limit) {
  Database::Work work = [&](Session& session) {
    session.query("sessions/clean").bind("now", now).bind("limit", limit).run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<void> Sessions::make_link(std::string hash, std::int64_t user_id,
                                        runtime::TimePoint now) {
  Database::Work work = [&](Session& session) {
    session.query("sessions/make_link")
        .bind("hash", hash)
        .bind("user", user_id)
        .bind("expires_at", now + kLinkLife)
        .run();
  };
  co_await database_.write(std::move(work));
}

runtime::Task<std::optional<std::int64_t>> Sessions::find_link(std::string hash,
                                                               runtime::TimePoint now) {
  std::optional<std::int64_t> found;
  Database::Work work = [&](Session& session) {
    std::int64_t user_id = 0;
    auto query = session.query("sessions/find_link");
    if (query.bind("hash", hash).bind("now", now).into(user_id).next()) found = user_id;
  };
  co_await database_.read(std::move(work));
  co_return found;
}

runtime::Task<bool> Sessions::use_link(std::string hash, runtime::TimePoint now) {
  bool used = false;
  Database::Work work = [&](Session& session) {
    std::string same;
    auto query = session.query("sessions/use_link");
    used = query.bind("hash", hash).bind("now", now).into(same).next();
  };
  co_await database_.write(std::move(work));
  co_return used;
}

}  // namespace streaky::store
