"""The daily round with real processes, judged by the world's own ledger."""
import json
import os
import signal
import subprocess
import unittest

from support import BIN, ROOT, ProcessTest, fetch, until


class Round(ProcessTest):
    def test_the_demo_ends_well(self):
        done = subprocess.run(
            [ROOT / "scripts/demo"], capture_output=True, text=True, timeout=240,
            env={**os.environ, "ONCE": "1", "USERS": "120", "SEED": "5", "GITHUB_MS": "30",
                 "CHANNEL_MS": "20", "STREAKY_BIN": str(BIN)})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("Everybody who should hear heard exactly once", done.stdout)

    def test_kill_9_in_mid_round_and_the_round_ends_all_the_same(self):
        world = self.start_world("--users", "400", "--seed", "9", "--lift-limits",
                                 "--github-latency-ms", "300", "--channel-latency-ms", "300")
        self.move_in(world)
        serve = self.serve("--role", "worker")
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        until("the first message", lambda: world.get("stats")["discord"]["requests"] > 20)
        self.end(serve, signal.SIGKILL)
        in_flight = world.get("stats")["discord"]["requests"] + \
            world.get("stats")["telegram"]["requests"]
        # Leases of the dead last at most 30 s.
        self.serve("--role", "worker")
        until("the end of the round", lambda: self.batch()["settled"], 120)
        audit = world.get("audit")
        self.assertEqual(audit["missed"], 0, audit)
        self.assertEqual(audit["false_alarms"], 0, audit)
        self.assertEqual(audit["heard"], audit["should_hear"], audit)
        # Only what was on its way when the process died may have come twice.
        self.assertLessEqual(audit["doubles"], in_flight, audit)

    def test_sigterm_finishes_what_is_under_way(self):
        world = self.start_world("--users", "200", "--seed", "4", "--lift-limits",
                                 "--github-latency-ms", "400", "--channel-latency-ms", "200")
        self.move_in(world)
        serve = self.serve("--role", "worker")
        world.control("reset-ledger")
        self.streaky("batch", "trigger")
        until("a request", lambda: world.get("stats")["github"]["requests"] > 0)
        self.assertEqual(self.end(serve, signal.SIGTERM), 0)
        batch = self.batch()
        self.assertEqual(batch["processing"], 0, batch)
        self.streaky("batch", "trigger", "--wait", code=None)
        until("the end of the round", lambda: self.batch()["settled"])
        audit = world.get("audit")
        self.assertTrue(audit["ok"], audit)

    def test_a_worker_and_a_command_share_the_folder(self):
        world = self.start_world("--users", "60", "--seed", "2", "--lift-limits")
        self.move_in(world)
        world.control("reset-ledger")
        # No `serve` is at work: the command does the round itself.
        done = self.streaky("batch", "trigger", "--wait", "--json", code=None)
        self.assertIn("working through the batch myself", done.stderr)
        self.assertTrue(world.get("audit")["ok"], world.get("audit"))
        # A second trigger tells nobody twice, with two workers on the same folder.
        self.serve("--role", "worker")
        self.serve("--role", "worker")
        logs = [(self.folder / f"serve-{number}.log").read_text() for number in (1, 2)]
        self.assertEqual(["as if it were alone" in log for log in logs], [False, True], logs)
        self.streaky("batch", "trigger", "--wait", code=None)
        self.assertTrue(world.get("audit")["ok"], world.get("audit"))

    def test_the_scheduler_finds_who_is_due(self):
        world = self.start_world("--users", "30", "--seed", "3", "--lift-limits")
        self.move_in(world)
        serve = self.serve()
        metrics = fetch(f"{serve.url}/metrics")
        self.assertIn("streaky_peak_memory_bytes", metrics)
        self.assertEqual(world.get("audit")["false_alarms"], 0)


if __name__ == "__main__":
    unittest.main()
