-- What the web keeps: who is signed in where, sign-in links, and the year that the heat map shows.
-- Tokens are stored as their hashes alone.
CREATE TABLE sessions (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  token_hash TEXT NOT NULL UNIQUE,
  user_id BIGINT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
  made_by TEXT NOT NULL CHECK (made_by IN ('github', 'link')),
  device TEXT NOT NULL,
  created_at BIGINT NOT NULL,
  seen_at BIGINT NOT NULL,
  expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_user ON sessions (user_id, seen_at);
CREATE INDEX sessions_expiring ON sessions (expires_at);

-- user_id: whom it signs in; 0: whoever is the only user, or a new one. No id is used twice, so that
-- a link of somebody who is gone signs in nobody.
CREATE TABLE signin_links (
  token_hash TEXT NOT NULL PRIMARY KEY,
  user_id BIGINT NOT NULL UNIQUE,
  expires_at BIGINT NOT NULL
) WITHOUT ROWID;

-- counts: one number per day from first_date on, parted by commas; an empty place is a day of which
-- nothing is known.
CREATE TABLE user_calendars (
  user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
  first_date TEXT NOT NULL,
  counts TEXT NOT NULL,
  seen_at BIGINT NOT NULL
);

-- What operators did through the pages. No foreign keys: it outlives those whom it names.
CREATE TABLE operator_actions (
  id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
  at BIGINT NOT NULL,
  operator TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL
);

-- Whose streak may be shown to everybody, as a picture for a profile page.
CREATE TABLE public_cards (
  user_id INTEGER NOT NULL PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE
);
