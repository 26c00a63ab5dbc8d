-- Codes that link a Telegram chat to a user, as their hashes; the newest of a user alone works.
CREATE TABLE telegram_codes (
  code_hash TEXT NOT NULL PRIMARY KEY,
  user_id BIGINT NOT NULL UNIQUE REFERENCES users (id) ON DELETE CASCADE,
  made_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);

-- The service's bot: who asks it for news (one process at a time), and from which update on.
CREATE TABLE telegram_bots (
  bot_id BIGINT NOT NULL PRIMARY KEY,
  username TEXT NOT NULL DEFAULT '',
  owner TEXT NOT NULL,
  lease_until BIGINT NOT NULL,
  next_update BIGINT NOT NULL DEFAULT 0
);
