// One-time sign-in links (docs/security.md): the way in without a GitHub app. Whoever can run a
// command on the data can make one.
#pragma once

#include <string>

#include "app/wiring.h"
#include "store/database.h"

namespace streaky::app {

/// Makes a link for this user, 0 for whoever is the only one or new. The link is a secret.
runtime::Secret make_signin_link(Base& base, store::Database& database, const Options& options,
                                 std::int64_t user_id);

/// In single-user mode: shows a new link on the terminal, or keeps it in `<data>/signin-link`, mode
/// 0600, where there is none. Never in the log. With several users there is nobody to guess at.
void offer_signin_link(Base& base, store::Database& database, const Options& options);

}  // namespace streaky::app
