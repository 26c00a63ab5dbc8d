#include "store/original_users.h"

#include <filesystem>

#include "store/database.h"
#include "store/session.h"

namespace streaky::store {

namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw DatabaseError(DatabaseError::Kind::cannot_open, why);
}

std::vector<OriginalUser> read_some(Session& session, int offset) {
  std::vector<OriginalUser> users;
  OriginalUser one;
  auto query = session.query("original/users");
  query.bind("limit", kOriginalUsersAtATime).bind("offset", offset);
  query.into(one.id, one.login, one.github_id, one.token, one.discord_webhook, one.telegram_token,
             one.telegram_chat_id, one.is_active, one.reminder_utc_hour);
  while (query.next()) users.push_back(one);
  return users;
}

}  // namespace

void read_original_users(const std::string& file,
                         const std::function<void(const std::vector<OriginalUser>&)>& take) {
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
    for (int offset = 0; offset < kMostOriginalUsers; offset += kOriginalUsersAtATime) {
      const auto users = read_some(session, offset);
      if (!users.empty()) take(users);
      if (users.size() < static_cast<std::size_t>(kOriginalUsersAtATime)) return;
    }
  } catch (const soci::soci_error&) {
    refuse(
        "it is not a database of the original's: expected an SQLite file with its table users (a "
        "dump becomes one by `sqlite3 FILE < DUMP`)");
  }
  refuse("more than 1,000,000 users");
}

}  // namespace streaky::store
