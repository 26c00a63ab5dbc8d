#include "store/original_users.h"

#include <filesystem>

#include "store/database.h"
#include "store/session.h"

namespace streaky::store {

namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw DatabaseError(DatabaseError::Kind::cannot_open, why);
}

/// Runs `read` on the file.
template <typename Read>
void with_original(const std::string& file, Read read) {
  std::error_code error;
  // SQLite would make a missing one.
  if (!std::filesystem::is_regular_file(file, error)) refuse("there is no such file");
  if (file.find_first_of("=\" ") != std::string::npos) {
    refuse("a path with '\"', '=' or a space is not accepted");
  }
  const Statements statements(Dialect::sqlite);
  try {
    soci::session connection(soci::sqlite3, file);
    Session session(connection, statements);
    read(session);
  } catch (const soci::soci_error&) {
    refuse(
        "it is not a database of the original's: expected an SQLite file with its table users (a "
        "dump becomes one by `sqlite3 FILE < DUMP`)");
  }
}

std::int64_t count_rows(Session& session, const std::string& table) {
  bool there = false;
  session.query("original/has_table").bind("name", table).into(there).one();
  std::int64_t rows = 0;
  if (there) session.query("original/count_" + table).into(rows).one();
  return rows;
}

}  // namespace

OriginalHistory read_original_history(const std::string& file) {
  OriginalHistory history;
  with_original(file, [&history](Session& session) {
    history.notifications = count_rows(session, "notifications");
    history.cron_queue = count_rows(session, "cron_queue");
  });
  return history;
}

void read_original_users(const std::string& file,
                         const std::function<void(const std::vector<OriginalUser>&)>& take) {
  with_original(file, [&take](Session& session) {
    std::vector<OriginalUser> users;
    OriginalUser one;
    auto query = session.query("original/users");
    query.into(one.id, one.login, one.github_id, one.token, one.discord_webhook, one.telegram_token,
               one.telegram_chat_id, one.is_active, one.reminder_utc_hour);
    for (int read = 0; query.next(); ++read) {
      if (read == kMostOriginalUsers) refuse("more than 1,000,000 users");
      users.push_back(one);
      if (users.size() < static_cast<std::size_t>(kOriginalUsersAtATime)) continue;
      take(users);
      users.clear();
    }
    if (!users.empty()) take(users);
  });
}

}  // namespace streaky::store
