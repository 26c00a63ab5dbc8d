"""Rounds against the simulated world: from the trigger until every job and delivery is settled.

Each round has fresh processes and a fresh database. Everybody signs up, and is looked at once, in a
world and with a clock that are one day behind: nobody was at risk then, so nobody is told anything,
and what Streaky knows of everybody's streak is a day old, as it is each day in real life. Then the
measured process starts, today. A round counts only if the world's own ledger says that everybody
who should hear heard exactly once, and nobody else did.
"""
import dataclasses
import math
import os
import subprocess
import time

import processes
import tls_front
from processes import Failed

POLL_S = 0.01
LONGEST_S = 900
DAY_S = 86_400
QUARTER_S = 900         # somewhere a day ends with each
USERS_PER_BITE = 2_000  # one transaction each (store/schedule.h)
PER_SECOND = 50         # Discord's limit for one sending address (docs/remote-apis.md, section 3)


@dataclasses.dataclass(frozen=True)
class Round:
    name: str
    title: str
    users: int
    github_ms: int = 1_500
    channel_ms: int = 1_000
    at_risk: int = 40  # of each hundred; each of them is told once, on Discord
    limits: bool = False  # the services' real limits, and Streaky's defaults
    tls: bool = False
    cold: bool = False  # nobody was ever looked at
    longest_streak: int = 0
    proxies: int = 0  # sent through so many, each with an address of its own
    beside: bool = False  # through a proxy, shown beside the same round in process
    times: int = 1  # the median round by wall time is shown
    goals: dict = dataclasses.field(default_factory=dict)

    def messages(self):
        return self.users * self.at_risk // 100

    def floor_s(self):
        """No round can be faster: one answer of GitHub, then one of the channel."""
        if self.limits:
            return self.github_ms / 1e3 + self.messages() / (PER_SECOND * max(1, self.proxies))
        return (self.github_ms + self.channel_ms) / 1e3


def seed(world, round_):
    world.control("seed", users=round_.users, seed=1, crowd="plain", at_risk=round_.at_risk,
                  longest_streak=round_.longest_streak)
    world.control("cpu", query_ms=0, window_ms=5, hundred_days_ms=0)


def sign_up(place, world, environment):
    users = place.folder / "users.jsonl"
    users.write_text(world.lines())
    place.streaky("user", "import", users, environment=environment)


def travel(place, world, seconds):
    """The world goes back so far. Gives the environment of processes that go with it."""
    world.control("time", offset_ms=-seconds * 1_000)
    return place.earlier(seconds)


def warm_up(place, world, round_):
    """The day before."""
    world.control("limits", lifted=True)
    sign_up(place, world, travel(place, world, DAY_S))
    if not round_.cold:
        # It begins as a quarter of an hour does: a question lapses when its user's day ends.
        yesterday = travel(place, world, DAY_S + int(time.time() % QUARTER_S))
        place.streaky("batch", "trigger", "--wait", "--json", environment=yesterday)
        heard = world.get("audit")["messages"]
        if heard:
            raise Failed(f"the day before ended with {heard} messages, there should be none")
    world.control("time", offset_ms=0)
    world.control("limits", lifted=not round_.limits)
    world.control("latency", github_ms=round_.github_ms, discord_ms=round_.channel_ms,
                  telegram_ms=round_.channel_ms)
    world.control("reset-ledger")


