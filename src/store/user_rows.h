// Whole users by id: two statements, or four, however many users. Private to store/. The database's
// thread.
#pragma once

#include <boost/json/object.hpp>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "store/session.h"
#include "store/users.h"

namespace streaky::store {

using UsersById = std::unordered_map<std::int64_t, User>;

/// Ids that do not exist are left out.
UsersById load_users(Session& session, const std::vector<std::int64_t>& ids);

/// What `users/save_streaks` takes.
boost::json::object streak_row(std::int64_t user_id, const StreakState& streak);

}  // namespace streaky::store
