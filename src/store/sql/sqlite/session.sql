-- name: begin_write
-- The writer's lock at once: an upgrade later would ignore the busy timeout.
BEGIN IMMEDIATE;

-- name: begin_read
BEGIN;

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: has_migrations
SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'schema_migrations';

-- name: create_migrations
CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  applied_at BIGINT NOT NULL
);

-- name: schema_version
SELECT COALESCE(MAX(version), 0) FROM schema_migrations;

-- name: compatible_from
SELECT MAX(compatible_from) FROM schema_compatibility;

-- name: add_migration
INSERT INTO schema_migrations (version, name, applied_at) VALUES (:version, :name, :now);

-- name: touch
-- Proves that the file can be written, in a transaction that is then committed.
UPDATE schema_migrations SET applied_at = applied_at WHERE version = 1;
