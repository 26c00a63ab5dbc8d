-- name: reserve
UPDATE id_sequences SET next_id = next_id + :count WHERE name = :name RETURNING next_id - :count;

-- name: match
-- A frozen id outranks the login; a login counts only where no frozen id contradicts it.
SELECT k.key,
       COALESCE(
         (SELECT u.id FROM users u WHERE u.node_id = k.value ->> 'node_id'),
         (SELECT u.id FROM users u WHERE u.database_id = k.value ->> 'database_id'),
         (SELECT u.id FROM users u
           WHERE u.login_key = k.value ->> 'login'
             AND (k.value ->> 'node_id' IS NULL OR u.node_id IS NULL)
             AND (k.value ->> 'database_id' IS NULL OR u.database_id IS NULL)))
  FROM json_each(:keys) k;

-- name: load
-- Of ids that are each there once: `IN (SELECT …)` would make a table of them, every time.
SELECT u.id, u.login, CASE WHEN u.login_key IS NULL THEN 1 ELSE 0 END, u.node_id, u.database_id,
       u.time_zone, u.remind_at, u.daily_summary, u.sealed_token, u.token_dead, u.status, u.settings_version, u.next_check_at, u.created_at,
       u.word_date, u.word_stopped, u.word_snoozed_until,
       s.anchor_through, s.anchor_length, s.anchor_began, s.length, s.began, s.longest, s.today,
       s.today_count, s.verdict, s.views, s.seen_at, s.history_at,
       CASE WHEN EXISTS (SELECT 1 FROM user_rest_days r WHERE r.user_id = u.id)
              OR EXISTS (SELECT 1 FROM user_pauses p WHERE p.user_id = u.id)
            THEN 1 ELSE 0 END
  FROM json_each(:ids) i CROSS JOIN users u ON u.id = i.value
       LEFT JOIN user_streaks s ON s.user_id = u.id;

-- name: load_rest_days
SELECT r.user_id, r.from_date, r.days FROM json_each(:ids) i CROSS JOIN user_rest_days r
 WHERE r.user_id = i.value ORDER BY r.user_id, r.position;

-- name: load_pauses
SELECT p.user_id, p.first_date, p.last_date FROM json_each(:ids) i CROSS JOIN user_pauses p
 WHERE p.user_id = i.value ORDER BY p.user_id, p.position;

-- name: load_channels
SELECT c.user_id, c.id, c.kind, c.sealed, c.hint, c.is_on, c.off_reason, c.level
  FROM json_each(:ids) i CROSS JOIN channels c
 WHERE c.user_id = i.value ORDER BY c.user_id, c.id;

-- name: told_on
SELECT user_id, date
  FROM (SELECT t.user_id, t.date,
               ROW_NUMBER() OVER (PARTITION BY t.user_id ORDER BY t.date DESC) AS place
          FROM (SELECT DISTINCT d.user_id, d.date FROM deliveries d
                 WHERE d.user_id IN (SELECT value FROM json_each(:ids))
                   AND d.kind IN ('reminder', 'could_not_check', 'summary')
                   AND d.state IN ('pending', 'sending', 'sent')) t) places
 WHERE place <= :most
 ORDER BY user_id, date DESC;

-- name: yield_logins
-- An account that was renamed loses its old name to the account that has it now, but only where
-- the frozen ids prove that these are two accounts.
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:users))
UPDATE users SET login_key = NULL
 WHERE id IN (SELECT u.id FROM rows n CROSS JOIN users u
               WHERE u.login_key = n.value ->> 'login_key'
                 AND u.id <> n.value ->> 'id'
                 AND (u.node_id <> n.value ->> 'node_id'
                      OR u.database_id <> n.value ->> 'database_id'));

-- name: save
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:users))
INSERT INTO users (id, login, login_key, node_id, database_id, time_zone, remind_at, daily_summary,
                   sealed_token, token_dead, status, settings_version, next_check_at, created_at,
                   updated_at, word_date, word_stopped, word_snoozed_until)
SELECT n.value ->> 'id', n.value ->> 'login', n.value ->> 'login_key', n.value ->> 'node_id',
       n.value ->> 'database_id', n.value ->> 'time_zone', n.value ->> 'remind_at',
       n.value ->> 'daily_summary', n.value ->> 'sealed_token', n.value ->> 'token_dead',
       n.value ->> 'status', 1, n.value ->> 'next_check_at', :now, :now, n.value ->> 'word_date',
       n.value ->> 'word_stopped', n.value ->> 'word_snoozed_until'
  FROM rows n
 WHERE true
ON CONFLICT (id) DO UPDATE SET
  login = excluded.login, login_key = excluded.login_key, node_id = excluded.node_id,
  database_id = excluded.database_id, time_zone = excluded.time_zone,
  remind_at = excluded.remind_at, daily_summary = excluded.daily_summary,
  sealed_token = excluded.sealed_token, token_dead = excluded.token_dead,
  status = excluded.status, settings_version = users.settings_version + 1,
  next_check_at = excluded.next_check_at, updated_at = excluded.updated_at,
  word_date = excluded.word_date, word_stopped = excluded.word_stopped,
  word_snoozed_until = excluded.word_snoozed_until;

-- name: delete_rest_days
DELETE FROM user_rest_days WHERE user_id IN (SELECT value FROM json_each(:ids));

-- name: delete_pauses
DELETE FROM user_pauses WHERE user_id IN (SELECT value FROM json_each(:ids));

-- name: save_rest_days
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:rest_days))
INSERT INTO user_rest_days (user_id, position, from_date, days)
SELECT n.value ->> 'user_id', n.value ->> 'position', n.value ->> 'from_date', n.value ->> 'days'
  FROM rows n;

