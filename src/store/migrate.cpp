#include "store/migrate.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdint>

#include "store/database.h"

namespace streaky::store {

int read_schema_version(Session& session) {
  int has = 0;
  int version = 0;
  session.query("session/has_migrations").into(has).one();
  if (has != 0) session.query("session/schema_version").into(version).one();
  return version;
}

int migrate(Session& session, const std::string& database) {
  const auto& migrations = session.statements().migrations();
  const int known = static_cast<int>(migrations.size());
  int version = 0;
  session.query("session/create_migrations").run();
  session.query("session/schema_version").into(version).one();
  if (version > known) {
    throw DatabaseError(
        DatabaseError::Kind::newer_schema,
        fmt::format("{} was written by a newer Streaky: its schema is version {}, this program "
                    "knows up to version {}",
                    database, version, known));
  }
  const auto now = std::chrono::duration_cast<runtime::Millis>(
      std::chrono::system_clock::now().time_since_epoch());
  for (const Migration& migration : migrations) {
    if (migration.version <= version) continue;
    for (const std::string& statement : migration.statements) session.execute(statement);
    session.query("session/add_migration")
        .bind("version", migration.version)
        .bind("name", migration.name)
        .bind("now", static_cast<std::int64_t>(now.count()))
        .run();
  }
  return known;
}

}  // namespace streaky::store
