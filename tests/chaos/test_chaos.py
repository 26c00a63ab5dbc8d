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
CLOSED_FOR_LONG = 25  # beyond leases, and beyond the silence that others wait for
RECOVERS_WITHIN = 10  # seconds after the database is back
HELD_BACK = 5  # messages
IN_PASSING = 300  # ms
HASTE = {"STREAKY_ENGINE_LEASE": "5s", "STREAKY_ENGINE_IN_FLIGHT": "100"}


class Chaos(PostgresTest):
    def setUp(self):
        super().setUp()
        self.dice = random.Random(SEED)
        self.environment.update(HASTE)
        self.fleet = []
        self.possible_doubles = 0
        self.seen = {}

    def as_delivered(self):
        """With the lease and the room that Streaky has where nobody says otherwise."""
        for name in HASTE:
            del self.environment[name]

    def start(self, name, *arguments, **environment):
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen([BIN / "streaky", "--data", *arguments], stderr=log,
                                       stdout=log, env={**self.environment, **environment})
        self.addCleanup(self.end, process)
        self.fleet.append(process)
        return process

    def launch(self, role, ahead=0, **environment):
        """A process whose clock is so many seconds ahead of the others'."""
        if ahead:
            environment |= {"LD_PRELOAD": str((BIN / "libshifted_clock.so").resolve()),
                            "SHIFTED_CLOCK_S": str(ahead)}
        process = self.start(role, self.data, "serve", "--role", role, "--listen",
                             f"127.0.0.1:{free_port()}", **environment)
        process.again = lambda: self.launch(role, ahead, **environment)
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

    def held_back(self):
        """By process, of what it has as sending: the messages that it has had for a while and whose
        turn has not just come. Neither the database's answer nor the message is under way within it.
        For each, as (login, service), whether its turn is yet to come. Counts from the first look."""
        now = int(time.time() * 1000)
        held = {}
        for one, attempt, owner, login, service, due_at in self.rows(
                "SELECT d.id, d.attempt, d.owner, u.login, d.channel_kind, d.due_at "
                "FROM deliveries d JOIN users u ON u.id = d.user_id WHERE d.state = 'sending'"):
            since = self.seen.setdefault((one, attempt), now)
            if since <= now - IN_PASSING and not now - IN_PASSING <= due_at <= now:
                held.setdefault(int(owner.split(":")[1]), {})[login, service] = due_at > now
        return held

    def arrived(self, world):
        return {(line["login"], line["service"]) for line in world.lines("ledger?limit=1000000")}

    def done(self):
        """What the database has acknowledged, and so may never lose."""
        return set(self.psql(
            "SELECT 'job ' || id FROM jobs WHERE state = 'completed' UNION ALL "
            "SELECT 'delivery ' || id FROM deliveries WHERE state = 'sent'").splitlines())

    def mid_round(self):
        """What was done when there was something of each kind, and enough was left to do."""
        until("the first checks and messages", lambda: self.number(
            "SELECT LEAST((SELECT COUNT(*) FROM jobs WHERE state = 'completed') / 4, "
            "(SELECT COUNT(*) FROM deliveries WHERE state = 'sent'))") > 5)
        done = self.done()
        self.assertFalse(self.all_settled(), "nothing is left for after the outage")
        return done

    def judge(self, world):
        """Gives who was told twice, as (login, service): the first hundred."""
        seconds = 180 + self.users / 50
        try:
            until("all jobs", lambda: self.number("SELECT COUNT(*) FROM jobs") == self.users,
                  seconds)
            until("the end of the round", self.all_settled, seconds)
        except AssertionError as error:
            raise AssertionError(f"seed {SEED}: {error}\n{self.what_is_open()}") from None
        audit = world.get("audit")
        doubled = {(offence["login"], offence["service"]) for offence in audit["offences"]
                   if offence["what"] == "double"}
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
        return doubled

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
        """It may double what had left it, and nothing that it still held back."""
        self.as_delivered()
        world = self.inhabit(1000)
        # What goes to one waits for another try, in the hands of whoever claims it; what goes to the
        # other is on the wire for long.
        world.control("down", service="discord", down=True)
        world.control("latency", telegram_ms=5000)
        _, *workers = [self.launch(role) for role in ("scheduler", "worker", "worker")]
        self.await_fleet(3)
        self.make_all_due()
        victim, held_back = until("messages in somebody's hands that wait for their turn",
                                  lambda: self.freeze_one(workers), 120)
        # By the names that the world uses.
        present = {line["imported_as"]: line["login"] for line in world.lines("truth.jsonl")}
        held_back = {(present.get(login, login), service) for login, service in held_back}
        held_back -= self.arrived(world)
        self.possible_doubles = self.sending(victim) - len(held_back)
        self.assertGreater(len(held_back), 0)
        world.control("down", service="discord", down=False)
        self.thaws_after_the_round(victim)
        self.assertEqual(self.judge(world) & held_back, set())

    def freeze_one(self, workers):
        """A worker that has some whose turn is yet to come, and what it holds back."""
        held = self.held_back()
        for worker in workers:
            if not any(held.get(worker.pid, {}).values()):
                continue
            worker.send_signal(signal.SIGSTOP)
            still = self.held_back().get(worker.pid, {})
            if sum(still.values()) >= HELD_BACK:
                return worker, still
            worker.send_signal(signal.SIGCONT)
        return None

    def test_a_worker_freezes_before_it_hears_that_messages_are_its_own(self):
        """Others send them meanwhile. It hears of them when it thaws, and sends none."""
        self.as_delivered()
        world = self.inhabit(1000)
        gate = Gate(self.server / ".s.PGSQL.5432")
        self.addCleanup(gate.stop)
        gate.stall_after_commit_of("INSERT INTO deliveries (id")
        victim = self.launch("worker", STREAKY_STORE_URL=self.through(gate))
        self.launch("scheduler")
        self.await_fleet(2)
        self.make_all_due()
        until("a commit without an answer", lambda: gate.mode == "stalled")
        until("its messages", lambda: self.sending(victim))
        victim.send_signal(signal.SIGSTOP)
        gate.set("open")
        self.launch("worker")
        self.await_fleet(3)
        self.thaws_after_the_round(victim)
        self.judge(world)

    def thaws_after_the_round(self, victim):
        at_work = "SELECT COUNT(*) FROM members WHERE roles = 'worker'"
        until("its being missed", lambda: self.number(at_work) == 1)
        until("the others' end of the round", self.all_settled, 120)
        victim.send_signal(signal.SIGCONT)
        until("its return to the fleet, with empty hands", lambda: self.number(
            f"{at_work} AND name LIKE '%:{victim.pid}:%' AND in_flight = 0") == 1)

    def test_the_database_is_started_anew_in_mid_round(self):
        self.as_delivered()
        self.own_server()
        world = self.begin("scheduler", "worker", "worker")
        done = self.mid_round()
        subprocess.run([ROOT / "scripts/scratch-postgres", "crash", self.server], check=True)
        self.recovers(done)
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
        done = self.mid_round()
        subprocess.run([scratch, "lose", primary], check=True)
        subprocess.run([scratch, "promote", standby], check=True)
        self.server = standby
        self.recovers(done)
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
        done = self.mid_round()
        filler = disk / "filler"
        with filler.open("wb", buffering=0) as file:
            piece = 1 << 20
            while piece > 0:  # the server writes, too: what was free a moment ago tells nothing
                try:
                    file.write(bytes(piece))
                except OSError:
                    piece //= 2
        until("a full disk", self.has_no_space_left)
        time.sleep(CLOSED_FOR)
        filler.unlink()
        start = [ROOT / "scripts/scratch-postgres", "start", self.server]
        # It may still be about to end.
        until("the server's start", lambda: subprocess.run(start, check=False).returncode == 0)
        self.recovers(done)
        self.judge(world)

    def has_no_space_left(self):
        try:
            # What is left to write may fit into the log's present file, and into old ones.
            self.psql("SELECT pg_logical_emit_message(false, 'chaos', ''); SELECT pg_switch_wal()")
        except AssertionError:
            pass  # it does not survive that
        return "No space left" in (self.server / "log").read_text()

    def test_the_database_takes_no_connection_for_a_while(self):
        world = self.begin("scheduler", "worker", "worker")
        done = self.mid_round()
        self.psql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS false", "postgres")
        self.psql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                  f"WHERE datname = '{self.database}'", "postgres")
        time.sleep(CLOSED_FOR_LONG)
        self.psql(f"ALTER DATABASE {self.database} ALLOW_CONNECTIONS true", "postgres")
        self.launch("worker")
        self.recovers(done)
        # Nobody died: whoever comes first, or anew, takes nothing from those who are about to.
        self.possible_doubles = 0
        self.judge(world)

    def test_the_way_to_the_database_is_cut_stalled_and_truncated(self):
        gate = Gate(self.server / ".s.PGSQL.5432")
        self.addCleanup(gate.stop)
        self.environment["STREAKY_STORE_URL"] = self.through(gate)
        world = self.begin("scheduler", "worker", "worker")
        done = self.mid_round()
        for mode, seconds in (("closed", 2), ("stalled", 2), ("truncating", 1)):
            gate.set(mode)
            if mode == "closed":
                gate.reset_all()
            time.sleep(seconds)
            gate.set("open")
            done = self.recovers(done)
        self.judge(world)

    def through(self, gate):
        return (f"postgresql://streaky@127.0.0.1:{gate.port}/{self.database}?gssencmode=disable"
                "&sslmode=disable")

    def recovers(self, acknowledged):
        """The database is back, with all that it had acknowledged."""
        back = self.done()
        self.assertEqual(acknowledged - back, set(), "what was acknowledged is lost")
        # What was on its way when it went. What has been acknowledged as sent is not sent again.
        self.possible_doubles += self.number("SELECT COUNT(*) FROM deliveries") - sum(
            one.startswith("delivery") for one in acknowledged)
        until("work after the database's return",
              lambda: self.done() > back or self.all_settled(), RECOVERS_WITHIN)
        return self.done()


if __name__ == "__main__":
    unittest.main()
