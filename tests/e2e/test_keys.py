"""The keys from the command line: made, split, rotated while the service runs and is killed."""
import json
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import unittest

from support import BIN, PROXY_SECRET, ProcessTest, until

WEBHOOK = "https://discord.com/api/webhooks/42/plantedwebhooktoken"
LEGACY_KEYS = "k1 AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\n"


def plain(key):
    """`k2x0a1b2c3d` → `k2`."""
    return key.split("x")[0]


class Keys(ProcessTest):
    def setUp(self):
        super().setUp()
        self.key_file = self.folder / "data.keys"

    def add(self, login, **options):
        return self.streaky("user", "add", login, "--github-token", "ghp_0123456789abcdef",
                            "--discord-webhook", "-", stdin=WEBHOOK + "\n", **options)

    def keys(self, *arguments, code=0):
        """By id, without the random part."""
        lines = self.streaky(*arguments, "keys", "list", "--json", code=code).stdout.splitlines()
        return {plain(line["id"]): line for line in map(json.loads, lines)}

    def sealed(self):
        with sqlite3.connect(self.data / "streaky.db") as database:
            rows = database.execute("SELECT sealed_token FROM users WHERE sealed_token <> '' "
                                    "UNION ALL SELECT sealed FROM channels")
            return [row[0] for row in rows]

    def prefixes(self):
        return {plain(value.rsplit(".", 1)[0]) for value in self.sealed()}

    def rotate(self, *arguments, code=0):
        report = json.loads(
            self.streaky("keys", "rotate", "--json", *arguments, code=code).stdout)
        return {**report, "retired": [plain(key) for key in report["retired"]]}

    def machine(self, name):
        """A key file like this one, for another machine: the flags that use it."""
        copy = self.folder / f"{name}.keys"
        shutil.copy2(self.key_file, copy)
        return "--keys-file", copy

    def doctor(self):
        """All findings about what is sealed and the keys."""
        done = self.streaky("doctor", "--json", code=None)
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return [line for line in lines if line["what"].startswith(("sealed", "keys", "data"))]


