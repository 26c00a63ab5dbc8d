-- A code ends with the session that made it.
ALTER TABLE telegram_codes ADD COLUMN session_id BIGINT REFERENCES sessions (id) ON DELETE CASCADE;
CREATE INDEX telegram_codes_session ON telegram_codes (session_id);

-- When Telegram last answered whoever listens, and when it last had news.
ALTER TABLE telegram_bots ADD COLUMN heard_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE telegram_bots ADD COLUMN news_at BIGINT NOT NULL DEFAULT 0;
