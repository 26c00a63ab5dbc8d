"""What a person meets on the command line: exit codes, one-line errors, nothing half done."""
import json
import signal
import sqlite3
import subprocess
import unittest

from support import BIN, ProcessTest


class Check(ProcessTest):
    def setUp(self):
        super().setUp()
        self.world = self.start_world("--users", "200", "--seed", "6")
        self.token = self.environment.pop("STREAKY_GITHUB_TOKENS").split(",")[0]
        self.environment["GITHUB_TOKEN"] = self.token
        users = {line["login"]: line for line in self.world.lines("users.jsonl")}
        self.people = {}
        for line in self.world.lines("truth.jsonl"):
            user = users[line["imported_as"]]
            # `check` sees what its token sees, and knows of no rest days.
            if "github_token" in user or user.get("rest_days"):
                continue
            self.people.setdefault(line["truth"], []).append(
                {**line, "time_zone": user["time_zone"]})

    def one(self, truth):
        return self.people[truth][0]

    def test_exit_codes_tell_the_verdict(self):
        for truth, code in (("safe", 0), ("at_risk", 1), ("no_streak", 0)):
            person = self.one(truth)
            done = self.streaky("check", person["login"], "--json", "--time-zone",
                                person["time_zone"], code=code)
            answer = json.loads(done.stdout)
            self.assertEqual(answer["verdict"], truth)
            self.assertGreaterEqual(answer["longest_streak"], answer["current_streak"])
            if truth == "at_risk":
                self.assertEqual(answer["current_streak"], person["streak"])
        done = self.streaky("check", "nobody-of-that-name", code=3)
        self.assertIn("nobody-of-that-name", done.stderr)

    def test_the_heat_map_covers_a_year(self):
        person = self.one("safe")
        done = self.streaky("check", person["login"], "--time-zone", person["time_zone"])
        rows = [line for line in done.stdout.splitlines() if line.startswith(("Mon", "Wed", "Fri"))]
        self.assertEqual(len(rows), 3)
        self.assertGreaterEqual(len(rows[0]), 52)
        self.assertNotIn("\x1b", done.stdout)

    def test_an_outage_is_could_not_tell(self):
        self.world.control("down", service="github", down=True)
        done = self.streaky("check", self.one("safe")["login"], "--json", code=3)
        self.assertNotIn(self.token, done.stderr + done.stdout)
        answer = json.loads(done.stdout)
        self.assertEqual(answer["verdict"], "unknown")
        self.assertTrue(answer["error"])

    def test_notify_tells_a_channel_once_a_day(self):
        user, person = next(
            (user, line) for line in self.world.lines("truth.jsonl")
            for user in self.world.lines("users.jsonl")
            if user["login"] == line["imported_as"] == line["login"]
            and line["truth"] == "at_risk" and "github_token" not in user
            and not user.get("rest_days") and "discord_webhook" in user)
        login = person["login"]
        self.streaky("user", "import", "-", stdin=json.dumps(user))
        self.world.control("reset-ledger")
        first = self.streaky("check", login, "--notify", code=1)
        self.assertIn("): sent", first.stderr)
        told = self.world.get("audit")["messages"]
        self.assertGreater(told, 0)
        again = self.streaky("check", login, "--notify", code=1)
        self.assertIn("): told already today", again.stderr)
        self.assertEqual(self.world.get("audit")["messages"], told)
        # A round that is triggered by hand is the same stage of the same day.
        self.streaky("batch", "trigger", "--wait", code=None,
                     STREAKY_GITHUB_TOKENS=self.token)
        self.assertEqual(self.world.get("audit")["messages"], told)
        shown = json.loads(self.streaky("user", "show", login, "--json").stdout)
        self.assertEqual({line["state"] for line in shown["deliveries"]}, {"sent"})

    def test_notify_knows_stored_users_alone(self):
        done = self.streaky("check", self.one("at_risk")["login"], "--notify", code=2)
        self.assertIn("no user here", done.stderr)

    def test_without_a_token_it_says_what_is_needed(self):
        done = self.streaky("check", "octocat", code=2, GITHUB_TOKEN="")
        self.assertIn("GITHUB_TOKEN", done.stderr)
        self.assertEqual(len(done.stderr.splitlines()), 1)

    def test_a_bad_zone_names_the_nearest(self):
        done = self.streaky("check", "octocat", "--time-zone", "Europe/Berln", code=2)
        self.assertIn("Europe/Berlin", done.stderr)


