"""Processes for the benchmark: the simulated world, Streaky, nginx; each row has its own.

What is measured is read from outside, so the program under test does nothing for it: CPU and memory
from /proc, progress from the database file through a read-only connection.
"""
import json
import os
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import urllib.request

from ports import free_port

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = pathlib.Path(os.environ.get("STREAKY_BIN", ROOT / "build"))
TOKENS = 10


class Failed(Exception):
    """A row that cannot be measured, or whose outcome is wrong; one line."""


def until(what, condition, seconds=60, pause=0.02):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(pause)
    raise Failed(f"waited {seconds} s in vain for {what}")


def fetch(url, body=None, seconds=300):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=seconds) as answer:
        return answer.read().decode()


def cpu_seconds(pid):
    """User and system time of a process so far. The scheduler's own count is in nanoseconds; where
    the kernel does not keep it, clock ticks (10 ms) must do."""
    total = 0
    try:
        for thread in pathlib.Path(f"/proc/{pid}/task").iterdir():
            total += int((thread / "schedstat").read_text().split()[0])
    except (OSError, ValueError):
        total = 0
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    # Threads that have ended are missing from the finer count.
    return total / 1e9 if abs(total / 1e9 - ticks) < 0.05 + ticks * 0.02 else ticks


def memory_mb(pid, field):
    """`VmHWM` (the most so far) or `VmRSS` (now), in MB of 1,000,000 bytes."""
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) * 1024 / 1e6
    raise Failed(f"/proc tells no {field}")


class Place:
    """A folder of one row and everything that runs in it; ends all of it on the way out."""

    def __init__(self):
        base = pathlib.Path(os.environ.get("BENCH_DATA", BIN / "bench-data"))
        base.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="row-", dir=base))
        self.data = self.folder / "data"
        self.running = []
        self.environment = {key: value for key, value in os.environ.items()
                            if not key.startswith(("STREAKY_", "GITHUB_"))}
        self.environment.update(
            STREAKY_LOG_LEVEL="error", STREAKY_DISCORD_PER_SECOND="1000000", TZ="UTC",
            STREAKY_GITHUB_TOKENS=",".join(f"ghp_sim{i}" for i in range(TOKENS)))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        for process in reversed(self.running):
            stop(process)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, name, arguments, environment=None):
        log = (self.folder / f"{name}.log").open("wb")
        process = subprocess.Popen([str(part) for part in arguments], stdout=log, stderr=log,
                                   env=environment or self.environment)
        process.log = self.folder / f"{name}.log"
        self.running.append(process)
        return process

    def point_to(self, origin):
        for service in ("GITHUB", "DISCORD", "TELEGRAM"):
            self.environment[f"STREAKY_{service}_API_URL"] = origin

    def streaky(self, *arguments, environment=None, seconds=1800):
        done = subprocess.run(
            [str(BIN / "streaky"), "--data", str(self.data), *map(str, arguments)], text=True,
            capture_output=True, timeout=seconds, env=environment or self.environment)
        if done.returncode != 0:
            raise Failed(f"streaky {' '.join(map(str, arguments))}: exit {done.returncode}: "
                         f"{(done.stderr or done.stdout).strip()[-300:]}")
        return done.stdout

    def earlier(self, seconds):
        """The environment of a process that lives so much earlier."""
        return {**self.environment, "LD_PRELOAD": str(BIN / "libshifted_clock.so"),
                "SHIFTED_CLOCK_S": str(-seconds)}

    def serve(self, *arguments, wrap=()):
        port = free_port()
        process = self.start("serve", [*wrap, BIN / "streaky", "--data", self.data, "serve",
                                       "--listen", f"127.0.0.1:{port}", *arguments])
        process.url = f"http://127.0.0.1:{port}"

        def healthy():
            if process.poll() is not None:
                raise Failed("serve ended: " + process.log.read_text()[-300:])
            try:
                return fetch(f"{process.url}/health")
            except OSError:
                return False

        until("serve", healthy)
        return process

    def proxy(self, number=0, pause=0.02):
        """A proxy with the same keys, sending from 127.0.0.2 and so on; who starts later sends
        through it and those that were started before."""
        port = free_port()
        self.environment["STREAKY_PROXY_SECRET"] = "a-secret-of-the-benchmark"
        address = f"127.0.0.{2 + number}"
        process = self.start(f"proxy-{number}",
                             [BIN / "streaky", "--data", self.data, "proxy", "--listen",
                              f"127.0.0.1:{port}"],
                             {**self.environment, "STREAKY_PROXY_SEND_FROM": address})
        process.url = f"http://127.0.0.1:{port}"

        def healthy():
            if process.poll() is not None:
                raise Failed("proxy ended: " + process.log.read_text()[-300:])
            try:
                return fetch(f"{process.url}/health")
            except OSError:
                return False

        until("the proxy", healthy, pause=pause)
        earlier = self.environment.get("STREAKY_PROXY_URLS") if number else None
        self.environment["STREAKY_PROXY_URLS"] = ",".join(filter(None, [earlier, process.url]))
        return process

    def database(self):
        return sqlite3.connect(f"file:{self.data}/streaky.db?mode=ro", uri=True, timeout=30,
                               isolation_level=None)


def stop(process, seconds=60):
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class World:
    """streaky-sim behind its control endpoint."""

    def __init__(self, place):
        port_file = place.folder / "world.port"
        self.process = place.start("world", [
            BIN / "streaky-sim", "--listen", "127.0.0.1:0", "--port-file", port_file,
            "--tokens", TOKENS])
        until("the world", lambda: port_file.exists() and port_file.read_text().strip())
        self.port = int(port_file.read_text())
        self.url = f"http://127.0.0.1:{self.port}"

    def control(self, name, **body):
        fetch(f"{self.url}/control/{name}", body)

    def get(self, name):
        return json.loads(fetch(f"{self.url}/control/{name}"))

    def lines(self):
        return fetch(f"{self.url}/control/users.jsonl")


def metrics(serve):
    """The program's own counters, labels included in the name."""
    values = {}
    for line in fetch(f"{serve.url}/metrics").splitlines():
        if not line.startswith("#") and " " in line:
            name, value = line.rsplit(" ", 1)
            values[name] = float(value)
    return values
