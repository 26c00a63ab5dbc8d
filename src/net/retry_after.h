// How long an answer asks to wait: `Retry-After`, in seconds or as a date (RFC 9110,
// section 10.2.3).
//
// Pure; any thread. The time is as the header has it, not negative: callers keep it within bounds.
#pragma once

#include <optional>

#include "net/http_client.h"
#include "runtime/time.h"

namespace streaky::net {

/// Seconds may have decimals. A date counts from the answer's own `Date`, so that our clock does
/// not matter; without one from `now`. Nothing when the header is missing or odd.
std::optional<runtime::Millis> retry_after(const HttpResponse& response, runtime::TimePoint now);

}  // namespace streaky::net
