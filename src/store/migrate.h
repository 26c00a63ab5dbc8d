// Brings a database's schema up to date, whichever its dialect. Private to store/.
// Threading: the connection's.
#pragma once

#include <string>

#include "store/session.h"

namespace streaky::store {

/// What the schema has reached, 0 without one; takes no lock.
int read_schema_version(Session& session);

/// Inside a write transaction that nobody else migrates in: applies what is missing and gives the
/// newest version. Throws DatabaseError (newer_schema) for a schema that this program does not
/// know; `database` names it there.
int migrate(Session& session, const std::string& database);

}  // namespace streaky::store
