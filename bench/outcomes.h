// What a worker finds out in the rows that measure the queue: everybody is safe, after thirty days.
#pragma once

#include <vector>

#include "store/jobs.h"

namespace streaky::bench {

std::vector<store::JobOutcome> safe_outcomes(const std::vector<store::ClaimedJob>& claimed,
                                             runtime::TimePoint now);

}  // namespace streaky::bench
