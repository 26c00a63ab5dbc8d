// What each GitHub token may still spend, shared by every worker in the process.
//
// A lease on a token is held for one request. The budget knows points and reset instants (from
// headers and `rateLimit`), secondary limits (`retry-after`, else a minute and more each time), and
// how many requests are in flight (never more than 100 per token; fewer after a secondary limit).
// Where processes share tokens, each keeps to its portion (`portion.h`).
// docs/remote-apis.md §1.7 has the limits; `remaining` is unreliable both ways, so a RATE_LIMITED
// answer outranks it.
//
// Threading: the executor's thread. Ownership: owns the service tokens and borrows the clock; a
// user's own token stays with the user, the budget knows its id alone. Must outlive its leases.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "github/points.h"
#include "github/portion.h"
#include "github/token_state.h"
#include "net/http_client.h"
#include "runtime/clock.h"
#include "runtime/secret.h"

namespace streaky::github {

class TokenBudget {
 public:
  /// Names a token without showing it: the service's tokens are 0, 1, 2…; a user's own token has
  /// an id that is derived from the user's.
  using TokenId = std::int64_t;

  /// Own tokens that are remembered at a time; the idle ones make room.
  static constexpr std::size_t kMostOwnTokens = 20'000;

  explicit TokenBudget(runtime::Clock& clock);
  TokenBudget(const TokenBudget&) = delete;
  TokenBudget& operator=(const TokenBudget&) = delete;
  ~TokenBudget();

  /// A service token, shared by all users.
  void add_service_token(runtime::Secret token);
  /// These from now on. What is known of those that stay is kept; requests that are under way with
  /// the others end as they would.
  void set_service_tokens(std::vector<runtime::Secret> tokens);
  /// This process's part of each service token from now on. Slices are dealt by `dealer`
  /// (borrowed); without one the whole hour's points are this process's.
  void set_portion(Portion portion);
  void set_dealer(PointDealer& dealer) { dealer_ = &dealer; }
  [[nodiscard]] std::size_t service_tokens() const;
  [[nodiscard]] std::size_t living_service_tokens() const;
  /// What is known of each service token, in their order.
  struct Standing {
    bool dead = false;
    int in_flight = 0;
    std::optional<std::int64_t> points_left;          // nothing: not known
    std::optional<runtime::TimePoint> points_until;   // when they are filled up
    std::optional<runtime::TimePoint> blocked_until;  // it rests until then
  };
  [[nodiscard]] std::vector<Standing> standings() const;
  /// Own tokens that something is remembered of.
  [[nodiscard]] std::size_t own_tokens() const { return own_.size(); }

  class Lease;
  struct Refusal {
    bool dead = false;              // 401: this token (or every service token) no longer works
    runtime::TimePoint retry_at{};  // else: the first instant at which asking may help
  };
  /// A service token with room, the least used first. When all are busy but none is limited, waits
  /// for room, at most until `give_up_at`. Without any service token the refusal is `dead`.
  runtime::Task<std::expected<Lease, Refusal>> lease_service(runtime::TimePoint give_up_at);
  /// Never refused as dead: whether an own token lives is kept with its user.
  runtime::Task<std::expected<Lease, Refusal>> lease_own(TokenId id, runtime::TimePoint give_up_at);

 private:
  friend class Lease;

  struct ServiceToken {
    runtime::Secret text;
    std::string name;  // a hash of it, for the common store
    TokenState state;
    bool retired = false;  // configured no more; its place stays, since ids are places
  };
  /// A token to use now, or since when to wait.
  struct Choice {
    std::optional<TokenId> id;
    std::optional<Refusal> refusal;
    ServiceToken* wants_slice = nullptr;  // of what is busy; none of the three: wait for room
  };

  [[nodiscard]] Moment moment() const { return {clock_.now(), clock_.monotonic()}; }
  Choice choose_service();
  Choice choose_own(TokenId id);
  bool make_place_for_own(runtime::Millis now);
  Lease begin(TokenId id, TokenState& state, bool own);
  void ended(TokenId id, TokenState& state, bool own);
  runtime::Task<bool> wait_for_room(runtime::TimePoint give_up_at);
  runtime::Task<void> fetch_slice(ServiceToken* token);

  runtime::Clock& clock_;          // borrowed
  PointDealer* dealer_ = nullptr;  // borrowed
  Portion portion_;
  std::vector<std::unique_ptr<ServiceToken>> services_;  // addresses stay: leases point into them
  std::unordered_map<TokenId, TokenState> own_;          // its elements never move
  runtime::Wake room_;
  std::optional<runtime::Clock::TimerId> room_timer_;
};

/// The right to send one request with one token; given back when destroyed.
class TokenBudget::Lease {
 public:
  Lease() = default;
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&& other) noexcept;
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;
  ~Lease();

  [[nodiscard]] bool held() const { return budget_ != nullptr; }
  [[nodiscard]] TokenId id() const { return id_; }
  /// A service token's text; empty for a user's own.
  [[nodiscard]] std::string_view service_text() const;

  /// A well-formed answer came; `body_points` are what `rateLimit` said.
  void succeeded(const net::HttpResponse& response, std::optional<Points> body_points);
  /// Any other answer that carries honest headers.
  void learn(const net::HttpResponse& response);
  void primary_limit(const net::HttpResponse& response);
  void secondary_limit(const net::HttpResponse& response);
  /// Refused, but not for good: a service token rests, so that the others are asked.
  void refused();
  /// 401: its headers say "0 of 0 points" and are not looked at.
  void died();
  void give_back();

 private:
  friend class TokenBudget;

  TokenBudget* budget_ = nullptr;  // borrowed; null when nothing is held
  TokenState* state_ = nullptr;    // borrowed from the budget
  TokenId id_ = 0;
  bool own_ = false;
  runtime::Millis begun_{0};
};

}  // namespace streaky::github
