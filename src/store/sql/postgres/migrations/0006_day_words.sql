-- What a user has said about one day from a message's link: "later" or "nothing more today". Only the
-- last word counts, and only on its date.
ALTER TABLE users ADD COLUMN word_date TEXT;
ALTER TABLE users ADD COLUMN word_stopped INTEGER NOT NULL DEFAULT 0;
ALTER TABLE users ADD COLUMN word_snoozed_until BIGINT;

-- Links that were used: each works once.
CREATE TABLE used_links (
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  date TEXT NOT NULL,
  stage INTEGER NOT NULL,
  action TEXT NOT NULL,
  used_at BIGINT NOT NULL,
  PRIMARY KEY (user_id, date, stage, action)
);
CREATE INDEX used_links_used ON used_links (used_at);
