// What GitHub knows of a user's days: well-formed answers or an error, nothing in between.
//
// `see` asks for one user; many calls at the same time travel in few requests (`nodes(ids:)` for
// users whose node id is known, `user(login:)` aliases for the rest). Users with a token of their
// own are asked for once more with that token, and each day counts the larger of the two views.
// The short window comes first; older windows are asked for one by one while the streak is open.
// Every row of docs/remote-apis.md §1.8 has its handling here.
//
// Threading: the executor's thread. Ownership: borrows everything it is constructed with. A request
// may outlast the `see` that asked (its deadline came first): await `wait_idle()` before
// destroying. Errors (stable codes): `not_found` (permanent), `rate_limited`, `unavailable` (5xx,
// network), `bad_answer` (malformed, half), `resource_limits`, `token_dead` (permanent), `no_token`
// (permanent), `deadline`, `client_bug` (permanent: GitHub refuses the query itself).
#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "net/http_client.h"
#include "runtime/clock.h"
#include "runtime/error.h"
#include "runtime/log.h"
#include "runtime/metrics.h"
#include "runtime/random.h"
#include "runtime/secret.h"
#include "streak/streak.h"

namespace streaky::github {

struct ContributionsOptions {
  std::string api_url = "https://api.github.com";  // an origin; /graphql is appended
  runtime::Millis request_timeout{15'000};
  int first_batch = 25;  // users per request to begin with, for short windows
  int most_per_batch = 100;
};

/// Whom to look at. `node_id` is empty until the first answer froze it.
struct Subject {
  std::int64_t user_id = 0;  // ours; 0 for nobody's (`streaky check`)
  std::string login;
  std::string node_id;
  std::optional<std::int64_t> database_id;  // GitHub's number, where known
  runtime::Secret own_token;                // empty: none
  bool own_token_dead = false;              // known from an earlier check
  streak::DayRules rules;
  std::optional<streak::Anchor> anchor;  // what is settled already
  streak::Label today;                   // the user's
  bool full_history = false;             // walk to the account's creation (longest streak)
};

/// Which views the answer rests on.
enum class Views { service, own, both };
const char* to_text(Views views);

struct Sight {
  streak::Calendar calendar;  // each day the larger of the views
  streak::Judgement judgement;
  /// To be stored: the streak as of the day before UTC today − 3.
  std::optional<streak::Anchor> anchor;
  /// True when the history behind the anchor was read in this look, not taken from storage.
  bool history_read = false;
  Views views = Views::service;
  bool own_token_dead = false;  // dead before or found dead now
  /// The own token may not see its user for now: private days may be missing, and nothing is
  /// stored.
  bool own_token_refused = false;
  std::string login;  // as GitHub spells it today
  std::string node_id;
  std::optional<std::int64_t> database_id;
  std::optional<streak::Label> created_on;
  runtime::TimePoint seen_at{};  // when the decisive answer came

  /// True when a message must say that private days may be missing.
  [[nodiscard]] bool public_only() const { return own_token_dead || own_token_refused; }
};

/// An error of `see` may still carry what is certain: the judgement of the labels that were seen
/// (an at-risk streak whose length is not known), for the last minutes before midnight.
struct Unseen {
  runtime::Error error;
  std::optional<runtime::TimePoint> retry_at;  // what GitHub asked for
  std::optional<Sight> partial;
  bool own_token_dead = false;
};

using Seen = std::expected<Sight, Unseen>;

/// Never null. Behind a pointer because thousands of coroutines wait for one at the same time, and
/// every frame between who asks and the answer would keep room for it.
using SeenPtr = std::unique_ptr<Seen>;

class TokenBudget;

class Contributions {
 public:
  Contributions(net::HttpClient& http, TokenBudget& budget, runtime::Clock& clock,
                runtime::Random& random, runtime::Log& log, runtime::Metrics& metrics,
                runtime::Executor executor, ContributionsOptions options);
  ~Contributions();

  /// Ends by `deadline` whatever GitHub does.
  runtime::Task<SeenPtr> see(Subject subject, runtime::TimePoint deadline);
  /// Returns once no request is under way.
  runtime::Task<void> wait_idle();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace streaky::github
