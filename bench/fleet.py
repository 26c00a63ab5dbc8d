"""Rounds of a fleet: several workers over one PostgreSQL, judged by the world's own ledger.

As bench/rounds.py otherwise. CPU is that of all workers and of the trigger; the server's own stands
beside it, with the rows that it wrote and the bytes of its log (WAL).
"""
import pathlib
import subprocess
import time

import postgres
import processes
import rounds
from processes import Failed

POLL_S = 0.02
JOIN_S = 12   # who has just joined leaves the limits to the others for two beats
SETTLE_S = 2  # until the server's own counts are complete
CURVE = (1, 2, 4)
CURVE_USERS = 20_000
CURVE_TIMES = 3
OPEN = ("pending", "processing", "delivery:pending", "delivery:sending")


class Reader:
    """One connection, kept open: psql that is fed."""

    def __init__(self, url):
        self.process = subprocess.Popen(["psql", "-X", "-q", "-A", "-t", url], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def rows(self, sql):
        self.process.stdin.write(f"{sql};\n\\echo .\n")
        self.process.stdin.flush()
        found = []
        while (line := self.process.stdout.readline().rstrip("\n")) != ".":
            if self.process.poll() is not None:
                raise Failed("psql ended")
            found.append(line.split("|"))
        return found

    def number(self, sql):
        return float(self.rows(sql)[0][0])

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Usage:
    """What the server has done so far."""

    def __init__(self, server, reader):
        self.cpu = server_cpu(server)
        self.wal = reader.number("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
        self.rows = reader.number("SELECT SUM(n_tup_ins + n_tup_upd + n_tup_del) "
                                  "FROM pg_stat_user_tables")
        self.commits = reader.number("SELECT xact_commit FROM pg_stat_database "
                                     "WHERE datname = current_database()")
        self.size = reader.number("SELECT pg_database_size(current_database())")


def server_cpu(server):
    """The server's processes, those that have ended too."""
    first = int((pathlib.Path(server.folder) / "data/postmaster.pid").read_text().split()[0])
    children = pathlib.Path(f"/proc/{first}/task/{first}/children").read_text().split()
    fields = pathlib.Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()
    ended = sum(int(field) for field in fields[13:15]) / processes.os.sysconf("SC_CLK_TCK")
    total = processes.cpu_seconds(first) + ended
    for child in children:
        try:
            total += processes.cpu_seconds(int(child))
        except OSError:
            continue  # it ended meanwhile: autovacuum
    return total


def wait_until_settled(reader, batch, users, workers):
    end = time.monotonic() + rounds.LONGEST_S
    counts = {}
    while time.monotonic() < end:
        counts = {name: int(value) for name, value in reader.rows(
            f"SELECT name, SUM(value) FROM batch_counts WHERE batch_id = '{batch}' GROUP BY name")}
        if not any(counts.get(name) for name in OPEN):
            ended = counts.get("completed", 0) + counts.get("failed", 0)
            if ended != users:
                raise Failed(f"{ended} of {users} users were looked at: {counts}")
            return
        for worker in workers:
            if worker.poll() is not None:
                raise Failed("a worker ended: " + worker.log.read_text()[-300:])
        time.sleep(POLL_S)
    raise Failed(f"not settled after {rounds.LONGEST_S} s: {counts}")


def take_figures(place, world, round_, workers, server, reader):
    before = Usage(server, reader)
    cpu = sum(processes.cpu_seconds(worker.pid) for worker in workers)
    world_cpu = processes.cpu_seconds(world.process.pid)
    began = time.monotonic()
    batch, trigger_cpu = rounds.trigger(place)
    wait_until_settled(reader, batch, round_.users, workers)
    wall = time.monotonic() - began
    cpu = sum(processes.cpu_seconds(worker.pid) for worker in workers) - cpu + trigger_cpu
    world_cpu = processes.cpu_seconds(world.process.pid) - world_cpu
    audit = rounds.judge(world, round_)
    time.sleep(SETTLE_S)
    after = Usage(server, reader)
    asked = world.get("stats")["github"]["requests"]
    floor = round_.floor_s()
    return {
        "users": round_.users,
        "messages": audit["messages"],
        "wall_s": wall,
        "ratio": wall / floor if floor else None,
        "users_per_s": round_.users / wall,
        "cpu_us_per_user": cpu * 1e6 / round_.users,
        "server_cpu_us_per_user": (after.cpu - before.cpu) * 1e6 / round_.users,
        "world_cpu_us_per_user": world_cpu * 1e6 / round_.users,
        "peak_mb": max(processes.memory_mb(worker.pid, "VmHWM") for worker in workers),
        "requests_per_user": asked / round_.users,
        "writes_per_1000": (after.commits - before.commits) * 1e3 / round_.users,
        "rows_per_user": (after.rows - before.rows) / round_.users,
        "wal_bytes_per_user": (after.wal - before.wal) / round_.users,
        "grown_bytes_per_user": (after.size - before.size) / round_.users,
    }


def measure_once(round_, count):
    with postgres.Server() as server, processes.Place() as place:
        place.environment["STREAKY_STORE_URL"] = server.url
        place.environment["STREAKY_STORE_CLOCKS_APART"] = "100h"  # the day before is played first
        world = processes.World(place)
        place.point_to(world.url)
        rounds.seed(world, round_)
        rounds.warm_up(place, world, round_)
        workers = [place.serve("--role", "worker") for _ in range(count)]
        reader = Reader(server.url)
        time.sleep(JOIN_S)
        # What the day before has left does not count.
        reader.rows("VACUUM (ANALYZE)")
        reader.rows("CHECKPOINT")
        asked = world.get("stats")["github"]["requests"]
        try:
            figures = take_figures(place, world, round_, workers, server, reader)
        finally:
            reader.close()
        figures["requests_per_user"] -= asked / round_.users
        return {**figures, "workers": count}


def curve():
    """The same round with one worker, two, four, by turns; the medians."""
    round_ = rounds.Round("curve", "", CURVE_USERS, github_ms=0, channel_ms=0)
    taken = {count: [] for count in CURVE}
    for _ in range(CURVE_TIMES):
        for count in CURVE:
            taken[count].append(measure_once(round_, count)["users_per_s"])
    rates = {count: sorted(values)[CURVE_TIMES // 2] for count, values in taken.items()}
    return {"users": CURVE_USERS, **{f"workers_{count}_per_s": rate for count, rate in
                                     rates.items()},
            "taken": {str(count): values for count, values in taken.items()},
            "four_of_best": rates[4] / max(rates.values())}


def many(users):
    return measure_once(rounds.Round("many", "", users), 2)

