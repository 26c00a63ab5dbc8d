-- name: called_for_again
-- What ended unsent gives way to the same message when it is called for again on a channel that is
-- on. One that a later reminder overtook stays: its user has been told.
DELETE FROM deliveries d
 USING json_to_recordset(CAST(:deliveries AS json))
       AS n(user_id BIGINT, date TEXT, channel_id BIGINT, kind TEXT, zone TEXT, stage INTEGER),
       channels c
 WHERE d.user_id = n.user_id AND d.date = n.date AND d.channel_id = n.channel_id
   AND d.kind = n.kind AND d.date BETWEEN :first_day AND :last_day
   AND (d.kind IN ('could_not_check', 'summary') OR d.zone = n.zone AND d.stage = n.stage)
   AND d.state IN ('dead', 'expired', 'cancelled') AND d.code <> 'overtaken'
   AND c.id = d.channel_id AND c.is_on = 1
RETURNING d.batch_id, d.state;

-- name: insert
-- Only to channels that are on. A conflict means that it was said already; so does a reminder of an
-- earlier stage that was held up and went out after this stage's hour had come.
INSERT INTO deliveries (id, batch_id, job_id, user_id, channel_id, channel_kind, kind, date, zone,
                        stage, subject, body, urgency, state, created_at, checked_at, due_at,
                        expires_at, owner, lease_until, started_at, attempt)
SELECT n.id, n.batch_id, n.job_id, n.user_id, c.id, c.kind, n.kind, n.date, n.zone, n.stage,
       n.subject, n.body, n.urgency, n.state, CAST(:now AS BIGINT), n.checked_at,
       CAST(:now AS BIGINT), n.expires_at, n.owner, n.lease_until, n.started_at, n.attempt
  FROM json_to_recordset(CAST(:deliveries AS json))
       AS n(id TEXT, batch_id TEXT, job_id BIGINT, user_id BIGINT, channel_id BIGINT, kind TEXT,
            date TEXT, zone TEXT, stage INTEGER, subject TEXT, body TEXT, urgency TEXT, state TEXT,
            checked_at BIGINT, expires_at BIGINT, owner TEXT, lease_until BIGINT,
            started_at BIGINT, attempt INTEGER, called_at BIGINT)
  JOIN channels c ON c.id = n.channel_id AND c.user_id = n.user_id
 WHERE c.is_on = 1
   AND NOT (n.kind = 'reminder'
            AND EXISTS (SELECT 1 FROM deliveries l
                         WHERE l.user_id = c.user_id AND l.date = n.date
                           AND l.date BETWEEN :first_day AND :last_day
                           AND l.channel_id = c.id AND l.kind = 'reminder' AND l.state = 'sent'
                           AND l.job_id <> n.job_id AND l.ended_at > n.called_at))
ON CONFLICT DO NOTHING
RETURNING id;

-- name: overtaken
-- What waits of the same user, date and channel when another job's reminder has been written. `|| ''`:
-- see schedule/unfinished.
SELECT d.id, d.batch_id
  FROM json_to_recordset(CAST(:reminders AS json))
       AS n(user_id BIGINT, date TEXT, channel_id BIGINT, job_id BIGINT)
  JOIN deliveries d ON d.user_id = n.user_id AND d.date = n.date AND d.channel_id = n.channel_id
 WHERE d.date BETWEEN :first_day AND :last_day AND d.state || '' = 'pending'
   AND (d.kind = 'could_not_check' OR d.kind = 'reminder' AND d.job_id <> n.job_id)
 ORDER BY d.id
   FOR NO KEY UPDATE OF d;

-- name: overtaken_meanwhile
-- Which of these, that wait again, were on their way when another job's reminder was written.
SELECT d.id, d.batch_id
  FROM deliveries d
 WHERE d.id = ANY(ARRAY(SELECT value FROM json_array_elements_text(CAST(:ids AS json))))
   AND d.date BETWEEN :first_day AND :last_day
   AND d.state = 'pending' AND d.kind IN ('reminder', 'could_not_check')
   AND EXISTS (SELECT 1 FROM deliveries l
                WHERE l.user_id = d.user_id AND l.date = d.date AND l.channel_id = d.channel_id
                  AND l.date BETWEEN :first_day AND :last_day
                  AND l.kind = 'reminder' AND l.job_id <> d.job_id
                  AND l.created_at > d.created_at AND l.state IN ('pending', 'sending', 'sent'))
 ORDER BY d.id
   FOR NO KEY UPDATE OF d;

