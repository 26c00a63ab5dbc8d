-- name: called_for_again
-- What ended unsent gives way to the same message when it is called for again on a channel that is
-- on. One that a later reminder overtook stays: its user has been told.
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:deliveries))
DELETE FROM deliveries
 WHERE id IN (SELECT d.id
                FROM rows n CROSS JOIN deliveries d CROSS JOIN channels c
               WHERE d.user_id = n.value ->> 'user_id' AND d.date = n.value ->> 'date'
                 AND d.channel_id = n.value ->> 'channel_id' AND d.kind = n.value ->> 'kind'
                 AND (d.kind IN ('could_not_check', 'summary')
                      OR d.zone = n.value ->> 'zone' AND d.stage = n.value ->> 'stage')
                 AND d.state IN ('dead', 'expired', 'cancelled') AND d.code <> 'overtaken'
                 AND c.id = d.channel_id AND c.is_on = 1)
RETURNING batch_id, state;

-- name: insert
-- Only to channels that are on. A conflict means that it was said already; so does a reminder of an
-- earlier stage that was held up and went out after this stage's hour had come.
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:deliveries))
INSERT INTO deliveries (id, batch_id, job_id, user_id, channel_id, channel_kind, kind, date, zone,
                        stage, subject, body, urgency, state, created_at, checked_at, due_at,
                        expires_at, owner, lease_until, started_at, attempt)
SELECT n.value ->> 'id', n.value ->> 'batch_id', n.value ->> 'job_id', n.value ->> 'user_id',
       c.id, c.kind, n.value ->> 'kind', n.value ->> 'date', n.value ->> 'zone',
       n.value ->> 'stage', n.value ->> 'subject', n.value ->> 'body', n.value ->> 'urgency',
       n.value ->> 'state', :now, n.value ->> 'checked_at', :now, n.value ->> 'expires_at',
       n.value ->> 'owner', n.value ->> 'lease_until', n.value ->> 'started_at',
       n.value ->> 'attempt'
  FROM rows n CROSS JOIN channels c
 WHERE c.id = n.value ->> 'channel_id' AND c.user_id = n.value ->> 'user_id' AND c.is_on = 1
   AND NOT (n.value ->> 'kind' = 'reminder'
            AND EXISTS (SELECT 1 FROM deliveries l
                         WHERE l.user_id = c.user_id AND l.date = n.value ->> 'date'
                           AND l.channel_id = c.id AND l.kind = 'reminder' AND l.state = 'sent'
                           AND l.job_id <> n.value ->> 'job_id'
                           AND l.ended_at > n.value ->> 'called_at'))
ON CONFLICT DO NOTHING
RETURNING id;

-- name: overtaken
-- What waits of the same user, date and channel when another job's reminder has been written.
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:reminders))
SELECT d.id, d.batch_id
  FROM rows n CROSS JOIN deliveries d
 WHERE d.user_id = n.value ->> 'user_id' AND d.date = n.value ->> 'date'
   AND d.channel_id = n.value ->> 'channel_id' AND d.state = 'pending'
   AND (d.kind = 'could_not_check'
        OR d.kind = 'reminder' AND d.job_id <> n.value ->> 'job_id');

-- name: overtaken_meanwhile
-- Which of these, that wait again, were on their way when another job's reminder was written.
SELECT d.id, d.batch_id
  FROM json_each(:ids) n CROSS JOIN deliveries d
 WHERE d.id = n.value AND d.state = 'pending' AND d.kind IN ('reminder', 'could_not_check')
   AND EXISTS (SELECT 1 FROM deliveries l
                WHERE l.user_id = d.user_id AND l.date = d.date AND l.channel_id = d.channel_id
                  AND l.kind = 'reminder' AND l.job_id <> d.job_id
                  AND l.created_at > d.created_at AND l.state IN ('pending', 'sending', 'sent'));

-- name: answered
-- What waits to say that GitHub could not be checked, when it could be after all.
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:jobs))
SELECT d.id, d.batch_id
  FROM rows n CROSS JOIN deliveries d
 WHERE d.user_id = n.value ->> 'user_id' AND d.date = n.value ->> 'date'
   AND d.kind = 'could_not_check' AND d.state = 'pending';

-- name: waiting_for_channels
SELECT d.id, d.batch_id
  FROM json_each(:channels) n CROSS JOIN deliveries d
 WHERE d.channel_id = n.value AND d.state = 'pending';