class Making(Keys):
    def test_a_key_file_is_made_once_and_never_overwritten(self):
        self.streaky("keys", "new")
        self.assertEqual(self.key_file.stat().st_mode & 0o777, 0o600)
        before = self.key_file.read_bytes()
        done = self.streaky("keys", "new", code=2)
        self.assertIn("exists already", done.stderr)
        self.assertEqual(self.key_file.read_bytes(), before)

    def test_the_worker_seals_what_only_the_proxy_opens(self):
        proxy = self.folder / "proxy.keys"
        self.streaky("keys", "new", "--proxy", proxy)
        self.assertEqual(proxy.stat().st_mode & 0o777, 0o600)
        self.add("octocat")
        private = proxy.read_text().split()[-1]
        self.assertNotIn(private, self.key_file.read_text())
        self.assertFalse(self.keys()["ch1"]["opens"])
        bad = [line for line in self.doctor() if not line["good"]]
        self.assertEqual([line["what"] for line in bad], ["keys"], "nobody is there to open it")
        self.assertIn("1 channel credentials can be opened by the proxy alone", bad[0]["detail"])
        # With the proxy's half beside it everything opens.
        with self.key_file.open("a") as out:
            out.write(re.sub("channel ch1x[0-9a-f]+", "channel mine", proxy.read_text()))
        self.assertTrue(self.keys()["mine"]["opens"])

    def test_a_proxy_file_that_exists_is_refused_and_nothing_is_made(self):
        proxy = self.folder / "proxy.keys"
        proxy.write_text("mine")
        done = self.streaky("keys", "new", "--proxy", proxy, code=3)
        self.assertIn("exists already", done.stderr)
        self.assertEqual(proxy.read_text(), "mine")
        self.assertFalse(self.key_file.exists())

    def test_nothing_is_left_where_only_the_proxys_file_could_be_made(self):
        proxy = self.folder / "proxy.keys"
        self.streaky("--keys-file", self.folder / "nowhere" / "keys", "keys", "new", "--proxy",
                     proxy, code=3)
        self.assertFalse(proxy.exists())
        done = self.streaky("keys", "new", "--proxy", self.key_file, code=2)
        self.assertIn("is the key file itself", done.stderr)
        self.assertFalse(self.key_file.exists())

    def test_doctor_says_when_nobody_can_be_told(self):
        self.add("octocat")
        for way in ({"STREAKY_PROXY_URLS": "http://127.0.0.1:9"},
                    {"STREAKY_PROXY_URLS": "http://127.0.0.1:9", "STREAKY_PROXY_COMPAT": "true",
                     "STREAKY_PROXY_SECRET": PROXY_SECRET}):
            out = self.streaky("doctor", "--json", code=1, **way).stdout
            findings = {line["what"]: line for line in map(json.loads, out.splitlines())}
            self.assertFalse(findings["way to the channels"]["good"], out)

    def test_a_lost_key_file_is_said_with_what_to_do(self):
        self.add("octocat")
        self.key_file.unlink()
        done = self.streaky("serve", code=3)
        self.assertIn("restore it from your backup", done.stderr)
        self.assertFalse(self.key_file.exists())

    def test_new_keys_are_not_made_over_what_lost_ones_sealed(self):
        self.add("octocat")
        self.key_file.unlink()
        for flag in ([], ["--lost"]):
            done = self.streaky("keys", "new", *flag, code=2)
            self.assertIn("restore the key file", done.stderr)
            self.assertFalse(self.key_file.exists())

    def test_after_lost_keys_people_can_sign_up_again(self):
        self.add("octocat")
        self.rotate()
        self.key_file.unlink()
        self.streaky("user", "remove", "octocat", "--yes")
        self.assertIn("keys new --lost", self.add("octocat", code=3).stderr)
        self.assertIn("--lost", self.streaky("keys", "new", code=2).stderr)
        self.streaky("keys", "new", "--lost")
        self.add("octocat")
        self.assertEqual(self.rotate()["left"], 0)
        self.assertTrue(all(line["good"] for line in self.doctor()))

    def test_of_two_first_starts_on_one_database_one_makes_the_keys(self):
        store = {"STREAKY_STORE_URL": f"sqlite:{self.folder}/shared.db"}
        self.streaky("user", "add", "octocat", **store)
        self.data = self.folder / "other"
        done = self.streaky("user", "add", "hubot", code=3, **store)
        self.assertIn("copy it from a machine that has it", done.stderr)
        self.streaky("keys", "new")  # no database of its own
        done = self.streaky("user", "add", "hubot", code=3, **store)
        self.assertIn("holds none of the keys that this database is sealed with", done.stderr)

    def test_another_key_of_the_same_id_is_refused(self):
        self.key_file.write_text(LEGACY_KEYS)
        self.key_file.chmod(0o600)
        self.add("octocat")
        self.key_file.write_text(LEGACY_KEYS.replace("AAEC", "BAEC"))
        for command in (["serve"], ["keys", "rotate"]):
            self.assertIn("its key k1 is another", self.streaky(*command, code=3).stderr)

    def test_keys_come_from_a_variable(self):
        variable = {"STREAKY_KEYS_TEXT": LEGACY_KEYS.strip() + ";k2 " + "A" * 43}
        self.add("octocat", **variable)
        self.assertFalse(self.key_file.exists())
        self.assertEqual(self.prefixes(), {"v1.k2"})
        done = self.streaky("keys", "rotate", code=3, **variable)
        self.assertIn("STREAKY_KEYS_TEXT", done.stderr)
        bad = self.streaky("user", "list", code=2, STREAKY_KEYS_TEXT="k1 topsecretvalue")
        self.assertNotIn("topsecretvalue", bad.stderr + bad.stdout)
        shown = self.streaky("config", **variable)
        self.assertNotIn("AAECAwQF", shown.stdout)

    def test_keys_come_from_a_credential_of_the_service_manager(self):
        folder = self.folder / "credentials"
        folder.mkdir()
        (folder / "streaky.keys").write_text(LEGACY_KEYS)
        (folder / "streaky.keys").chmod(0o440)
        self.add("octocat", CREDENTIALS_DIRECTORY=str(folder))
        self.assertFalse(self.key_file.exists())
        self.assertEqual(self.prefixes(), {"v1.k1"})


