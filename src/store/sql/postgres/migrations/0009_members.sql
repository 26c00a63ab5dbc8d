-- The processes that share this database, as their beats tell (store/members.h).
CREATE TABLE members (
  name TEXT NOT NULL PRIMARY KEY,
  host TEXT NOT NULL,
  version TEXT NOT NULL,
  roles TEXT NOT NULL,
  started_at BIGINT NOT NULL,
  beat_at BIGINT NOT NULL,
  in_flight BIGINT NOT NULL,
  checks_per_minute BIGINT NOT NULL,
  sends_per_minute BIGINT NOT NULL
);
ALTER TABLE members SET (fillfactor = 50);
