// What a link in a message does to its user's day: later, a rest day, or nothing more today.
//
// Threading: the executor's thread. Errors, all permanent: `day_over` (it is another date there by
// now), `inactive` (paused without an end, or removed), `too_late` (no time left to snooze),
// `used` (the link was used before), `gone`, `bad_zone`, `too_many_changes`; and `overtaken`.
#pragma once

#include "engine/action_links.h"
#include "runtime/error.h"
#include "runtime/task.h"
#include "store/users.h"

namespace streaky::account {

/// The user after the action. A rest day is a pause of one day: no zero counts on it. Pure.
runtime::Result<store::User> act_on_day(store::User user, engine::DayAction action,
                                        streak::Label date, runtime::TimePoint now);

/// Takes back a snooze or a stop of the user's own today: stages come as they would. Pure.
runtime::Result<store::User> forget_day_word(store::User user, bool told_today,
                                             runtime::TimePoint now);

/// Uses the link, once, with what it does, in one transaction.
runtime::Task<runtime::Result<store::User>> use_action_link(store::Users* users,
                                                            engine::ActionLink link,
                                                            runtime::TimePoint now);

/// The user's word about the own today; nothing where there is none that still means something.
std::optional<streak::DayWord> day_word_in_force(const store::User& user, runtime::TimePoint now);

}  // namespace streaky::account
