-- How loud a channel is (streak/channel_level.h).
ALTER TABLE channels ADD COLUMN level TEXT NOT NULL DEFAULT 'normal'
  CHECK (level IN ('normal', 'quiet', 'loud'));
