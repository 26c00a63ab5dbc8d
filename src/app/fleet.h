// Who is at work on this database: for commands that would otherwise work themselves, and for
// `streaky status`.
#pragma once

#include <string>
#include <vector>

#include "app/wiring.h"
#include "store/members.h"

namespace streaky::app {

/// The processes that share the database.
std::vector<store::Member> members_of(Base& base, store::Database& database);

/// Those of them that live, as far as their beats tell.
std::vector<store::Member> living_members(Base& base, store::Database& database,
                                          const Options& options);

/// Whether some process works through batches: on SQLite one that serves this data folder, on
/// PostgreSQL one anywhere whose beats are fresh.
bool somebody_works(Base& base, store::Database& database, const Options& options);

/// What membership needs to know: how often to beat. Processes on one SQLite file are seen by their
/// lock; there a beat is only for who looks, and each one is written to the disk.
runtime::Millis beat_of(const Options& options);

}  // namespace streaky::app
