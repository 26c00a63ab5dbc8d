// What one line of an import, or one `user add`, says about a user: the fields that were given,
// checked, in the form in which they are stored or sealed.
//
// Pure. The setters give back what is wrong in plain words (empty: nothing) and never repeat a
// value: columns slip, and then a credential stands where a zone was meant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/error.h"
#include "runtime/secret.h"
#include "store/users.h"
#include "streak/day_rules.h"
#include "streak/reminder_plan.h"

namespace streaky::account {

/// What is said about one setting: nothing, "back to the default", or a value.
template <typename T>
class Change {
 public:
  void clear() {
    said_ = true;
    value_.reset();
  }
  void set(T value) {
    said_ = true;
    value_ = std::move(value);
  }
  [[nodiscard]] bool said() const { return said_; }
  /// Null when nothing was said or the setting is to be cleared.
  [[nodiscard]] const T* value() const { return value_ ? &*value_ : nullptr; }

 private:
  bool said_ = false;
  std::optional<T> value_;
};

struct UserDraft {
  std::string login;
  std::string node_id;
  std::optional<std::int64_t> database_id;
  Change<std::string> time_zone;
  Change<streak::StageMinutes> remind_at;
  Change<streak::Weekdays> rest_days;
  Change<bool> daily_summary;
  /// Somebody says it now: a credential that was found dead is tried again though it is the same.
  /// A list that is imported each night would revive it each night.
  bool revive = false;
  /// Nothing is checked until resumed.
  bool pause = false;
  Change<runtime::Secret> github_token;
  Change<runtime::Secret> discord_webhook;  // as notify::normalise_discord_webhook gives it
  Change<runtime::Secret> telegram;         // as notify::normalise_telegram gives it

  [[nodiscard]] store::UserKey key() const;
};

/// Where reminders go by default.
const streak::StageMinutes& default_remind_at();

using Reason = std::string;

Reason set_login(UserDraft& draft, std::string_view text);
/// A node id, or GitHub's number. The old form of node id is a number in disguise and read as such.
Reason set_github_id(UserDraft& draft, std::string_view text);
Reason set_github_number(UserDraft& draft, std::int64_t number);
Reason set_time_zone(UserDraft& draft, std::string_view text);
Reason set_remind_at(UserDraft& draft, const std::vector<std::string>& times);
Reason set_rest_days(UserDraft& draft, const std::vector<std::string>& days);
Reason set_github_token(UserDraft& draft, std::string_view text);
Reason set_discord_webhook(UserDraft& draft, std::string_view text);
/// Without `token`, the bot of the options speaks to the chat (`bot_token`; may be empty).
Reason set_telegram(UserDraft& draft, std::string_view token, std::string_view chat_id,
                    const runtime::Secret& bot_token);

/// A field by its name in CSV (`telegram_chat_id`), as people write it in a cell or on the command
/// line. Lists are separated by `;`, `,` or spaces. Empty keeps what is stored, `none` clears it.
struct TextField {
  std::string_view name;
  std::string_view text;
};
/// Errors: `bad_field`.
runtime::Result<UserDraft> draft_from_texts(const std::vector<TextField>& fields,
                                            const runtime::Secret& bot_token);
/// Names that `draft_from_texts` knows.
const std::vector<std::string>& text_field_names();

/// `unknown field "tz"; did you mean time_zone?` — the name is repeated only where it looks like
/// one.
Reason unknown_field(std::string_view name, const std::vector<std::string>& known);

}  // namespace streaky::account
