-- What the API keeps: tokens of programs, and the answers that a repeated request gets again.
-- Tokens are stored as their hashes alone. made_by: how whoever made it was signed in.
CREATE TABLE api_tokens (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  token_hash TEXT NOT NULL UNIQUE,
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  made_by TEXT NOT NULL CHECK (made_by IN ('github', 'link')),
  name TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  used_at BIGINT
);
CREATE INDEX api_tokens_user ON api_tokens (user_id, id);

-- By the Idempotency-Key of the request. status 0: it is still being worked on.
CREATE TABLE kept_answers (
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  idempotency_key TEXT NOT NULL,
  request_hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  content_type TEXT NOT NULL,
  location TEXT NOT NULL,
  body TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, idempotency_key)
) WITHOUT ROWID;
CREATE INDEX kept_answers_created ON kept_answers (created_at);
