// A stored user as people and scripts see it: never a credential, only hints. Pure.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/deliveries.h"
#include "store/users.h"

namespace streaky::account {

/// Settings, channels by hint, streak; instants in RFC 3339.
boost::json::object user_json(const store::User& user, runtime::TimePoint now);
boost::json::object delivery_json(const store::Deliveries::History& delivery);
/// What `user import` reads again: settings alone.
boost::json::object export_json(const store::User& user, runtime::TimePoint now);

/// `2026-08-06 20:00` by the user's wall clock.
std::string local_text(const store::User& user, runtime::TimePoint at);
/// `20:00, 22:30`.
std::string times_text(const store::User& user);
/// `discord, telegram (off)`.
std::string channels_text(const store::User& user);
/// `active`, `paused`, `paused until 2026-08-10`.
std::string status_text(const store::User& user, runtime::TimePoint now);
/// `none`, `set`, `dead`.
const char* token_text(const store::User& user);
/// `12 days`; `not checked yet` before the first check.
std::string streak_text(const store::User& user);

}  // namespace streaky::account
