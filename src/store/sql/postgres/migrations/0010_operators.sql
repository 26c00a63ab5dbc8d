-- Whose account the login of an operator means: the first that acted under it. account: GitHub's id.
CREATE TABLE operator_accounts (
  login TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  bound_at BIGINT NOT NULL
);
