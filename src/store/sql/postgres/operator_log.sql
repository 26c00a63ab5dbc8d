-- name: add
INSERT INTO operator_actions (at, operator, action, subject)
VALUES (:now, :operator, :action, :subject);

-- name: drop_old
-- The newest stay.
DELETE FROM operator_actions
 WHERE id <= (SELECT COALESCE(MAX(a.id), 0) FROM operator_actions a) - :keep;

-- name: newest
SELECT at, operator, action, subject FROM operator_actions ORDER BY id DESC LIMIT :limit;
