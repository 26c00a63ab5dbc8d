-- name: insert
INSERT INTO batches (id, origin, created_at) VALUES (:id, :origin, :now) ON CONFLICT (id) DO NOTHING;

-- name: delete_empty
DELETE FROM batches
 WHERE id = :id AND NOT EXISTS (SELECT 1 FROM batch_counts c WHERE c.batch_id = batches.id);

-- name: count
-- Counts of batches that the cleaner has deleted meanwhile go nowhere. A counter is the sum of its
-- slots, and each connection adds to one of them: on a single row, all workers of a batch would wait
-- for each other's commits. In one order everywhere: two transactions that count the same batches in
-- the same slot wait for each other, but not both.
INSERT INTO batch_counts (batch_id, name, slot, value)
SELECT n.batch, n.name, pg_backend_pid() % 16, n."by"
  FROM json_to_recordset(CAST(:deltas AS json)) AS n(batch TEXT, name TEXT, "by" BIGINT)
 WHERE EXISTS (SELECT 1 FROM batches b WHERE b.id = n.batch)
 ORDER BY n.batch COLLATE "C", n.name COLLATE "C"
ON CONFLICT (batch_id, name, slot) DO UPDATE SET value = batch_counts.value + excluded.value;

-- name: find
SELECT id, origin, created_at FROM batches WHERE id = :id;

-- name: newest
SELECT id, origin, created_at FROM batches ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: page
-- The newest first, from the one after (created_at, id) on.
SELECT id, origin, created_at FROM batches
 WHERE created_at <= :at AND (created_at < :at OR id < :id)
 ORDER BY created_at DESC, id DESC LIMIT :limit;

-- name: counts
SELECT batch_id, name, CAST(SUM(value) AS BIGINT) FROM batch_counts
 WHERE batch_id = ANY(ARRAY(SELECT value FROM json_array_elements_text(CAST(:ids AS json))))
 GROUP BY batch_id, name HAVING SUM(value) <> 0;

-- name: failed_jobs
SELECT j.id, j.user_id, u.login, j.state, j.verdict, j.error
  FROM jobs j JOIN users u ON u.id = j.user_id
 WHERE j.batch_id = :id AND j.state = 'failed'
 ORDER BY j.id LIMIT :limit;

-- name: jobs
SELECT j.id, j.user_id, u.login, j.state, j.verdict, j.error
  FROM jobs j JOIN users u ON u.id = j.user_id
 WHERE j.batch_id = :id AND (CAST(:state AS TEXT) = '' OR j.state = :state)
   AND starts_with(lower(u.login), CAST(:login AS TEXT))
 ORDER BY j.id LIMIT :limit;

-- name: failures
SELECT j.error, COUNT(*) FROM jobs j
 WHERE j.batch_id = :id AND j.state = 'failed'
 GROUP BY j.error ORDER BY 2 DESC, 1;

-- name: retry_jobs
-- A job that a later one of the same day has followed stays failed: its reminder would come late.
UPDATE jobs
   SET state = 'pending', error = '', due_at = :now, tries = 0, crashes = 0, crashes_alone = 0,
       alone = 0, ended_at = NULL
 WHERE id = ANY(ARRAY(SELECT j.id FROM jobs j
                       WHERE j.batch_id = :id AND j.state = 'failed' AND j.expires_at > :now
                         AND NOT EXISTS (SELECT 1 FROM jobs l
                                          WHERE l.user_id = j.user_id AND l.date = j.date
                                            AND l.id > j.id)
                       ORDER BY j.id LIMIT :limit
                         FOR NO KEY UPDATE))
RETURNING id;

-- name: retry_deliveries
-- What a newer reminder of the same day has said on the same channel, or is about to, is not said
-- again.
UPDATE deliveries
   SET state = 'pending', code = '', reason = '', due_at = :now, tries = 0, ended_at = NULL
 WHERE id = ANY(ARRAY(
         SELECT d.id FROM deliveries d
          WHERE d.batch_id = :id AND d.state = 'dead' AND d.expires_at > :now
            AND EXISTS (SELECT 1 FROM channels c WHERE c.id = d.channel_id AND c.is_on = 1)
            AND NOT EXISTS (SELECT 1 FROM deliveries l
                             WHERE d.kind IN ('reminder', 'could_not_check')
                               AND l.user_id = d.user_id AND l.date = d.date
                               AND l.channel_id = d.channel_id AND l.kind = 'reminder'
                               AND l.id <> d.id AND l.created_at >= d.created_at
                               AND l.state IN ('pending', 'sending', 'sent'))
          LIMIT :limit
            FOR NO KEY UPDATE))
RETURNING id;
