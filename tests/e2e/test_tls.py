"""HTTPS as the real services speak it: certificates are verified, HTTP/2 is used, and connections
that the other side ends in the middle of a round cost nobody a message or a second one."""
import json
import signal
import subprocess
import unittest

from support import BIN, ProcessTest, fetch, free_port, until
import tls_front  # tests/support, of which support tells the path


class Tls(ProcessTest):
    def start_world(self, *flags, tokens=10):
        self.world = super().start_world(*flags, tokens=tokens)
        return self.world

    def put_front(self, name="IP:127.0.0.1", days=2, **options):
        """nginx before the world; everything of the world is reached through it from now on."""
        tls_front.make_certificates(self.folder, name, days)
        port = free_port()
        world_port = self.world.url.rpartition(":")[2]
        front = subprocess.Popen(tls_front.command(self.folder, world_port, port, **options),
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(self.end, front, signal.SIGTERM)  # its workers would outlive a kill
        until("nginx", lambda: tls_front.answers(port))
        self.environment.update({f"STREAKY_{service}_API_URL": f"https://127.0.0.1:{port}"
                                 for service in ("GITHUB", "DISCORD", "TELEGRAM")})
        return front

    def trusting(self, *arguments, code=None):
        """A command that has the front's authority among the system's."""
        done = subprocess.run(
            [*tls_front.trusting(self.folder), BIN / "streaky", "--data", self.data, *arguments],
            text=True, capture_output=True, timeout=240, env=self.environment)
        if code is not None:
            self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done

    def round(self, *flags, **options):
        world = self.start_world("--users", "300", "--seed", "6", "--lift-limits", *flags)
        self.move_in(world)
        self.put_front(**options)
        world.control("reset-ledger")
        self.trusting("batch", "trigger", "--wait", "--json")
        return world.get("audit")

    def test_a_round_over_http_2(self):
        audit = self.round()
        self.assertTrue(audit["ok"], audit)
        self.assertGreater(audit["heard"], 0, audit)

    def test_a_round_over_http_1_1(self):
        audit = self.round(http2=False, tls="TLSv1.2")
        self.assertTrue(audit["ok"], audit)

    def test_connections_that_end_after_a_few_requests(self):
        audit = self.round("--channel-latency-ms", "50", requests=7)
        self.assertEqual(audit["missed"] + audit["false_alarms"], 0, audit)
        self.assertEqual(audit["heard"], audit["should_hear"], audit)
        # What was refused with the connection's end had not been taken on: nobody hears twice.
        self.assertEqual(audit["doubles"], 0, audit)

    def check_is_refused(self, **certificate):
        world = self.start_world("--users", "5", "--seed", "2", "--lift-limits")
        users = [json.loads(line) for line in
                 fetch(f"{world.url}/control/users.jsonl").splitlines()]
        before = world.get("stats")["github"]["requests"]
        self.put_front(**certificate)
        done = self.trusting("check", users[0]["login"], code=3)
        self.assertIn("no secure connection to 127.0.0.1", done.stderr + done.stdout)
        self.assertEqual(world.get("stats")["github"]["requests"], before)

    def test_a_certificate_for_another_name_is_refused(self):
        self.check_is_refused(name="DNS:api.github.com")

    def test_a_certificate_that_has_ended_is_refused(self):
        self.check_is_refused(days=-1)

    def test_an_unknown_authority_is_refused_and_nothing_is_sent(self):
        world = self.start_world("--users", "60", "--seed", "8", "--lift-limits")
        self.move_in(world)
        self.put_front()
        world.control("reset-ledger")
        before = world.get("stats")["github"]["requests"]
        self.streaky("batch", "trigger")
        serve = self.serve("--role", "worker")  # without the front's authority

        def tried():
            return "streaky_github_failures_total" in fetch(f"{serve.url}/metrics")

        until("an attempt", tried)
        self.assertEqual(world.get("stats")["github"]["requests"], before)
        self.assertEqual(world.get("audit")["heard"], 0)


if __name__ == "__main__":
    unittest.main()
