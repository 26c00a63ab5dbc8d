-- name: save
-- What was seen later stays.
INSERT INTO user_calendars (user_id, first_date, counts, seen_at)
SELECT u.id, CAST(:first AS TEXT), CAST(:counts AS TEXT), CAST(:seen_at AS BIGINT) FROM users u WHERE u.id = :user
ON CONFLICT (user_id) DO UPDATE SET
  first_date = excluded.first_date, counts = excluded.counts, seen_at = excluded.seen_at
WHERE excluded.seen_at >= user_calendars.seen_at;

-- name: load
SELECT first_date, counts, seen_at FROM user_calendars WHERE user_id = :user;

-- name: publish
INSERT INTO public_cards (user_id) SELECT u.id FROM users u WHERE u.id = :user
ON CONFLICT DO NOTHING;

-- name: withdraw
DELETE FROM public_cards WHERE user_id = :user;

-- name: is_public
SELECT user_id FROM public_cards WHERE user_id = :user;
