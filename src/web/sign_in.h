// What the ways to sign in share. Threading: the executor's thread.
#pragma once

#include <string>
#include <string_view>

#include "web/desk.h"
#include "web/visit.h"

namespace streaky::web {

/// Begins a session of this user and sets its cookie. Whatever session the browser had ends, so
/// that nobody can have put one there.
runtime::Task<void> begin_session(Desk* desk, Visit* visit, std::int64_t user_id,
                                  store::SessionOrigin origin);

/// Where to go after signing in: a page of ours for who is signed in, else the dashboard.
std::string safe_next(std::string_view path);

/// `Firefox on Linux`, for the list of sessions. Nothing of the header itself is kept.
std::string device_of(std::string_view user_agent);

}  // namespace streaky::web
