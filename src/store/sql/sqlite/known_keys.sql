-- name: list
SELECT n.prefix, n.fingerprint, EXISTS (SELECT 1 FROM retired_keys r WHERE r.prefix = n.prefix)
  FROM known_keys n ORDER BY n.prefix;

-- name: add
INSERT INTO known_keys (prefix, fingerprint)
SELECT n.value ->> 'prefix', n.value ->> 'fingerprint' FROM json_each(:keys) n WHERE true
ON CONFLICT DO NOTHING;
