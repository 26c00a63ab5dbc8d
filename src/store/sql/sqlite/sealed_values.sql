-- name: tokens
-- What begins with :prefix is sealed with the newest key and left out.
SELECT u.id, u.login, u.sealed_token FROM users u
 WHERE u.id > :after AND u.sealed_token <> ''
   AND (:prefix = '' OR substr(u.sealed_token, 1, length(:prefix)) <> :prefix)
 ORDER BY u.id LIMIT :limit;

-- name: channels
SELECT c.id, c.user_id, u.login, c.kind, c.sealed FROM channels c JOIN users u ON u.id = c.user_id
 WHERE c.id > :after AND (:prefix = '' OR substr(c.sealed, 1, length(:prefix)) <> :prefix)
 ORDER BY c.id LIMIT :limit;

-- name: replace_tokens
-- Whoever replaced the value in the meantime wins.
UPDATE users SET sealed_token = n.value ->> 'anew'
  FROM json_each(:values) n
 WHERE users.id = n.value ->> 'id' AND users.sealed_token = n.value ->> 'sealed';

-- name: replace_channels
UPDATE channels SET sealed = n.value ->> 'anew'
  FROM json_each(:values) n
 WHERE channels.id = n.value ->> 'id' AND channels.sealed = n.value ->> 'sealed';

-- name: count
SELECT v.prefix, COUNT(*)
  FROM (SELECT substr(s.sealed, 1, instr(s.sealed, '.') +
                      instr(substr(s.sealed, instr(s.sealed, '.') + 1), '.')) AS prefix
          FROM (SELECT sealed_token AS sealed FROM users WHERE sealed_token <> ''
                UNION ALL SELECT sealed FROM channels) s) v
 GROUP BY v.prefix ORDER BY v.prefix;

-- name: any_with
SELECT EXISTS (SELECT 1 FROM users WHERE substr(sealed_token, 1, length(:prefix)) = :prefix)
    OR EXISTS (SELECT 1 FROM channels WHERE substr(sealed, 1, length(:prefix)) = :prefix);

-- name: retire
INSERT INTO retired_keys (prefix) VALUES (:prefix) ON CONFLICT DO NOTHING;
