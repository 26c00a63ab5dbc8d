-- name: make
INSERT INTO api_tokens (token_hash, user_id, made_by, name, created_at)
SELECT CAST(:hash AS TEXT), CAST(:user AS BIGINT), CAST(:made_by AS TEXT), CAST(:name AS TEXT),
       CAST(:now AS BIGINT)
 WHERE (SELECT COUNT(*) FROM api_tokens t WHERE t.user_id = :user) < CAST(:most AS BIGINT)
RETURNING id;

-- name: find
SELECT id, user_id, made_by, name, created_at, used_at FROM api_tokens WHERE token_hash = :hash;

-- name: touch
UPDATE api_tokens SET used_at = :now WHERE id = :id AND (used_at IS NULL OR used_at < :now);

-- name: list
SELECT id, name, created_at, used_at FROM api_tokens WHERE user_id = :user ORDER BY id DESC;

-- name: revoke
DELETE FROM api_tokens WHERE id = :id AND user_id = :user RETURNING id;
