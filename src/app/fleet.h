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

/// Who may write to this database, in whatever role, as people can find them: empty when nobody
/// does. One that was killed counts until its beats are missed (20 s); on SQLite, where they are
/// rare, until it is gone, if it ran on this machine.
std::vector<std::string> who_serves(Base& base, store::Database& database, const Options& options);

/// What membership needs to know: how often to beat. Processes on one SQLite file are seen by their
/// lock; there a beat is only for who looks, and each one is written to the disk.
runtime::Millis beat_of(const Options& options);

}  // namespace streaky::app
