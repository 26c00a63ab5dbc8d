// What goes wrong, with which probability, per service. At most one fault strikes a request.
//
// The set `storm` has errors, 429s, resets, slow and half answers, but never loses an answer after
// a delivery: on channels its faults strike before the service acts, so "heard exactly once" can be
// asked of whoever lives through it. Threading: one thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "runtime/error.h"
#include "runtime/random.h"
#include "sim/exchange.h"

namespace streaky::sim {

enum class Fault : std::uint8_t {
  error_500,
  error_502,
  error_503,
  error_504,
  html,          // a gateway's page instead of JSON
  rate_limited,  // the primary limit; 429 on channels
  secondary,     // GitHub's secondary limit; on channels as rate_limited
  scopes,        // GitHub: INSUFFICIENT_SCOPES
  reset_before,  // before the service acts
  reset_after,   // after it has acted
  hang,          // no answer; the service has not acted
  hang_after,    // no answer; the service has acted
  slow,          // some seconds more
  cut,           // the answer breaks off in the middle, after the service has acted
  half,          // GitHub: weeks are missing; a valid answer all the same
};
const char* to_text(Fault fault);
std::optional<Fault> parse_fault(std::string_view text);

struct FaultRule {
  Service service = Service::github;
  Fault fault = Fault::error_500;
  double probability = 0;  // 0 to 1
};

class Faults {
 public:
  static constexpr std::size_t kMostRules = 100;

  /// Replaces all rules by a named set: `none` or `storm`.
  runtime::Result<void> use(std::string_view name);
  /// Adds a rule.
  runtime::Result<void> add(FaultRule rule);
  [[nodiscard]] bool any() const { return !rules_.empty(); }
  [[nodiscard]] std::optional<Fault> strike(Service service, runtime::Random& random) const;

 private:
  std::vector<FaultRule> rules_;
};

/// How long answers take: fixed, or log-normal around the median when `sigma` is above 0.
struct Latency {
  runtime::Millis median{0};
  double sigma = 0;

  [[nodiscard]] runtime::Millis draw(runtime::Random& random) const;
};

}  // namespace streaky::sim