-- name: answered
-- What waits to say that GitHub could not be checked, when it could be after all.
SELECT d.id, d.batch_id
  FROM json_to_recordset(CAST(:jobs AS json)) AS n(user_id BIGINT, date TEXT)
  JOIN deliveries d ON d.user_id = n.user_id AND d.date = n.date
 WHERE d.date BETWEEN :first_day AND :last_day AND d.kind = 'could_not_check' AND d.state || '' = 'pending'
 ORDER BY d.id
   FOR NO KEY UPDATE OF d;

-- name: waiting_for_channels
SELECT d.id, d.batch_id
  FROM deliveries d
 WHERE d.channel_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                                  FROM json_array_elements_text(CAST(:channels AS json))))
   AND d.state = 'pending' AND d.date BETWEEN :first_day AND :last_day
 ORDER BY d.id
   FOR NO KEY UPDATE OF d;

-- name: end_pending
UPDATE deliveries SET state = :state, code = :code, reason = :reason, ended_at = :now
 WHERE id = ANY(ARRAY(SELECT value FROM json_array_elements_text(CAST(:ids AS json))))
   AND state = 'pending' AND date BETWEEN :first_day AND :last_day;

-- name: claim
-- A channel is in one process's hands at a time: what another one sends there goes first. A message
-- on its way is not older than its day. The lock on the user excludes whoever writes a message to
-- that user or claims another one, until `give_way` has looked.
UPDATE deliveries
   SET state = 'sending', owner = :owner, lease_until = :lease_until, started_at = :now,
       attempt = attempt + 1
 WHERE id = ANY(ARRAY(SELECT d.id FROM deliveries d
                         JOIN users u ON u.id = d.user_id
                       WHERE d.state = 'pending' AND d.due_at <= :due_by AND d.expires_at > :now
                         AND d.date BETWEEN :first_day AND :last_day
                         AND EXISTS (SELECT 1 FROM channels c
                                      WHERE c.id = d.channel_id AND c.is_on = 1)
                         AND NOT EXISTS (SELECT 1 FROM deliveries s
                                          WHERE s.user_id = d.user_id AND s.created_at > :recent
                                            AND s.date BETWEEN :first_day AND :last_day
                                            AND s.channel_id = d.channel_id AND s.state = 'sending'
                                            AND s.owner <> :owner AND s.lease_until > :alive)
                       ORDER BY d.due_at, d.id LIMIT :limit
                         FOR UPDATE OF u SKIP LOCKED FOR NO KEY UPDATE OF d SKIP LOCKED))
   AND date BETWEEN :first_day AND :last_day
RETURNING id, due_at;

-- name: give_way
-- Which of these, that have just begun, must wait: their channel is in another process's hands.
UPDATE deliveries
   SET state = 'pending', owner = '', lease_until = NULL, attempt = attempt - 1
 WHERE id = ANY(ARRAY(SELECT value FROM json_array_elements_text(CAST(:ids AS json))))
   AND state = 'sending' AND date BETWEEN :first_day AND :last_day
   AND EXISTS (SELECT 1 FROM deliveries s
                WHERE s.user_id = deliveries.user_id AND s.created_at > :recent
                  AND s.date BETWEEN :first_day AND :last_day
                  AND s.channel_id = deliveries.channel_id AND s.state = 'sending'
                  AND s.owner <> :owner AND s.lease_until > :alive)
RETURNING id, batch_id;

