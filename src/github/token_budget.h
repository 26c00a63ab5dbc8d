// What each GitHub token may still spend, shared by every worker in the process.
//
// A lease on a token is held for one request. The budget knows points and reset instants (from
// headers and `rateLimit`), secondary limits (`retry-after`, else a minute and more each time), and
// how many requests are in flight (never more than 100 per token; fewer after a secondary limit).
// docs/remote-apis.md §1.7 has the limits; `remaining` is unreliable both ways, so a RATE_LIMITED
// answer outranks it. Threading: the executor's thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http_client.h"
#include "runtime/clock.h"
#include "runtime/secret.h"

namespace streaky::github {

class TokenBudget {
 public:
  /// Names a token without showing it: the service's tokens are 0, 1, 2…; a user's own token has
  /// an id that is derived from the user's.
  using TokenId = std::int64_t;

  explicit TokenBudget(runtime::Clock& clock);

  /// A service token, shared by all users.
  void add_service_token(runtime::Secret token);
  [[nodiscard]] std::size_t service_tokens() const;
  [[nodiscard]] std::size_t living_service_tokens() const;

  class Lease;
  struct Refusal {
    bool dead = false;              // 401: this token (or every service token) no longer works
    runtime::TimePoint retry_at{};  // else: the first instant at which asking may help
  };
  /// A service token with room, the least used first. When all are busy but none is limited, waits
  /// for room, at most until `give_up_at`.
  runtime::Task<std::expected<Lease, Refusal>> lease_service(runtime::TimePoint give_up_at);
  runtime::Task<std::expected<Lease, Refusal>> lease_own(TokenId id, runtime::TimePoint give_up_at);

 private:
  friend class Lease;
};

}  // namespace streaky::github
