// One user's settings, changed: read, edit, write, and again where somebody else came between.
//
// Threading: the executor's thread. Errors: those of the edit; `gone` (no such user), `overtaken`
// (others change this user all the time), `login_taken` where a new user's name cannot be stored.
#pragma once

#include <functional>

#include "account/user_draft.h"
#include "account/user_edit.h"
#include "runtime/task.h"
#include "store/users.h"

namespace streaky::account {

/// From what is stored to what shall be; called anew for each attempt.
using Edit = std::function<runtime::Result<store::User>(const store::Allotted& allotted)>;

runtime::Task<runtime::Result<store::User>> change_user(store::Users* users, std::int64_t user_id,
                                                        Edit edit, runtime::TimePoint now);

/// The same by the code of a Telegram chat, given as its hash, which is used up with it;
/// `code_ended` where it does not work (any more).
runtime::Task<runtime::Result<store::User>> change_user_by_code(store::Users* users,
                                                                std::int64_t user_id,
                                                                std::string code_hash, Edit edit,
                                                                runtime::TimePoint now);

/// A user who is not stored yet, as `user add` would make one.
runtime::Task<runtime::Result<store::User>> make_user(store::Users* users,
                                                      const crypto::Sealer* sealer, UserDraft draft,
                                                      runtime::TimePoint now);

/// Whether a message about the user's own today was written already.
bool told_today(const store::Allotted& allotted, runtime::TimePoint now);

/// Who has just proven to be that account: found by its ids, never by its name, or made. `is_new`
/// tells which; somebody new has what `settings` say from the start.
struct Welcome {
  store::User user;
  bool is_new = false;
};
runtime::Task<runtime::Result<Welcome>> welcome_account(
    store::Users* users, const crypto::Sealer* sealer, std::string login, std::string node_id,
    std::int64_t database_id, runtime::TimePoint now, UserDraft settings = {});

}  // namespace streaky::account
