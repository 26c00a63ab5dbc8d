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

Portion Portion::of_visitor(int workers) {
  Portion portion = of_fleet(workers + 1, true);
  portion.in_flight = kVisitorInFlight;
  return portion;
}

}  // namespace streaky::github
