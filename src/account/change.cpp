#include "account/change.h"

#include <algorithm>
#include <utility>

#include "runtime/bytes.h"

namespace streaky::account {

namespace {

constexpr int kMostAttempts = 5;

std::unexpected<runtime::Error> overtaken() {
  return runtime::fail("overtaken", "somebody else is changing this user; try again");
}

std::unexpected<runtime::Error> gone() {
  return runtime::fail_for_good("gone", "there is no such user any more");
}

struct Stored {
  std::optional<store::User> user;
  bool name_taken = false;  // the table refuses the login
};

runtime::Task<Stored> store_edit(store::Users* users, store::UserEdit edit,
                                 runtime::TimePoint now) {
  Stored stored;
  std::vector<store::UserEdit> edits;
  edits.push_back(std::move(edit));
  try {
    auto results = co_await users->edit(std::move(edits), now);
    stored.user = std::move(results.front());
  } catch (const store::DatabaseError& error) {
    const std::string_view what = error.what();
    const bool name = what.contains("login_key");
    // Whoever comes twice at once for the first time is stored once, and found by the other.
    const bool account = what.contains("database_id") || what.contains("node_id");
    if (error.kind() != store::DatabaseError::Kind::taken || !(name || account)) throw;
    stored.name_taken = name;
  }
  co_return stored;
}

}  // namespace

bool told_today(const store::Allotted& allotted, runtime::TimePoint now) {
  if (!allotted.existing) return false;
  const streak::Label today = today_of(*allotted.existing, now);
  return std::ranges::find(allotted.told_on, today) != allotted.told_on.end();
}

runtime::Task<runtime::Result<store::User>> change_user(store::Users* users, std::int64_t user_id,
                                                        Edit edit, runtime::TimePoint now) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const auto allotted = co_await users->allot_for(user_id);
    if (!allotted) co_return gone();
    auto after = edit(*allotted);
    if (!after) co_return std::unexpected(std::move(after.error()));
    store::UserEdit change;
    change.before = allotted->existing;
    change.after = std::move(*after);
    auto storing = store_edit(users, std::move(change), now);
    Stored stored = co_await std::move(storing);
    if (stored.user) co_return std::move(*stored.user);
  }
  co_return overtaken();
}

runtime::Task<runtime::Result<store::User>> change_user_by_code(store::Users* users,
                                                                std::int64_t user_id,
                                                                std::string code_hash, Edit edit,
                                                                runtime::TimePoint now) {
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    const auto allotted = co_await users->allot_for(user_id);
    if (!allotted) co_return gone();
    auto after = edit(*allotted);
    if (!after) co_return std::unexpected(std::move(after.error()));
    store::UserEdit change;
    change.before = allotted->existing;
    change.after = std::move(*after);
    auto editing = users->edit_by_code(std::move(change), code_hash, now);
    auto once = co_await std::move(editing);
    if (once.used_before) co_return runtime::fail_for_good("code_ended", "this code has ended");
    if (once.user) co_return std::move(*once.user);
  }
  co_return overtaken();
}

runtime::Task<runtime::Result<store::User>> make_user(store::Users* users,
                                                      const crypto::Sealer* sealer, UserDraft draft,
                                                      runtime::TimePoint now) {
  std::vector<store::UserKey> keys(1, draft.key());
  const auto allotted = (co_await users->allot(std::move(keys))).front();
  if (allotted.existing) {
    co_return runtime::fail_for_good("login_taken", "this user is stored already");
  }
  auto after = edit_user(draft, allotted, *sealer, now);
  if (!after) co_return std::unexpected(std::move(after.error()));
  store::UserEdit change;
  change.after = std::move(*after);
  auto storing = store_edit(users, std::move(change), now);
  Stored stored = co_await std::move(storing);
  if (!stored.user) co_return overtaken();
  co_return std::move(*stored.user);
}

runtime::Task<runtime::Result<Welcome>> welcome_account(
    store::Users* users, const crypto::Sealer* sealer, std::string login, std::string node_id,
    std::int64_t database_id, runtime::TimePoint now, UserDraft settings) {
  UserDraft names;
  for (UserDraft* draft : {&names, &settings}) {
    draft->login = login;
    draft->node_id = node_id;
    draft->database_id = database_id;
  }
  store::UserKey key;
  key.node_id = node_id;
  key.database_id = database_id;
  bool shared_name = false;
  for (int attempt = 0; attempt < kMostAttempts; ++attempt) {
    std::vector<store::UserKey> keys(1, key);
    const auto allotted = (co_await users->allot(std::move(keys))).front();
    const bool known = allotted.existing && allotted.existing->login == login &&
                       allotted.existing->status != store::UserStatus::removed &&
                       !allotted.existing->node_id.empty() && allotted.existing->database_id;
    if (known) co_return Welcome{.user = *allotted.existing, .is_new = false};
    const UserDraft& draft = allotted.existing ? names : settings;
    auto after = edit_user(draft, allotted, *sealer, now);
    if (!after) co_return std::unexpected(std::move(after.error()));
    // GitHub's own spelling, also where only that has changed.
    after->login = login;
    // Another user is found under this name, and nothing proves yet whose it is: both carry it, and
    // the next checks tell them apart.
    after->login_taken = shared_name;
    store::UserEdit change;
    change.before = allotted.existing;
    change.after = std::move(*after);
    auto storing = store_edit(users, std::move(change), now);
    Stored stored = co_await std::move(storing);
    shared_name = shared_name || stored.name_taken;
    if (stored.user) {
      co_return Welcome{.user = std::move(*stored.user), .is_new = !allotted.existing};
    }
  }
  co_return overtaken();
}

}  // namespace streaky::account
