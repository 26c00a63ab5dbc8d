#include "sim/faults.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

namespace streaky::sim {
namespace {

constexpr std::array<std::pair<Fault, const char*>, 15> kNames = {{
    {Fault::error_500, "error_500"},
    {Fault::error_502, "error_502"},
    {Fault::error_503, "error_503"},
    {Fault::error_504, "error_504"},
    {Fault::html, "html"},
    {Fault::rate_limited, "rate_limited"},
    {Fault::secondary, "secondary"},
    {Fault::scopes, "scopes"},
    {Fault::reset_before, "reset_before"},
    {Fault::reset_after, "reset_after"},
    {Fault::hang, "hang"},
    {Fault::hang_after, "hang_after"},
    {Fault::slow, "slow"},
    {Fault::cut, "cut"},
    {Fault::half, "half"},
}};

constexpr std::array kStorm = {
    FaultRule{Service::github, Fault::error_502, 0.05},
    FaultRule{Service::github, Fault::error_504, 0.03},
    FaultRule{Service::github, Fault::html, 0.02},
    FaultRule{Service::github, Fault::rate_limited, 0.02},
    FaultRule{Service::github, Fault::secondary, 0.02},
    FaultRule{Service::github, Fault::reset_before, 0.04},
    FaultRule{Service::github, Fault::reset_after, 0.02},
    FaultRule{Service::github, Fault::slow, 0.08},
    FaultRule{Service::github, Fault::cut, 0.03},
    FaultRule{Service::github, Fault::half, 0.04},
    FaultRule{Service::discord, Fault::error_500, 0.02},
    FaultRule{Service::discord, Fault::error_503, 0.02},
    FaultRule{Service::discord, Fault::html, 0.01},
    FaultRule{Service::discord, Fault::rate_limited, 0.04},
    FaultRule{Service::discord, Fault::reset_before, 0.04},
    FaultRule{Service::discord, Fault::slow, 0.08},
    FaultRule{Service::telegram, Fault::error_500, 0.02},
    FaultRule{Service::telegram, Fault::error_502, 0.02},
    FaultRule{Service::telegram, Fault::html, 0.01},
    FaultRule{Service::telegram, Fault::rate_limited, 0.04},
    FaultRule{Service::telegram, Fault::reset_before, 0.04},
    FaultRule{Service::telegram, Fault::slow, 0.08},
};

}  // namespace

const char* to_text(Fault fault) {
  for (const auto& [value, name] : kNames) {
    if (value == fault) {
      return name;
    }
  }
  return "unknown";
}

std::optional<Fault> parse_fault(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (text == name) {
      return value;
    }
  }
  return std::nullopt;
}

runtime::Result<void> Faults::use(std::string_view name) {
  if (name == "none") {
    rules_.clear();
    return {};
  }
  if (name == "storm") {
    rules_.assign(kStorm.begin(), kStorm.end());
    return {};
  }
  return runtime::fail_for_good("unknown_fault_set",
                                fmt::format("fault set \"{}\" is unknown: none or storm", name));
}

runtime::Result<void> Faults::add(FaultRule rule) {
  const bool fits = rule.probability >= 0 && rule.probability <= 1;  // false for NaN
  if (!fits) {
    return runtime::fail_for_good("bad_probability", "probability must lie between 0 and 1");
  }
  if (rules_.size() >= kMostRules) {
    return runtime::fail_for_good("too_many_rules",
                                  fmt::format("at most {} faults at a time", kMostRules));
  }
  rules_.push_back(rule);
  return {};
}

std::optional<Fault> Faults::strike(Service service, runtime::Random& random) const {
  if (rules_.empty()) {
    return std::nullopt;
  }
  double draw = random.unit();
  for (const FaultRule& rule : rules_) {
    if (rule.service != service) {
      continue;
    }
    if (draw < rule.probability) {
      return rule.fault;
    }
    draw -= rule.probability;
  }
  return std::nullopt;
}

runtime::Millis Latency::draw(runtime::Random& random) const {
  if (sigma <= 0) {
    return median;
  }
  // Box-Muller; 1 - unit() is never 0.
  const double normal = std::sqrt(-2.0 * std::log(1.0 - random.unit())) *
                        std::cos(2.0 * std::numbers::pi * random.unit());
  const double drawn = static_cast<double>(median.count()) * std::exp(sigma * normal);
  return runtime::Millis{static_cast<std::int64_t>(drawn)};
}

}  // namespace streaky::sim
