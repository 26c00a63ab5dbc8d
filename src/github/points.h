// What an answer says of a token's points: from headers, or from `rateLimit` in the body.
#pragma once

#include <cstdint>

#include "runtime/time.h"

namespace streaky::github {

struct Points {
  std::int64_t remaining = 0;
  runtime::TimePoint reset_at{};
};

}  // namespace streaky::github
