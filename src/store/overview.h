// What the dashboard shows beside its user, in one transaction. Threading, errors: see database.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "store/calendars.h"
#include "store/deliveries.h"
#include "store/jobs.h"
#include "store/users.h"

namespace streaky::store {

struct Overview {
  std::optional<SeenCalendar> calendar;
  std::vector<Deliveries::History> deliveries;  // newest first
  std::vector<Jobs::Look> looks;                // newest first
  /// As `Users::mark` would tell it of what is shown: of this user as it was read before, and of
  /// the rest as it is here. What has changed in between differs from it, and so is news.
  std::string mark;
};

/// At most `most` deliveries and looks.
runtime::Task<Overview> read_overview(Database* database, const User* shown, int most);

}  // namespace streaky::store
