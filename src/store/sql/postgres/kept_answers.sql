-- name: begin
-- A row where the request is to be worked on: its key is new, too old, or was left by a process that
-- went away. A row that is not replaced stays locked until `find` has read it.
INSERT INTO kept_answers (user_id, idempotency_key, request_hash, status, content_type, location,
                          body, created_at)
VALUES (:user, :key, :hash, 0, '', '', '', :now)
ON CONFLICT (user_id, idempotency_key) DO UPDATE SET
  request_hash = excluded.request_hash, status = 0, content_type = '', location = '', body = '',
  created_at = excluded.created_at
 WHERE kept_answers.created_at <= :old
    OR (kept_answers.status = 0 AND kept_answers.created_at <= :lapsed)
RETURNING idempotency_key;

-- name: make_room
-- Of one user's answers the newest stay. Those that another request holds go with the next.
WITH crowded AS MATERIALIZED (
  SELECT k.user_id, k.idempotency_key FROM kept_answers k
   WHERE k.user_id = :user
     AND k.idempotency_key NOT IN (SELECT n.idempotency_key FROM kept_answers n
                                    WHERE n.user_id = :user
                                    ORDER BY n.created_at DESC, n.idempotency_key COLLATE "C"
                                    LIMIT :keep)
     FOR UPDATE OF k SKIP LOCKED)
DELETE FROM kept_answers k USING crowded c
 WHERE k.user_id = c.user_id AND k.idempotency_key = c.idempotency_key;

-- name: find
SELECT request_hash, status, content_type, location, body
  FROM kept_answers WHERE user_id = :user AND idempotency_key = :key;

-- name: finish
UPDATE kept_answers
   SET status = :status, content_type = :content_type, location = :location, body = :body
 WHERE user_id = :user AND idempotency_key = :key AND request_hash = :hash AND status = 0;

-- name: forget
DELETE FROM kept_answers WHERE user_id = :user AND idempotency_key = :key AND status = 0;

-- name: clean
WITH old AS MATERIALIZED (
  SELECT k.user_id, k.idempotency_key FROM kept_answers k
   WHERE k.created_at <= :old ORDER BY k.created_at LIMIT :limit
     FOR UPDATE SKIP LOCKED)
DELETE FROM kept_answers k USING old o
 WHERE k.user_id = o.user_id AND k.idempotency_key = o.idempotency_key;
