// What a newer Streaky may do to a database that this one works on beside it: further columns,
// indexes, a table that hangs on the users. CTest runs the whole suite on such a schema once more
// (CMakeLists.txt), since programs of the version before must pass it, too.
#pragma once

#include <fmt/format.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "store/migrate.h"
#include "store/session.h"

namespace streaky::store {

/// Whether this run of the tests is the one on a newer schema.
inline bool on_later_schema() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): never set here
  return std::getenv("STREAKY_TEST_LATER_SCHEMA") != nullptr;
}

inline std::vector<std::string> tables_of(Session& session) {
  const char* const names =
      session.statements().dialect() == Dialect::sqlite
          ? "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
          : "SELECT CAST(c.relname AS TEXT) FROM pg_class c, pg_namespace n WHERE c.relnamespace = "
            "n.oid AND n.nspname = current_schema() AND c.relkind IN ('r', 'p') "
            "AND NOT c.relispartition";
  std::vector<std::string> tables;
  std::string name;
  soci::statement rows = (session.connection().prepare << names, soci::into(name));
  rows.execute();
  while (rows.fetch()) tables.push_back(name);
  return tables;
}

/// One version beyond this program's, in a write transaction.
inline void migrate_further(Session& session) {
  for (const std::string& table : tables_of(session)) {
    session.execute(fmt::format("ALTER TABLE {} ADD COLUMN later_note TEXT", table));
    session.execute(
        fmt::format("ALTER TABLE {} ADD COLUMN later_count BIGINT NOT NULL DEFAULT 7", table));
    session.execute(fmt::format("CREATE INDEX later_{} ON {} (later_note)", table, table));
  }
  session.execute(
      "CREATE TABLE later_things (user_id BIGINT NOT NULL PRIMARY KEY "
      "REFERENCES users (id) ON DELETE CASCADE, thing TEXT)");
  session.execute(fmt::format(
      "INSERT INTO schema_migrations (version, name, applied_at) VALUES ({}, 'later', 0)",
      known_schema(session) + 1));
}

}  // namespace streaky::store
