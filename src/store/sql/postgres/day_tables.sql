-- The tables by day (store/day_tables.h). Names and dates in braces are put in by the program: DDL
-- takes no parameters.

-- name: list
-- Of one table; the default one is not among them. The first day of what was there before is open.
SELECT CAST(c.relname AS TEXT),
       substring(pg_get_expr(c.relpartbound, c.oid) FROM 'FROM \(''([0-9-]+)''\)'),
       substring(pg_get_expr(c.relpartbound, c.oid) FROM 'TO \(''([0-9-]+)''\)')
  FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
 WHERE i.inhparent = CAST(CAST(:table AS TEXT) AS regclass)
   AND pg_get_expr(c.relpartbound, c.oid) <> 'DEFAULT'
 ORDER BY 3;

-- name: take_turn
-- One program makes and drops, the others leave it to that one. Of the transaction alone.
SELECT CASE WHEN pg_try_advisory_xact_lock(hashtext(current_schema() || '.day_tables'))
            THEN 1 ELSE 0 END;

-- name: wait_briefly
-- Whoever comes behind a lock that is waited for waits, too.
SET LOCAL lock_timeout = {ms};

-- name: stray_jobs
SELECT COUNT(*) FROM (SELECT 1 FROM jobs_default
                       WHERE date >= :first AND date < :after LIMIT :most) d;

-- name: stray_deliveries
SELECT COUNT(*) FROM (SELECT 1 FROM deliveries_default
                       WHERE date >= :first AND date < :after LIMIT :most) d;

-- name: lock_to_make_jobs
-- What the statements of make_jobs take at their end, in the order in which others do. Who reads, claims
-- and records is not kept waiting by the first.
LOCK TABLE users, batches IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE jobs_default IN ACCESS EXCLUSIVE MODE;

-- name: lock_to_make_deliveries
LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE deliveries_default IN ACCESS EXCLUSIVE MODE;

-- name: make_jobs
-- Attached, not made as a part at once: that would lock all of them. These rows change at every claim
-- and result: room in each page keeps new versions beside the old (columns that no index holds
-- change in place), and dead rows are swept soon.
CREATE TABLE {name} (LIKE jobs INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id))
  WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 1, autovacuum_analyze_scale_factor = 0.05);
WITH stray AS (DELETE FROM jobs_default WHERE date >= '{first}' AND date < '{after}' RETURNING *)
INSERT INTO {name} SELECT * FROM stray;
ALTER TABLE jobs ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{after}');

-- name: make_deliveries
CREATE TABLE {name} (LIKE deliveries INCLUDING DEFAULTS INCLUDING CONSTRAINTS, PRIMARY KEY (id))
  WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 1, autovacuum_analyze_scale_factor = 0.05);
WITH stray AS (DELETE FROM deliveries_default
                WHERE date >= '{first}' AND date < '{after}' RETURNING *)
INSERT INTO {name} SELECT * FROM stray;
ALTER TABLE deliveries ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{after}');

-- name: unsettled_jobs
SELECT CASE WHEN EXISTS (SELECT 1 FROM {name} WHERE state = 'pending')
              OR EXISTS (SELECT 1 FROM {name} WHERE state = 'processing')
            THEN 1 ELSE 0 END;

-- name: unsettled_deliveries
SELECT CASE WHEN EXISTS (SELECT 1 FROM {name} WHERE state = 'pending')
              OR EXISTS (SELECT 1 FROM {name} WHERE state = 'sending')
            THEN 1 ELSE 0 END;

-- name: lock_to_drop_jobs
-- The whole first: whoever holds a part of it got it by way of the whole.
LOCK TABLE ONLY jobs IN ACCESS EXCLUSIVE MODE;

-- name: lock_to_drop_deliveries
LOCK TABLE ONLY deliveries IN ACCESS EXCLUSIVE MODE;

-- name: drop
DROP TABLE {name};
