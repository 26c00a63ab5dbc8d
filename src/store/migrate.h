// Brings a database's schema up to date, whichever its dialect. Private to store/.
// Threading: the connection's.
#pragma once

#include <chrono>
#include <string>

#include "runtime/time.h"
#include "store/session.h"

namespace streaky::store {

/// How long a program waits for another one that migrates.
inline constexpr runtime::Millis kLongestMigration = std::chrono::minutes(10);

/// The schema that this program was built for.
int known_schema(const Session& session);

/// What the schema has reached, 0 without one; takes no lock. Throws DatabaseError (newer_schema)
/// for one of a newer program that does not say that this one may work beside it
/// (docs/decisions/0015-upgrades.md); `database` names it there.
int read_schema_version(Session& session, const std::string& database);

/// Inside a write transaction that nobody else migrates in: applies what is missing and gives the
/// version that was reached. A newer schema stays as it is, or is refused as above.
int migrate(Session& session, const std::string& database);

}  // namespace streaky::store