class Rotating(Keys):
    def test_everything_is_sealed_anew_and_the_old_keys_retire(self):
        for login in ("one", "two", "three"):
            self.add(login)
        self.assertEqual(self.prefixes(), {"v1.k1", "c1.ch1"})
        report = self.rotate()
        self.assertEqual((report["resealed"], report["left"]), (6, 0))
        self.assertEqual(report["retired"], ["k1", "ch1"])
        self.assertEqual(self.prefixes(), {"v1.k2", "c1.ch2"})
        self.assertEqual(set(self.keys()), {"k2", "ch2"})
        self.assertTrue(all(line["good"] for line in self.doctor()))

    def test_a_key_file_from_before_channel_keys_gets_one(self):
        self.key_file.write_text(LEGACY_KEYS)
        self.key_file.chmod(0o600)
        self.add("octocat")
        self.assertEqual(self.prefixes(), {"v1.k1"})
        self.assertEqual(self.rotate()["left"], 0)
        self.assertEqual(self.prefixes(), {"v1.k2", "c1.ch1"})
        self.assertTrue(all(line["good"] for line in self.doctor()))

    def test_what_does_not_open_is_named_and_keeps_its_key(self):
        self.add("octocat")
        self.add("mona")
        with sqlite3.connect(self.data / "streaky.db") as database:
            database.execute("UPDATE users SET sealed_token = (SELECT sealed_token FROM users "
                             "WHERE login = 'mona') WHERE login = 'octocat'")
        report = self.rotate(code=1)
        self.assertEqual((report["resealed"], report["left"]), (3, 1))
        self.assertEqual(report["retired"], ["ch1"])
        self.assertIn("octocat", report["not_opened"][0])
        named = [line["what"] for line in self.doctor() if not line["good"]]
        self.assertEqual(named, ["sealed GitHub token of octocat"])
        # Mended, the same rotation comes to its end: no third key.
        self.streaky("user", "remove", "octocat", "--yes", code=None)
        self.add("octocat")
        self.assertEqual(self.rotate()["retired"], ["k1"])
        self.assertEqual(set(self.keys()), {"k2", "ch2"})

    def test_keys_are_prepared_for_a_fleet_first(self):
        self.add("octocat")
        self.streaky("keys", "rotate", "--prepare")
        self.assertTrue(self.keys()["k2"]["prepared"])
        self.add("mona")
        self.assertEqual(self.prefixes(), {"v1.k1", "c1.ch1"})
        self.streaky("keys", "rotate", "--prepare", code=3)
        self.rotate()
        self.assertEqual(set(self.keys()), {"k2", "ch2"})

    def test_a_machine_with_the_prepared_keys_follows_a_rotation(self):
        self.add("octocat")
        self.streaky("keys", "rotate", "--prepare")
        other = self.machine("other")
        self.rotate()
        done = self.streaky(*other, "doctor", "--json", code=None)
        self.assertIn("was retired: put the newest key file there", done.stdout)
        self.streaky(*other, "user", "add", "hubot", "--github-token", "ghp_0123456789abcdef")
        self.assertEqual(self.prefixes(), {"v1.k2", "c1.ch2"})
        self.assertFalse(self.keys(*other)["k2"]["prepared"])

    def test_a_proxys_keys_are_not_rotated_beside_a_database(self):
        proxy = self.folder / "proxy.keys"
        self.streaky("keys", "new", "--proxy", proxy)
        self.add("octocat")
        proxy.write_text("prepared " + proxy.read_text().splitlines()[-1] + "\n")
        done = self.streaky("--keys-file", proxy, "keys", "rotate", code=3)
        self.assertIn("holds none of the keys", done.stderr)

    def test_a_credential_of_the_service_manager_is_rotated_in_two_steps(self):
        folder = self.folder / "credentials"
        folder.mkdir()
        (folder / "streaky.keys").write_text(LEGACY_KEYS)
        (folder / "streaky.keys").chmod(0o440)
        done = self.streaky("keys", "rotate", code=3, CREDENTIALS_DIRECTORY=str(folder))
        self.assertRegex(done.stderr, "--prepare.*restart everything")

    def test_a_second_machine_does_not_rotate_by_itself(self):
        self.add("octocat")
        other = self.machine("other")
        before = other[1].read_bytes()
        self.rotate()
        for command in (["keys", "rotate"], ["serve"], ["user", "add", "hubot"]):
            done = self.streaky(*other, *command, code=3)
            self.assertIn("holds none of the keys", done.stderr)
        self.assertEqual(other[1].read_bytes(), before)
        keys = self.keys(*other, code=1)
        self.assertEqual((keys["k2"]["missing"], keys["k2"]["values"]), (True, 1))
        self.assertEqual(self.prefixes(), {"v1.k2", "c1.ch2"})

    def test_two_machines_that_prepared_different_keys_do_not_both_use_them(self):
        self.add("octocat")
        other = self.machine("other")
        self.streaky("keys", "rotate", "--prepare")
        self.streaky(*other, "keys", "rotate", "--prepare")
        self.add("mona")
        with sqlite3.connect(self.data / "streaky.db") as database:  # keeps the older keys in use
            database.execute("UPDATE users SET sealed_token = (SELECT sealed_token FROM users "
                             "WHERE login = 'mona') WHERE login = 'octocat'")
            database.execute("UPDATE channels SET sealed = (SELECT MAX(sealed) FROM channels)")
        self.rotate(code=1)
        done = self.streaky(*other, "keys", "rotate", code=3)
        self.assertIn("lacks keys of stored values", done.stderr)

    def test_a_deployment_moves_to_a_proxy(self):
        self.add("octocat")
        proxy = self.folder / "proxy.keys"
        self.streaky("keys", "rotate", "--proxy", proxy)
        self.assertEqual(self.prefixes(), {"v1.k1", "c1.ch1"})
        self.assertEqual(self.rotate()["retired"], ["k1", "ch1"])
        self.assertEqual(self.prefixes(), {"v1.k2", "c1.ch2"})
        self.assertFalse(self.keys()["ch2"]["opens"])
        # The next rotation leaves the proxy's key alone.
        self.assertEqual(self.rotate()["retired"], ["k2"])
        self.assertEqual(self.prefixes(), {"v1.k3", "c1.ch2"})

    def test_a_value_sealed_before_and_written_after_is_refused_not_lost(self):
        self.add("octocat")
        old = self.sealed()
        self.rotate()
        with sqlite3.connect(self.data / "streaky.db") as database:
            with self.assertRaisesRegex(sqlite3.IntegrityError, "retired"):
                database.execute("UPDATE channels SET sealed = ?",
                                 [next(value for value in old if value.startswith("c1"))])