-- name: load
SELECT d.id, d.batch_id, d.job_id, d.user_id, d.channel_id, d.channel_kind,
       COALESCE(c.sealed, ''), d.kind, d.subject, d.body, d.urgency, d.date, d.zone, d.stage,
       d.created_at, d.checked_at, d.expires_at, d.attempt, COALESCE(c.level, '')
  FROM deliveries d LEFT JOIN channels c ON c.id = d.channel_id
 WHERE d.id = ANY(ARRAY(SELECT value FROM json_array_elements_text(CAST(:ids AS json))))
   AND d.date BETWEEN :first_day AND :last_day;

-- name: held
-- Locked, so that what the fences compare still holds when the results are written.
SELECT d.id, d.batch_id, d.job_id, d.user_id, d.date, d.zone, d.stage, d.expires_at, d.state,
       d.owner, d.attempt, d.channel_id, d.channel_kind, d.kind, COALESCE(d.started_at, 0),
       COALESCE(c.is_on, 0), COALESCE(c.changed_at, 0)
  FROM deliveries d LEFT JOIN channels c ON c.id = d.channel_id
 WHERE d.id = ANY(ARRAY(SELECT value FROM json_array_elements_text(CAST(:ids AS json))))
   AND d.date BETWEEN :first_day AND :last_day
 ORDER BY d.id
   FOR NO KEY UPDATE OF d;

-- name: still_held
SELECT lease_until FROM deliveries
 WHERE id = :id AND owner = :owner AND attempt = :attempt AND state = 'sending'
   AND date BETWEEN :first_day AND :last_day;

-- name: hold_on
UPDATE deliveries SET lease_until = :lease_until
 WHERE id = :id AND owner = :owner AND attempt = :attempt AND state = 'sending'
   AND date BETWEEN :first_day AND :last_day
RETURNING lease_until;

-- name: record
UPDATE deliveries
   SET state = n.state, due_at = COALESCE(n.due_at, deliveries.due_at), remote_id = n.remote_id,
       code = n.code, reason = n.reason, tries = deliveries.tries + n.tried,
       maybe_seen = GREATEST(deliveries.maybe_seen, n.maybe_seen),
       checked_at = COALESCE(n.checked_at, deliveries.checked_at),
       subject = COALESCE(n.subject, deliveries.subject), body = COALESCE(n.body, deliveries.body),
       urgency = COALESCE(n.urgency, deliveries.urgency), ended_at = n.ended_at, owner = '',
       lease_until = NULL
  FROM json_to_recordset(CAST(:results AS json))
       AS n(id TEXT, state TEXT, due_at BIGINT, remote_id TEXT, code TEXT, reason TEXT,
            tried INTEGER, maybe_seen INTEGER, checked_at BIGINT, subject TEXT, body TEXT,
            urgency TEXT, ended_at BIGINT)
 WHERE deliveries.id = n.id AND deliveries.date BETWEEN :first_day AND :last_day;

-- name: reseal
UPDATE channels SET sealed = n.sealed
  FROM json_to_recordset(CAST(:channels AS json)) AS n(id BIGINT, sealed TEXT)
 WHERE channels.id = n.id;

-- name: switch_off
UPDATE channels SET is_on = 0, off_reason = n.reason
  FROM json_to_recordset(CAST(:channels AS json)) AS n(id BIGINT, reason TEXT)
 WHERE channels.id = n.id AND channels.is_on = 1;

-- name: living
SELECT u.id, u.login, c.id FROM users u JOIN channels c ON c.user_id = u.id AND c.is_on = 1
 WHERE u.id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                          FROM json_array_elements_text(CAST(:users AS json))))
 ORDER BY u.id, c.id;

-- name: history
SELECT channel_kind, kind, state, reason, COALESCE(ended_at, created_at), subject
  FROM deliveries WHERE user_id = :user ORDER BY created_at DESC, id LIMIT :limit;

-- name: page
-- The newest first, from the one after (created_at, id) on.
SELECT id, channel_kind, kind, state, reason, COALESCE(ended_at, created_at), subject, date,
       created_at
  FROM deliveries
 WHERE user_id = :user AND created_at <= :at AND (created_at < :at OR id > :id)
 ORDER BY created_at DESC, id LIMIT :limit;
