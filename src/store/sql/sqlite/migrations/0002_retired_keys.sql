-- Keys that rotation has retired, as sealed values begin with them (`v1.k1.`). A process that sealed
-- a value before the rotation and writes it only now is refused here: its value could never be
-- opened again.
CREATE TABLE retired_keys (
  prefix TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

CREATE TRIGGER users_insert_retired_key BEFORE INSERT ON users
  WHEN EXISTS (SELECT 1 FROM retired_keys k
                WHERE substr(NEW.sealed_token, 1, length(k.prefix)) = k.prefix)
  BEGIN SELECT RAISE(ABORT, 'it is sealed with a key that was retired meanwhile'); END;
CREATE TRIGGER users_update_retired_key BEFORE UPDATE OF sealed_token ON users
  WHEN EXISTS (SELECT 1 FROM retired_keys k
                WHERE substr(NEW.sealed_token, 1, length(k.prefix)) = k.prefix)
  BEGIN SELECT RAISE(ABORT, 'it is sealed with a key that was retired meanwhile'); END;
CREATE TRIGGER channels_insert_retired_key BEFORE INSERT ON channels
  WHEN EXISTS (SELECT 1 FROM retired_keys k
                WHERE substr(NEW.sealed, 1, length(k.prefix)) = k.prefix)
  BEGIN SELECT RAISE(ABORT, 'it is sealed with a key that was retired meanwhile'); END;
CREATE TRIGGER channels_update_retired_key BEFORE UPDATE OF sealed ON channels
  WHEN EXISTS (SELECT 1 FROM retired_keys k
                WHERE substr(NEW.sealed, 1, length(k.prefix)) = k.prefix)
  BEGIN SELECT RAISE(ABORT, 'it is sealed with a key that was retired meanwhile'); END;
