"""`streaky proxy` as a process of its own: the worker holds no key that opens a channel."""
import json
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import unittest
import urllib.error
import urllib.request

from support import BIN, PROXY_SECRET as SECRET, SANITIZED, ProcessTest, fetch, until


def memory_kb(pid, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise AssertionError(f"no {field}")


def status_of(url, body=b"{}", **headers):
    request = urllib.request.Request(url, data=body, headers={
        "Content-Type": "application/json", **{k.replace("_", "-"): v for k, v in headers.items()}})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


class Proxy(ProcessTest):
    def round(self, world):
        world.control("reset-ledger")
        self.streaky("batch", "trigger", "--wait", code=None)
        until("the end of the round", lambda: self.batch()["settled"], 120)
        return world.get("audit")

    def test_a_round_whose_ledger_is_right(self):
        world, (proxy,) = self.with_proxies("--users", "300", "--seed", "11")
        self.serve("--role", "worker")
        audit = self.round(world)
        self.assertTrue(audit["ok"], audit)
        self.assertGreater(audit["heard"], 50)
        metrics = fetch(f"{proxy.url}/metrics")
        sent = sum(float(line.rsplit(" ", 1)[1]) for line in metrics.splitlines()
                   if line.startswith("streaky_notify_total") and 'outcome="sent"' in line)
        self.assertGreaterEqual(sent, audit["heard"], "the messages left through the proxy")

    def test_the_worker_cannot_open_what_it_passes_on(self):
        world, _ = self.with_proxies("--users", "60", "--seed", "3")
        del self.environment["STREAKY_PROXY_URLS"]
        world.control("reset-ledger")
        self.serve("--role", "worker")
        self.streaky("batch", "trigger")
        until("the checks", lambda: self.batch()["pending"] + self.batch()["processing"] == 0)
        self.assertEqual(world.get("audit")["messages"], 0)

    def test_a_proxy_killed_in_mid_round_among_two(self):
        world, proxies = self.with_proxies("--users", "400", "--seed", "5", "--channel-latency-ms",
                                           "300", count=2)
        serve = self.serve("--role", "worker")
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        until("the first messages", lambda: world.get("stats")["discord"]["requests"] > 20)
        in_flight = world.get("stats")["discord"]["requests"] + \
            world.get("stats")["telegram"]["requests"]
        self.end(proxies[0], signal.SIGKILL)
        until("the end of the round", lambda: self.batch()["settled"], 120)
        audit = world.get("audit")
        self.assertEqual(audit["missed"], 0, audit)
        self.assertEqual(audit["false_alarms"], 0, audit)
        self.assertEqual(audit["heard"], audit["should_hear"], audit)
        self.assertLessEqual(audit["doubles"], self.possible_doubles(serve),
                             "every possible double is counted")
        self.assertLessEqual(audit["doubles"], in_flight + 200, audit)

    def test_a_proxy_that_hangs_among_two(self):
        world, proxies = self.with_proxies("--users", "200", "--seed", "16", count=2)
        serve = self.serve("--role", "worker")
        proxies[0].send_signal(signal.SIGSTOP)
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        until("the end of the round", lambda: self.batch()["settled"], 120)
        audit = world.get("audit")
        self.assertTrue(audit["ok"], audit)
        possible = self.possible_doubles(serve)
        self.assertGreater(possible, 0)
        # It wakes up and works through what it had been given: that is what was counted.
        proxies[0].send_signal(signal.SIGCONT)
        until("an idle proxy", lambda: "streaky_proxy_in_hand 0" in
              fetch(f"{proxies[0].url}/metrics"))
        audit = world.get("audit")
        self.assertEqual(audit["missed"] + audit["false_alarms"], 0, audit)
        self.assertLessEqual(audit["doubles"], possible, audit)

    @staticmethod
    def possible_doubles(serve):
        return next(float(line.rsplit(" ", 1)[1])
                    for line in fetch(f"{serve.url}/metrics").splitlines()
                    if line.startswith("streaky_proxy_possible_doubles_total"))

    def test_a_worker_killed_in_mid_round_tells_nobody_twice(self):
        """What it had sent is not known to its successor, but to the proxy."""
        world, (proxy,) = self.with_proxies("--users", "400", "--seed", "15",
                                            "--channel-latency-ms", "300")
        self.environment["STREAKY_ENGINE_LEASE"] = "5s"
        first = self.serve("--role", "worker")
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        until("the first messages", lambda: world.get("stats")["discord"]["requests"] > 20)
        self.end(first, signal.SIGKILL)
        self.serve("--role", "worker")
        until("the end of the round", lambda: self.batch()["settled"], 120)
        audit = world.get("audit")
        self.assertTrue(audit["ok"], audit)
        repeated = [line for line in fetch(f"{proxy.url}/metrics").splitlines()
                    if line.startswith("streaky_proxy_repeated_total{")]
        self.assertTrue(repeated, "some were brought again")

    def test_all_proxies_away_and_back(self):
        world, (proxy,) = self.with_proxies("--users", "60", "--seed", "8")
        self.end(proxy, signal.SIGKILL)
        world.control("reset-ledger")
        self.serve("--role", "worker")
        self.streaky("batch", "trigger")
        until("the checks", lambda: self.batch()["pending"] + self.batch()["processing"] == 0)
        self.assertEqual(world.get("audit")["messages"], 0)
        self.start_proxy(proxy.port)
        until("the messages", lambda: self.batch()["settled"], 120)
        audit = world.get("audit")
        self.assertTrue(audit["ok"], audit)

    def test_small_and_orderly(self):
        _, (proxy,) = self.with_proxies("--users", "1")
        if not SANITIZED:
            self.assertLessEqual(memory_kb(proxy.pid), 20_000_000 // 1024)
        self.assertEqual(self.end(proxy, signal.SIGTERM), 0)
        self.assertIn("stopped", proxy.log.read_text())
        self.assertFalse((self.folder / "proxy").exists(), "it keeps nothing")

    def test_sigterm_finishes_what_was_taken_in(self):
        world, (proxy,) = self.with_proxies("--users", "120", "--seed", "6", "--channel-latency-ms",
                                            "1500")
        self.serve("--role", "worker")
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        until("a message on its way", lambda: world.get("stats")["discord"]["requests"] > 5)
        self.assertEqual(self.end(proxy, signal.SIGTERM), 0)
        self.start_proxy(proxy.port)
        until("the end of the round", lambda: self.batch()["settled"], 120)
        audit = world.get("audit")
        self.assertTrue(audit["ok"], "an orderly stop loses and doubles nothing: " + str(audit))

    def test_the_originals_contract_over_the_wire(self):
        key = "0123456789abcdef0123456789abcdef"
        environment = {"STREAKY_PROXY_COMPAT": "true", "ENCRYPTION_KEY": key, "VPS_SECRET": SECRET}
        _, (proxy,) = self.with_proxies("--users", "1", **environment)
        url = f"{proxy.url}/send-notification"
        self.assertEqual(json.loads(fetch(f"{proxy.url}/health"))["service"],
                         "streaky-notification-proxy")
        self.assertEqual(status_of(url), (401, b""))
        self.assertEqual(status_of(url, X_API_Secret="wrong"), (401, b""))
        self.assertEqual(status_of(url, b"{", X_API_Secret=SECRET)[0], 400)
        self.assertEqual(status_of(url, b"{}", X_API_Secret=SECRET)[0], 422)
        self.assertEqual(status_of(url, b"x", X_API_Secret=SECRET, Content_Type="text/plain")[0],
                         415)
        body = {"type": "pigeon", "message": {"username": "u", "current_streak": 1, "message": "m"}}
        status, answer = status_of(url, json.dumps(body).encode(), X_API_Secret=SECRET)
        self.assertEqual((status, json.loads(answer)["success"]), (200, False))

    def test_our_worker_through_an_original_proxy(self):
        # Ours stands in for it, with the original's contract alone.
        key = "0123456789abcdef0123456789abcdef"
        world = self.start_world("--lift-limits", "--users", "120", "--seed", "2")
        self.streaky("keys", "new")
        compat = {"STREAKY_PROXY_COMPAT": "true", "ENCRYPTION_KEY": key, "VPS_SECRET": SECRET}
        proxy = self.start_proxy(**compat)
        self.environment.update(compat, STREAKY_PROXY_URLS=proxy.url)
        self.move_in(world)
        self.serve("--role", "worker")
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        # An original proxy does not tell dead channels apart, so the round has no end of its own.
        until("the messages", lambda: world.get("audit")["missed"] == 0 and
              world.get("audit")["heard"] == world.get("audit")["should_hear"])
        audit = world.get("audit")
        self.assertGreater(audit["heard"], 20)
        self.assertEqual(audit["doubles"], 0, audit)
        self.assertEqual(audit["false_alarms"], 0, audit)

    def test_what_the_options_lack_is_said(self):
        environment = {key: value for key, value in os.environ.items()
                       if not key.startswith("STREAKY_")}
        done = subprocess.run([BIN / "streaky", "--data", self.data, "proxy"], text=True,
                              capture_output=True, env=environment, timeout=30)
        self.assertEqual(done.returncode, 2)
        self.assertIn("proxy.secret is not set", done.stderr)
        done = subprocess.run([BIN / "streaky", "--data", self.data, "proxy"], text=True,
                              capture_output=True, timeout=30,
                              env={**environment, "STREAKY_PROXY_SECRET": "short"})
        self.assertEqual(done.returncode, 2)
        self.assertNotIn("short", done.stderr.replace("shortest", ""))
        done = subprocess.run([BIN / "streaky", "--data", self.data, "proxy"], text=True,
                              capture_output=True, timeout=30,
                              env={**environment, "STREAKY_PROXY_SECRET": SECRET,
                                   "STREAKY_PROXY_SEND_FROM": "192.0.2.77"})
        self.assertEqual(done.returncode, 2)
        self.assertIn("192.0.2.77, which is no address of this machine", done.stderr)

    def test_a_new_channel_key_comes_to_use_through_the_proxy(self):
        world, (proxy,) = self.with_proxies("--users", "80", "--seed", "13")
        before = self.doctor_of_keys()
        fresh = self.folder / "fresh.keys"
        self.streaky("keys", "rotate", "--proxy", fresh)
        # The proxy has not been given the new key yet: nothing is lost, and it is said.
        report = json.loads(self.streaky("keys", "rotate", "--json", code=1).stdout)
        self.assertGreater(report["left"], 0)
        self.assertIn("give it the newest", report["not_opened"][0])
        with (self.folder / "proxy.keys").open("a") as keys:
            keys.write(fresh.read_text())
        report = json.loads(self.streaky("keys", "rotate", "--json").stdout)
        self.assertEqual(report["left"], 0)
        self.assertRegex(report["channel"], "^ch2x")
        self.assertRegex(" ".join(report["retired"]), "^ch1x[0-9a-f]+$")
        self.assertEqual(self.doctor_of_keys(), before)
        self.serve("--role", "worker")
        audit = self.round(world)
        self.assertTrue(audit["ok"], audit)
        self.assertIsNone(proxy.poll())

    def a_round_with_keys_from(self, source):
        """What `source` makes of the text of the proxy's key file goes into its environment."""
        world, (proxy,) = self.with_proxies("--users", "60", "--seed", "4")
        self.end(proxy, signal.SIGTERM)
        keys = self.folder / "proxy.keys"
        environment = source(keys.read_text())
        keys.unlink()
        self.start_proxy(proxy.port, key_file=False, **environment)
        self.serve("--role", "worker")
        audit = self.round(world)
        self.assertTrue(audit["ok"], audit)
        self.assertGreater(audit["heard"], 10)

    def test_its_keys_come_from_a_variable(self):
        def variable(text):
            lines = [line for line in text.splitlines() if line and not line.startswith("#")]
            return {"STREAKY_KEYS_TEXT": ";".join(lines)}

        self.a_round_with_keys_from(variable)

    def test_its_keys_come_from_the_service_manager(self):
        def credential(text):
            folder = self.folder / "credentials"
            folder.mkdir(mode=0o700)
            (folder / "streaky.keys").write_text(text)
            (folder / "streaky.keys").chmod(0o400)
            return {"CREDENTIALS_DIRECTORY": str(folder)}

        self.a_round_with_keys_from(credential)

    def test_a_rotation_through_the_proxy_survives_kills_in_mid_round(self):
        world, (proxy,) = self.with_proxies("--users", "300", "--seed", "14",
                                            "--channel-latency-ms", "200")
        self.serve("--role", "worker")
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        dice = random.Random(3)
        killed = 0
        for number in (2, 3):
            fresh = self.folder / f"fresh-{number}.keys"
            self.streaky("keys", "rotate", "--proxy", fresh)
            with (self.folder / "proxy.keys").open("a") as keys:
                keys.write(fresh.read_text())
            for _ in range(6):
                rotation = subprocess.Popen(
                    [BIN / "streaky", "--data", self.data, "keys", "rotate"], env=self.environment,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                try:
                    rotation.wait(timeout=dice.uniform(0.02, 0.3))
                except subprocess.TimeoutExpired:
                    self.end(rotation, signal.SIGKILL)
                    killed += 1
            self.end(proxy, signal.SIGTERM)
            proxy = self.start_proxy(proxy.port)
            report = json.loads(self.streaky("keys", "rotate", "--json").stdout)
            self.assertEqual(report["left"], 0)
            self.assertRegex(report["channel"], f"^ch{number}x")
        self.assertGreater(killed, 0, "no rotation was ever cut short")
        until("the end of the round", lambda: self.batch()["settled"], 120)
        audit = world.get("audit")
        self.assertTrue(audit["ok"], audit)

    def test_doctor_proves_that_the_proxy_opens_what_is_stored(self):
        _, (proxy,) = self.with_proxies("--users", "40", "--seed", "9")
        name = f"proxy {proxy.url}"
        good, detail = self.findings()[name]
        self.assertTrue(good, detail)
        opened, known = map(int, re.search(r"opens (\d+) of (\d+)", detail).groups())
        self.assertEqual(opened, known)
        self.assertGreater(known, 20)
        # One value moved to somebody else.
        with sqlite3.connect(self.data / "streaky.db") as database:
            (one, login), (other, _) = database.execute(
                "SELECT channels.id, login FROM channels JOIN users ON users.id = user_id "
                "ORDER BY channels.id LIMIT 2").fetchall()
            database.execute("UPDATE channels SET sealed = (SELECT sealed FROM channels WHERE "
                             "id = ?) WHERE id = ?", (other, one))
        findings = self.findings()
        self.assertIn(f"opens {known - 1} of {known}", findings[name][1])
        bad = [what for what, (good, _) in findings.items() if not good and what != name]
        self.assertEqual(len(bad), 1, findings)
        self.assertRegex(bad[0], f"^sealed .* of {login}$")
        # A proxy with other keys, and one that is away.
        self.end(proxy)
        self.assertIn("no connection", self.findings()[name][1])
        (self.folder / "proxy.keys").unlink()
        data, self.data = self.data, self.folder / "another installation"
        self.data.mkdir()
        self.streaky("keys", "new", "--proxy", self.folder / "proxy.keys")
        self.data = data
        self.start_proxy(proxy.port)
        good, detail = self.findings()[name]
        self.assertFalse(good)
        self.assertIn("sealed_", detail)

    def findings(self):
        lines = map(json.loads, self.streaky("doctor", "--json", code=None).stdout.splitlines())
        return {line["what"]: (line["good"], line["detail"]) for line in lines}

    def doctor_of_keys(self):
        return self.findings()["keys"][1]


if __name__ == "__main__":
    unittest.main()
