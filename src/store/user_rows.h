// Whole users by id: five statements, however many users. Private to store/. The database's thread.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "store/session.h"
#include "store/users.h"

namespace streaky::store {

using UsersById = std::unordered_map<std::int64_t, User>;

/// Ids that do not exist are left out.
UsersById load_users(Session& session, const std::vector<std::int64_t>& ids);

}  // namespace streaky::store
