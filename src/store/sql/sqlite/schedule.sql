-- name: due
SELECT id, time_zone, remind_at, next_check_at, settings_version, word_date, word_stopped,
       word_snoozed_until
  FROM users
 WHERE status = 'active' AND next_check_at <= :now
 ORDER BY next_check_at, id LIMIT :limit;

-- name: active_after
SELECT id, time_zone, remind_at, next_check_at, settings_version, word_date, word_stopped,
       word_snoozed_until
  FROM users
 WHERE status = 'active' AND id > :after
 ORDER BY id LIMIT :limit;

-- name: move
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:moves))
UPDATE users SET next_check_at = n.value ->> 'next'
  FROM rows n
 WHERE users.id = n.value ->> 'id'
   AND users.next_check_at = n.value ->> 'old'
   AND users.settings_version = n.value ->> 'version'
RETURNING id;

-- name: next_due
SELECT next_check_at FROM users
 WHERE status = 'active' AND next_check_at IS NOT NULL
 ORDER BY next_check_at, id LIMIT 1;

-- name: insert_jobs
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:jobs))
INSERT INTO jobs (batch_id, user_id, date, stage, zone, state, created_at, due_at, expires_at)
SELECT :batch, n.value ->> 'user_id', n.value ->> 'date', n.value ->> 'stage',
       n.value ->> 'zone', 'pending', :now, n.value ->> 'due_at', n.value ->> 'expires_at'
  FROM rows n
 WHERE true
ON CONFLICT (user_id, date, stage) DO NOTHING
RETURNING id, user_id, date, stage;

-- name: reopen_jobs
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:jobs))
UPDATE jobs
   SET batch_id = :batch, state = 'pending', zone = n.value ->> 'zone', created_at = :now,
       due_at = n.value ->> 'due_at', expires_at = n.value ->> 'expires_at', tries = 0,
       crashes = 0, crashes_alone = 0, alone = 0, told_unknown = 0, verdict = '', error = '',
       ended_at = NULL
  FROM rows n
 WHERE jobs.user_id = n.value ->> 'user_id' AND jobs.date = n.value ->> 'date'
   AND jobs.stage = n.value ->> 'stage' AND jobs.state IN ('completed', 'failed')
RETURNING id;

-- name: move_jobs
-- A job that waits goes on by the clock of the zone to which its user has moved.
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:jobs))
UPDATE jobs
   SET zone = n.value ->> 'zone', due_at = n.value ->> 'due_at', expires_at = n.value ->> 'expires_at'
  FROM rows n
 WHERE jobs.user_id = n.value ->> 'user_id' AND jobs.date = n.value ->> 'date'
   AND jobs.stage = n.value ->> 'stage' AND jobs.zone <> n.value ->> 'zone'
   AND jobs.state = 'pending';

-- name: unfinished
-- A round by hand can say nothing where its reminder was sent before (by `check --notify`): there the
-- day's own stage goes on.
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:jobs))
SELECT j.id, j.batch_id, j.state
  FROM rows n CROSS JOIN jobs j
 WHERE j.user_id = n.value ->> 'user_id' AND j.date = n.value ->> 'date'
   AND j.id <> n.value ->> 'id' AND j.state IN ('pending', 'processing')
   AND NOT (n.value ->> 'stage' = :manual
            AND EXISTS (SELECT 1 FROM deliveries d
                         WHERE d.user_id = j.user_id AND d.date = j.date AND d.stage = :manual
                           AND d.kind = 'reminder'
                           AND d.state IN ('pending', 'sending', 'sent')));

-- name: supersede
UPDATE jobs
   SET state = 'completed', verdict = 'superseded', owner = '', lease_until = NULL,
       ended_at = :now
 WHERE id IN (SELECT value FROM json_each(:ids));
