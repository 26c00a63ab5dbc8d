"""The rows on PostgreSQL that need no world: `bench_postgres`, on a server of the row's own.

The server is Debian's PostgreSQL 15 as it comes, with fsync, 1 GB of shared buffers and its files on
the disk that the rounds use; floor and store run on the same one.
"""
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

import processes
from processes import Failed

QUEUE_USERS = 20_000
ENQUEUE_USERS = 1_000_000
REST_USERS = 1_000_000
DAYS_USERS = 100_000
HEAR_USERS = 1_000


class Server:
    """An empty database; the server is stopped and deleted on the way out."""

    def __enter__(self):
        base = pathlib.Path(os.environ.get("BENCH_DATA", processes.BIN / "bench-data"))
        base.mkdir(parents=True, exist_ok=True)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pg-", dir=base)).resolve()
        self.script("start")
        self.url = f"postgresql:///postgres?user=streaky&host={self.folder}"
        return self

    def __exit__(self, *unused):
        self.script("stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def script(self, what):
        done = subprocess.run(
            [processes.ROOT / "scripts/scratch-postgres", what, self.folder], text=True,
            capture_output=True, env={**os.environ, "FSYNC": "on", "SHARED_BUFFERS": "1GB"})
        if done.returncode != 0:
            raise Failed(f"the server: {done.stderr.strip()[-300:]}")


def run(row, users, seconds=1800):
    with Server() as server:
        done = subprocess.run([processes.BIN / "bench_postgres", row, str(users)], text=True,
                              capture_output=True, timeout=seconds,
                              env={**os.environ, "BENCH_POSTGRES": server.url})
    if done.returncode != 0:
        raise Failed(done.stderr.strip()[-300:])
    return json.loads(done.stdout)


def queue():
    return run("queue", QUEUE_USERS)


def enqueue():
    return run("enqueue", ENQUEUE_USERS)


def rest():
    return run("rest", REST_USERS, 3600)


def days():
    return run("days", DAYS_USERS)


def hear():
    return run("hear", HEAR_USERS)
