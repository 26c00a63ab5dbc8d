// Drafts → stored users: one bite, one transaction. What cannot be stored is told apart from what
// can. Threading: the executor's thread. Borrows what it is given by pointer. Errors:
// store::DatabaseError for everything that concerns more than one user.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "account/user_edit.h"
#include "app/user_import.h"
#include "crypto/sealer.h"
#include "runtime/task.h"
#include "store/users.h"

namespace streaky::app {

/// Users that are read, and stored, at a time.
inline constexpr std::size_t kUsersPerBite = 500;

/// What becomes of a draft whose user is stored already.
enum class IfStored { change, leave };

struct SaveReport {
  int added = 0;
  int updated = 0;
  int paused = 0;                  // of both, because their drafts said so
  std::vector<std::int64_t> left;  // lines whose users were stored already, and are as they were
  std::vector<DraftReader::BadLine> bad;
  /// As stored, without those that could not be, or were left.
  std::vector<store::User> users;
};

/// Which line spoke of a user, by the user's id.
using LinesByUser = std::unordered_map<std::int64_t, std::int64_t>;

/// At most `kUsersPerBite` drafts. A second line for one user, by whatever name or id, is bad and
/// names the first. `lines` holds what came before and grows. An edit that somebody else's overtook
/// is made again on top of it.
runtime::Task<SaveReport> save_drafts(store::Users* users, const crypto::Sealer* sealer,
                                      std::vector<DraftReader::Draft> drafts, LinesByUser* lines,
                                      runtime::TimePoint now,
                                      IfStored if_stored = IfStored::change);

/// A user as people name one on the command line: by login or, where two users share one until the
/// next checks tell them apart, by GitHub's id.
bool is_user_name(std::string_view text);
runtime::Task<std::optional<store::User>> find_named(store::Users* users, std::string name);

/// A stored user and what an edit must know besides.
struct FoundUser {
  store::User user;
  bool told_today = false;
};
runtime::Task<std::optional<FoundUser>> find_for_edit(store::Users* users, std::string name,
                                                      runtime::TimePoint now);

/// How often an edit is made again when others overtake it.
inline constexpr int kMostEditRounds = 5;
inline constexpr const char* kOvertaken = "somebody else is changing this user; try again";

}  // namespace streaky::app
