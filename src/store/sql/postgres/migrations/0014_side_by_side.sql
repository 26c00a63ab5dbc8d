-- The oldest program, by the newest schema version that it knows, that can work on this schema beside
-- newer ones (docs/decisions/0015-upgrades.md). A migration that an older program cannot live with
-- raises it. Programs from before this table refuse every newer schema.
CREATE TABLE schema_compatibility (
  one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
  compatible_from INTEGER NOT NULL
);
INSERT INTO schema_compatibility (one, compatible_from) VALUES (1, 14);

-- Of a member that read its keys once, at its start: what is sealed with them begins so
-- (`v1.k1x….`), parted by spaces. Empty where it reads a key file, again whenever that changes.
ALTER TABLE members ADD COLUMN fixed_keys TEXT NOT NULL DEFAULT '';
