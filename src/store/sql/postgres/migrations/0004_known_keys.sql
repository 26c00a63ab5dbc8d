-- The keys that have ever sealed something here, as sealed values begin with them (`v1.k1x….`), with
-- a fingerprint of each. A key file that holds none of those in use, or another key of the same id,
-- is not this database's.
CREATE TABLE known_keys (
  prefix TEXT NOT NULL PRIMARY KEY,
  fingerprint TEXT NOT NULL
);
