-- name: anything_to_reap
SELECT CASE WHEN EXISTS (SELECT 1 FROM jobs
                          WHERE state = 'processing' AND lease_until <= :lease_now
                            AND date BETWEEN :first_day AND :last_day)
              OR EXISTS (SELECT 1 FROM jobs
                          WHERE state = 'pending' AND expires_at <= :now
                            AND date BETWEEN :first_day AND :last_day)
              OR EXISTS (SELECT 1 FROM deliveries
                          WHERE state = 'sending' AND lease_until <= :lease_now
                            AND date BETWEEN :first_day AND :last_day)
              OR EXISTS (SELECT 1 FROM deliveries
                          WHERE state = 'pending' AND expires_at <= :now
                            AND date BETWEEN :first_day AND :last_day)
            THEN 1 ELSE 0 END;

-- name: return_jobs
-- Each column sees the old values of the others.
UPDATE jobs
   SET state = CASE WHEN expires_at <= :now THEN 'failed'
                    WHEN alone = 1 AND crashes_alone + 1 >= :most_alone THEN 'failed'
                    ELSE 'pending' END,
       error = CASE WHEN expires_at <= :now THEN 'expired'
                    WHEN alone = 1 AND crashes_alone + 1 >= :most_alone THEN 'poison'
                    ELSE 'worker_lost' END,
       ended_at = CASE WHEN expires_at <= :now
                         OR (alone = 1 AND crashes_alone + 1 >= :most_alone)
                       THEN CAST(:now AS BIGINT) END,
       crashes = crashes + 1,
       crashes_alone = crashes_alone + alone,
       alone = CASE WHEN crashes + 1 >= :before_alone THEN 1 ELSE alone END,
       owner = '', lease_until = NULL
 WHERE id = ANY(ARRAY(SELECT j.id FROM jobs j
                       WHERE j.state = 'processing' AND j.lease_until <= :lease_now
                         AND j.date BETWEEN :first_day AND :last_day
                       ORDER BY j.lease_until LIMIT :limit
                         FOR NO KEY UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING batch_id, state, error;

-- name: expire_jobs
UPDATE jobs SET state = 'failed', error = 'expired', ended_at = :now
 WHERE id = ANY(ARRAY(SELECT j.id FROM jobs j WHERE j.state = 'pending' AND j.expires_at <= :now
                         AND j.date BETWEEN :first_day AND :last_day
                       ORDER BY j.expires_at LIMIT :limit
                         FOR NO KEY UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING batch_id;

-- name: return_deliveries
-- What was in flight when its worker went away may have been seen. A channel that was switched off
-- or deleted meanwhile takes no more.
UPDATE deliveries
   SET state = CASE WHEN expires_at <= :now THEN 'expired'
                    WHEN EXISTS (SELECT 1 FROM channels c
                                  WHERE c.id = deliveries.channel_id AND c.is_on = 1)
                    THEN 'pending' ELSE 'dead' END,
       code = 'worker_lost', maybe_seen = 1,
       ended_at = CASE WHEN expires_at <= :now
                         OR NOT EXISTS (SELECT 1 FROM channels c
                                         WHERE c.id = deliveries.channel_id AND c.is_on = 1)
                       THEN CAST(:now AS BIGINT) END,
       owner = '', lease_until = NULL
 WHERE id = ANY(ARRAY(SELECT d.id FROM deliveries d
                       WHERE d.state = 'sending' AND d.lease_until <= :lease_now
                         AND d.date BETWEEN :first_day AND :last_day
                       ORDER BY d.lease_until LIMIT :limit
                         FOR NO KEY UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING id, batch_id, state;

-- name: expire_deliveries
UPDATE deliveries SET state = 'expired', code = 'expired', ended_at = :now
 WHERE id = ANY(ARRAY(SELECT d.id FROM deliveries d
                       WHERE d.state = 'pending' AND d.expires_at <= :now
                         AND d.date BETWEEN :first_day AND :last_day
                       ORDER BY d.expires_at LIMIT :limit
                         FOR NO KEY UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING batch_id;

-- name: clean_jobs
DELETE FROM jobs
 WHERE id = ANY(ARRAY(SELECT j.id FROM batches b JOIN jobs j ON j.batch_id = b.id
                       WHERE b.created_at < :before AND j.date BETWEEN :first_day AND :last_day
                         AND NOT EXISTS (SELECT 1 FROM batch_counts c
                                          WHERE c.batch_id = b.id
                                            AND c.name IN ('pending', 'processing',
                                                           'delivery:pending',
                                                           'delivery:sending')
                                          GROUP BY c.name HAVING SUM(c.value) > 0)
                       LIMIT :limit
                         FOR UPDATE OF j SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING id;

-- name: clean_batches
DELETE FROM batches
 WHERE id = ANY(ARRAY(SELECT b.id FROM batches b
                       WHERE b.created_at < :before
                         AND NOT EXISTS (SELECT 1 FROM jobs j WHERE j.batch_id = b.id)
                         AND NOT EXISTS (SELECT 1 FROM batch_counts c
                                          WHERE c.batch_id = b.id
                                            AND c.name IN ('pending', 'processing',
                                                           'delivery:pending',
                                                           'delivery:sending')
                                          GROUP BY c.name HAVING SUM(c.value) > 0)
                       ORDER BY b.created_at LIMIT :limit
                         FOR UPDATE SKIP LOCKED))
RETURNING id;

-- name: clean_deliveries
DELETE FROM deliveries
 WHERE id = ANY(ARRAY(SELECT d.id FROM deliveries d
                       WHERE d.created_at < :before AND d.date BETWEEN :first_day AND :last_day
                         AND d.state NOT IN ('pending', 'sending')
                       ORDER BY d.created_at LIMIT :limit
                         FOR UPDATE SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING id;

-- name: anything_of_web
SELECT CASE WHEN EXISTS (SELECT 1 FROM sessions WHERE expires_at <= :now)
              OR EXISTS (SELECT 1 FROM kept_answers WHERE created_at <= :old)
            THEN 1 ELSE 0 END;

-- name: clean_used_links
WITH old AS MATERIALIZED (
  SELECT l.user_id, l.date, l.stage, l.action FROM used_links l
   WHERE l.used_at < :before ORDER BY l.used_at LIMIT :limit
     FOR UPDATE SKIP LOCKED)
DELETE FROM used_links l USING old o
 WHERE l.user_id = o.user_id AND l.date = o.date AND l.stage = o.stage AND l.action = o.action
RETURNING l.user_id;
