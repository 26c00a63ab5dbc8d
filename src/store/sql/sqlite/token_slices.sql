-- name: look
-- The row is there afterwards, and is the asker's until the transaction ends: it is written even where
-- somebody has been here before, since who forgets old ones may be at it this moment.
INSERT INTO token_slices (token, window_ends_at, points_left, points_taken)
VALUES (:token, :window_ends_at, :left, 0)
ON CONFLICT (token) DO UPDATE SET token = excluded.token
RETURNING window_ends_at, points_left, points_taken;

-- name: write
UPDATE token_slices
   SET window_ends_at = :window_ends_at, points_left = :left, points_taken = :taken
 WHERE token = :token;

-- name: forget
-- Tokens that nobody uses any more.
DELETE FROM token_slices WHERE window_ends_at < :before AND token <> :token;
