// Writes whole users in bulk. Private to store/. The database's thread.
#pragma once

#include <cstddef>
#include <vector>

#include "runtime/time.h"
#include "store/session.h"
#include "store/users.h"

namespace streaky::store {

inline constexpr std::size_t kMostSaved = 1'000;

/// Replaces what is stored of them by what is given. A login goes over from another user only where
/// the frozen ids prove that these are two accounts.
void save_users(Session& session, const std::vector<User>& users, runtime::TimePoint now);

}  // namespace streaky::store
