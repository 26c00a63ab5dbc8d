-- Keys that rotation has retired, as sealed values begin with them (`v1.k1.`). A process that sealed
-- a value before the rotation and writes it only now is refused here: its value could never be
-- opened again.
CREATE TABLE retired_keys (
  prefix TEXT NOT NULL PRIMARY KEY
);

-- The lock is what the writer of SQLite has anyway: no key is retired (`sealed_values/lock_retired`)
-- between this look and the end of the transaction that writes the value.
CREATE FUNCTION refuse_retired_key() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  sealed_now TEXT;
BEGIN
  IF TG_TABLE_NAME = 'users' THEN
    sealed_now = NEW.sealed_token;
  ELSE
    sealed_now = NEW.sealed;
  END IF;
  IF sealed_now = '' THEN
    RETURN NEW;
  END IF;
  LOCK TABLE retired_keys IN ROW SHARE MODE;
  IF EXISTS (SELECT 1 FROM retired_keys k WHERE starts_with(sealed_now, k.prefix)) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation',
      MESSAGE = 'it is sealed with a key that was retired meanwhile';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER users_insert_retired_key BEFORE INSERT ON users
  FOR EACH ROW EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER users_update_retired_key BEFORE UPDATE OF sealed_token ON users
  FOR EACH ROW EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER channels_insert_retired_key BEFORE INSERT ON channels
  FOR EACH ROW EXECUTE FUNCTION refuse_retired_key();
CREATE TRIGGER channels_update_retired_key BEFORE UPDATE OF sealed ON channels
  FOR EACH ROW EXECUTE FUNCTION refuse_retired_key();
