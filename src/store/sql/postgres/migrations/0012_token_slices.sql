-- What is left of each GitHub token's points, for the processes that share it. token: a hash of it;
-- window_ends_at: when the hour ends, by GitHub's word; points_left: those nobody has taken.
CREATE TABLE token_slices (
  token TEXT NOT NULL PRIMARY KEY,
  window_ends_at BIGINT NOT NULL,
  points_left BIGINT NOT NULL,
  points_taken BIGINT NOT NULL
);
ALTER TABLE token_slices SET (fillfactor = 50);
