-- name: reserve
UPDATE id_sequences SET next_id = next_id + :count WHERE name = :name
RETURNING next_id - CAST(:count AS BIGINT);

-- name: lock
-- Settings that are read to be merged and written stay as they are until then. Results of checks
-- wait for it (`jobs/held`), and the other way round.
SELECT id FROM users
 WHERE id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                        FROM json_array_elements_text(CAST(:ids AS json))))
 ORDER BY id
   FOR NO KEY UPDATE;

-- name: lock_jobs
-- Before a user's rows are counted and deleted.
SELECT id FROM jobs WHERE user_id = :id ORDER BY id FOR UPDATE;

-- name: lock_deliveries
SELECT id FROM deliveries WHERE user_id = :id ORDER BY id FOR UPDATE;

-- name: match
-- A frozen id outranks the login; a login counts only where no frozen id contradicts it.
SELECT k.key - 1,
       COALESCE(
         (SELECT u.id FROM users u WHERE u.node_id = k.value ->> 'node_id'),
         (SELECT u.id FROM users u
           WHERE u.database_id = CAST(k.value ->> 'database_id' AS BIGINT)),
         (SELECT u.id FROM users u
           WHERE u.login_key = k.value ->> 'login'
             AND (k.value ->> 'node_id' IS NULL OR u.node_id IS NULL)
             AND (k.value ->> 'database_id' IS NULL OR u.database_id IS NULL)))
  FROM json_array_elements(CAST(:keys AS json)) WITH ORDINALITY AS k(value, key);

-- name: load
SELECT u.id, u.login, CASE WHEN u.login_key IS NULL THEN 1 ELSE 0 END, u.node_id, u.database_id,
       u.time_zone, u.remind_at, u.daily_summary, u.sealed_token, u.token_dead, u.status,
       u.settings_version, u.next_check_at, u.created_at,
       u.word_date, u.word_stopped, u.word_snoozed_until,
       s.anchor_through, s.anchor_length, s.anchor_began, s.length, s.began, s.longest, s.today,
       s.today_count, s.verdict, s.views, s.seen_at, s.history_at,
       CASE WHEN EXISTS (SELECT 1 FROM user_rest_days r WHERE r.user_id = u.id)
              OR EXISTS (SELECT 1 FROM user_pauses p WHERE p.user_id = u.id)
            THEN 1 ELSE 0 END
  FROM users u LEFT JOIN user_streaks s ON s.user_id = u.id
 WHERE u.id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                          FROM json_array_elements_text(CAST(:ids AS json))));

-- name: load_rest_days
SELECT user_id, from_date, days FROM user_rest_days
 WHERE user_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                             FROM json_array_elements_text(CAST(:ids AS json))))
 ORDER BY user_id, position;

-- name: load_pauses
SELECT user_id, first_date, last_date FROM user_pauses
 WHERE user_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                             FROM json_array_elements_text(CAST(:ids AS json))))
 ORDER BY user_id, position;

-- name: load_channels
SELECT user_id, id, kind, sealed, hint, is_on, off_reason, level FROM channels
 WHERE user_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                             FROM json_array_elements_text(CAST(:ids AS json))))
 ORDER BY user_id, id;

-- name: told_on
SELECT user_id, date
  FROM (SELECT t.user_id, t.date,
               ROW_NUMBER() OVER (PARTITION BY t.user_id ORDER BY t.date DESC) AS place
          FROM (SELECT DISTINCT d.user_id, d.date FROM deliveries d
                 WHERE d.user_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                                         FROM json_array_elements_text(CAST(:ids AS json))))
                   AND d.kind IN ('reminder', 'could_not_check', 'summary')
                   AND d.state IN ('pending', 'sending', 'sent')) t) places
 WHERE place <= :most
 ORDER BY user_id, date DESC;

-- name: yield_logins
-- An account that was renamed loses its old name to the account that has it now, but only where
-- the frozen ids prove that these are two accounts.
UPDATE users SET login_key = NULL
  FROM json_to_recordset(CAST(:users AS json))
       AS n(id BIGINT, login_key TEXT, node_id TEXT, database_id BIGINT)
 WHERE users.login_key = n.login_key AND users.id <> n.id
   AND (users.node_id <> n.node_id OR users.database_id <> n.database_id);

-- name: save
INSERT INTO users (id, login, login_key, node_id, database_id, time_zone, remind_at, daily_summary,
                   sealed_token, token_dead, status, settings_version, next_check_at, created_at,
                   updated_at, word_date, word_stopped, word_snoozed_until)
SELECT n.id, n.login, n.login_key, n.node_id, n.database_id, n.time_zone, n.remind_at,
       n.daily_summary, n.sealed_token, n.token_dead, n.status, 1, n.next_check_at,
       CAST(:now AS BIGINT), CAST(:now AS BIGINT), n.word_date, n.word_stopped,
       n.word_snoozed_until
  FROM json_to_recordset(CAST(:users AS json))
       AS n(id BIGINT, login TEXT, login_key TEXT, node_id TEXT, database_id BIGINT,
            time_zone TEXT, remind_at TEXT, daily_summary INTEGER, sealed_token TEXT,
            token_dead INTEGER, status TEXT, next_check_at BIGINT, word_date TEXT,
            word_stopped INTEGER, word_snoozed_until BIGINT)
 ORDER BY n.id
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
DELETE FROM user_rest_days
 WHERE user_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                             FROM json_array_elements_text(CAST(:ids AS json))));

