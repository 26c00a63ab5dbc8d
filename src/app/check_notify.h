// `streaky check --notify`: today's reminder of one stored user, by hand. It goes through the
// outbox like any other, so that nobody hears the same twice. Threading: the calling thread,
// through `Base::run`. Errors: store::DatabaseError is thrown.
#pragma once

#include "app/wiring.h"
#include "crypto/sealer.h"
#include "github/contributions.h"
#include "store/users.h"
#include "streak/calendar.h"

namespace streaky::app {

/// Everything is borrowed for the call.
struct Notification {
  Base& base;
  Outside& outside;
  const Options& options;
  store::Database& database;
  const crypto::Sealer& sealer;
  const store::User& user;
  const github::Sight& sight;  // at risk
  streak::Label today;         // in the user's own zone
  runtime::TimePoint midnight{};
};

/// Sends to every channel that is on and has not heard today, and says on standard error what
/// became of each. True when all of them have heard.
bool notify_by_hand(const Notification& about);

}  // namespace streaky::app
