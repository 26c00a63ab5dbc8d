"""Moving house: from SQLite to PostgreSQL and back, with the round going on at the new place."""
import json
import sqlite3
import unittest

from support import PostgresTest, until


class Move(PostgresTest):
    def test_from_sqlite_to_postgresql_and_back(self):
        postgres = self.environment.pop("STREAKY_STORE_URL")
        world = self.start_world("--users", "200", "--seed", "31", "--lift-limits", "--by-day")
        self.move_in(world)
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        # While it is at work, a copy would be no move.
        serve = self.serve("--role", "scheduler,worker")
        refused = self.streaky("export", self.folder / "early", code=2)
        self.assertIn("stop it first", refused.stderr)
        self.end(serve)
        house = self.folder / "house.jsonl"
        done = self.streaky("export", house)
        self.assertIn("200 users", done.stdout)
        self.assertEqual(house.stat().st_mode & 0o777, 0o600)
        self.assertNotIn("discord.com/api/webhooks", house.read_text())
        self.streaky("export", house, code=3)  # never over a file that is there

        self.environment["STREAKY_STORE_URL"] = postgres
        done = self.streaky("import", house)
        self.assertIn("200 users: the same as in the export", done.stdout)
        self.assertIn("needs one that is new", self.streaky("import", house, code=3).stderr)
        self.serve("--role", "worker")
        until("the end of the round", self.all_settled, 120)
        audit = world.get("audit")
        self.assertEqual(audit["missed"] + audit["false_alarms"], 0, audit)
        self.assertEqual(audit["heard"], audit["should_hear"], audit)

        back = self.folder / "back.jsonl"
        self.streaky("export", "--live", back)
        self.environment["STREAKY_STORE_URL"] = f"sqlite:{self.folder}/back.db"
        self.streaky("import", back)
        again = self.folder / "again.jsonl"
        self.streaky("export", "--live", again)
        lines = [path.read_text().splitlines()[1:] for path in (back, again)]
        self.assertEqual(*lines)

    def test_a_spoilt_file_is_refused_and_leaves_nothing(self):
        world = self.start_world("--users", "20", "--seed", "32")
        del self.environment["STREAKY_STORE_URL"]
        self.move_in(world)
        house = self.folder / "house.jsonl"
        self.streaky("export", house)
        lines = house.read_text().splitlines(keepends=True)
        self.data = self.folder / "another"
        spoilt = self.folder / "spoilt.jsonl"
        for what, text in (("not an export", "hello\n"), ("not an export", ""),
                           ("ends in the middle", "".join(lines[:-1])),
                           ("rows are missing", "".join(lines[:-2] + lines[-1:])),
                           ("have changed", "".join(lines).replace("Europe", "Eur0pe", 1)),
                           ("another version", lines[0].replace('"schema":', '"schema":1'))):
            spoilt.write_text(text)
            self.assertIn(what, self.streaky("import", spoilt, code=3).stderr)
        self.streaky("import", self.folder / "nowhere", code=2)
        self.assertIn("no users yet", self.streaky("user", "list").stdout)
        self.streaky("import", house)
        self.assertEqual(len(self.streaky("user", "list", "--json").stdout.splitlines()), 20)

    def test_the_originals_users_are_taken_over(self):
        del self.environment["STREAKY_STORE_URL"]
        original = self.folder / "original.db"
        with sqlite3.connect(original) as database:
            database.execute(
                "CREATE TABLE users (id TEXT PRIMARY KEY, github_username TEXT, github_id TEXT,"
                " email TEXT, github_pat TEXT, discord_webhook TEXT, telegram_token TEXT,"
                " telegram_chat_id TEXT, is_active INTEGER, created_at TEXT, updated_at TEXT,"
                " reminder_utc_hour INTEGER)")
            rows = [("a", "octocat", "583231", 1, 21), ("b", "sleeper", "sleeper", 0, 7),
                    ("c", "no such login!", "5", 1, 12), ("d", "late", None, None, 99)]
            for key, login, number, active, hour in rows:
                database.execute(
                    "INSERT INTO users VALUES (?, ?, ?, NULL, NULL, ?, NULL, '', ?, '', '', ?)",
                    (key, login, number, "bm90IHNlYWxlZA==" if login == "octocat" else None,
                     active, hour))
        database.close()
        take = ("import", "--from-original", original)
        self.assertIn("ENCRYPTION_KEY", self.streaky(*take, code=2).stderr)
        self.environment["ENCRYPTION_KEY"] = "0123456789abcdef0123456789abcdef"
        wrong = self.streaky("import", "--from-original", __file__, code=3)
        self.assertIn("not a database of the original's", wrong.stderr)
        self.assertFalse((self.data / "streaky.db").exists(), "a wrong file leaves nothing behind")

        done = self.streaky(*take, code=1)
        self.assertIn("3 added, 0 changed, 1 left out; 1 are switched off there", done.stdout)
        for told in ("octocat: Discord webhook:", "no such login!: ", "late: the reminder's hour"):
            self.assertIn(told, done.stderr)
        users = {one["login"]: one for one in map(json.loads, self.streaky(
            "user", "list", "--json").stdout.splitlines())}
        self.assertEqual({name: one["remind_at"] for name, one in users.items()},
                         {"octocat": ["21:00"], "sleeper": ["07:00"], "late": ["12:00"]})
        self.assertEqual({name: one["status"] for name, one in users.items()},
                         {"octocat": "active", "sleeper": "paused", "late": "active"})
        # Once more is no harm.
        self.assertIn("0 added", self.streaky(*take, code=1).stdout)


if __name__ == "__main__":
    unittest.main()
