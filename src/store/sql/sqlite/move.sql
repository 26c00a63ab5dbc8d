-- Every table as rows of JSON arrays, in an order in which they can be written (store/move.h).

-- name: anything
-- What a database holds that has been used.
SELECT CASE WHEN EXISTS (SELECT 1 FROM users) OR EXISTS (SELECT 1 FROM known_keys)
              OR EXISTS (SELECT 1 FROM batches) THEN 1 ELSE 0 END;

-- name: read_id_sequences
SELECT json_array(name, next_id)
  FROM id_sequences ORDER BY name;

-- name: write_id_sequences
INSERT INTO id_sequences (name, next_id)
SELECT value ->> 0, value ->> 1
  FROM json_each(:rows) WHERE true
ON CONFLICT (name) DO UPDATE SET next_id = excluded.next_id;

-- name: read_users
SELECT json_array(id, login, login_key, node_id, database_id, time_zone, remind_at,
                  daily_summary, sealed_token, token_dead, status, settings_version,
                  next_check_at, created_at, updated_at, word_date, word_stopped,
                  word_snoozed_until)
  FROM users ORDER BY id;

-- name: write_users
INSERT INTO users (id, login, login_key, node_id, database_id, time_zone, remind_at,
                   daily_summary, sealed_token, token_dead, status, settings_version,
                   next_check_at, created_at, updated_at, word_date, word_stopped,
                   word_snoozed_until)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
       value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16, value ->> 17
  FROM json_each(:rows);

-- name: read_channels
SELECT json_array(id, user_id, kind, sealed, hint, is_on, off_reason, changed_at, level)
  FROM channels ORDER BY id;

-- name: write_channels
INSERT INTO channels (id, user_id, kind, sealed, hint, is_on, off_reason, changed_at, level)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       value ->> 6, value ->> 7, value ->> 8
  FROM json_each(:rows);

-- name: read_user_rest_days
SELECT json_array(user_id, position, from_date, days)
  FROM user_rest_days ORDER BY user_id, position;

-- name: write_user_rest_days
INSERT INTO user_rest_days (user_id, position, from_date, days)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
  FROM json_each(:rows);

-- name: read_user_pauses
SELECT json_array(user_id, position, first_date, last_date)
  FROM user_pauses ORDER BY user_id, position;

-- name: write_user_pauses
INSERT INTO user_pauses (user_id, position, first_date, last_date)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
  FROM json_each(:rows);

-- name: read_user_streaks
SELECT json_array(user_id, anchor_through, anchor_length, anchor_began, length, began,
                  longest, today, today_count, verdict, views, seen_at, history_at)
  FROM user_streaks ORDER BY user_id;

