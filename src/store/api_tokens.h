// Tokens by which programs act for a user. Threading, errors: see database.h.
//
// Tokens come as their hashes (crypto/tokens.h), and are shown to their user once. They work until
// they are revoked or the user is gone; using one is written at most once per `kTokenTouch`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/sessions.h"

namespace streaky::store {

inline constexpr int kMostApiTokens = 20;  // per user
inline constexpr std::chrono::minutes kTokenTouch{5};

struct ApiToken {
  std::int64_t id = 0;
  std::string name;
  runtime::TimePoint created_at{};
  std::optional<runtime::TimePoint> used_at;
};

class ApiTokens {
 public:
  explicit ApiTokens(Database& database) : database_(database) {}

  /// Its id; nothing when the user has `kMostApiTokens` already. `made_by`: how whoever makes it is
  /// signed in, which says what the token may do.
  runtime::Task<std::optional<std::int64_t>> make(std::string hash, std::int64_t user_id,
                                                  SessionOrigin made_by, std::string name,
                                                  runtime::TimePoint now);
  /// The token and whose it is, as a session without an id; nothing when it does not work.
  struct Holder {
    ApiToken token;
    SignedIn signed_in;
  };
  runtime::Task<std::optional<Holder>> find(std::string hash);
  static bool wants_touch(const ApiToken& token, runtime::TimePoint now);
  runtime::Task<void> touch(std::int64_t token_id, runtime::TimePoint now);
  /// The newest first.
  runtime::Task<std::vector<ApiToken>> list(std::int64_t user_id);
  /// False when the user has no such token.
  runtime::Task<bool> revoke(std::int64_t user_id, std::int64_t token_id);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
