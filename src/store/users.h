// Users, their channels and their day rules. Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "runtime/time.h"
#include "store/database.h"
#include "streak/channel_level.h"
#include "streak/day_rules.h"
#include "streak/day_word.h"
#include "streak/reminder_plan.h"
#include "streak/streak.h"

namespace streaky::store {

/// What is kept of a user's streak between checks.
struct StreakState {
  std::optional<streak::Anchor> anchor;
  int length = 0;
  std::optional<streak::Label> began;
  int longest = 0;
  std::optional<streak::Label> today;  // the label that the last judgement was about
  int today_count = 0;
  streak::Verdict verdict = streak::Verdict::unknown;
  std::string views;                             // whose token saw it
  std::optional<runtime::TimePoint> seen_at;     // when GitHub last answered
  std::optional<runtime::TimePoint> history_at;  // when the history behind the anchor was read
};

struct Channel {
  std::int64_t id = 0;
  std::string kind;    // "discord", "telegram"
  std::string sealed;  // the credential, by crypto::Sealer; never in the clear
  std::string hint;    // tells channels apart, gives nothing away
  bool on = true;
  std::string off_reason;
  streak::ChannelLevel level = streak::ChannelLevel::normal;
};

enum class UserStatus { active, paused, removed };
const char* to_text(UserStatus status);

struct User {
  std::int64_t id = 0;
  std::string login;
  /// Another user is found under this login: two accounts, and the next checks tell them apart.
  bool login_taken = false;
  std::string node_id;  // frozen at the first answer
  std::optional<std::int64_t> database_id;
  std::string time_zone = "UTC";
  streak::StageMinutes remind_at;
  bool daily_summary = false;
  std::string sealed_token;  // empty: none
  bool token_dead = false;
  UserStatus status = UserStatus::active;
  std::int64_t settings_version = 0;
  std::optional<runtime::TimePoint> next_check_at;
  runtime::TimePoint created_at{};
  streak::DayRules rules;
  std::optional<streak::DayWord> day_word;  // what was said about one day, the last word alone
  std::vector<Channel> channels;
  StreakState streak;
};

/// How a line of an import or a command names a user. A frozen id outranks the login.
struct UserKey {
  std::string login;
  std::string node_id;
  std::optional<std::int64_t> database_id;
};

/// The ids under which a user is, or will be, stored: credentials are bound to them when sealed.
struct Allotted {
  std::int64_t user_id = 0;
  std::optional<User> existing;
  std::int64_t discord_channel_id = 0;  // the user's present channel of that kind, or a new id
  std::int64_t telegram_channel_id = 0;
  /// Local dates for which a message was written already, newest first, at most three.
  std::vector<streak::Label> told_on;
};

/// What somebody read, and what it shall be. Nothing in `before`: a new user.
struct UserEdit {
  std::optional<User> before;
  User after;
};

/// A one-time link from a message, which is used together with the edit that it asks for.
struct LinkUse {
  streak::Label date;
  int stage = 0;
  std::string action;
};

class Users {
 public:
  explicit Users(Database& database) : database_(database) {}

  /// Finds or reserves ids, in the order of `keys`. Two equal keys get the same id.
  runtime::Task<std::vector<Allotted>> allot(std::vector<UserKey> keys);
  /// The same for one who is stored, by our own id; nothing when there is none (any more).
  runtime::Task<std::optional<Allotted>> allot_for(std::int64_t user_id);
  /// Writes what the edits changed and nothing else: what a check has written since they were read
  /// (ids, a login, a dead token, a channel that was switched off or has moved, the next check)
  /// stays. Each user's `settings_version` goes one higher. Gives the users as stored now, in
  /// order; nothing where the settings were edited or the user was removed meanwhile: read again.
  /// One transaction. At most 1,000 at a time.
  runtime::Task<std::vector<std::optional<User>>> edit(std::vector<UserEdit> edits,
                                                       runtime::TimePoint now);
  /// The same for one user, once: nothing is changed where the link was used before.
  struct Once {
    bool used_before = false;
    std::optional<User> user;  // as stored now; nothing as with `edit`
  };
  runtime::Task<Once> edit_once(UserEdit edit, LinkUse link, runtime::TimePoint now);
  /// The same with the code of a Telegram chat (telegram_links.h), by its hash: nothing is changed
  /// where it is not that user's, was used, or is too old.
  runtime::Task<Once> edit_by_code(UserEdit edit, std::string code_hash, runtime::TimePoint now);
  /// Whether that link of the user's was used.
  runtime::Task<bool> link_used(std::int64_t user_id, LinkUse link);
  /// Inserts or replaces users as given (settings, rules, channels; not the streak), whatever has
  /// happened to them meanwhile. Otherwise like `edit`.
  runtime::Task<void> save(std::vector<User> users, runtime::TimePoint now);

  runtime::Task<std::optional<User>> find(UserKey key);
  /// By our own id.
  runtime::Task<std::optional<User>> get(std::int64_t user_id);
  /// A text that changes whenever something does that the user's pages show. Reads alone.
  runtime::Task<std::string> mark(std::int64_t user_id);
  /// What a look beside the daily round has shown. False, and nothing written, when the settings
  /// are no longer those of `settings_version` or something newer is known.
  runtime::Task<bool> save_streak(std::int64_t user_id, std::int64_t settings_version,
                                  StreakState state);
  /// In order of id, from the one after `after_id`; removed users are left out.
  runtime::Task<std::vector<User>> list(std::int64_t after_id, int limit);
  /// Deletes the user and everything that hangs on it. False when there is none.
  runtime::Task<bool> remove(std::int64_t user_id);
  /// Turns a channel off with the reason that people will read.
  runtime::Task<void> switch_channel_off(std::int64_t channel_id, std::string reason,
                                         runtime::TimePoint now);
  runtime::Task<std::int64_t> count_active();

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