class BadInput(ProcessTest):
    def refused(self, *arguments, code=2, **environment):
        done = self.streaky(*arguments, code=code, **environment)
        errors = done.stderr.strip().splitlines()
        self.assertEqual(len(errors), 1, done.stderr)
        return errors[0]

    def test_wrong_usage(self):
        self.assertIn("serv", self.refused("serv"))
        self.assertIn("--rol", self.refused("serve", "--rol", "x"))
        self.assertIn("scheduler", self.refused("serve", "--role", "cook"))

    def test_an_unknown_key_in_the_file_names_the_nearest(self):
        config = self.folder / "streaky.toml"
        config.write_text('[github]\napi_ulr = "https://x.example"\n')
        error = self.refused("--config", config, "user", "list")
        self.assertIn("api_url", error)

    def test_a_value_out_of_bounds_says_what_is_accepted(self):
        error = self.refused("user", "list", STREAKY_ENGINE_CLAIM="1000000")
        self.assertIn("engine.claim", error.replace("STREAKY_ENGINE_CLAIM", "engine.claim"))

    def test_import_lists_bad_lines_and_keeps_the_good_ones(self):
        lines = ['{"login":"good-one","time_zone":"Europe/Berlin","remind_at":["20:00"]}',
                 '{"login":"bad zone","time_zone":"UTC"}',
                 '{"login":"second","time_zone":"Europe/Berln"}',
                 '{"login":"third","discord_webhook":"https://evil.example/api/webhooks/1/s3cr3t"}',
                 'not json',
                 '{"login":"fourth","remind_at":["25:00"]}',
                 '{"login":"good-two","rest_days":["sat","sun"],"daily_summary":true}']
        done = self.streaky("user", "import", "-", stdin="\n".join(lines), code=1)
        for number in (2, 3, 4, 5, 6):
            self.assertIn(f"line {number}:", done.stderr)
        self.assertIn("Europe/Berlin", done.stderr)
        self.assertNotIn("s3cr3t", done.stderr + done.stdout)
        listed = [json.loads(line)["login"] for line in
                  self.streaky("user", "list", "--json").stdout.splitlines()]
        self.assertEqual(sorted(listed), ["good-one", "good-two"])

    def test_importing_again_updates(self):
        self.streaky("user", "import", "-", stdin='{"login":"mona","time_zone":"UTC"}')
        self.streaky("user", "import", "-", stdin='{"login":"Mona","remind_at":["08:15","21:00"]}')
        shown = [json.loads(line) for line in
                 self.streaky("user", "list", "--json").stdout.splitlines()]
        self.assertEqual(len(shown), 1)
        self.assertEqual(shown[0]["remind_at"], ["08:15", "21:00"])

    def test_csv_with_a_group_chat(self):
        csv = ("login,time_zone,remind_at,telegram_token,telegram_chat_id\n"
               'anna,Europe/Berlin,"20:00;22:30",123456:ABC-DEF1234ghIkl-zyx57W2v1u123ew11,-1001234567890\n')
        self.streaky("user", "import", "-", "--format", "csv", stdin=csv)
        shown = self.streaky("user", "show", "anna").stdout
        self.assertIn("telegram", shown.lower())
        self.assertNotIn("ABC-DEF", shown)


class Endless(ProcessTest):
    def test_an_endless_line_ends_and_leaves_nothing(self):
        done = self.streaky("user", "import", "/dev/zero", code=2)
        self.assertIn("line 1: more than 256 MiB: split the file", done.stderr)
        self.assertFalse(self.data.exists())

    def test_endless_lines_end(self):
        with subprocess.Popen(["yes", "{}"], stdout=subprocess.PIPE) as yes:
            done = subprocess.run(
                [BIN / "streaky", "--data", self.data, "user", "import", "-"], stdin=yes.stdout,
                text=True, capture_output=True, timeout=240, env=self.environment)
            yes.kill()
        self.assertEqual(done.returncode, 2)
        self.assertIn("line 1000001: more than 1000000 lines: split the file", done.stderr)
        self.assertLess(len(done.stderr.splitlines()), 10_010)
        self.assertFalse(self.data.exists())

    def test_a_file_that_is_too_large_is_refused_whole(self):
        large = self.folder / "large.jsonl"
        large.write_text('{"login":"octocat"}\n')
        with large.open("r+b") as file:
            file.truncate((256 << 20) + 1)
        done = self.streaky("user", "import", large, code=2)
        self.assertIn("more than 256 MiB", done.stderr)
        self.assertFalse(self.data.exists())


