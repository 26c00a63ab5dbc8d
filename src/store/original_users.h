// The users of the original Streaky, out of its own SQLite database (its exported dump, read into a
// file by `sqlite3`). Only read. Threading: any one thread, blocking. Errors: DatabaseError with
// one plain line.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace streaky::store {

struct OriginalUser {
  std::string id;
  std::string login;
  std::string github_id;  // GitHub's number; in old rows the login or the row's own id
  // Sealed in the original's form (crypto/original_form.h); empty where there is none.
  std::string token;
  std::string discord_webhook;
  std::string telegram_token;
  std::string telegram_chat_id;
  // SQLite keeps what does not fit a column's type as it is.
  std::string is_active = "1";
  std::string reminder_utc_hour = "12";
};

inline constexpr int kOriginalUsersAtATime = 500;
inline constexpr int kMostOriginalUsers = 1'000'000;

/// Rows that nobody takes over: what was sent, and the queue of the rounds.
struct OriginalHistory {
  std::int64_t notifications = 0;
  std::int64_t cron_queue = 0;
};
/// Tables that are not in the file have no rows.
OriginalHistory read_original_history(const std::string& file);

/// Hands over all users of the file, `kOriginalUsersAtATime` at most at a time.
void read_original_users(const std::string& file,
                         const std::function<void(const std::vector<OriginalUser>&)>& take);

}  // namespace streaky::store
