// How Telegram chats come to be linked: one-time codes, and who listens to the service's bot.
// Threading, errors: see database.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "runtime/time.h"
#include "store/database.h"

namespace streaky::store {

inline constexpr std::chrono::minutes kTelegramCodeLife{10};

class TelegramLinks {
 public:
  /// Whom Telegram has not answered for so long listens no longer.
  static constexpr std::chrono::minutes kSilence{2};
  /// After a week without news Telegram numbers them anew (docs/remote-apis.md §4): a day before,
  /// the old number is forgotten.
  static constexpr std::chrono::days kOneSeries{6};

  explicit TelegramLinks(Database& database) : database_(database) {}

  /// A code, by its hash; it takes the place of the user's former one and ends with the session.
  runtime::Task<void> add_code(std::string hash, std::int64_t user_id, std::int64_t session_id,
                               runtime::TimePoint now);
  /// Whose it is; nothing for one that is unknown, used or too old. `Users::edit_by_code` uses it.
  runtime::Task<std::optional<std::int64_t>> find_code(std::string hash, runtime::TimePoint now);
  /// The user's code that still works.
  struct Code {
    std::string hash;
    runtime::TimePoint made_at{};
    runtime::TimePoint expires_at{};
  };
  runtime::Task<std::optional<Code>> code_of(std::int64_t user_id, runtime::TimePoint now);

  /// The bot's news are `owner`'s to fetch until `lease_until`; nothing while they are another's.
  struct Bot {
    std::int64_t next_update = 0;  // 0: from the first that is not confirmed
  };
  runtime::Task<std::optional<Bot>> take_bot(std::int64_t bot_id, std::string owner,
                                             runtime::TimePoint now,
                                             runtime::TimePoint lease_until);
  runtime::Task<void> name_bot(std::int64_t bot_id, std::string owner, std::string username);
  /// Telegram has answered.
  runtime::Task<void> hear(std::int64_t bot_id, std::string owner, runtime::TimePoint now);
  /// There was news at `now`; everything before `next` is done. May be lower than before.
  runtime::Task<void> advance(std::int64_t bot_id, std::string owner, std::int64_t next,
                              runtime::TimePoint now);
  /// The lease is given back: nobody listens until another one does.
  runtime::Task<void> leave_bot(std::int64_t bot_id, std::string owner);
  /// The bot's name where somebody hears it; empty where nobody does.
  runtime::Task<std::string> username(std::int64_t bot_id, runtime::TimePoint now);

 private:
  Database& database_;  // borrowed
};

}  // namespace streaky::store
