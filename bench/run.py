#!/usr/bin/env python3
"""`make bench`: measures rows, prints them beside their goals, keeps them in build/bench.json.

Usage: bench/run.py [ROW,…]     (all rows without one; --list names them)
What each row means and how it is measured: docs/benchmarks.md.
"""
import functools
import json
import os
import pathlib
import platform
import sys
import time

sys.dont_write_bytecode = True

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "support"))

import fleet
import micro
import postgres
import processes
import quiet
import report
import rounds
import web

STEADY = {"requests_per_user": 0.05, "writes_per_1000": 20}
ZERO = {"github_ms": 0, "channel_ms": 0}

ROUNDS = [
    rounds.Round("10", "10 users", 10, times=3),
    rounds.Round("1000", "1,000 users", 1_000, times=3, goals={**STEADY, "ratio": 1.2}),
    rounds.Round("10000", "10,000 users", 10_000,
                 goals={**STEADY, "ratio": 1.8, "peak_mb": 96}),
    rounds.Round("100000", "100,000 users", 100_000,
                 goals={**STEADY, "ratio": 10, "peak_mb": 256}),
    rounds.Round("limits", "10,000 users, real limits", 10_000, limits=True,
                 goals={"requests_per_user": 0.05, "ratio": 1.05, "peak_mb": 96}),
    *(rounds.Round(f"limits_{count}", f"the same, {count} sending address{'es'[:count * 2 - 2]}",
                   10_000, limits=True, proxies=count)
      for count in (1, 2, 4)),
    rounds.Round("zero", "10,000 users, no latency", 10_000, **ZERO),
    rounds.Round("each", "the same, all told", 10_000, at_risk=100, **ZERO,
                 goals={"cpu_us_per_user": 150}),
    rounds.Round("tls", "the same, TLS and HTTP/2", 10_000, at_risk=100, tls=True, **ZERO,
                 goals={"cpu_us_per_user": 250}),
    rounds.Round("proxy", "10,000 users, through a proxy", 10_000, proxies=1, beside=True,
                 times=3),
    rounds.Round("cold", "10,000 never seen, ≤ 4,000 days", 10_000, cold=True,
                 longest_streak=4_000),
]
OTHERS = {"idle": quiet.measure_idle, "due": quiet.measure_due,
          "idle_proxy": quiet.measure_proxy, "parsing": micro.parsing,
          "sealing": micro.sealing, "queue": micro.queue, "web": web.measure_web,
          "pg_queue": postgres.queue, "pg_enqueue": postgres.enqueue, "pg_workers": fleet.curve,
          **{f"pg_{users}": functools.partial(fleet.many, users)
             for users in (10_000, 50_000, 100_000, 1_000_000)}, "pg_rest": postgres.rest,
          "pg_days": postgres.days, "pg_hear": postgres.hear}


def wanted_rows(arguments):
    known = [row.name for row in ROUNDS] + list(OTHERS)
    if "--list" in arguments:
        print("\n".join(known))
        sys.exit(0)
    wanted = [name for argument in arguments for name in argument.split(",") if name]
    for name in wanted:
        if name not in known:
            sys.exit(f"bench: there is no row {name}; rows are {', '.join(known)}")
    return [name for name in known if not wanted or name in wanted]


def machine():
    def first(path, prefix):
        for line in pathlib.Path(path).read_text().splitlines():
            if line.startswith(prefix):
                return line.split(":", 1)[1].strip()
        return "unknown"

    memory = int(first("/proc/meminfo", "MemTotal").split()[0]) / 1e6
    return {"cpu": first("/proc/cpuinfo", "model name"), "cores": os.cpu_count(),
            "memory_gb": round(memory), "kernel": platform.release(),
            "load_before": os.getloadavg()[0]}


def measure(name):
    for row in ROUNDS:
        if row.name == name:
            return rounds.measure(row)
    return OTHERS[name]()


def keep(taken):
    path = processes.BIN / "bench.json"
    path.write_text(json.dumps(taken, indent=2) + "\n")
    return path


def main():
    names = wanted_rows(sys.argv[1:])
    taken = {"machine": machine(), "taken_at": time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
             "rows": {}}
    failed = False
    for name in names:
        print(f"{name} …", file=sys.stderr, flush=True)
        try:
            taken["rows"][name] = measure(name)
        except (processes.Failed, OSError) as error:
            taken["rows"][name] = {"failed": str(error)}
            failed = True
        keep(taken)  # what was measured outlives a run that is broken off
    taken["growth"] = report.growth(taken["rows"])
    print(report.table(taken, ROUNDS))
    print(f"\nkept as {keep(taken)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
