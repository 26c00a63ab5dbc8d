"""What Streaky costs when nothing happens, and how soon it begins when something does."""
import datetime
import json
import pathlib
import statistics
import time

import processes
from processes import Failed

IDLE_USERS = 100_000
IDLE_S = 60
SETTLE_S = 5
CHECKS = 20
STARTS = 9


def far_from_due(lines):
    """The same users, all in UTC, all due six hours from now."""
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=6)
    for line in lines.splitlines():
        user = json.loads(line)
        user.update(time_zone="UTC", remind_at=[at.strftime("%H:%M")])
        yield json.dumps(user)


def measure_idle():
    """`serve` with everything switched on, over a minute in which nobody is due."""
    with processes.Place() as place:
        world = processes.World(place)
        place.point_to(world.url)
        world.control("seed", users=IDLE_USERS, seed=1, crowd="plain")
        users = place.folder / "users.jsonl"
        users.write_text("\n".join(far_from_due(world.lines())) + "\n")
        began = time.monotonic()
        place.streaky("user", "import", users)
        import_s = time.monotonic() - began
        serve = place.serve()
        time.sleep(SETTLE_S)
        cpu = processes.cpu_seconds(serve.pid)
        began = time.monotonic()
        time.sleep(IDLE_S)
        share = (processes.cpu_seconds(serve.pid) - cpu) / (time.monotonic() - began)
        asked = world.get("stats")["github"]["requests"]
        if asked:
            raise Failed(f"it was not idle: GitHub was asked {asked} times")
        return {"users": IDLE_USERS, "cpu_percent": share * 100,
                "rss_mb": processes.memory_mb(serve.pid, "VmRSS"),
                "peak_mb": processes.memory_mb(serve.pid, "VmHWM"),
                "import_users_per_s": IDLE_USERS / import_s}


def one_check(reader, writer, user, ahead_ms):
    """The user is due `ahead_ms` from now; the milliseconds from then until a worker has the job."""
    known = dict(reader.execute("SELECT id, attempt FROM jobs"))
    due = int(time.time() * 1e3) + ahead_ms
    writer.execute("UPDATE users SET next_check_at = ? WHERE id = ?", (due, user))
    end = time.monotonic() + 30
    while time.monotonic() < end:
        jobs = reader.execute("SELECT id, attempt FROM jobs WHERE attempt > 0").fetchall()
        now = time.time() * 1e3
        if any(attempt > known.get(job, 0) for job, attempt in jobs):
            return now - due
        time.sleep(0.0005)
    raise Failed("a user who was due was not looked at within 30 s")


def measure_due():
    """One user among a thousand becomes due, twenty times over."""
    with processes.Place() as place:
        world = processes.World(place)
        place.point_to(world.url)
        world.control("seed", users=1_000, seed=1, crowd="plain", at_risk=0)
        lines = []
        for line in world.lines().splitlines():
            # Midnight has passed whatever the hour is now, so there is a stage to look at.
            lines.append(json.dumps({**json.loads(line), "remind_at": ["00:00"]}))
        users = pathlib.Path(place.folder / "users.jsonl")
        users.write_text("\n".join(lines) + "\n")
        place.streaky("user", "import", users)
        serve = place.serve()
        reader = place.database()
        writer = processes.sqlite3.connect(f"{place.data}/streaky.db", timeout=30,
                                           isolation_level=None)
        chosen = [row[0] for row in reader.execute(
            "SELECT id FROM users ORDER BY next_check_at DESC LIMIT ?", (CHECKS,))]
        late = []
        for number, user in enumerate(chosen):
            # Later than the scheduler's tick, and not in step with it.
            late.append(one_check(reader, writer, user, 1_300 + number * 37))
        writer.close()
        reader.close()
        processes.stop(serve)
        late.sort()
        return {"checks": CHECKS, "median_ms": statistics.median(late), "p90_ms": late[-2],
                "most_ms": late[-1]}


def measure_proxy():
    """`streaky proxy`: from its start to its first answer, and its memory when nothing happens."""
    with processes.Place() as place:
        place.streaky("keys", "new")
        taken = []
        for _ in range(STARTS):
            began = time.monotonic()
            proxy = place.proxy(pause=0.001)
            taken.append((time.monotonic() - began) * 1e3)
            idle_mb = processes.memory_mb(proxy.pid, "VmRSS")
            processes.stop(proxy)
        return {"start_ms": statistics.median(taken), "slowest_start_ms": max(taken),
                "rss_mb": idle_mb}
