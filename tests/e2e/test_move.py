"""Moving house: from SQLite to PostgreSQL and back, with the round going on at the new place."""
import base64
import contextlib
import json
import signal
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

    def test_whoever_still_serves_is_named_and_stops_a_move(self):
        postgres = self.environment["STREAKY_STORE_URL"]
        for number, url in enumerate((f"sqlite:{self.folder}/house.db", postgres)):
            with self.subTest(url=url):
                self.environment["STREAKY_STORE_URL"] = url
                self.streaky("user", "add", "octocat")
                house = self.folder / f"house-{number}.jsonl"
                self.data = self.folder / "data"
                pages = self.serve("--role", "web")
                # From another data folder: only the database tells of it.
                self.data = self.folder / "elsewhere"
                until("its first beat", lambda: self.members() == [pages.pid])
                for self.data in (self.folder / "elsewhere", self.folder / "data"):
                    refused = self.streaky("export", house, code=2)
                    self.assertIn(f":{pages.pid}:", refused.stderr)
                    self.assertIn("(web)", refused.stderr)
                    self.assertIn("stop it first", refused.stderr)
                self.streaky("export", "--live", self.folder / f"backup-{number}.jsonl")

                pages.send_signal(signal.SIGKILL)
                pages.wait()
                if url == postgres:  # it falls silent
                    self.psql("UPDATE members SET beat_at = beat_at - 20000")
                self.assertIn("1 users", self.streaky("export", house).stdout)

    def members(self):
        listed = json.loads(self.streaky("status", "--json", code=None).stdout)["processes"]
        return [int(one["name"].split(":")[-2]) for one in listed]

    def original(self, *people, history=True):
        """Its database: (login, GitHub's id, active, hour, sealed webhook) each."""
        self.environment.pop("STREAKY_STORE_URL", None)
        self.environment["ENCRYPTION_KEY"] = "0123456789abcdef0123456789abcdef"
        path = self.folder / "original.db"
        path.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as database, database:
            database.execute(
                "CREATE TABLE users (id TEXT PRIMARY KEY, github_username TEXT, github_id TEXT,"
                " email TEXT, github_pat TEXT, discord_webhook TEXT, telegram_token TEXT,"
                " telegram_chat_id TEXT, is_active INTEGER, created_at TEXT, updated_at TEXT,"
                " reminder_utc_hour INTEGER)")
            for key, (login, number, active, hour, webhook) in enumerate(people):
                database.execute(
                    "INSERT INTO users VALUES (?, ?, ?, NULL, NULL, ?, NULL, '', ?, '', '', ?)",
                    (f"key-{key}", login, number, webhook, active, hour))
            if history:
                database.execute("CREATE TABLE notifications (id TEXT, user_id TEXT)")
                database.execute("CREATE TABLE cron_queue (id TEXT, user_id TEXT)")
                database.execute("INSERT INTO notifications VALUES (1, 'a'), (2, 'a'), (3, 'b')")
                database.execute("INSERT INTO cron_queue VALUES (1, 'a'), (2, 'b')")
        return path

    def people(self):
        listed = self.streaky("user", "list", "--json").stdout.splitlines()
        return {one["login"]: one for one in map(json.loads, listed)}

    def test_the_originals_users_are_taken_over(self):
        original = self.original(
            ("octocat", "583231", 1, 21, "bm90IHNlYWxlZA=="), ("sleeper", "sleeper", 0, 7, None),
            ("no such login!", "5", 1, 12, None), ("late", None, None, 99, None))
        take = ("import", "--from-original", original)
        del self.environment["ENCRYPTION_KEY"]
        self.assertIn("ENCRYPTION_KEY", self.streaky(*take, code=2).stderr)
        self.environment["ENCRYPTION_KEY"] = "0123456789abcdef0123456789abcdef"
        wrong = self.streaky("import", "--from-original", __file__, code=3)
        self.assertIn("not a database of the original's", wrong.stderr)
        self.assertFalse((self.data / "streaky.db").exists(), "a wrong file leaves nothing behind")

        done = self.streaky(*take, code=1)
        self.assertIn("3 added, 0 changed, 0 here already and left alone, 1 left out", done.stdout)
        self.assertIn("1 are switched off there", done.stdout)
        for told in ("octocat: Discord webhook:", "no such login!: ", "late: the reminder's hour"):
            self.assertIn(told, done.stderr)
        users = self.people()
        self.assertEqual({name: one["remind_at"] for name, one in users.items()},
                         {"octocat": ["21:00"], "sleeper": ["07:00"], "late": ["12:00"]})
        self.assertEqual({name: one["status"] for name, one in users.items()},
                         {"octocat": "active", "sleeper": "paused", "late": "active"})

    def test_a_key_that_opens_nothing_is_refused_before_anything_is_written(self):
        webhook = base64.b64encode(bytes(12 + 40 + 16)).decode()  # sealed with some other key
        take = ("import", "--from-original",
                self.original(("octocat", "583231", 1, 21, webhook), ("sleeper", None, 0, 7, None)))
        self.assertIn("opens none of the 1 sealed credentials", self.streaky(*take, code=1).stderr)
        self.assertFalse((self.data / "streaky.db").exists())

    def test_the_originals_history_stays_behind_and_is_counted(self):
        take = ("import", "--from-original", self.original(("octocat", "583231", 1, 21, None)))
        self.assertIn("its history stays behind: 3 rows of notifications, 2 of cron_queue",
                      self.streaky(*take).stdout)
        take = ("import", "--from-original",
                self.original(("hubot", "480938", 1, 21, None), history=False))
        self.assertIn("0 rows of notifications, 0 of cron_queue", self.streaky(*take).stdout)
        told = " ".join(self.streaky("import", "--help").stdout.split())
        self.assertIn("notifications and cron_queue) stays behind", told)

    def test_a_second_import_leaves_alone_who_is_here(self):
        first = [("octocat", "583231", 1, 21, None), ("sleeper", None, 0, 7, None)]
        partly = self.original(*first, ("bad one", "5", 1, 12, None))
        self.streaky("import", "--from-original", partly, code=1)
        self.streaky("user", "add", "octocat", "--time-zone", "Asia/Tokyo", "--remind-at", "19:30")
        self.streaky("user", "resume", "sleeper")
        take = ("import", "--from-original", self.original(*first, ("newcomer", "5", 1, 12, None)))
        done = self.streaky(*take)
        self.assertIn("1 added, 0 changed, 2 here already and left alone, 0 left out; 0 are",
                      done.stdout)
        for told in ("octocat: here already", "sleeper: here already", "--overwrite"):
            self.assertIn(told, done.stdout)
        users = self.people()
        self.assertEqual(users["octocat"]["time_zone"], "Asia/Tokyo")
        self.assertEqual(users["octocat"]["remind_at"], ["19:30"])
        self.assertEqual(users["sleeper"]["status"], "active")

        done = self.streaky(*take, "--overwrite")
        self.assertIn("0 added, 3 changed, 0 here already", done.stdout)
        users = self.people()
        self.assertEqual(users["octocat"]["time_zone"], "UTC")
        self.assertEqual(users["octocat"]["remind_at"], ["21:00"])
        self.assertEqual(users["sleeper"]["status"], "paused")
        self.streaky("import", "--overwrite", take[2], code=2)

    def test_who_was_switched_off_is_never_active_here(self):
        self.streaky("user", "add", "somebody", STREAKY_STORE_URL=f"sqlite:{self.folder}/cut.db")
        take = ("import", "--from-original", self.original(("sleeper", None, 0, 7, None)))
        self.environment["STREAKY_STORE_URL"] = f"sqlite:{self.folder}/cut.db"
        with contextlib.closing(sqlite3.connect(self.folder / "cut.db")) as database, database:
            # As if it ended after the first thing that it wrote of anybody.
            database.execute("CREATE TRIGGER cut BEFORE UPDATE ON users WHEN old.login = 'sleeper' "
                             "BEGIN SELECT RAISE(ABORT, 'cut'); END")
        self.streaky(*take, code=None)
        self.assertEqual(self.people()["sleeper"]["status"], "paused")

    def test_a_name_that_is_taken_is_said_alike_on_both(self):
        postgres = self.environment["STREAKY_STORE_URL"]
        lines = self.folder / "people.jsonl"
        for url in (f"sqlite:{self.folder}/names.db", postgres):
            with self.subTest(url=url):
                self.environment["STREAKY_STORE_URL"] = url
                self.streaky("user", "add", "first", "--github-id", "5")
                self.streaky("user", "add", "taken")
                lines.write_text('{"login": "taken", "github_id": 5}\n')
                refused = self.streaky("user", "import", lines, code=2)
                self.assertIn("the login taken belongs to another user here, whose GitHub id is "
                              "not known: give that user's github_id first", refused.stderr)


if __name__ == "__main__":
    unittest.main()
