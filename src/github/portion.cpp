#include "github/portion.h"

#include <algorithm>

namespace streaky::github {

Portion Portion::of_fleet(int workers, int visitors, bool newcomer) {
  Portion portion;
  portion.workers = std::max(workers, 1);
  portion.by_slices = portion.workers > 1;
  const int together = kFleetInFlight - kVisitorInFlight * std::max(visitors, 0);
  portion.in_flight = std::max(together / portion.workers, 1);
  portion.per_minute = std::max(kFleetPerMinute / portion.workers, 1);
  if (newcomer && portion.workers > 1) portion.in_flight = 1;
  return portion;
}

Portion Portion::of_visitor(int workers, int visitors) {
  Portion portion;
  portion.workers = std::max(workers, 1) + 1;
  portion.by_slices = true;
  portion.in_flight = kVisitorInFlight;
  portion.per_minute = std::max(kVisitorsPerMinute / std::max(visitors, 1), 1);
  return portion;
}

}  // namespace streaky::github
