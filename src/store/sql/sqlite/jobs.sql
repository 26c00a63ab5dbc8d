-- name: claim
-- The sub-query walks jobs_due in its order and stops at the limit.
UPDATE jobs
   SET state = 'processing', owner = :owner, lease_until = :lease_until, attempt = attempt + 1
 WHERE id IN (SELECT j.id FROM jobs j
               WHERE j.state = 'pending' AND j.alone = 0 AND j.due_at <= :now
                 AND j.expires_at > :now
               ORDER BY j.due_at, j.id LIMIT :limit)
RETURNING id, batch_id, user_id, date, zone, stage, created_at, due_at, expires_at, attempt, tries,
          crashes, alone, told_unknown;

-- name: claim_alone
UPDATE jobs
   SET state = 'processing', owner = :owner, lease_until = :lease_until, attempt = attempt + 1
 WHERE id IN (SELECT j.id FROM jobs j
               WHERE j.state = 'pending' AND j.alone = 1 AND j.due_at <= :now
                 AND j.expires_at > :now
               ORDER BY j.due_at, j.id LIMIT 1)
RETURNING id, batch_id, user_id, date, zone, stage, created_at, due_at, expires_at, attempt, tries,
          crashes, alone, told_unknown;

-- name: end_inactive
UPDATE jobs
   SET state = 'completed', verdict = 'inactive', owner = '', lease_until = NULL, ended_at = :now
 WHERE id IN (SELECT value FROM json_each(:ids));

-- name: held
-- The jobs of results that came in, with what the fences and the identity rules compare.
SELECT j.id, j.batch_id, j.state, j.owner, j.attempt, j.user_id, j.date, j.zone, j.stage,
       j.expires_at, u.settings_version, u.login, u.login_key, u.node_id, u.database_id,
       u.token_dead
  FROM jobs j JOIN users u ON u.id = j.user_id
 WHERE j.id IN (SELECT value FROM json_each(:ids));

-- name: finish
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:ends))
UPDATE jobs
   SET state = n.value ->> 'state', due_at = COALESCE(n.value ->> 'due_at', due_at),
       verdict = n.value ->> 'verdict', error = n.value ->> 'error',
       tries = tries + (n.value ->> 'tried'),
       told_unknown = MAX(told_unknown, n.value ->> 'told_unknown'),
       ended_at = n.value ->> 'ended_at', owner = '', lease_until = NULL
  FROM rows n
 WHERE jobs.id = n.value ->> 'id';

-- name: release
UPDATE jobs SET state = 'pending', owner = '', lease_until = NULL
 WHERE id IN (SELECT value FROM json_each(:ids)) AND owner = :owner AND state = 'processing'
RETURNING batch_id;

-- name: extend
UPDATE jobs SET lease_until = :lease_until
 WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'processing' AND owner = :owner;

-- name: extend_deliveries
UPDATE deliveries SET lease_until = :lease_until
 WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'sending' AND owner = :owner;

-- name: next_due
-- Three partial indexes, each read from its front; what has expired is left for the reaper.
SELECT (SELECT due_at FROM jobs
         WHERE state = 'pending' AND alone = 0 AND expires_at > :now
         ORDER BY due_at LIMIT 1) AS jobs,
       (SELECT due_at FROM jobs
         WHERE state = 'pending' AND alone = 1 AND expires_at > :now
         ORDER BY due_at LIMIT 1) AS alone,
       (SELECT due_at FROM deliveries
         WHERE state = 'pending' AND expires_at > :now
         ORDER BY due_at LIMIT 1) AS deliveries;

-- name: looks
SELECT date, stage, state, verdict, error, COALESCE(ended_at, created_at)
  FROM jobs WHERE user_id = :user
 ORDER BY COALESCE(ended_at, created_at) DESC, id DESC LIMIT :limit;
