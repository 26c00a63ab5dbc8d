-- The tables of the daily round. Instants are Unix milliseconds (`*_at`, `lease_until`); dates are
-- labels, `YYYY-MM-DD` (docs/streak-rules.md, rule 1). Each statement ends with a semicolon at the
-- end of its line.

-- Ids are handed out before their rows exist, since credentials are sealed to them: a counter that
-- never goes back, so that no id is ever used twice.
CREATE TABLE id_sequences (
  name TEXT NOT NULL PRIMARY KEY,
  next_id BIGINT NOT NULL
);
INSERT INTO id_sequences (name, next_id) VALUES ('user', 1), ('channel', 1);

-- login_key: the login in lower case; NULL once another account was seen to have taken the name.
CREATE TABLE users (
  id INTEGER NOT NULL PRIMARY KEY,
  login TEXT NOT NULL,
  login_key TEXT UNIQUE,
  node_id TEXT UNIQUE,
  database_id BIGINT UNIQUE,
  time_zone TEXT NOT NULL,
  remind_at TEXT NOT NULL,
  daily_summary INTEGER NOT NULL,
  sealed_token TEXT NOT NULL,
  token_dead INTEGER NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('active', 'paused', 'removed')),
  settings_version BIGINT NOT NULL,
  next_check_at BIGINT,
  created_at BIGINT NOT NULL,
  updated_at BIGINT NOT NULL
);
CREATE INDEX users_due ON users (next_check_at, id) WHERE status = 'active';

-- changed_at: when the credential was last replaced by its owner; a failure of an older one must
-- not switch the new one off.
CREATE TABLE channels (
  id INTEGER NOT NULL PRIMARY KEY,
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  kind TEXT NOT NULL,
  sealed TEXT NOT NULL,
  hint TEXT NOT NULL,
  is_on INTEGER NOT NULL,
  off_reason TEXT NOT NULL,
  changed_at BIGINT NOT NULL
);
CREATE INDEX channels_user ON channels (user_id, id);

CREATE TABLE user_rest_days (
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  from_date TEXT NOT NULL,
  days INTEGER NOT NULL,
  PRIMARY KEY (user_id, position)
) WITHOUT ROWID;

CREATE TABLE user_pauses (
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  position INTEGER NOT NULL,
  first_date TEXT NOT NULL,
  last_date TEXT,
  PRIMARY KEY (user_id, position)
) WITHOUT ROWID;

CREATE TABLE user_streaks (
  user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  anchor_through TEXT,
  anchor_length INTEGER NOT NULL,
  anchor_began TEXT,
  length INTEGER NOT NULL,
  began TEXT,
  longest INTEGER NOT NULL,
  today TEXT,
  today_count INTEGER NOT NULL,
  verdict TEXT NOT NULL,
  views TEXT NOT NULL,
  seen_at BIGINT,
  history_at BIGINT
);

CREATE TABLE batches (
  id TEXT NOT NULL PRIMARY KEY,
  origin TEXT NOT NULL,
  created_at BIGINT NOT NULL
);
CREATE INDEX batches_created ON batches (created_at, id);

CREATE TABLE batch_counts (
  batch_id TEXT NOT NULL REFERENCES batches (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  value BIGINT NOT NULL,
  PRIMARY KEY (batch_id, name)
) WITHOUT ROWID;

CREATE TABLE jobs (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  batch_id TEXT NOT NULL REFERENCES batches (id),
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  date TEXT NOT NULL,
  stage INTEGER NOT NULL,
  zone TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'processing', 'completed', 'failed')),
  created_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  owner TEXT NOT NULL DEFAULT '',
  lease_until BIGINT,
  attempt INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  crashes INTEGER NOT NULL DEFAULT 0,
  crashes_alone INTEGER NOT NULL DEFAULT 0,
  alone INTEGER NOT NULL DEFAULT 0,
  told_unknown INTEGER NOT NULL DEFAULT 0,
  verdict TEXT NOT NULL DEFAULT '',
  error TEXT NOT NULL DEFAULT '',
  ended_at BIGINT,
  UNIQUE (user_id, date, stage)
);
CREATE INDEX jobs_due ON jobs (due_at, id) WHERE state = 'pending' AND alone = 0;
CREATE INDEX jobs_due_alone ON jobs (due_at, id) WHERE state = 'pending' AND alone = 1;
CREATE INDEX jobs_expiring ON jobs (expires_at) WHERE state = 'pending';
CREATE INDEX jobs_leased ON jobs (lease_until, owner) WHERE state = 'processing';
CREATE INDEX jobs_batch ON jobs (batch_id, id);

-- Deliveries outlive their jobs and batches (90 days against 7): no foreign keys to those.
CREATE TABLE deliveries (
  id TEXT NOT NULL PRIMARY KEY,
  batch_id TEXT NOT NULL,
  job_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  channel_id BIGINT NOT NULL,
  channel_kind TEXT NOT NULL,
  kind TEXT NOT NULL,
  date TEXT NOT NULL,
  zone TEXT NOT NULL,
  stage INTEGER NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  urgency TEXT NOT NULL,
  state TEXT NOT NULL CHECK (
    state IN ('pending', 'sending', 'sent', 'dead', 'expired', 'cancelled')),
  created_at BIGINT NOT NULL,
  checked_at BIGINT NOT NULL,
  due_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL,
  owner TEXT NOT NULL DEFAULT '',
  lease_until BIGINT,
  started_at BIGINT,
  attempt INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0,
  remote_id TEXT NOT NULL DEFAULT '',
  code TEXT NOT NULL DEFAULT '',
  reason TEXT NOT NULL DEFAULT '',
  maybe_seen INTEGER NOT NULL DEFAULT 0,
  ended_at BIGINT,
  UNIQUE (user_id, date, zone, stage, kind, channel_id)
);
-- Said once a day and channel, whichever stage says it first.
CREATE UNIQUE INDEX deliveries_once_a_day ON deliveries (user_id, date, channel_id, kind)
  WHERE kind IN ('could_not_check', 'summary');
CREATE INDEX deliveries_due ON deliveries (due_at, id) WHERE state = 'pending';
CREATE INDEX deliveries_expiring ON deliveries (expires_at) WHERE state = 'pending';
CREATE INDEX deliveries_pending_channel ON deliveries (channel_id) WHERE state = 'pending';
CREATE INDEX deliveries_leased ON deliveries (lease_until, owner) WHERE state = 'sending';
CREATE INDEX deliveries_user ON deliveries (user_id, created_at);
CREATE INDEX deliveries_batch ON deliveries (batch_id);
CREATE INDEX deliveries_created ON deliveries (created_at);
