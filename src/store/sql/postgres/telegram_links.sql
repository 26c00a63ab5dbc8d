-- name: add_code
INSERT INTO telegram_codes (code_hash, user_id, session_id, made_at, expires_at)
VALUES (:hash, :user, :session, :now, :expires_at)
ON CONFLICT (user_id) DO UPDATE SET
  code_hash = excluded.code_hash, session_id = excluded.session_id, made_at = excluded.made_at,
  expires_at = excluded.expires_at;

-- name: find_code
SELECT user_id FROM telegram_codes WHERE code_hash = :hash AND expires_at > :now;

-- name: code_of
SELECT code_hash, made_at, expires_at FROM telegram_codes
 WHERE user_id = :user AND expires_at > :now;

-- name: end_code
DELETE FROM telegram_codes WHERE code_hash = :hash;

-- name: take_bot
-- Whoever holds the lease goes on; another one takes over once it has run out.
INSERT INTO telegram_bots (bot_id, owner, lease_until) VALUES (:bot, :owner, :lease_until)
ON CONFLICT (bot_id) DO UPDATE SET
  owner = excluded.owner, lease_until = excluded.lease_until
WHERE telegram_bots.owner = excluded.owner OR telegram_bots.lease_until <= :now
RETURNING next_update, news_at;

-- name: name_bot
UPDATE telegram_bots SET username = :username WHERE bot_id = :bot AND owner = :owner;

-- name: hear
UPDATE telegram_bots SET heard_at = :now WHERE bot_id = :bot AND owner = :owner;

-- name: advance
UPDATE telegram_bots SET next_update = :next, news_at = :now
 WHERE bot_id = :bot AND owner = :owner;

-- name: leave_bot
UPDATE telegram_bots SET lease_until = 0, heard_at = 0 WHERE bot_id = :bot AND owner = :owner;

-- name: username
SELECT username FROM telegram_bots WHERE bot_id = :bot AND heard_at > :since;
