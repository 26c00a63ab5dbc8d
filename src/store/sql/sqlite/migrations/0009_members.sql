-- The processes that share this database, as their beats tell (store/members.h).
CREATE TABLE members (
  name TEXT NOT NULL PRIMARY KEY,
  host TEXT NOT NULL,
  version TEXT NOT NULL,
  roles TEXT NOT NULL,
  started_at INTEGER NOT NULL,
  beat_at INTEGER NOT NULL,
  in_flight INTEGER NOT NULL,
  checks_per_minute INTEGER NOT NULL,
  sends_per_minute INTEGER NOT NULL
) WITHOUT ROWID;