def trigger(place):
    """Runs `batch trigger` beside the serving process; its batch and its own CPU seconds."""
    process = subprocess.Popen(
        [str(processes.BIN / "streaky"), "--data", str(place.data), "batch", "trigger", "--json"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=place.environment)
    out = process.stdout.read()
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise Failed("batch trigger: " + errors.strip()[-300:])
    return processes.json.loads(out)["batch_id"], usage.ru_utime + usage.ru_stime


def wait_until_settled(place, batch, users, serve):
    database = place.database()
    open_states = ("pending", "processing", "delivery:pending", "delivery:sending")
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end:
        counts = dict(database.execute(
            "SELECT name, value FROM batch_counts WHERE batch_id = ?", (batch,)))
        if not any(counts.get(name) for name in open_states):
            database.close()
            ended = counts.get("completed", 0) + counts.get("failed", 0)
            if ended != users:
                raise Failed(f"{ended} of {users} users were looked at: {counts}")
            return counts
        if serve.poll() is not None:
            raise Failed(f"serve ended in the middle with {serve.returncode}: "
                         + serve.log.read_text()[-300:])
        time.sleep(POLL_S)
    raise Failed(f"not settled after {LONGEST_S} s: {counts}")


def judge(world, round_):
    audit = world.get("audit")
    wrong = audit["missed"] + audit["doubles"] + audit["false_alarms"]
    # Somewhere a day may begin: after the world was made, and then some more or fewer should hear;
    # or during the round, and then whoever it changed things for is not judged.
    expected = round_.messages()
    other = abs(audit["should_hear"] - expected) > audit["changed"] + expected // 25
    if wrong or other or audit["heard"] != audit["should_hear"]:
        raise Failed(f"the ledger is wrong: {expected} should hear; " + ", ".join(
            f"{name} {audit[name]}" for name in
            ("should_hear", "heard", "missed", "doubles", "false_alarms", "changed")))
    return audit


def put_tls_before(place, world):
    """Gives the origin to use instead of the world's."""
    tls_front.make_certificates(place.folder)
    port = processes.free_port()
    front = place.start("nginx", tls_front.command(place.folder, world.port, port))

    def answers():
        if front.poll() is not None:
            raise Failed("nginx ended: " + front.log.read_text()[-300:])
        return tls_front.answers(port)

    processes.until("nginx", answers)
    return f"https://127.0.0.1:{port}"


def measure_once(round_):
    with processes.Place() as place:
        world = processes.World(place)
        place.point_to(world.url)
        seed(world, round_)
        warm_up(place, world, round_)
        wrap = ()
        if round_.tls:
            place.point_to(put_tls_before(place, world))
            wrap = tls_front.trusting(place.folder)
        if round_.limits:
            del place.environment["STREAKY_DISCORD_PER_SECOND"]
        proxies = [place.proxy(number) for number in range(round_.proxies)]
        # No scheduler: nobody's own hour may strike in the middle of it.
        serve = place.serve("--role", "worker", wrap=wrap)
        return take_figures(place, world, serve, round_, proxies)


def take_figures(place, world, serve, round_, proxies):
    before = processes.metrics(serve)
    ours = [serve, *proxies]
    cpu = sum(processes.cpu_seconds(one.pid) for one in ours)
    world_cpu = processes.cpu_seconds(world.process.pid)
    began = time.monotonic()
    batch, trigger_cpu = trigger(place)
    wait_until_settled(place, batch, round_.users, serve)
    wall = time.monotonic() - began
    cpu = sum(processes.cpu_seconds(one.pid) for one in ours) - cpu + trigger_cpu
    world_cpu = processes.cpu_seconds(world.process.pid) - world_cpu
    peak = processes.memory_mb(serve.pid, "VmHWM")
    after = processes.metrics(serve)
    audit = judge(world, round_)

    def grown(name):
        return after.get(name, 0) - before.get(name, 0)

    writes = grown('streaky_db_transactions_total{kind="write"}')
    writes += math.ceil(round_.users / USERS_PER_BITE)  # the trigger's
    floor = round_.floor_s()
    return {
        "users": round_.users,
        "messages": audit["messages"],
        "wall_s": wall,
        "floor_s": floor,
        "ratio": wall / floor if floor else None,
        "users_per_s": round_.users / wall,
        "cpu_us_per_user": cpu * 1e6 / round_.users,
        "world_cpu_us_per_user": world_cpu * 1e6 / round_.users,
        "peak_mb": peak,
        "proxy_peak_mb": max((processes.memory_mb(one.pid, "VmHWM") for one in proxies),
                             default=None),
        "requests_per_user": grown('streaky_github_requests_total{view="service"}') / round_.users,
        "writes_per_1000": writes * 1e3 / round_.users,
    }


def measure(round_):
    if round_.beside:
        return measure_beside(round_)
    taken = sorted((measure_once(round_) for _ in range(round_.times)),
                   key=lambda figures: figures["wall_s"])
    return taken[len(taken) // 2]


def measure_beside(round_):
    """Through the proxy and in process, by turns, so that both meet the same machine; medians."""
    plain = dataclasses.replace(round_, proxies=0)
    pairs = [(measure_once(plain), measure_once(round_)) for _ in range(round_.times)]

    def median(figures, key):
        return sorted(one[key] for one in figures)[len(figures) // 2]

    in_process, through = zip(*pairs)
    shown = sorted(through, key=lambda figures: figures["wall_s"])[len(through) // 2]
    for key, name in (("wall_s", "wall_times"), ("cpu_us_per_user", "cpu_times")):
        shown[name] = median(through, key) / median(in_process, key)
    return shown
