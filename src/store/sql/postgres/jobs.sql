-- name: claim
-- The sub-query walks jobs_due in its order and stops at the limit. As an array it runs once: `IN`
-- may become a join that runs it again and claims too many.
UPDATE jobs
   SET state = 'processing', owner = :owner, lease_until = :lease_until, attempt = attempt + 1
 WHERE id = ANY(ARRAY(SELECT j.id FROM jobs j
                       WHERE j.state = 'pending' AND j.alone = 0 AND j.due_at <= :now
                         AND j.expires_at > :now
                         AND j.date BETWEEN :first_day AND :last_day
                       ORDER BY j.due_at, j.id LIMIT :limit
                         FOR NO KEY UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING id, batch_id, user_id, date, zone, stage, created_at, due_at, expires_at, attempt, tries,
          crashes, alone, told_unknown;

-- name: claim_alone
UPDATE jobs
   SET state = 'processing', owner = :owner, lease_until = :lease_until, attempt = attempt + 1
 WHERE id = ANY(ARRAY(SELECT j.id FROM jobs j
                       WHERE j.state = 'pending' AND j.alone = 1 AND j.due_at <= :now
                         AND j.expires_at > :now
                         AND j.date BETWEEN :first_day AND :last_day
                       ORDER BY j.due_at, j.id LIMIT 1
                         FOR NO KEY UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING id, batch_id, user_id, date, zone, stage, created_at, due_at, expires_at, attempt, tries,
          crashes, alone, told_unknown;

-- name: end_inactive
UPDATE jobs
   SET state = 'completed', verdict = 'inactive', owner = '', lease_until = NULL, ended_at = :now
 WHERE id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                        FROM json_array_elements_text(CAST(:ids AS json))))
   AND date BETWEEN :first_day AND :last_day;

-- name: held
-- The jobs of results that came in, with what the fences and the identity rules compare. Locked, so
-- that what is compared still holds when the results are written; by user, the same way everywhere.
SELECT j.id, j.batch_id, j.state, j.owner, j.attempt, j.user_id, j.date, j.zone, j.stage,
       j.expires_at, u.settings_version, u.login, u.login_key, u.node_id, u.database_id,
       u.token_dead
  FROM jobs j JOIN users u ON u.id = j.user_id
 WHERE j.id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                          FROM json_array_elements_text(CAST(:ids AS json))))
   AND j.date BETWEEN :first_day AND :last_day
 ORDER BY j.user_id, j.id
   FOR NO KEY UPDATE OF u, j;

-- name: finish
UPDATE jobs
   SET state = n.state, due_at = COALESCE(n.due_at, jobs.due_at), verdict = n.verdict,
       error = n.error, tries = jobs.tries + n.tried,
       told_unknown = GREATEST(jobs.told_unknown, n.told_unknown), ended_at = n.ended_at,
       owner = '', lease_until = NULL
  FROM json_to_recordset(CAST(:ends AS json))
       AS n(id BIGINT, state TEXT, due_at BIGINT, verdict TEXT, error TEXT, tried INTEGER,
            told_unknown INTEGER, ended_at BIGINT)
 WHERE jobs.id = n.id AND jobs.date BETWEEN :first_day AND :last_day;

-- name: release
UPDATE jobs SET state = 'pending', owner = '', lease_until = NULL
 WHERE id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                        FROM json_array_elements_text(CAST(:ids AS json))))
   AND owner = :owner AND state = 'processing'
RETURNING batch_id;

-- name: extend
-- What is being ended this moment needs no longer lease, and waiting for it might be waiting for each
-- other.
UPDATE jobs SET lease_until = :lease_until
 WHERE id = ANY(ARRAY(SELECT j.id FROM jobs j
                       WHERE j.id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                                                FROM json_array_elements_text(CAST(:ids AS json))))
                         AND j.state = 'processing' AND j.owner = :owner
                         AND j.date BETWEEN :first_day AND :last_day
                         FOR NO KEY UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day;

-- name: extend_deliveries
UPDATE deliveries SET lease_until = :lease_until
 WHERE id = ANY(ARRAY(SELECT d.id FROM deliveries d
                       WHERE d.id = ANY(ARRAY(SELECT value
                                                FROM json_array_elements_text(CAST(:ids AS json))))
                         AND d.state = 'sending' AND d.owner = :owner
                         AND d.date BETWEEN :first_day AND :last_day
                         FOR NO KEY UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day;

-- name: next_due
-- Three partial indexes, each read from its front; what has expired is left for the reaper.
SELECT (SELECT due_at FROM jobs
         WHERE state = 'pending' AND alone = 0 AND expires_at > :now
           AND date BETWEEN :first_day AND :last_day
         ORDER BY due_at LIMIT 1) AS jobs,
       (SELECT due_at FROM jobs
         WHERE state = 'pending' AND alone = 1 AND expires_at > :now
           AND date BETWEEN :first_day AND :last_day
         ORDER BY due_at LIMIT 1) AS alone,
       (SELECT due_at FROM deliveries
         WHERE state = 'pending' AND expires_at > :now
           AND date BETWEEN :first_day AND :last_day
         ORDER BY due_at LIMIT 1) AS deliveries;

-- name: looks
SELECT date, stage, state, verdict, error, COALESCE(ended_at, created_at)
  FROM jobs WHERE user_id = :user
 ORDER BY COALESCE(ended_at, created_at) DESC, id DESC LIMIT :limit;
