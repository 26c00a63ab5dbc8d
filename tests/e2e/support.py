"""Real processes for the end-to-end tests: the simulated world and Streaky, on free ports.

Nothing sleeps for a fixed time: `until` polls for the event and fails after a limit.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "support"))
from ports import free_port  # noqa: E402,F401  (needs the path above; the tests take it from here)

BIN = pathlib.Path(os.environ.get("STREAKY_BIN", "build"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
# Which sanitizers the programs are built with: their memory is not that of the programs.
SANITIZED = bool(os.environ.get("STREAKY_SANITIZE"))
PROXY_SECRET = "a-secret-for-the-tests"


def until(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s in vain for {what}")


def fetch(url, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()


class World:
    """streaky-sim, driven through its control endpoint."""

    def __init__(self, folder, *flags):
        port_file = folder / "world.port"
        self.process = subprocess.Popen(
            [BIN / "streaky-sim", "--listen", "127.0.0.1:0", "--port-file", port_file, *flags],
            stderr=subprocess.DEVNULL)
        until("the world's port", lambda: port_file.exists() and port_file.read_text().strip())
        self.url = f"http://127.0.0.1:{port_file.read_text().strip()}"

    def control(self, name, **body):
        return json.loads(fetch(f"{self.url}/control/{name}", body) or "null")

    def get(self, name):
        return json.loads(fetch(f"{self.url}/control/{name}"))

    def lines(self, name):
        return [json.loads(line) for line in fetch(f"{self.url}/control/{name}").splitlines()]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=10)


class ProcessTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="streaky-e2e-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith(("STREAKY_", "GITHUB_"))}
        self.environment.update(STREAKY_LOG_LEVEL="info", NO_COLOR="1", TZ="UTC")
        self.servers = 0

    def start_world(self, *flags, tokens=10):
        world = World(self.folder, "--tokens", str(tokens), *flags)
        self.addCleanup(world.stop)
        self.environment.update(
            STREAKY_GITHUB_API_URL=world.url, STREAKY_DISCORD_API_URL=world.url,
            STREAKY_TELEGRAM_API_URL=world.url, STREAKY_DISCORD_PER_SECOND="100000",
            STREAKY_GITHUB_TOKENS=",".join(f"ghp_sim{i}" for i in range(tokens)))
        return world

    def streaky(self, *arguments, stdin=None, code=0, **environment):
        done = subprocess.run(
            [BIN / "streaky", "--data", self.data, *map(str, arguments)], input=stdin, text=True,
            capture_output=True, timeout=240, env={**self.environment, **environment})
        if code is not None:
            self.assertEqual(done.returncode, code, f"{arguments}\n{done.stdout}\n{done.stderr}")
        return done

    def serve(self, *arguments, before=(), data=None, meanwhile=None):
        port = free_port()
        self.servers += 1
        log = self.folder / f"serve-{self.servers}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*before, BIN / "streaky", "--data", data or self.data, "serve", "--listen",
                 f"127.0.0.1:{port}", *arguments], stderr=out, stdout=out, env=self.environment)
        self.addCleanup(self.end, process)

        if meanwhile:
            until("what happens while it starts", lambda: meanwhile(process))

        def healthy():
            if process.poll() is not None:
                raise AssertionError(log.read_text())
            try:
                return json.loads(fetch(f"http://127.0.0.1:{port}/health"))["status"] == "healthy"
            except OSError:
                return False

        until("serve", healthy)
        process.url = f"http://127.0.0.1:{port}"
        return process

    def start_proxy(self, port=None, key_file=True, **environment):
        port = port or free_port()
        keys = ["--keys-file", self.folder / "proxy.keys"] if key_file else []
        self.servers += 1
        log = self.folder / f"proxy-{self.servers}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [BIN / "streaky", "--data", self.folder / "proxy", "proxy", "--listen",
                 f"127.0.0.1:{port}", *keys], stderr=out, stdout=out,
                env={**self.environment, "STREAKY_PROXY_SECRET": PROXY_SECRET, **environment})
        self.addCleanup(self.end, process)
        process.port, process.url, process.log = port, f"http://127.0.0.1:{port}", log

        def healthy():
            if process.poll() is not None:
                raise AssertionError(log.read_text())
            try:
                return json.loads(fetch(f"{process.url}/health"))["status"] == "healthy"
            except OSError:
                return False

        until("the proxy", healthy)
        return process

    def with_proxies(self, *flags, count=1, **environment):
        world = self.start_world("--lift-limits", *flags)
        self.streaky("keys", "new", "--proxy", self.folder / "proxy.keys")
        proxies = [self.start_proxy(**environment) for _ in range(count)]
        self.environment.update(STREAKY_PROXY_URLS=",".join(p.url for p in proxies),
                                STREAKY_PROXY_SECRET=PROXY_SECRET)
        self.move_in(world)
        return world, proxies

    @staticmethod
    def end(process, how=signal.SIGKILL):
        if process.poll() is None:
            process.send_signal(how)
        return process.wait(timeout=60)

    def move_in(self, world, **changes):
        users = self.folder / "users.jsonl"
        lines = fetch(f"{world.url}/control/users.jsonl").splitlines()
        users.write_text("".join(json.dumps({**json.loads(line), **changes}) + "\n"
                                 for line in lines))
        self.streaky("user", "import", users)
        return users

    def rows(self, statement):
        """What the database answers, past Streaky."""
        with sqlite3.connect(self.data / "streaky.db", timeout=10) as database:
            rows = database.execute(statement).fetchall()
        database.close()
        return rows

    def batch(self):
        lines = self.streaky("batch", "list", "--json", "--limit", 1).stdout.splitlines()
        return json.loads(lines[0])


class PostgresTest(ProcessTest):
    """The same on a database of the test's own, on the server that CTest keeps for all of them."""

    def setUp(self):
        super().setUp()
        self.database = f"e2e_{os.getpid()}_{self._testMethodName}"[:63]
        self.environment["STREAKY_KEYS_FILE"] = str(self.folder / "fleet.keys")
        self.use_server(BIN.resolve() / "postgres")
        self.addCleanup(self.psql, f"DROP DATABASE {self.database} WITH (FORCE)", "postgres")

    def use_server(self, folder):
        self.server = folder
        subprocess.run([ROOT / "scripts/scratch-postgres", "start", folder], check=True)
        self.psql(f"CREATE DATABASE {self.database}", database="postgres")
        self.environment["STREAKY_STORE_URL"] = (
            f"postgresql:///{self.database}?user=streaky&host={folder}")

    def own_server(self, own=None):
        """One that the test may crash; the shared one is left alone."""
        shared, own = self.server, own or pathlib.Path(tempfile.mkdtemp(prefix="streaky-pg-"))
        self.use_server(own)
        self.addCleanup(setattr, self, "server", shared)
        self.addCleanup(subprocess.run, [ROOT / "scripts/scratch-postgres", "stop", own])

    def start_pgbouncer(self, pool_size):
        """In front of this test's database, with so many connections to it; gives its port."""
        folder, port = pathlib.Path(tempfile.mkdtemp(prefix="streaky-pgb-")), free_port()
        self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        (folder / "users").write_text('"streaky" ""\n')
        (folder / "ini").write_text(f"""[databases]
* = host={self.server} port=5432
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 500
""")
        # It refuses to run as root.
        owner = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        process = subprocess.Popen([*owner, "/usr/sbin/pgbouncer", "-q", folder / "ini"],
                                   stderr=subprocess.DEVNULL, cwd="/")
        self.addCleanup(self.end, process, signal.SIGTERM)

        def listens():
            self.assertIsNone(process.poll(), "pgbouncer ended")
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        until("pgbouncer", listens)
        return port

    def psql(self, statement, database=None):
        done = subprocess.run(
            ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", self.server, "-U",
             "streaky", "-d", database or self.database, "-c", statement],
            capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            raise AssertionError(f"{statement}\n{done.stderr}")
        return done.stdout.strip()

    def rows(self, statement):
        if not statement.lstrip().startswith("SELECT"):
            self.psql(statement)
            return []
        answer = self.psql(f"SELECT COALESCE(json_agg(row_to_json(r)), '[]') FROM ({statement}) r")
        return [tuple(row.values()) for row in json.loads(answer)]

    def number(self, statement):
        return int(self.psql(statement))

    def make_all_due(self):
        """As if every scheduler had been down since a minute ago."""
        self.psql("UPDATE users SET next_check_at = "
                  f"{int(time.time() * 1000) - 60_000} WHERE status = 'active'")

    def all_settled(self):
        open_jobs = "SELECT COUNT(*) FROM jobs WHERE state IN ('pending', 'processing')"
        open_deliveries = "SELECT COUNT(*) FROM deliveries WHERE state IN ('pending', 'sending')"
        return self.number(f"SELECT ({open_jobs}) + ({open_deliveries})") == 0
