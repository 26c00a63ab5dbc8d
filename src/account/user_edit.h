// Settings and what is stored → the user to store. Shared by every way to edit users.
//
// Pure but for the nonces of the sealer. Rest days and pauses are history: a change holds from the
// user's own today on and never rewrites the days before (docs/streak-rules.md). Errors:
// `bad_zone` (the stored zone is gone from tzdata), `too_many_changes`, `bad_date`; all permanent.
#pragma once

#include <optional>

#include "account/user_draft.h"
#include "crypto/sealer.h"
#include "runtime/error.h"
#include "runtime/time.h"
#include "store/users.h"

namespace streaky::account {

/// Changes of rest days, and pauses, that are kept per user.
inline constexpr std::size_t kMostRuleChanges = 1'000;
/// A pause ends at most this many days from today; longer is `user pause` without an end.
inline constexpr int kLongestPauseDays = 3'660;

/// The draft on top of `allotted.existing`, or a new user. Credentials are sealed to the allotted
/// ids. `next_check_at` is the first check after `now`; empty while the user is paused.
runtime::Result<store::User> edit_user(const UserDraft& draft, const store::Allotted& allotted,
                                       const crypto::Sealer& sealer, runtime::TimePoint now);

/// With `until`, the user stays active and those days do not count; without, nothing is checked
/// until resumed. A pause that is in force already gets the new end.
runtime::Result<store::User> pause_user(store::User user, std::optional<streak::Label> until,
                                        bool told_today, runtime::TimePoint now);

/// Ends the pause as of yesterday; one that began today never was.
runtime::Result<store::User> resume_user(store::User user, bool told_today, runtime::TimePoint now);

/// The pause in force on the user's own today.
std::optional<streak::Pause> pause_in_force(const store::User& user, runtime::TimePoint now);
/// The rest days in force on the user's own today.
streak::Weekdays rest_days_in_force(const store::User& user, runtime::TimePoint now);
/// The user's own today; of UTC where the stored zone is gone.
streak::Label today_of(const store::User& user, runtime::TimePoint now);

}  // namespace streaky::account