-- name: end_pending
UPDATE deliveries SET state = :state, code = :code, reason = :reason, ended_at = :now
 WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'pending';

-- name: claim
-- A channel is in one process's hands at a time: what another one sends there goes first. A message
-- on its way is not older than its day.
UPDATE deliveries
   SET state = 'sending', owner = :owner, lease_until = :lease_until, started_at = :now,
       attempt = attempt + 1
 WHERE id IN (SELECT d.id FROM deliveries d CROSS JOIN channels c
               WHERE d.state = 'pending' AND d.due_at <= :due_by AND d.expires_at > :now
                 AND c.id = d.channel_id AND c.is_on = 1
                 AND NOT EXISTS (SELECT 1 FROM deliveries s
                                  WHERE s.user_id = d.user_id AND s.created_at > :recent
                                    AND s.channel_id = d.channel_id AND s.state = 'sending'
                                    AND s.owner <> :owner AND s.lease_until > :alive)
               ORDER BY d.due_at, d.id LIMIT :limit)
RETURNING id, due_at;

-- name: give_way
-- Which of these, that have just begun, must wait: their channel is in another process's hands.
UPDATE deliveries
   SET state = 'pending', owner = '', lease_until = NULL, attempt = attempt - 1
 WHERE id IN (SELECT value FROM json_each(:ids)) AND state = 'sending'
   AND EXISTS (SELECT 1 FROM deliveries s
                WHERE s.user_id = deliveries.user_id AND s.created_at > :recent
                  AND s.channel_id = deliveries.channel_id AND s.state = 'sending'
                  AND s.owner <> :owner AND s.lease_until > :alive)
RETURNING id, batch_id;

-- name: load
SELECT d.id, d.batch_id, d.job_id, d.user_id, d.channel_id, d.channel_kind,
       COALESCE(c.sealed, ''), d.kind, d.subject, d.body, d.urgency, d.date, d.zone, d.stage,
       d.created_at, d.checked_at, d.expires_at, d.attempt, COALESCE(c.level, '')
  FROM deliveries d LEFT JOIN channels c ON c.id = d.channel_id
 WHERE d.id IN (SELECT value FROM json_each(:ids));

-- name: held
SELECT d.id, d.batch_id, d.job_id, d.user_id, d.date, d.zone, d.stage, d.expires_at, d.state,
       d.owner, d.attempt, d.channel_id, d.channel_kind, d.kind, COALESCE(d.started_at, 0),
       COALESCE(c.is_on, 0), COALESCE(c.changed_at, 0)
  FROM deliveries d LEFT JOIN channels c ON c.id = d.channel_id
 WHERE d.id IN (SELECT value FROM json_each(:ids));

-- name: still_held
SELECT lease_until FROM deliveries
 WHERE id = :id AND owner = :owner AND attempt = :attempt AND state = 'sending';

-- name: hold_on
UPDATE deliveries SET lease_until = :lease_until
 WHERE id = :id AND owner = :owner AND attempt = :attempt AND state = 'sending'
RETURNING lease_until;

-- name: record
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:results))
UPDATE deliveries
   SET state = n.value ->> 'state', due_at = COALESCE(n.value ->> 'due_at', due_at),
       remote_id = n.value ->> 'remote_id', code = n.value ->> 'code',
       reason = n.value ->> 'reason', tries = tries + (n.value ->> 'tried'),
       maybe_seen = MAX(maybe_seen, n.value ->> 'maybe_seen'),
       checked_at = COALESCE(n.value ->> 'checked_at', checked_at),
       subject = COALESCE(n.value ->> 'subject', subject),
       body = COALESCE(n.value ->> 'body', body),
       urgency = COALESCE(n.value ->> 'urgency', urgency),
       ended_at = n.value ->> 'ended_at', owner = '', lease_until = NULL
  FROM rows n
 WHERE deliveries.id = n.value ->> 'id';

-- name: reseal
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:channels))
UPDATE channels SET sealed = n.value ->> 'sealed'
  FROM rows n
 WHERE channels.id = n.value ->> 'id';

-- name: switch_off
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:channels))
UPDATE channels SET is_on = 0, off_reason = n.value ->> 'reason'
  FROM rows n
 WHERE channels.id = n.value ->> 'id' AND channels.is_on = 1;

-- name: living
SELECT u.id, u.login, c.id FROM users u JOIN channels c ON c.user_id = u.id AND c.is_on = 1
 WHERE u.id IN (SELECT value FROM json_each(:users))
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
