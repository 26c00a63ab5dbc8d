-- Every table as rows of JSON arrays, in an order in which they can be written (store/move.h).

-- name: anything
-- What a database holds that has been used.
SELECT CASE WHEN EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM known_keys)
              OR EXISTS (SELECT 1 FROM batches) THEN 1 ELSE 0 END;

-- name: read_id_sequences
SELECT CAST(json_build_array(name, next_id) AS TEXT)
  FROM id_sequences ORDER BY name COLLATE "C";

-- name: write_id_sequences
INSERT INTO id_sequences (name, next_id)
SELECT value ->> 0, CAST(value ->> 1 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json)) WHERE true
ON CONFLICT (name) DO UPDATE SET next_id = excluded.next_id;

-- name: read_users
SELECT CAST(json_build_array(id, login, login_key, node_id, database_id, time_zone,
                             remind_at, daily_summary, sealed_token, token_dead, status,
                             settings_version, next_check_at, created_at, updated_at, word_date,
                             word_stopped, word_snoozed_until) AS TEXT)
  FROM users ORDER BY id;

-- name: write_users
INSERT INTO users (id, login, login_key, node_id, database_id, time_zone, remind_at,
                   daily_summary, sealed_token, token_dead, status, settings_version,
                   next_check_at, created_at, updated_at, word_date, word_stopped,
                   word_snoozed_until)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, value ->> 3,
       CAST(value ->> 4 AS BIGINT), value ->> 5, value ->> 6, CAST(value ->> 7 AS BIGINT),
       value ->> 8, CAST(value ->> 9 AS BIGINT), value ->> 10,
       CAST(value ->> 11 AS BIGINT), CAST(value ->> 12 AS BIGINT),
       CAST(value ->> 13 AS BIGINT), CAST(value ->> 14 AS BIGINT), value ->> 15,
       CAST(value ->> 16 AS BIGINT), CAST(value ->> 17 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_channels
SELECT CAST(json_build_array(id, user_id, kind, sealed, hint, is_on, off_reason, changed_at,
                             level) AS TEXT)
  FROM channels ORDER BY id;

-- name: write_channels
INSERT INTO channels (id, user_id, kind, sealed, hint, is_on, off_reason, changed_at, level)
SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3,
       value ->> 4, CAST(value ->> 5 AS BIGINT), value ->> 6, CAST(value ->> 7 AS BIGINT),
       value ->> 8
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_user_rest_days
SELECT CAST(json_build_array(user_id, position, from_date, days) AS TEXT)
  FROM user_rest_days ORDER BY user_id, position;

-- name: write_user_rest_days
INSERT INTO user_rest_days (user_id, position, from_date, days)
SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2,
       CAST(value ->> 3 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_user_pauses
SELECT CAST(json_build_array(user_id, position, first_date, last_date) AS TEXT)
  FROM user_pauses ORDER BY user_id, position;

-- name: write_user_pauses
INSERT INTO user_pauses (user_id, position, first_date, last_date)
SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_user_streaks
SELECT CAST(json_build_array(user_id, anchor_through, anchor_length, anchor_began, length,
                             began, longest, today, today_count, verdict, views, seen_at,
                             history_at) AS TEXT)
  FROM user_streaks ORDER BY user_id;

-- name: write_user_streaks
INSERT INTO user_streaks (user_id, anchor_through, anchor_length, anchor_began, length,
                          began, longest, today, today_count, verdict, views, seen_at,
                          history_at)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3,
       CAST(value ->> 4 AS BIGINT), value ->> 5, CAST(value ->> 6 AS BIGINT), value ->> 7,
       CAST(value ->> 8 AS BIGINT), value ->> 9, value ->> 10,
       CAST(value ->> 11 AS BIGINT), CAST(value ->> 12 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_batches
SELECT CAST(json_build_array(id, origin, created_at) AS TEXT)
  FROM batches ORDER BY id COLLATE "C";

-- name: write_batches
INSERT INTO batches (id, origin, created_at)
SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_batch_counts
SELECT CAST(json_build_array(batch_id, name, CAST(SUM(value) AS BIGINT)) AS TEXT)
  FROM batch_counts GROUP BY batch_id, name ORDER BY batch_id COLLATE "C", name COLLATE "C";

-- name: write_batch_counts
INSERT INTO batch_counts (batch_id, name, value, slot)
SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT), 0
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_jobs
SELECT CAST(json_build_array(id, batch_id, user_id, date, stage, zone, state, created_at,
                             due_at, expires_at, owner, lease_until, attempt, tries,
                             crashes, crashes_alone, alone, told_unknown, verdict, error,
                             ended_at) AS TEXT)
  FROM jobs ORDER BY id;

-- name: write_jobs
INSERT INTO jobs (id, batch_id, user_id, date, stage, zone, state, created_at, due_at,
                  expires_at, owner, lease_until, attempt, tries, crashes, crashes_alone,
                  alone, told_unknown, verdict, error, ended_at)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3,
       CAST(value ->> 4 AS BIGINT), value ->> 5, value ->> 6, CAST(value ->> 7 AS BIGINT),
       CAST(value ->> 8 AS BIGINT), CAST(value ->> 9 AS BIGINT), value ->> 10,
       CAST(value ->> 11 AS BIGINT), CAST(value ->> 12 AS BIGINT),
       CAST(value ->> 13 AS BIGINT), CAST(value ->> 14 AS BIGINT),
       CAST(value ->> 15 AS BIGINT), CAST(value ->> 16 AS BIGINT),
       CAST(value ->> 17 AS BIGINT), value ->> 18, value ->> 19,
       CAST(value ->> 20 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_deliveries
SELECT CAST(json_build_array(id, batch_id, job_id, user_id, channel_id, channel_kind, kind,
                             date, zone, stage, subject, body, urgency, state, created_at,
                             checked_at, due_at, expires_at, owner, lease_until,
                             started_at, attempt, tries, remote_id, code, reason,
                             maybe_seen, ended_at) AS TEXT)
  FROM deliveries ORDER BY id COLLATE "C";

-- name: write_deliveries
INSERT INTO deliveries (id, batch_id, job_id, user_id, channel_id, channel_kind, kind,
                        date, zone, stage, subject, body, urgency, state, created_at,
                        checked_at, due_at, expires_at, owner, lease_until, started_at,
                        attempt, tries, remote_id, code, reason, maybe_seen, ended_at)
SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT), CAST(value ->> 3 AS BIGINT),
       CAST(value ->> 4 AS BIGINT), value ->> 5, value ->> 6, value ->> 7, value ->> 8,
       CAST(value ->> 9 AS BIGINT), value ->> 10, value ->> 11, value ->> 12, value ->> 13,
       CAST(value ->> 14 AS BIGINT), CAST(value ->> 15 AS BIGINT),
       CAST(value ->> 16 AS BIGINT), CAST(value ->> 17 AS BIGINT), value ->> 18,
       CAST(value ->> 19 AS BIGINT), CAST(value ->> 20 AS BIGINT),
       CAST(value ->> 21 AS BIGINT), CAST(value ->> 22 AS BIGINT), value ->> 23,
       value ->> 24, value ->> 25, CAST(value ->> 26 AS BIGINT),
       CAST(value ->> 27 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_sessions
SELECT CAST(json_build_array(id, token_hash, user_id, made_by, device, created_at, seen_at,
                             expires_at) AS TEXT)
  FROM sessions ORDER BY id;

-- name: write_sessions
INSERT INTO sessions (id, token_hash, user_id, made_by, device, created_at, seen_at,
                      expires_at)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3,
       value ->> 4, CAST(value ->> 5 AS BIGINT), CAST(value ->> 6 AS BIGINT),
       CAST(value ->> 7 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_signin_links
SELECT CAST(json_build_array(token_hash, user_id, expires_at) AS TEXT)
  FROM signin_links ORDER BY token_hash COLLATE "C";

-- name: write_signin_links
INSERT INTO signin_links (token_hash, user_id, expires_at)
SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_user_calendars
SELECT CAST(json_build_array(user_id, first_date, counts, seen_at) AS TEXT)
  FROM user_calendars ORDER BY user_id;

-- name: write_user_calendars
INSERT INTO user_calendars (user_id, first_date, counts, seen_at)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, CAST(value ->> 3 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_operator_actions
SELECT CAST(json_build_array(id, at, operator, action, subject) AS TEXT)
  FROM operator_actions ORDER BY id;

-- name: write_operator_actions
INSERT INTO operator_actions (id, at, operator, action, subject)
SELECT CAST(value ->> 0 AS BIGINT), CAST(value ->> 1 AS BIGINT), value ->> 2, value ->> 3,
       value ->> 4
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_public_cards
SELECT CAST(json_build_array(user_id) AS TEXT)
  FROM public_cards ORDER BY user_id;

-- name: write_public_cards
INSERT INTO public_cards (user_id)
SELECT CAST(value ->> 0 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_known_keys
SELECT CAST(json_build_array(prefix, fingerprint) AS TEXT)
  FROM known_keys ORDER BY prefix COLLATE "C";

-- name: write_known_keys
INSERT INTO known_keys (prefix, fingerprint)
SELECT value ->> 0, value ->> 1
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_retired_keys
SELECT CAST(json_build_array(prefix) AS TEXT)
  FROM retired_keys ORDER BY prefix COLLATE "C";

-- name: write_retired_keys
INSERT INTO retired_keys (prefix)
SELECT value ->> 0
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_api_tokens
SELECT CAST(json_build_array(id, token_hash, user_id, made_by, name, created_at,
                             used_at) AS TEXT)
  FROM api_tokens ORDER BY id;

-- name: write_api_tokens
INSERT INTO api_tokens (id, token_hash, user_id, made_by, name, created_at, used_at)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3,
       value ->> 4, CAST(value ->> 5 AS BIGINT), CAST(value ->> 6 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_kept_answers
SELECT CAST(json_build_array(user_id, idempotency_key, request_hash, status, content_type,
                             location, body, created_at) AS TEXT)
  FROM kept_answers ORDER BY user_id, idempotency_key COLLATE "C";

-- name: write_kept_answers
INSERT INTO kept_answers (user_id, idempotency_key, request_hash, status, content_type,
                          location, body, created_at)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, CAST(value ->> 3 AS BIGINT),
       value ->> 4, value ->> 5, value ->> 6, CAST(value ->> 7 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_used_links
SELECT CAST(json_build_array(user_id, date, stage, action, used_at) AS TEXT)
  FROM used_links ORDER BY user_id, date COLLATE "C", stage, action COLLATE "C";

-- name: write_used_links
INSERT INTO used_links (user_id, date, stage, action, used_at)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, CAST(value ->> 2 AS BIGINT), value ->> 3,
       CAST(value ->> 4 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_telegram_codes
SELECT CAST(json_build_array(code_hash, user_id, made_at, expires_at, session_id) AS TEXT)
  FROM telegram_codes ORDER BY code_hash COLLATE "C";

-- name: write_telegram_codes
INSERT INTO telegram_codes (code_hash, user_id, made_at, expires_at, session_id)
SELECT value ->> 0, CAST(value ->> 1 AS BIGINT), CAST(value ->> 2 AS BIGINT),
       CAST(value ->> 3 AS BIGINT), CAST(value ->> 4 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_telegram_bots
SELECT CAST(json_build_array(bot_id, username, owner, lease_until, next_update, heard_at,
                             news_at) AS TEXT)
  FROM telegram_bots ORDER BY bot_id;

-- name: write_telegram_bots
INSERT INTO telegram_bots (bot_id, username, owner, lease_until, next_update, heard_at, news_at)
SELECT CAST(value ->> 0 AS BIGINT), value ->> 1, value ->> 2, CAST(value ->> 3 AS BIGINT),
       CAST(value ->> 4 AS BIGINT), CAST(value ->> 5 AS BIGINT), CAST(value ->> 6 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: read_operator_accounts
SELECT CAST(json_build_array(login, account, bound_at) AS TEXT)
  FROM operator_accounts ORDER BY login COLLATE "C";

-- name: write_operator_accounts
INSERT INTO operator_accounts (login, account, bound_at)
SELECT value ->> 0, value ->> 1, CAST(value ->> 2 AS BIGINT)
  FROM json_array_elements(CAST(:rows AS json));

-- name: finish
-- New rows get ids that were never used.
SELECT setval(pg_get_serial_sequence('jobs', 'id'), COALESCE((SELECT MAX(id) FROM jobs), 1)) +
       setval(pg_get_serial_sequence('sessions', 'id'),
              COALESCE((SELECT MAX(id) FROM sessions), 1)) +
       setval(pg_get_serial_sequence('operator_actions', 'id'),
              COALESCE((SELECT MAX(id) FROM operator_actions), 1)) +
       setval(pg_get_serial_sequence('api_tokens', 'id'),
              COALESCE((SELECT MAX(id) FROM api_tokens), 1));
