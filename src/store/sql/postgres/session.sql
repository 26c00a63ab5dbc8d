-- name: begin_write
-- Each statement sees what is committed; rows that are judged are locked first.
BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

-- name: begin_read
-- All statements of one look see one state.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- name: encoding
SELECT current_setting('server_encoding');

-- name: commit
COMMIT;

-- name: rollback
ROLLBACK;

-- name: lock_migrations
-- One program migrates, the others wait. Of the transaction alone, as PgBouncer wants it.
SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.schema_migrations'));

-- name: has_migrations
SELECT COUNT(*) FROM pg_catalog.pg_tables
 WHERE schemaname = current_schema() AND tablename = 'schema_migrations';

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
-- Proves that the database can be written, in a transaction that is then committed.
UPDATE schema_migrations SET applied_at = applied_at WHERE version = 1;

-- name: plan_for_all_rows
-- Cursors are planned for their first rows otherwise.
SET LOCAL cursor_tuple_fraction = 1;

-- name: open_cursor
-- Before the statement that it is about. The driver would hold a long answer in memory, whole.
DECLARE rows_of_one NO SCROLL CURSOR FOR;

-- name: fetch_cursor
FETCH FORWARD 1000 FROM rows_of_one;

-- name: close_cursor
CLOSE rows_of_one;