-- name: delete_pauses
DELETE FROM user_pauses
 WHERE user_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                             FROM json_array_elements_text(CAST(:ids AS json))));

-- name: save_rest_days
INSERT INTO user_rest_days (user_id, position, from_date, days)
SELECT n.user_id, n."position", n.from_date, n.days
  FROM json_to_recordset(CAST(:rest_days AS json))
       AS n(user_id BIGINT, "position" INTEGER, from_date TEXT, days INTEGER);

-- name: save_pauses
INSERT INTO user_pauses (user_id, position, first_date, last_date)
SELECT n.user_id, n."position", n.first_date, n.last_date
  FROM json_to_recordset(CAST(:pauses AS json))
       AS n(user_id BIGINT, "position" INTEGER, first_date TEXT, last_date TEXT);

-- name: save_channels
INSERT INTO channels (id, user_id, kind, sealed, hint, is_on, off_reason, level, changed_at)
SELECT n.id, n.user_id, n.kind, n.sealed, n.hint, n.is_on, n.off_reason, n.level,
       CAST(:now AS BIGINT)
  FROM json_to_recordset(CAST(:channels AS json))
       AS n(id BIGINT, user_id BIGINT, kind TEXT, sealed TEXT, hint TEXT, is_on INTEGER,
            off_reason TEXT, level TEXT)
 ORDER BY n.id
ON CONFLICT (id) DO UPDATE SET
  kind = excluded.kind, sealed = excluded.sealed, hint = excluded.hint, is_on = excluded.is_on,
  off_reason = excluded.off_reason, level = excluded.level,
  changed_at = CASE WHEN channels.sealed <> excluded.sealed OR channels.is_on < excluded.is_on
                    THEN excluded.changed_at ELSE channels.changed_at END
WHERE channels.user_id = excluded.user_id;

-- name: delete_channels
-- Those that the users had and no longer have.
DELETE FROM channels
 WHERE user_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                             FROM json_array_elements_text(CAST(:ids AS json))))
   AND id <> ALL(ARRAY(SELECT CAST(value AS BIGINT)
                         FROM json_array_elements_text(CAST(:keep AS json))))
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
 WHERE u.login_key = ANY(ARRAY(SELECT value
                                 FROM json_array_elements_text(CAST(:logins AS json))))
UNION
SELECT u.id, u.login_key, u.node_id, u.database_id FROM users u
 WHERE u.node_id = ANY(ARRAY(SELECT value
                               FROM json_array_elements_text(CAST(:node_ids AS json))))
UNION
SELECT u.id, u.login_key, u.node_id, u.database_id FROM users u
 WHERE u.database_id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                             FROM json_array_elements_text(CAST(:database_ids AS json))));

-- name: free_logins
-- Before names are handed out anew: two users may have swapped theirs.
UPDATE users SET login_key = NULL
 WHERE id = ANY(ARRAY(SELECT CAST(value AS BIGINT)
                        FROM json_array_elements_text(CAST(:ids AS json))));

-- name: save_identity
UPDATE users
   SET login = n.login, login_key = n.login_key, node_id = n.node_id,
       database_id = n.database_id, token_dead = n.token_dead
  FROM json_to_recordset(CAST(:users AS json))
       AS n(id BIGINT, login TEXT, login_key TEXT, node_id TEXT, database_id BIGINT,
            token_dead INTEGER)
 WHERE users.id = n.id;

-- name: token_died
UPDATE users SET token_dead = 1
  FROM json_to_recordset(CAST(:tokens AS json)) AS n(user_id BIGINT, settings_version BIGINT)
 WHERE users.id = n.user_id AND users.settings_version = n.settings_version
   AND users.sealed_token <> '';

-- name: save_streaks
INSERT INTO user_streaks (user_id, anchor_through, anchor_length, anchor_began, length, began,
                          longest, today, today_count, verdict, views, seen_at, history_at)
SELECT n.user_id, n.anchor_through, n.anchor_length, n.anchor_began, n.length, n.began, n.longest,
       n.today, n.today_count, n.verdict, n.views, n.seen_at, n.history_at
  FROM json_to_recordset(CAST(:streaks AS json))
       AS n(user_id BIGINT, anchor_through TEXT, anchor_length INTEGER, anchor_began TEXT,
            length INTEGER, began TEXT, longest INTEGER, today TEXT, today_count INTEGER,
            verdict TEXT, views TEXT, seen_at BIGINT, history_at BIGINT)
 ORDER BY n.user_id
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
SELECT CASE WHEN EXISTS (SELECT 1 FROM used_links
                          WHERE user_id = :user AND date = :date AND stage = :stage
                            AND action = :action)
            THEN 1 ELSE 0 END;

-- name: use_link
INSERT INTO used_links (user_id, date, stage, action, used_at)
VALUES (:user, :date, :stage, :action, :now);
