-- name: list
SELECT n.prefix, n.fingerprint,
       CASE WHEN EXISTS (SELECT 1 FROM retired_keys r WHERE r.prefix = n.prefix) THEN 1 ELSE 0 END
  FROM known_keys n ORDER BY n.prefix COLLATE "C";

-- name: lock
-- What the list shows stays until the transaction ends: nobody adds a key, nobody retires one.
LOCK TABLE known_keys, retired_keys IN SHARE ROW EXCLUSIVE MODE;

-- name: add
INSERT INTO known_keys (prefix, fingerprint)
SELECT n.prefix, n.fingerprint
  FROM json_to_recordset(CAST(:keys AS json)) AS n(prefix TEXT, fingerprint TEXT)
ON CONFLICT DO NOTHING;
