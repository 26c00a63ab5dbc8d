#include "github/portion.h"

#include <algorithm>

namespace streaky::github {

Portion Portion::of_fleet(int workers, bool newcomer) {
  Portion portion;
  portion.workers = std::max(workers, 1);
  portion.by_slices = portion.workers > 1;
  portion.in_flight = std::max(kFleetInFlight / portion.workers, 1);
  portion.per_minute = std::max(kFleetPerMinute / portion.workers, 1);
  if (newcomer && portion.workers > 1) portion.in_flight = 1;
  return portion;
}

}  // namespace streaky::github
