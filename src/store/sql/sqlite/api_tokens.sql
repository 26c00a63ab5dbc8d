-- name: make
INSERT INTO api_tokens (token_hash, user_id, made_by, name, created_at)
SELECT :hash, :user, :made_by, :name, :now
 WHERE (SELECT COUNT(*) FROM api_tokens t WHERE t.user_id = :user) < :most
RETURNING id;

-- name: find
SELECT id, user_id, made_by, name, created_at, used_at FROM api_tokens WHERE token_hash = :hash;

-- name: touch
UPDATE api_tokens SET used_at = :now WHERE id = :id AND (used_at IS NULL OR used_at < :now);

-- name: list
SELECT id, name, created_at, used_at FROM api_tokens WHERE user_id = :user ORDER BY id DESC;

-- name: revoke
DELETE FROM api_tokens WHERE id = :id AND user_id = :user RETURNING id;
