// The world's remote control: JSON over HTTP, for demos, benchmarks and tests in other processes.
//
//   POST /control/seed {users, seed, summaries?, broken?}   replaces everybody
//   POST /control/seed {users, seed, crowd: "plain", at_risk?, longest_streak?}   the same
//   GET  /control/users.jsonl                      import lines
//   GET  /control/truth.jsonl                      who should hear what, now
//   POST /control/faults {set?} or {service, fault, probability}
//   POST /control/latency {github_ms?, discord_ms?, telegram_ms?, sigma?}
//   POST /control/limits {lifted}
//   POST /control/cpu {query_ms?, window_ms?, hundred_days_ms?}   what GitHub charges
//   POST /control/contribute {login, label?, count?}
//   POST /control/morning {on}
//   POST /control/time {offset_ms}
//   POST /control/down {service, down}
//   POST /control/start {login, payload?}          the user presses START in Telegram
//   POST /control/reset-ledger                     also resets the counts of `stats`
//   GET  /control/ledger?offset=&limit=            JSON Lines
//   GET  /control/audit, /control/stats
//
// Errors are 400 with {"error": one line}. Threading: one thread; borrows the world.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "runtime/error.h"
#include "sim/world.h"

namespace streaky::sim {

class Control {
 public:
  explicit Control(World& world) : world_(world) {}

  Answer handle(const Request& request, runtime::TimePoint now);

 private:
  using Outcome = runtime::Result<void>;
  using Body = boost::json::object;

  Answer get(const Request& request, runtime::TimePoint now);
  Outcome post(std::string_view path, const Body& body, runtime::TimePoint now);
  Outcome seed(const Body& body, runtime::TimePoint now);
  Outcome faults(const Body& body);
  Outcome cpu(const Body& body);
  Outcome latency(const Body& body);
  Outcome contribute(const Body& body, runtime::TimePoint now);
  Outcome down(const Body& body);
  Outcome start(const Body& body, runtime::TimePoint now);
  [[nodiscard]] std::string stats() const;
  std::string truth(runtime::TimePoint now);

  World& world_;
};

}  // namespace streaky::sim
