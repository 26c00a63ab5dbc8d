"""Several processes on one PostgreSQL, judged by the world's own ledger."""
import json
import signal
import unittest

from support import PostgresTest, fetch, until


class Fleet(PostgresTest):
    def sent(self, world):
        stats = world.get("stats")
        return stats["discord"]["requests"] + stats["telegram"]["requests"]

    def test_one_process_does_the_whole_round(self):
        world = self.start_world("--users", "300", "--seed", "21", "--lift-limits")
        self.move_in(world)
        self.serve()
        world.control("reset-ledger")
        done = self.streaky("batch", "trigger", "--wait", "--json", code=None)
        audit = world.get("audit")
        self.assertTrue(audit["ok"], (audit, done.stdout, done.stderr))
        self.assertGreater(audit["heard"], 50)
        # A second round tells nobody twice.
        self.streaky("batch", "trigger", "--wait", code=None)
        self.assertTrue(world.get("audit")["ok"], world.get("audit"))

    def test_schedulers_and_workers_apart_and_one_worker_killed(self):
        world = self.start_world("--users", "600", "--seed", "22", "--lift-limits", "--by-day",
                                 "--github-latency-ms", "300", "--channel-latency-ms", "300")
        self.move_in(world, remind_at=["00:01"])
        # A worker that vanishes is missed by its beats, long before its leases end.
        self.environment.update(STREAKY_ENGINE_IN_FLIGHT="100", STREAKY_ENGINE_LEASE="10m")
        first, _ = self.serve("--role", "worker"), self.serve("--role", "worker")
        world.control("reset-ledger")
        for _ in range(2):
            self.serve("--role", "scheduler")
        self.make_all_due()
        until("the first messages", lambda: self.sent(world) > 20)
        self.end(first, signal.SIGKILL)
        held = f"owner LIKE '%:{first.pid}:%'"
        self.assertGreater(self.number(f"SELECT COUNT(*) FROM jobs WHERE {held}"), 0)
        until("its claims to be free", lambda: self.number(
            f"SELECT (SELECT COUNT(*) FROM jobs WHERE {held}) +"
            f" (SELECT COUNT(*) FROM deliveries WHERE {held})") == 0, 30)
        until("all jobs", lambda: self.number("SELECT COUNT(*) FROM jobs") == 600)
        until("the end of the round", self.all_settled, 120)
        audit = world.get("audit")
        self.assertEqual(audit["missed"] + audit["false_alarms"], 0, audit)
        self.assertEqual(audit["heard"], audit["should_hear"], audit)
        # Only what the killed worker had on its way may have come twice: those say so themselves.
        lost = self.number("SELECT COUNT(*) FROM deliveries WHERE maybe_seen = 1")
        self.assertLessEqual(audit["doubles"], lost, audit)
        self.assertEqual(self.number("SELECT COUNT(*) FROM users WHERE next_check_at IS NULL"), 0)

    def test_two_workers_share_one_token_and_the_pace_of_the_channels(self):
        """The real limits of GitHub and of the channels, which one worker alone would use up."""
        world = self.start_world("--users", "4000", "--seed", "26", "--by-day",
                                 "--github-latency-ms", "1500", tokens=1)
        # The first look at so many takes more computing time than GitHub gives, whoever asks.
        world.control("cpu", query_ms=0, window_ms=1, hundred_days_ms=0)
        self.move_in(world, remind_at=["00:01"])
        self.environment.update(STREAKY_DISCORD_PER_SECOND="50")
        workers = [self.serve("--role", "worker") for _ in range(2)]
        until("two who know each other", lambda: len(self.status()["processes"]) == 2)
        # Until each has heard of the other, the later one asks little.
        beats = "SELECT COUNT(*) FROM members WHERE beat_at >= started_at + 10000"
        until("two beats of both", lambda: self.number(beats) == 2)
        world.control("reset-ledger")
        self.serve("--role", "scheduler")
        self.make_all_due()
        crowded = "SELECT COUNT(*) FROM (SELECT channel_id FROM deliveries WHERE state = 'sending' " \
                  "GROUP BY channel_id HAVING COUNT(DISTINCT owner) > 1) c"

        def round_over():
            self.assertEqual(self.number(crowded), 0)
            return self.number("SELECT COUNT(*) FROM jobs") == 4000 and self.all_settled()

        until("the end of the round", round_over, 180)
        self.assertTrue(world.get("audit")["ok"], world.get("audit"))
        for worker in workers:
            metrics = fetch(f"{worker.url}/metrics")
            self.assertNotIn('streaky_github_failures_total{code="secondary_limit"}', metrics)
            self.assertIn("streaky_github_requests_total", metrics)
        self.assertGreater(self.number("SELECT SUM(points_taken) FROM token_slices"), 0)

    def status(self, code=0):
        return json.loads(self.streaky("status", "--json", code=code).stdout)

    def test_the_fleet_can_be_seen(self):
        world = self.start_world("--users", "40", "--seed", "23", "--lift-limits")
        self.move_in(world)
        self.assertEqual(self.status(code=1)["processes"], [])
        worker = self.serve("--role", "worker")
        others = [self.serve("--role", roles) for roles in ("scheduler", "web,scheduler")]
        until("three members", lambda: len(self.status()["processes"]) == 3)
        members = self.status()["processes"]
        self.assertEqual(sorted(one["roles"] for one in members),
                         ["scheduler", "scheduler,web", "worker"])
        self.streaky("batch", "trigger", "--wait", code=None)
        until("the worker's checks", lambda: sum(
            one["checks_per_minute"] for one in self.status()["processes"]) > 0)
        def shown():
            metrics = fetch(f"{others[0].url}/metrics")
            return 'streaky_fleet_processes{role="worker"} 1' in metrics and \
                'streaky_fleet_processes{role="scheduler"} 2' in metrics
        until("the fleet in /metrics", shown)
        # Who ends in order is gone at once; without a worker the exit code says so.
        self.assertEqual(self.end(worker, signal.SIGTERM), 0)
        self.assertEqual(len(self.status(code=1)["processes"]), 2)
        text = self.streaky("status", code=1).stdout
        self.assertIn("0 checks wait, 0 in hand", text)
        self.assertIn("no worker is at work", text)
        self.assertRegex(text, r"active users: 40\n")
        self.assertRegex(text, r"discord: \d+ on, \d+ off; of the last day \d+ sent")

    def test_keys_are_not_rotated_past_who_has_fixed_ones(self):
        world = self.start_world("--users", "40", "--seed", "26", "--lift-limits")
        self.move_in(world)
        keys = (self.folder / "fleet.keys").read_text().splitlines()
        file = self.environment.pop("STREAKY_KEYS_FILE")
        self.environment["STREAKY_KEYS_TEXT"] = ";".join(line for line in keys if line)
        fixed = self.serve("--role", "worker")
        del self.environment["STREAKY_KEYS_TEXT"]
        self.environment["STREAKY_KEYS_FILE"] = file
        self.serve("--role", "scheduler")
        until("both members", lambda: len(self.status()["processes"]) == 2)
        done = self.streaky("keys", "rotate", code=3)
        self.assertIn(f":{fixed.pid}:", done.stderr)
        self.assertEqual(done.stderr.count("(worker)"), 1, done.stderr)
        # Missed like any other that is killed.
        self.end(fixed, signal.SIGKILL)
        until("it is missed", lambda: self.streaky("keys", "rotate", code=None).returncode == 0, 30)

    def test_a_worker_listens_for_news(self):
        self.serve("--role", "worker")
        listening = "SELECT COUNT(*) FROM pg_stat_activity WHERE query = 'LISTEN streaky_jobs' " \
                    f"AND datname = '{self.database}'"
        until("the listener", lambda: self.number(listening) == 1)
        # A listener whose connection is lost comes back.
        self.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                  f"query = 'LISTEN streaky_jobs' AND datname = '{self.database}'")
        until("the listener again", lambda: self.number(listening) == 1)

    def test_behind_pgbouncer_in_transaction_mode(self):
        """Fewer connections to the server than the fleet has, each for one transaction at a time."""
        pool, straight = 3, self.environment["STREAKY_STORE_URL"]
        port = self.start_pgbouncer(pool)
        self.environment.update(
            STREAKY_STORE_URL=f"postgresql://streaky@127.0.0.1:{port}/{self.database}"
                              "?sslmode=disable&gssencmode=disable",
            STREAKY_STORE_LISTEN_URL=straight)
        world = self.start_world("--users", "300", "--seed", "25", "--lift-limits", "--by-day",
                                 "--github-latency-ms", "100")
        self.move_in(world, remind_at=["00:01"])
        for role in ("worker", "worker", "scheduler"):
            self.serve("--role", role)
        world.control("reset-ledger")
        self.make_all_due()
        until("all jobs", lambda: self.number("SELECT COUNT(*) FROM jobs") == 300)
        until("the end of the round", self.all_settled, 120)
        self.assertTrue(world.get("audit")["ok"], world.get("audit"))
        used = self.number("SELECT COUNT(*) FROM pg_stat_activity WHERE application_name = "
                           f"'streaky' AND datname = '{self.database}' AND query NOT LIKE 'LISTEN%'")
        self.assertLessEqual(used, pool)


if __name__ == "__main__":
    unittest.main()
