-- name: beat
INSERT INTO members (name, host, version, roles, started_at, beat_at, in_flight, checks_per_minute,
                     sends_per_minute, fixed_keys)
VALUES (:name, :host, :version, :roles, :started_at, :now, :in_flight, :checks, :sends, :fixed_keys)
ON CONFLICT (name) DO UPDATE SET
  beat_at = excluded.beat_at, in_flight = excluded.in_flight,
  checks_per_minute = excluded.checks_per_minute, sends_per_minute = excluded.sends_per_minute;

-- name: leave
DELETE FROM members WHERE name = :name;

-- name: any_silent
SELECT CASE WHEN EXISTS (SELECT 1 FROM members WHERE beat_at <= :silent) THEN 1 ELSE 0 END;

-- name: forget
-- Of several who look, one forgets.
DELETE FROM members
 WHERE name = ANY(ARRAY(SELECT m.name FROM members m WHERE m.beat_at <= :silent
                         ORDER BY m.name FOR UPDATE SKIP LOCKED))
RETURNING name;

-- name: end_job_leases
-- What is being recorded this moment is left to its lease.
UPDATE jobs SET lease_until = 0
 WHERE id = ANY(ARRAY(SELECT j.id FROM jobs j
                       WHERE j.state = 'processing'
                         AND j.owner = ANY(ARRAY(SELECT value FROM json_array_elements_text(
                                                                     CAST(:owners AS json))))
                         FOR NO KEY UPDATE SKIP LOCKED));

-- name: end_delivery_leases
UPDATE deliveries SET lease_until = 0
 WHERE id = ANY(ARRAY(SELECT d.id FROM deliveries d
                       WHERE d.state = 'sending'
                         AND d.owner = ANY(ARRAY(SELECT value FROM json_array_elements_text(
                                                                     CAST(:owners AS json))))
                         FOR NO KEY UPDATE SKIP LOCKED));

-- name: list
SELECT name, host, version, roles, started_at, beat_at, in_flight, checks_per_minute,
       sends_per_minute, fixed_keys
  FROM members ORDER BY started_at, name COLLATE "C" LIMIT :limit;

-- name: backlog
SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM jobs
                               WHERE state = 'pending' AND due_at <= :now
                                 AND date BETWEEN :first_day AND :last_day
                               LIMIT :most) j),
       (SELECT COUNT(*) FROM jobs
         WHERE state = 'processing' AND date BETWEEN :first_day AND :last_day),
       (SELECT COUNT(*) FROM (SELECT 1 FROM deliveries
                               WHERE state = 'pending' AND due_at <= :now
                                 AND date BETWEEN :first_day AND :last_day
                               LIMIT :most) d),
       (SELECT COUNT(*) FROM deliveries
         WHERE state = 'sending' AND date BETWEEN :first_day AND :last_day),
       (SELECT due_at FROM jobs
         WHERE state = 'pending' AND alone = 0 AND due_at <= :now
           AND date BETWEEN :first_day AND :last_day
         ORDER BY due_at LIMIT 1),
       (SELECT due_at FROM jobs
         WHERE state = 'pending' AND alone = 1 AND due_at <= :now
           AND date BETWEEN :first_day AND :last_day
         ORDER BY due_at LIMIT 1),
       (SELECT due_at FROM deliveries
         WHERE state = 'pending' AND due_at <= :now
           AND date BETWEEN :first_day AND :last_day
         ORDER BY due_at LIMIT 1);
