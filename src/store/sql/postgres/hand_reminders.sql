-- name: standings
SELECT channel_id, state, reason FROM deliveries
 WHERE user_id = :user AND date = :date AND zone = :zone AND stage = :stage AND kind = 'reminder'
 ORDER BY channel_id;
