"""Real processes for the end-to-end tests: the simulated world and Streaky, on free ports.

Nothing sleeps for a fixed time: `until` polls for the event and fails after a limit.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

BIN = pathlib.Path(os.environ.get("STREAKY_BIN", "build"))
ROOT = pathlib.Path(__file__).resolve().parents[2]
# Which sanitizers the programs are built with: their memory is not that of the programs.
SANITIZED = bool(os.environ.get("STREAKY_SANITIZE"))
PROXY_SECRET = "a-secret-for-the-tests"


def free_port():
    """Below the range from which the kernel takes ports for outgoing connections."""
    while True:
        port = random.randint(10_000, 32_000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        return port


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

    def serve(self, *arguments, before=()):
        port = free_port()
        self.servers += 1
        log = self.folder / f"serve-{self.servers}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [*before, BIN / "streaky", "--data", self.data, "serve", "--listen",
                 f"127.0.0.1:{port}", *arguments], stderr=out, stdout=out, env=self.environment)
        self.addCleanup(self.end, process)

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

    def move_in(self, world):
        users = self.folder / "users.jsonl"
        users.write_text(fetch(f"{world.url}/control/users.jsonl"))
        self.streaky("user", "import", users)
        return users

    def batch(self):
        lines = self.streaky("batch", "list", "--json", "--limit", 1).stdout.splitlines()
        return json.loads(lines[0])
