#include "store/migrate.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>

#include "store/database.h"

namespace streaky::store {

namespace {

void require_usable(Session& session, int version, const std::string& database) {
  const int known = known_schema(session);
  if (version <= known) return;
  std::optional<std::int64_t> from;
  session.query("session/compatible_from").into(from).one();
  if (from && *from <= known) return;
  throw DatabaseError(
      DatabaseError::Kind::newer_schema,
      fmt::format("{} was brought up to date by a newer Streaky: its schema is version {}, for "
                  "programs that know version {}, and this one knows up to version {}; install the "
                  "newer Streaky here, too, or restore the backup from before",
                  database, version, from.value_or(version), known));
}

}  // namespace

int known_schema(const Session& session) {
  return static_cast<int>(session.statements().migrations().size());
}

int read_schema_version(Session& session, const std::string& database) {
  int has = 0;
  int version = 0;
  session.query("session/has_migrations").into(has).one();
  if (has != 0) session.query("session/schema_version").into(version).one();
  require_usable(session, version, database);
  return version;
}

int migrate(Session& session, const std::string& database) {
  session.query("session/create_migrations").run();
  // While this program waited for its turn, a newer one may have had it.
  const int version = read_schema_version(session, database);
  const auto now = std::chrono::duration_cast<runtime::Millis>(
      std::chrono::system_clock::now().time_since_epoch());
  for (const Migration& migration : session.statements().migrations()) {
    if (migration.version <= version) continue;
    for (const std::string& statement : migration.statements) session.execute(statement);
    session.query("session/add_migration")
        .bind("version", migration.version)
        .bind("name", migration.name)
        .bind("now", static_cast<std::int64_t>(now.count()))
        .run();
  }
  return std::max(version, known_schema(session));
}

}  // namespace streaky::store