class FixedKeys(Keys):
    """A running process that read its keys once, from a variable or from systemd."""

    def setUp(self):
        super().setUp()
        self.add("octocat")
        self.file = ("--keys-file", self.key_file)

    def as_text(self):
        lines = self.key_file.read_text().splitlines()
        return ";".join(line for line in lines if line and not line.startswith("#"))

    def serve_with(self, **environment):
        before = dict(self.environment)
        self.environment.update(environment)
        process = self.serve("--role", "scheduler")
        self.environment = before
        self.beaten()
        return process

    def beaten(self):
        """Its row tells of its keys."""
        until("a beat", lambda: len(self.rows("SELECT 1 FROM members")) == 1)

    def leave(self, process):
        self.assertEqual(self.end(process, signal.SIGTERM), 0)

    def test_rotation_waits_until_who_has_fixed_keys_was_given_the_new_ones(self):
        process = self.serve_with(STREAKY_KEYS_TEXT=self.as_text())
        keys, stored = self.key_file.read_bytes(), self.sealed()
        done = self.streaky("keys", "rotate", code=3)
        self.assertRegex(done.stderr, r"read their keys once.*\(scheduler\).*--prepare.*restart")
        self.assertEqual(len(done.stderr.splitlines()), 1)
        self.assertEqual((self.key_file.read_bytes(), self.sealed()), (keys, stored))
        self.streaky("keys", "rotate", "--prepare")
        self.streaky("keys", "rotate", code=3)
        self.assertEqual(self.prefixes(), {"v1.k1", "c1.ch1"})
        self.leave(process)
        self.serve_with(STREAKY_KEYS_TEXT=self.as_text())
        self.assertEqual(self.rotate()["left"], 0)
        self.assertEqual(self.prefixes(), {"v1.k2", "c1.ch2"})

    def test_a_credential_of_the_service_manager_is_fixed_too(self):
        folder = self.folder / "credentials"
        folder.mkdir()
        shutil.copy2(self.key_file, folder / "streaky.keys")
        self.serve_with(CREDENTIALS_DIRECTORY=str(folder))
        self.assertIn("read their keys once", self.streaky("keys", "rotate", code=3).stderr)
        self.rotate("--force")
        self.assertEqual(self.prefixes(), {"v1.k2", "c1.ch2"})

    def test_who_reads_a_key_file_or_has_ended_is_not_waited_for(self):
        process = self.serve_with()
        self.rotate()
        self.leave(process)
        self.leave(self.serve_with(STREAKY_KEYS_TEXT=self.as_text()))
        self.rotate()
        self.assertEqual(self.prefixes(), {"v1.k3", "c1.ch3"})

    def test_what_the_fleet_is_told_of_keys_is_their_names_alone(self):
        self.serve_with(STREAKY_KEYS_TEXT=self.as_text())
        told = self.rows("SELECT fixed_keys FROM members")[0][0].split()
        self.assertEqual({plain(prefix.rstrip(".")) for prefix in told}, {"v1.k1", "c1.ch1"})