-- name: save_pauses
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:pauses))
INSERT INTO user_pauses (user_id, position, first_date, last_date)
SELECT n.value ->> 'user_id', n.value ->> 'position', n.value ->> 'first_date',
       n.value ->> 'last_date'
  FROM rows n;

-- name: save_channels
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:channels))
INSERT INTO channels (id, user_id, kind, sealed, hint, is_on, off_reason, level, changed_at)
SELECT n.value ->> 'id', n.value ->> 'user_id', n.value ->> 'kind', n.value ->> 'sealed',
       n.value ->> 'hint', n.value ->> 'is_on', n.value ->> 'off_reason', n.value ->> 'level', :now
  FROM rows n
 WHERE true
ON CONFLICT (id) DO UPDATE SET
  kind = excluded.kind, sealed = excluded.sealed, hint = excluded.hint, is_on = excluded.is_on,
  off_reason = excluded.off_reason, level = excluded.level,
  changed_at = CASE WHEN channels.sealed <> excluded.sealed OR channels.is_on < excluded.is_on
                    THEN excluded.changed_at ELSE channels.changed_at END
WHERE channels.user_id = excluded.user_id;

-- name: delete_channels
-- Those that the users had and no longer have.
DELETE FROM channels
 WHERE user_id IN (SELECT value FROM json_each(:ids))
   AND id NOT IN (SELECT value FROM json_each(:keep))
RETURNING id;

-- name: list
SELECT id FROM users WHERE id > :after AND status <> 'removed' ORDER BY id LIMIT :limit;

-- name: delete
DELETE FROM users WHERE id = :id RETURNING id;

-- name: job_counts
SELECT batch_id, state, verdict, COUNT(*) FROM jobs WHERE user_id = :id
 GROUP BY batch_id, state, verdict;

-- name: delivery_counts
SELECT batch_id, state, channel_kind, kind, COUNT(*) FROM deliveries WHERE user_id = :id
 GROUP BY batch_id, state, channel_kind, kind;

-- name: switch_off
UPDATE channels SET is_on = 0, off_reason = :reason WHERE id = :id AND is_on = 1 RETURNING id;

-- name: count_active
SELECT COUNT(*) FROM users WHERE status = 'active';

-- name: identity_holders
-- Who holds the names and ids that accounts would take.
SELECT u.id, u.login_key, u.node_id, u.database_id FROM users u
 WHERE u.login_key IN (SELECT value FROM json_each(:logins))
UNION
SELECT u.id, u.login_key, u.node_id, u.database_id FROM users u
 WHERE u.node_id IN (SELECT value FROM json_each(:node_ids))
UNION
SELECT u.id, u.login_key, u.node_id, u.database_id FROM users u
 WHERE u.database_id IN (SELECT value FROM json_each(:database_ids));

-- name: free_logins
-- Before names are handed out anew: two users may have swapped theirs.
UPDATE users SET login_key = NULL WHERE id IN (SELECT value FROM json_each(:ids));

-- name: save_identity
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:users))
UPDATE users
   SET login = n.value ->> 'login', login_key = n.value ->> 'login_key',
       node_id = n.value ->> 'node_id', database_id = n.value ->> 'database_id',
       token_dead = n.value ->> 'token_dead'
  FROM rows n
 WHERE users.id = n.value ->> 'id';

-- name: token_died
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:tokens))
UPDATE users SET token_dead = 1
  FROM rows n
 WHERE users.id = n.value ->> 'user_id' AND users.settings_version = n.value ->> 'settings_version'
   AND users.sealed_token <> '';

-- name: save_streaks
WITH rows AS MATERIALIZED (SELECT value FROM json_each(:streaks))
INSERT INTO user_streaks (user_id, anchor_through, anchor_length, anchor_began, length, began,
                          longest, today, today_count, verdict, views, seen_at, history_at)
SELECT n.value ->> 'user_id', n.value ->> 'anchor_through', n.value ->> 'anchor_length',
       n.value ->> 'anchor_began', n.value ->> 'length', n.value ->> 'began',
       n.value ->> 'longest', n.value ->> 'today', n.value ->> 'today_count',
       n.value ->> 'verdict', n.value ->> 'views', n.value ->> 'seen_at',
       n.value ->> 'history_at'
  FROM rows n
 WHERE true
ON CONFLICT (user_id) DO UPDATE SET
  anchor_through = excluded.anchor_through, anchor_length = excluded.anchor_length,
  anchor_began = excluded.anchor_began, length = excluded.length, began = excluded.began,
  longest = excluded.longest, today = excluded.today, today_count = excluded.today_count,
  verdict = excluded.verdict, views = excluded.views, seen_at = excluded.seen_at,
  history_at = excluded.history_at;

-- name: mark
-- The channels' states are in it by way of what could not be delivered.
SELECT u.settings_version, COALESCE(s.seen_at, 0), COALESCE(c.seen_at, 0),
       COALESCE((SELECT d.id || d.state FROM deliveries d WHERE d.user_id = u.id
                  ORDER BY d.created_at DESC, d.id LIMIT 1), '')
  FROM users u LEFT JOIN user_streaks s ON s.user_id = u.id
               LEFT JOIN user_calendars c ON c.user_id = u.id
 WHERE u.id = :id;

-- name: link_used
SELECT EXISTS (SELECT 1 FROM used_links
                WHERE user_id = :user AND date = :date AND stage = :stage AND action = :action);

-- name: use_link
INSERT INTO used_links (user_id, date, stage, action, used_at)
VALUES (:user, :date, :stage, :action, :now);
