-- name: save
-- What was seen later stays.
INSERT INTO user_calendars (user_id, first_date, counts, seen_at)
SELECT u.id, :first, :counts, :seen_at FROM users u WHERE u.id = :user
ON CONFLICT (user_id) DO UPDATE SET
  first_date = excluded.first_date, counts = excluded.counts, seen_at = excluded.seen_at
WHERE excluded.seen_at >= user_calendars.seen_at;

-- name: load
SELECT first_date, counts, seen_at FROM user_calendars WHERE user_id = :user;
