-- name: due
-- Of several schedulers each takes others. Users who are being changed this moment come at the next
-- look.
SELECT id, time_zone, remind_at, next_check_at, settings_version, word_date, word_stopped,
       word_snoozed_until
  FROM users
 WHERE status = 'active' AND next_check_at <= :now
 ORDER BY next_check_at, id LIMIT :limit
   FOR NO KEY UPDATE SKIP LOCKED;

-- name: active_after
SELECT id, time_zone, remind_at, next_check_at, settings_version, word_date, word_stopped,
       word_snoozed_until
  FROM users
 WHERE status = 'active' AND id > :after
 ORDER BY id LIMIT :limit
   FOR NO KEY UPDATE;

-- name: move
UPDATE users SET next_check_at = n.next
  FROM json_to_recordset(CAST(:moves AS json))
       AS n(id BIGINT, old BIGINT, version BIGINT, next BIGINT)
 WHERE users.id = n.id AND users.next_check_at = n.old AND users.settings_version = n.version
RETURNING users.id;

-- name: next_due
SELECT next_check_at FROM users
 WHERE status = 'active' AND next_check_at IS NOT NULL
 ORDER BY next_check_at, id LIMIT 1;

-- name: insert_jobs
INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, expires_at)
SELECT CAST(:batch AS TEXT), n.user_id, n.date, n.stage, n.zone, 'pending', CAST(:now AS BIGINT),
       n.due_at, n.expires_at
  FROM json_to_recordset(CAST(:jobs AS json))
       AS n(user_id BIGINT, date TEXT, stage INTEGER, zone TEXT, due_at BIGINT, expires_at BIGINT)
ON CONFLICT (user_id, date, stage) DO NOTHING
RETURNING id, user_id, date, stage;

-- name: reopen_jobs
UPDATE jobs
   SET batch_id = :batch, state = 'pending', zone = n.zone, created_at = :now, due_at = n.due_at,
       expires_at = n.expires_at, tries = 0, crashes = 0, crashes_alone = 0, alone = 0,
       told_unknown = 0, verdict = '', error = '', ended_at = NULL
  FROM json_to_recordset(CAST(:jobs AS json))
       AS n(user_id BIGINT, date TEXT, stage INTEGER, zone TEXT, due_at BIGINT, expires_at BIGINT)
 WHERE jobs.user_id = n.user_id AND jobs.date = n.date AND jobs.stage = n.stage
   AND jobs.state IN ('completed', 'failed')
RETURNING jobs.id;

-- name: move_jobs
-- A job that waits goes on by the clock of the zone to which its user has moved. As in `unfinished`,
-- the state is no way to find it.
UPDATE jobs
   SET zone = n.zone, due_at = n.due_at, expires_at = n.expires_at
  FROM json_to_recordset(CAST(:jobs AS json))
       AS n(user_id BIGINT, date TEXT, stage INTEGER, zone TEXT, due_at BIGINT, expires_at BIGINT)
 WHERE jobs.user_id = n.user_id AND jobs.date = n.date AND jobs.stage = n.stage
   AND jobs.zone <> n.zone AND jobs.state || '' = 'pending';

-- name: unfinished
-- A round by hand can say nothing where its reminder was sent before (by `check --notify`): there the
-- day's own stage goes on. Locked until `supersede` has ended them. `|| ''` keeps the planner from the
-- indexes of what waits: its statistics are from a quiet hour, when next to nothing did, and it would
-- walk them once for each of thousands of rows.
SELECT j.id, j.batch_id, j.state
  FROM json_to_recordset(CAST(:jobs AS json))
       AS n(id BIGINT, user_id BIGINT, date TEXT, stage INTEGER)
  JOIN jobs j ON j.user_id = n.user_id AND j.date = n.date
 WHERE j.id <> n.id AND j.state || '' IN ('pending', 'processing')
   AND NOT (n.stage = :manual
            AND EXISTS (SELECT 1 FROM deliveries d
                         WHERE d.user_id = j.user_id AND d.date = j.date AND d.stage = :manual
                           AND d.kind = 'reminder'
                           AND d.state IN ('pending', 'sending', 'sent')))
 ORDER BY j.user_id, j.id
   FOR NO KEY UPDATE OF j;

-- name: supersede
UPDATE jobs
   SET state = 'completed', verdict = 'superseded', owner = '', lease_until = NULL,
       ended_at = :now
 WHERE id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                        FROM json_array_elements_text(CAST(:ids AS json))));
