// Reads of one user's rows that several stores share. Private to store/. The database's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "store/calendars.h"
#include "store/deliveries.h"
#include "store/jobs.h"
#include "store/session.h"

namespace streaky::store {

std::optional<SeenCalendar> find_calendar(Session& session, std::int64_t user_id);
std::vector<Deliveries::History> read_history(Session& session, std::int64_t user_id, int most);
std::vector<Jobs::Look> read_looks(Session& session, std::int64_t user_id, int most);

/// What `Users::mark` is made of.
struct UserMark {
  std::int64_t settings = 0;
  std::int64_t streak_seen = 0;
  std::int64_t calendar_seen = 0;
  std::string delivery;
};
UserMark read_mark(Session& session, std::int64_t user_id);
std::string to_text(const UserMark& mark);

}  // namespace streaky::store