class UnderLoad(Keys):
    def edit_until(self, done, problems):
        """Users change their channels all the while."""
        number = 0
        while not done.is_set():
            number += 1
            result = self.add(f"editor{number % 5}", code=None)
            if result.returncode != 0 and "retired" not in result.stderr:
                problems.append(result.stderr)

    def test_rotation_while_serving_survives_kills(self):
        world = self.start_world("--users", "800", "--seed", "12")
        self.move_in(world)
        self.serve()
        dice = random.Random(7)
        done, problems = threading.Event(), []
        editor = threading.Thread(target=self.edit_until, args=(done, problems))
        editor.start()
        self.addCleanup(editor.join)
        self.addCleanup(done.set)
        killed = 0
        for _ in range(4):
            for _ in range(6):
                process = subprocess.Popen(
                    [BIN / "streaky", "--data", self.data, "keys", "rotate"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment)
                try:
                    process.wait(timeout=dice.uniform(0.02, 0.25))
                except subprocess.TimeoutExpired:
                    self.end(process, signal.SIGKILL)
                    killed += 1
            self.rotate()
        self.assertGreater(killed, 0, "no rotation was ever cut short")
        # A round in the midst of a last rotation: who should hear hears, so everything opened.
        world.control("reset-ledger")
        trigger = subprocess.Popen([BIN / "streaky", "--data", self.data, "batch", "trigger",
                                    "--wait", "--json"], stdout=subprocess.PIPE, text=True,
                                   env=self.environment)
        self.rotate()
        out, _ = trigger.communicate(timeout=200)
        done.set()
        editor.join()
        self.assertEqual(problems, [])
        self.assertEqual(json.loads(out)["could_not_tell"], 0, out)
        audit = world.get("audit")
        self.assertEqual((audit["missed"], audit["false_alarms"]), (0, 0), audit)
        self.rotate()
        self.assertTrue(all(line["good"] for line in self.doctor()), self.doctor())
        used = {prefix.split(".")[1] for prefix in self.prefixes()}
        self.assertEqual(set(self.keys()), used, "old keys have retired, and none that is needed")
        self.assertFalse(list(self.folder.glob("data.keys.*")), "nothing is left behind")


if __name__ == "__main__":
    unittest.main()
