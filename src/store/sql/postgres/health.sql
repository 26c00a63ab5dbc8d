-- name: channels
SELECT kind, is_on, COUNT(*) FROM channels GROUP BY kind, is_on ORDER BY kind COLLATE "C";

-- name: deliveries
SELECT channel_kind, state, COUNT(*) FROM deliveries
 WHERE created_at >= :since AND date BETWEEN :first_day AND :last_day
 GROUP BY channel_kind, state ORDER BY channel_kind COLLATE "C";

-- name: off_reasons
SELECT kind, off_reason, COUNT(*) FROM channels
 WHERE is_on = 0 GROUP BY kind, off_reason ORDER BY 3 DESC, 1, 2 LIMIT :limit;
