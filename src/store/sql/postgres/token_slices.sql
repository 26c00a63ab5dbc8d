-- name: open
-- Unless somebody has been here before.
INSERT INTO token_slices (token, window_ends_at, points_left, points_taken)
VALUES (:token, :window_ends_at, :left, 0)
ON CONFLICT (token) DO NOTHING;

-- name: look
SELECT window_ends_at, points_left, points_taken FROM token_slices WHERE token = :token
   FOR NO KEY UPDATE;

-- name: write
UPDATE token_slices
   SET window_ends_at = :window_ends_at, points_left = :left, points_taken = :taken
 WHERE token = :token;

-- name: forget
-- Tokens that nobody uses any more.
DELETE FROM token_slices WHERE window_ends_at < :before AND token <> :token;
