// Who is signed in where, and the one-time links by which somebody signs in without GitHub.
// Threading, errors: see database.h.
//
// Tokens come as their hashes (crypto/tokens.h). A session ends `kSessionIdle` after it was last
// used, `kSessionLife` after it began, or when it is ended; using it is written at most once per
// `kSessionTouch`, so that a page costs no write.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/users.h"

namespace streaky::store {

inline constexpr std::chrono::days kSessionIdle{30};
inline constexpr std::chrono::days kSessionLife{180};
inline constexpr std::chrono::hours kSessionTouch{1};
inline constexpr std::chrono::minutes kLinkLife{10};
/// More make the one that was used longest ago go.
inline constexpr int kMostSessions = 20;

enum class SessionOrigin { github, link };

struct WebSession {
  std::int64_t id = 0;
  std::int64_t user_id = 0;
  SessionOrigin made_by = SessionOrigin::github;
  runtime::TimePoint created_at{};
  runtime::TimePoint seen_at{};
  runtime::TimePoint expires_at{};
};

/// A session with the user whose it is, as a request needs them.
struct SignedIn {
  WebSession session;
  User user;
};

struct ListedSession {
  std::int64_t id = 0;
  std::string device;  // `Firefox on Linux`
  runtime::TimePoint created_at{};
  runtime::TimePoint seen_at{};
};

class Sessions {
 public:
  explicit Sessions(Database& database) : database_(database) {}

  runtime::Task<void> begin(std::string hash, std::int64_t user_id, SessionOrigin made_by,
                            std::string device, runtime::TimePoint now);
  /// Nothing when there is no such session (any more).
  runtime::Task<std::optional<SignedIn>> find(std::string hash, runtime::TimePoint now);
  /// True when using this session now is to be written, by `extend`.
  static bool wants_extension(const WebSession& session, runtime::TimePoint now);
  runtime::Task<void> extend(WebSession session, runtime::TimePoint now);
  /// The latest used first.
  runtime::Task<std::vector<ListedSession>> list(std::int64_t user_id, runtime::TimePoint now);
  /// False when the user has no such session.
  runtime::Task<bool> end(std::int64_t user_id, std::int64_t session_id);
  runtime::Task<void> end_others(std::int64_t user_id, std::int64_t keep_session_id);
  runtime::Task<void> end_by_hash(std::string hash);
  /// Deletes at most `limit` that are over.
  runtime::Task<void> clean(runtime::TimePoint now, int limit);

  /// A link that works once, within `kLinkLife`. Older ones for the same user (0: for whoever is
  /// the only one) end.
  runtime::Task<void> make_link(std::string hash, std::int64_t user_id, runtime::TimePoint now);
  /// Whom the link signs in, 0 as above; nothing when it does not work. Looking does not use it up.
  runtime::Task<std::optional<std::int64_t>> find_link(std::string hash, runtime::TimePoint now);
  /// True once per link.
  runtime::Task<bool> use_link(std::string hash, runtime::TimePoint now);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