class Together(ProcessTest):
    """Several processes at one data folder."""

    def at_once(self, *commands):
        processes = [subprocess.Popen(
            [BIN / "streaky", "--data", self.data, *map(str, command)], text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.environment)
            for command in commands]
        for process in processes:
            out, err = process.communicate(timeout=120)
            self.assertEqual(process.returncode, 0, f"{process.args}\n{out}\n{err}")

    def test_first_sign_ups_at_once(self):
        self.at_once(*(["user", "add", "octocat", "--github-token", "ghp_0123456789abcdef"]
                       for _ in range(6)), *(["user", "add", f"user-{i}"] for i in range(4)))
        users = [json.loads(line) for line in
                 self.streaky("user", "list", "--json").stdout.splitlines()]
        self.assertEqual(sorted(user["login"] for user in users),
                         ["octocat", *(f"user-{i}" for i in range(4))])

    def test_edits_of_one_user_at_once_are_all_kept(self):
        self.streaky("user", "add", "octocat")
        self.at_once(["user", "add", "octocat", "--time-zone", "Asia/Tokyo"],
                     ["user", "add", "octocat", "--remind-at", "09:00"],
                     ["user", "add", "octocat", "--rest-days", "sat"],
                     ["user", "add", "octocat", "--daily-summary"],
                     ["user", "add", "octocat", "--github-token", "ghp_0123456789abcdef"])
        user = json.loads(self.streaky("user", "show", "octocat", "--json").stdout)
        self.assertEqual(user["time_zone"], "Asia/Tokyo")
        self.assertEqual(user["remind_at"], ["09:00"])
        self.assertEqual(user["rest_days"], ["sat"])
        self.assertTrue(user["daily_summary"])
        self.assertEqual(user["github_token"], "set")


class Output(ProcessTest):
    def test_a_full_disk_is_no_success(self):
        self.streaky("user", "add", "octocat")
        with open("/dev/full", "w") as full:
            done = subprocess.run(
                [BIN / "streaky", "--data", self.data, "user", "export"], stdout=full,
                stderr=subprocess.PIPE, text=True, timeout=60, env=self.environment)
        self.assertEqual(done.returncode, 3)
        self.assertIn("standard output cannot be written", done.stderr)


class Databases(ProcessTest):
    def upgrade(self, compatible_from=None):
        """As a newer Streaky does."""
        self.streaky("user", "add", "octocat")
        with sqlite3.connect(self.data / "streaky.db") as database:
            database.execute("ALTER TABLE users ADD COLUMN later INTEGER NOT NULL DEFAULT 0")
            database.execute("INSERT INTO schema_migrations VALUES (9999, 'later', 0)")
            if compatible_from:
                database.execute("UPDATE schema_compatibility SET compatible_from = ?",
                                 [compatible_from])

    def test_a_newer_database_is_refused_with_what_to_do(self):
        self.upgrade(compatible_from=9998)
        for command in (["user", "list"], ["serve"], ["keys", "rotate"]):
            done = self.streaky(*command, code=3)
            self.assertRegex(done.stderr, "version 9999.*version 9998.*install the newer Streaky")
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_a_newer_database_for_older_programs_too_is_worked_on(self):
        self.upgrade()
        self.streaky("user", "add", "hubot")
        self.assertEqual(len(self.streaky("user", "list", "--json").stdout.splitlines()), 2)
        self.assertIn("schema 9999, of a newer Streaky", self.streaky("doctor", code=None).stdout)
        process = self.serve()
        self.assertEqual(self.end(process, signal.SIGTERM), 0)
        log = (self.folder / "serve-1.log").read_text()
        self.assertEqual(log.count("a newer Streaky has brought the database up to date"), 1, log)
        self.assertEqual(len(self.rows("SELECT 1 FROM schema_migrations WHERE version = 9999")), 1)

    def test_who_must_know_all_that_is_stored_refuses_a_newer_database(self):
        self.upgrade()
        for command in (["export", self.folder / "house.jsonl"], ["keys", "rotate"]):
            done = self.streaky(*command, code=3)
            self.assertIn("run it with the newer one", done.stderr)
        self.assertFalse((self.folder / "house.jsonl").exists())

    def test_a_corrupt_database_is_said_plainly(self):
        self.data.mkdir()
        (self.data / "streaky.db").write_bytes(b"this is no database, whatever its name says" * 99)
        done = self.streaky("user", "list", code=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertEqual(len(done.stderr.strip().splitlines()), 1, done.stderr)
        self.assertIn("streaky.db", done.stderr)

    def test_open_key_files_are_refused(self):
        self.streaky("user", "add", "octocat", "--github-token", "ghp_0123456789abcdef")
        key = self.folder / "data.keys"
        self.assertEqual(key.stat().st_mode & 0o777, 0o600)
        key.chmod(0o644)
        done = self.streaky("doctor", code=1)
        self.assertIn("data.keys", done.stdout)


if __name__ == "__main__":
    unittest.main()
