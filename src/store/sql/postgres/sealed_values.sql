-- name: tokens
-- What begins with :prefix is sealed with the newest key and left out.
SELECT u.id, u.login, u.sealed_token FROM users u
 WHERE u.id > :after AND u.sealed_token <> ''
   AND (CAST(:prefix AS TEXT) = '' OR NOT starts_with(u.sealed_token, CAST(:prefix AS TEXT)))
 ORDER BY u.id LIMIT :limit;

-- name: channels
SELECT c.id, c.user_id, u.login, c.kind, c.sealed FROM channels c JOIN users u ON u.id = c.user_id
 WHERE c.id > :after
   AND (CAST(:prefix AS TEXT) = '' OR NOT starts_with(c.sealed, CAST(:prefix AS TEXT)))
 ORDER BY c.id LIMIT :limit;

-- name: replace_tokens
-- Whoever replaced the value in the meantime wins.
UPDATE users SET sealed_token = n.anew
  FROM json_to_recordset(CAST(:values AS json)) AS n(id BIGINT, sealed TEXT, anew TEXT)
 WHERE users.id = n.id AND users.sealed_token = n.sealed;

-- name: replace_channels
UPDATE channels SET sealed = n.anew
  FROM json_to_recordset(CAST(:values AS json)) AS n(id BIGINT, sealed TEXT, anew TEXT)
 WHERE channels.id = n.id AND channels.sealed = n.sealed;

-- name: count
SELECT v.prefix, COUNT(*)
  FROM (SELECT COALESCE(substring(s.sealed FROM '^[^.]*[.][^.]*[.]'),
                        substring(s.sealed FROM '^[^.]*[.]'), '') AS prefix
          FROM (SELECT sealed_token AS sealed FROM users WHERE sealed_token <> ''
                UNION ALL SELECT sealed FROM channels) s) v
 GROUP BY v.prefix ORDER BY v.prefix COLLATE "C";

-- name: lock_retired
-- Whoever writes a sealed value holds a lock against this one (`refuse_retired_key`): after it, every
-- value is either seen below or refused.
LOCK TABLE retired_keys IN EXCLUSIVE MODE;

-- name: any_with
SELECT CASE WHEN EXISTS (SELECT 1 FROM users WHERE starts_with(sealed_token, CAST(:prefix AS TEXT)))
              OR EXISTS (SELECT 1 FROM channels WHERE starts_with(sealed, CAST(:prefix AS TEXT)))
            THEN 1 ELSE 0 END;

-- name: retire
INSERT INTO retired_keys (prefix) VALUES (:prefix) ON CONFLICT DO NOTHING;
