-- name: find
SELECT j.id, j.batch_id, j.user_id, u.login, j.date, j.zone, j.stage, j.state, j.verdict, j.error,
       j.attempt, j.tries, j.created_at, j.due_at, j.expires_at, j.ended_at
  FROM jobs j JOIN users u ON u.id = j.user_id
 WHERE j.id = :id;

-- name: of_batch
SELECT j.id, j.batch_id, j.user_id, u.login, j.date, j.zone, j.stage, j.state, j.verdict, j.error,
       j.attempt, j.tries, j.created_at, j.due_at, j.expires_at, j.ended_at
  FROM jobs j JOIN users u ON u.id = j.user_id
 WHERE j.batch_id = :batch AND j.id > :after AND (CAST(:state AS TEXT) = '' OR j.state = :state)
 ORDER BY j.id LIMIT :limit;

-- name: of_user
SELECT j.id, j.batch_id, j.user_id, u.login, j.date, j.zone, j.stage, j.state, j.verdict, j.error,
       j.attempt, j.tries, j.created_at, j.due_at, j.expires_at, j.ended_at
  FROM jobs j JOIN users u ON u.id = j.user_id
 WHERE j.user_id = :user AND j.id > :after AND (CAST(:state AS TEXT) = '' OR j.state = :state)
   AND (CAST(:batch AS TEXT) = '' OR j.batch_id = :batch)
 ORDER BY j.id LIMIT :limit;

-- name: retry
-- As batches/retry_jobs does it.
UPDATE jobs
   SET state = 'pending', error = '', due_at = :now, tries = 0, crashes = 0, crashes_alone = 0,
       alone = 0, ended_at = NULL
 WHERE id = :id AND state = 'failed' AND expires_at > :now
   AND NOT EXISTS (SELECT 1 FROM jobs l
                    WHERE l.user_id = jobs.user_id AND l.date = jobs.date AND l.id > jobs.id)
RETURNING batch_id;

-- name: hurry
UPDATE jobs SET due_at = :now
 WHERE id = :id AND state = 'pending' AND expires_at > :now
RETURNING batch_id;
