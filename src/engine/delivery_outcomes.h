// Outcomes of deliveries that the sender makes itself: not what a channel said. Values alone;
// threading: any.
#pragma once

#include <string>
#include <utility>

#include "store/deliveries.h"

namespace streaky::engine {

/// Another process has it: nothing that this one could still do.
inline constexpr const char* kLeaseLost = "lease_lost";

inline store::DeliveryOutcome outcome_of(const store::ClaimedDelivery& delivery,
                                         store::DeliveryEnd end) {
  store::DeliveryOutcome outcome;
  outcome.id = delivery.id;
  outcome.attempt = delivery.attempt;
  outcome.end = end;
  return outcome;
}

inline store::DeliveryOutcome retry_at(const store::ClaimedDelivery& delivery,
                                       runtime::TimePoint at, std::string code,
                                       std::string reason) {
  store::DeliveryOutcome outcome = outcome_of(delivery, store::DeliveryEnd::retry);
  outcome.at = at;
  outcome.code = std::move(code);
  outcome.reason = std::move(reason);
  return outcome;
}

inline store::DeliveryOutcome handed_back(const store::ClaimedDelivery& delivery,
                                          runtime::TimePoint at) {
  return retry_at(delivery, at, "handed_back", "the process is stopping");
}

}  // namespace streaky::engine
