"""What a person meets on the command line: exit codes, one-line errors, nothing half done."""
import json
import sqlite3
import unittest

from support import ProcessTest


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
        done = self.streaky("check", self.one("safe")["login"], code=3)
        self.assertNotIn(self.token, done.stderr)

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


class Databases(ProcessTest):
    def test_a_newer_database_is_refused(self):
        self.streaky("user", "add", "octocat")
        with sqlite3.connect(self.data / "streaky.db") as database:
            columns = [row[1] for row in database.execute("PRAGMA table_info(schema_migrations)")]
            values = {"version": 9999}
            names = ", ".join(columns)
            marks = ", ".join("?" for _ in columns)
            database.execute(f"INSERT INTO schema_migrations({names}) VALUES({marks})",
                             [values.get(name, 0) for name in columns])
        done = self.streaky("user", "list", code=None)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("9999", done.stderr)

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
