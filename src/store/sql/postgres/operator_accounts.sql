-- name: find
SELECT account FROM operator_accounts WHERE login = :login;

-- name: bind
INSERT INTO operator_accounts (login, account, bound_at) VALUES (:login, :account, :now)
ON CONFLICT (login) DO NOTHING;

-- name: keep_only
DELETE FROM operator_accounts WHERE login NOT IN (SELECT json_array_elements_text(CAST(:logins AS json)));
