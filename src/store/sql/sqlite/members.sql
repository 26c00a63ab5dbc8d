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
DELETE FROM members WHERE beat_at <= :silent RETURNING name;

-- name: end_job_leases
UPDATE jobs SET lease_until = 0
 WHERE state = 'processing' AND owner IN (SELECT value FROM json_each(:owners));

-- name: end_delivery_leases
UPDATE deliveries SET lease_until = 0
 WHERE state = 'sending' AND owner IN (SELECT value FROM json_each(:owners));

-- name: list
SELECT name, host, version, roles, started_at, beat_at, in_flight, checks_per_minute,
       sends_per_minute, fixed_keys
  FROM members ORDER BY started_at, name LIMIT :limit;

-- name: backlog
SELECT (SELECT COUNT(*) FROM (SELECT 1 FROM jobs WHERE state = 'pending' AND due_at <= :now
                               LIMIT :most)),
       (SELECT COUNT(*) FROM jobs WHERE state = 'processing'),
       (SELECT COUNT(*) FROM (SELECT 1 FROM deliveries WHERE state = 'pending' AND due_at <= :now
                               LIMIT :most)),
       (SELECT COUNT(*) FROM deliveries WHERE state = 'sending'),
       (SELECT due_at FROM jobs WHERE state = 'pending' AND alone = 0 AND due_at <= :now
         ORDER BY due_at LIMIT 1),
       (SELECT due_at FROM jobs WHERE state = 'pending' AND alone = 1 AND due_at <= :now
         ORDER BY due_at LIMIT 1),
       (SELECT due_at FROM deliveries WHERE state = 'pending' AND due_at <= :now
         ORDER BY due_at LIMIT 1);
