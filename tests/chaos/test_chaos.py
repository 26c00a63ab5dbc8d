"""Real processes, a real PostgreSQL and the simulated world, while things are killed, frozen and cut
off. The world's own ledger judges.

CHAOS_USERS, CHAOS_KILLS and CHAOS_SEED make it longer (`make chaos`).
"""
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "e2e"))

from gate import Gate  # noqa: E402
from support import BIN, PROXY_SECRET, ROOT, PostgresTest, free_port, until  # noqa: E402

USERS = int(os.environ.get("CHAOS_USERS", "1000"))
KILLS = int(os.environ.get("CHAOS_KILLS", "16"))
SEED = int(os.environ.get("CHAOS_SEED", str(random.randrange(1_000_000))))
KILL_EVERY = 0.3
CLOCKS_APART = 90  # seconds
CLOSED_FOR = 3
RECOVERS_WITHIN = 10  # seconds after the database is back


class Chaos(PostgresTest):
    def setUp(self):
        super().setUp()
        self.dice = random.Random(SEED)
        self.environment.update(STREAKY_ENGINE_LEASE="5s", STREAKY_ENGINE_IN_FLIGHT="100")
        self.fleet = []
        self.possible_doubles = 0

    def start(self, name, *arguments, **environment):
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([BIN / "streaky", "--data", *arguments], stderr=log,
                                       stdout=log, env={**self.environment, **environment})
        self.addCleanup(self.end, process)
        self.fleet.append(process)
        return process

    def launch(self, role, ahead=0):
        """A process whose clock is so many seconds ahead of the others'."""
        environment = {}
        if ahead:
            environment = {"LD_PRELOAD": str((BIN / "libshifted_clock.so").resolve()),
                           "SHIFTED_CLOCK_S": str(ahead)}
        process = self.start(role, self.data, "serve", "--role", role, "--listen",
                             f"127.0.0.1:{free_port()}", **environment)
        process.again = lambda: self.launch(role, ahead)
        process.in_hand = lambda: self.sending(process)
        return process

    def launch_proxy(self, port):
        process = self.start("proxy", self.folder / "proxy", "proxy", "--listen",
                             f"127.0.0.1:{port}", "--keys-file", self.folder / "proxy.keys")
        process.again = lambda: self.launch_proxy(port)
        # Any worker's message may be in its hands.
        process.in_hand = lambda: self.number(
            "SELECT COUNT(*) FROM deliveries WHERE state = 'sending'")
        return process

    def inhabit(self, users):
        world = self.start_world("--users", str(users), "--seed", str(SEED), "--lift-limits",
                                 "--by-day",
                                 "--github-latency-ms", "200", "--channel-latency-ms", "200")
        self.move_in(world, remind_at=["00:01"])
        world.control("reset-ledger")
        self.users = users
        return world

    def await_fleet(self, members):
        until("the fleet", lambda: self.number("SELECT COUNT(*) FROM members") == members)

    def begin(self, *roles, users=USERS, proxies=()):
        world = self.inhabit(users)
        for port in proxies:
            self.launch_proxy(port)
        for role in roles:
            self.launch(role)
        self.await_fleet(len(roles))
        self.make_all_due()
        return world

    def sending(self, process):
        """How many messages that process may have on the wire."""
        return self.number("SELECT COUNT(*) FROM deliveries WHERE state = 'sending' AND "
                           f"owner LIKE '%:{process.pid}:%'")

    def checked(self):
        return self.number("SELECT COUNT(*) FROM jobs WHERE state = 'completed'")

    def judge(self, world):
        seconds = 180 + self.users / 50
        try:
            until("all jobs", lambda: self.number("SELECT COUNT(*) FROM jobs") == self.users,
                  seconds)
            until("the end of the round", self.all_settled, seconds)
        except AssertionError as error:
            raise AssertionError(f"seed {SEED}: {error}\n{self.what_is_open()}") from None
        audit = world.get("audit")
        del audit["offences"][3:]
        told = f"seed {SEED}, {self.possible_doubles} possible doubles: {audit}"
        self.assertEqual(audit["missed"] + audit["false_alarms"], 0, told)
        self.assertEqual(audit["heard"], audit["should_hear"], told)
        self.assertLessEqual(audit["doubles"], self.possible_doubles, told)
        # The database knows which messages those may be.
        known = self.number("SELECT COUNT(*) FROM deliveries WHERE maybe_seen = 1")
        self.assertLessEqual(audit["doubles"], known, told)
        left = self.number("SELECT COUNT(*) FROM jobs WHERE state <> 'completed'")
        self.assertEqual(left, 0, told)
        print(f"{self._testMethodName}: {told}", file=sys.stderr)

    def what_is_open(self):
        told = [self.psql(f"SELECT '{table}', t.* FROM {table} t WHERE state IN "
                          "('pending', 'processing', 'sending') LIMIT 5")
                for table in ("jobs", "deliveries")]
        logs = [log.read_text()[-3000:] for log in self.folder.glob("*.log")]
        return "\n".join([str(int(time.time() * 1000)), *told, *logs])

    def test_processes_are_killed_one_after_the_other(self):
        ports = [free_port() for _ in range(2)]
        self.environment.update(
            STREAKY_PROXY_URLS=",".join(f"http://127.0.0.1:{port}" for port in ports),
            STREAKY_PROXY_SECRET=PROXY_SECRET)
        self.streaky("keys", "new", "--proxy", self.folder / "proxy.keys")
        world = self.begin(*["scheduler"] * 3, *["worker"] * 4, proxies=ports)
        for _ in range(KILLS):
            victim = self.dice.choice(self.fleet)
            self.fleet.remove(victim)
            before = victim.in_hand()
            self.end(victim, signal.SIGKILL)
            self.possible_doubles += max(before, victim.in_hand())
            victim.again()
            time.sleep(KILL_EVERY)
        self.judge(world)

    def test_clocks_are_far_apart(self):
        """Leases, far shorter, go by the database's clock; whose hour has come, by each one's own."""
        world = self.inhabit(USERS // 2)
        # Nobody's midnight: it would come for these processes at different times.
        until("a moment between quarters of an hour", lambda: 60 < time.time() % 900 < 780, 200)
        for role in ("scheduler", "worker"):
            for ahead in (CLOCKS_APART // 2, -CLOCKS_APART // 2):
                self.launch(role, ahead)
        self.await_fleet(4)
        # Some for both schedulers, some for one of them alone.
        now = int(time.time() * 1000)
        self.psql("UPDATE users SET next_check_at = "
                  f"{now} + ((id % {CLOCKS_APART}) - {CLOCKS_APART * 2 // 3}) * 1000 "
                  "WHERE status = 'active'")
        self.judge(world)

    def test_a_frozen_worker_thaws_after_others_have_taken_over(self):
        world = self.begin("scheduler", "worker", "worker", users=400)
        victim = self.fleet[1]
        until("messages on the wire", lambda: self.sending(victim) > 0)
        victim.send_signal(signal.SIGSTOP)
        self.possible_doubles = self.sending(victim)
        until("the others' end of the round", self.all_settled, 120)
        victim.send_signal(signal.SIGCONT)
        until("its return to the fleet", lambda: self.number(
            "SELECT COUNT(*) FROM members WHERE roles = 'worker'") == 2)
        self.judge(world)

    def test_the_database_is_started_anew_in_mid_round(self):
        self.own_server()
        world = self.begin("scheduler", "worker", "worker")
        until("the first checks", lambda: self.checked() > 20)
        before = self.checked()
        self.possible_doubles = self.number("SELECT COUNT(*) FROM deliveries")
        subprocess.run([ROOT / "scripts/scratch-postgres", "crash", self.server], check=True)
        self.recovers(before)
        self.judge(world)

    def test_a_standby_takes_over_and_the_old_primary_never_comes_back(self):
        self.own_server()
        primary, standby = self.server, pathlib.Path(tempfile.mkdtemp(prefix="streaky-pg-"))
        scratch = ROOT / "scripts/scratch-postgres"
        self.addCleanup(subprocess.run, [scratch, "stop", standby])
        subprocess.run([scratch, "standby", standby, primary], check=True)
        until("a synchronous standby", lambda: self.psql(
            "SELECT COUNT(*) FROM pg_stat_replication WHERE sync_state = 'sync'",
            "postgres") == "1")
        self.environment["STREAKY_STORE_URL"] = (
            f"postgresql:///{self.database}?user=streaky&host={primary},{standby}"
            "&target_session_attrs=read-write&connect_timeout=2")
        world = self.begin("scheduler", "worker", "worker")
        until("the first checks", lambda: self.checked() > 20)
        done = "SELECT id FROM jobs WHERE state = 'completed'"
        acknowledged = set(self.psql(done).split())
        self.possible_doubles = self.number("SELECT COUNT(*) FROM deliveries")
        subprocess.run([scratch, "lose", primary], check=True)
        subprocess.run([scratch, "promote", standby], check=True)
        self.server = standby
        kept = set(self.psql(done).split())
        self.assertEqual(acknowledged - kept, set(), "what was acknowledged is lost")
        self.recovers(len(kept))
        self.judge(world)

    @unittest.skipUnless(os.getuid() == 0, "only root makes a small disk")
    def test_the_databases_disk_is_full_for_a_while(self):
        disk = pathlib.Path(tempfile.mkdtemp(prefix="streaky-pg-"))
        self.addCleanup(disk.rmdir)
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", disk])
        disk.chmod(0o755)
        self.own_server(disk / "pg")
        world = self.begin("scheduler", "worker", "worker")
        until("the first checks", lambda: self.checked() > 20)
        self.possible_doubles = self.number("SELECT COUNT(*) FROM deliveries")
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"x" * (1 << 20)):
                    pass
            except OSError:
                pass  # it is full
        until("a full disk", lambda: "No space left" in (self.server / "log").read_text())
        time.sleep(CLOSED_FOR)
        filler.unlink()
        subprocess.run([ROOT / "scripts/scratch-postgres", "start", self.server], check=True)
        before = self.checked()
        self.recovers(before)
        self.judge(world)

    def test_the_database_takes_no_connection_for_a_while(self):
        world = self.begin("scheduler", "worker", "worker")
        until("the first checks", lambda: self.checked() > 20)
        self.possible_doubles = self.number("SELECT COUNT(*) FROM deliveries")
        self.psql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS false", "postgres")
        self.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  f"WHERE datname = '{self.database}'", "postgres")
        time.sleep(CLOSED_FOR)
        self.psql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS true", "postgres")
        self.recovers(self.checked())
        self.judge(world)

    def test_the_way_to_the_database_is_cut_stalled_and_truncated(self):
        gate = Gate(self.server / ".s.PGSQL.5432")
        self.addCleanup(gate.stop)
        self.environment["STREAKY_STORE_URL"] = (
            f"postgresql://streaky@127.0.0.1:{gate.port}/{self.database}?gssencmode=disable"
            "&sslmode=disable")
        world = self.begin("scheduler", "worker", "worker")
        until("the first checks", lambda: self.checked() > 20)
        for mode, seconds in (("closed", 2), ("stalled", 2), ("truncating", 1)):
            before = self.checked()
            gate.set(mode)
            if mode == "closed":
                gate.reset_all()
            time.sleep(seconds)
            self.possible_doubles += self.number(
                "SELECT COUNT(*) FROM deliveries WHERE state = 'sending'")
            gate.set("open")
            if self.checked() < self.users:
                self.recovers(before)
        self.judge(world)

    def recovers(self, before):
        until("work after the database's return",
              lambda: self.checked() > before or self.all_settled(), RECOVERS_WITHIN)


if __name__ == "__main__":
    unittest.main()
