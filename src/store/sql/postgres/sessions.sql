-- name: begin
INSERT INTO sessions (token_hash, user_id, made_by, device, created_at, seen_at, expires_at)
VALUES (:hash, :user, :made_by, :device, :now, :now, :expires_at);

-- name: make_room
-- Of one user's sessions the newest stay.
DELETE FROM sessions
 WHERE user_id = :user
   AND id NOT IN (SELECT s.id FROM sessions s WHERE s.user_id = :user
                   ORDER BY s.seen_at DESC, s.id DESC LIMIT :keep);

-- name: find
SELECT id, user_id, made_by, created_at, seen_at, expires_at
  FROM sessions WHERE token_hash = :hash AND expires_at > :now;

-- name: extend
UPDATE sessions SET seen_at = :now, expires_at = :expires_at WHERE id = :id AND seen_at < :now;

-- name: list
SELECT id, device, created_at, seen_at FROM sessions
 WHERE user_id = :user AND expires_at > :now ORDER BY seen_at DESC, id DESC;

-- name: end
DELETE FROM sessions WHERE id = :id AND user_id = :user RETURNING id;

-- name: end_others
DELETE FROM sessions WHERE user_id = :user AND id <> :keep;

-- name: end_by_hash
DELETE FROM sessions WHERE token_hash = :hash;

-- name: clean
DELETE FROM sessions
 WHERE id = ANY(ARRAY(SELECT s.id FROM sessions s WHERE s.expires_at <= :now
                       ORDER BY s.expires_at LIMIT :limit
                         FOR UPDATE SKIP LOCKED));

-- name: make_link
-- The older one for the same user ends.
INSERT INTO signin_links (token_hash, user_id, expires_at) VALUES (:hash, :user, :expires_at)
ON CONFLICT (user_id) DO UPDATE SET
  token_hash = excluded.token_hash, expires_at = excluded.expires_at;

-- name: find_link
SELECT user_id FROM signin_links WHERE token_hash = :hash AND expires_at > :now;

-- name: use_link
DELETE FROM signin_links WHERE token_hash = :hash AND expires_at > :now RETURNING token_hash;