-- name: write_user_streaks
INSERT INTO user_streaks (user_id, anchor_through, anchor_length, anchor_began, length,
                          began, longest, today, today_count, verdict, views, seen_at,
                          history_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
       value ->> 12
  FROM json_each(:rows);

-- name: read_batches
SELECT json_array(id, origin, created_at)
  FROM batches ORDER BY id;

-- name: write_batches
INSERT INTO batches (id, origin, created_at)
SELECT value ->> 0, value ->> 1, value ->> 2
  FROM json_each(:rows);

-- name: read_batch_counts
SELECT json_array(batch_id, name, value)
  FROM batch_counts ORDER BY batch_id, name;

-- name: write_batch_counts
INSERT INTO batch_counts (batch_id, name, value)
SELECT value ->> 0, value ->> 1, value ->> 2
  FROM json_each(:rows);

-- name: read_jobs
SELECT json_array(id, batch_id, user_id, date, stage, zone, state, created_at, due_at,
                  expires_at, owner, lease_until, attempt, tries, crashes, crashes_alone,
                  alone, told_unknown, verdict, error, ended_at)
  FROM jobs ORDER BY id;

-- name: write_jobs
INSERT INTO jobs (id, batch_id, user_id, date, stage, zone, state, created_at, due_at,
                  expires_at, owner, lease_until, attempt, tries, crashes, crashes_alone,
                  alone, told_unknown, verdict, error, ended_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
       value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16, value ->> 17,
       value ->> 18, value ->> 19, value ->> 20
  FROM json_each(:rows);

-- name: read_deliveries
SELECT json_array(id, batch_id, job_id, user_id, channel_id, channel_kind, kind, date,
                  zone, stage, subject, body, urgency, state, created_at, checked_at,
                  due_at, expires_at, owner, lease_until, started_at, attempt, tries,
                  remote_id, code, reason, maybe_seen, ended_at)
  FROM deliveries ORDER BY id;

-- name: write_deliveries
INSERT INTO deliveries (id, batch_id, job_id, user_id, channel_id, channel_kind, kind,
                        date, zone, stage, subject, body, urgency, state, created_at,
                        checked_at, due_at, expires_at, owner, lease_until, started_at,
                        attempt, tries, remote_id, code, reason, maybe_seen, ended_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
       value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16, value ->> 17,
       value ->> 18, value ->> 19, value ->> 20, value ->> 21, value ->> 22, value ->> 23,
       value ->> 24, value ->> 25, value ->> 26, value ->> 27
  FROM json_each(:rows);

-- name: read_sessions
SELECT json_array(id, token_hash, user_id, made_by, device, created_at, seen_at, expires_at)
  FROM sessions ORDER BY id;

-- name: write_sessions
INSERT INTO sessions (id, token_hash, user_id, made_by, device, created_at, seen_at,
                      expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       value ->> 6, value ->> 7
  FROM json_each(:rows);

-- name: read_signin_links
SELECT json_array(token_hash, user_id, expires_at)
  FROM signin_links ORDER BY token_hash;

-- name: write_signin_links
INSERT INTO signin_links (token_hash, user_id, expires_at)
SELECT value ->> 0, value ->> 1, value ->> 2
  FROM json_each(:rows);

-- name: read_user_calendars
SELECT json_array(user_id, first_date, counts, seen_at)
  FROM user_calendars ORDER BY user_id;

-- name: write_user_calendars
INSERT INTO user_calendars (user_id, first_date, counts, seen_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3
  FROM json_each(:rows);

-- name: read_operator_actions
SELECT json_array(id, at, operator, action, subject)
  FROM operator_actions ORDER BY id;

-- name: write_operator_actions
INSERT INTO operator_actions (id, at, operator, action, subject)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
  FROM json_each(:rows);

-- name: read_public_cards
SELECT json_array(user_id)
  FROM public_cards ORDER BY user_id;

-- name: write_public_cards
INSERT INTO public_cards (user_id)
SELECT value ->> 0
  FROM json_each(:rows);

-- name: read_known_keys
SELECT json_array(prefix, fingerprint)
  FROM known_keys ORDER BY prefix;

-- name: write_known_keys
INSERT INTO known_keys (prefix, fingerprint)
SELECT value ->> 0, value ->> 1
  FROM json_each(:rows);

-- name: read_retired_keys
SELECT json_array(prefix)
  FROM retired_keys ORDER BY prefix;

-- name: write_retired_keys
INSERT INTO retired_keys (prefix)
SELECT value ->> 0
  FROM json_each(:rows);

-- name: read_api_tokens
SELECT json_array(id, token_hash, user_id, made_by, name, created_at, used_at)
  FROM api_tokens ORDER BY id;

-- name: write_api_tokens
INSERT INTO api_tokens (id, token_hash, user_id, made_by, name, created_at, used_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
  FROM json_each(:rows);

-- name: read_kept_answers
SELECT json_array(user_id, idempotency_key, request_hash, status, content_type, location, body,
                  created_at)
  FROM kept_answers ORDER BY user_id, idempotency_key;

-- name: write_kept_answers
INSERT INTO kept_answers (user_id, idempotency_key, request_hash, status, content_type,
                          location, body, created_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
       value ->> 6, value ->> 7
  FROM json_each(:rows);

-- name: read_used_links
SELECT json_array(user_id, date, stage, action, used_at)
  FROM used_links ORDER BY user_id, date, stage, action;

-- name: write_used_links
INSERT INTO used_links (user_id, date, stage, action, used_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
  FROM json_each(:rows);

-- name: read_telegram_codes
SELECT json_array(code_hash, user_id, made_at, expires_at, session_id)
  FROM telegram_codes ORDER BY code_hash;

-- name: write_telegram_codes
INSERT INTO telegram_codes (code_hash, user_id, made_at, expires_at, session_id)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4
  FROM json_each(:rows);

-- name: read_telegram_bots
SELECT json_array(bot_id, username, owner, lease_until, next_update, heard_at, news_at)
  FROM telegram_bots ORDER BY bot_id;

-- name: write_telegram_bots
INSERT INTO telegram_bots (bot_id, username, owner, lease_until, next_update, heard_at, news_at)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
  FROM json_each(:rows);

-- name: read_operator_accounts
SELECT json_array(login, account, bound_at)
  FROM operator_accounts ORDER BY login;

-- name: write_operator_accounts
INSERT INTO operator_accounts (login, account, bound_at)
SELECT value ->> 0, value ->> 1, value ->> 2
  FROM json_each(:rows);

-- name: finish
-- AUTOINCREMENT has followed by itself.
SELECT COUNT(*) FROM sqlite_sequence;
