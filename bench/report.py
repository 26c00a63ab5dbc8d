"""From figures to the tables of docs/benchmarks.md."""

COLUMNS = [
    ("wall", "wall_s", "{:.2f} s"),
    ("× floor", "ratio", "{:.2f}"),
    ("users/s", "users_per_s", "{:,.0f}"),
    ("CPU µs/user", "cpu_us_per_user", "{:.0f}"),
    ("peak MB", "peak_mb", "{:.0f}"),
    ("requests/user", "requests_per_user", "{:.3f}"),
    ("writes/1,000", "writes_per_1000", "{:.1f}"),
    ("messages", "messages", "{:,.0f}"),
]

# What, row, figure, form, goal, and whether more is better.
OTHERS = [
    ("idle, 100,000 users: CPU, % of a core", "idle", "cpu_percent", "{:.2f}", 0.5, False),
    ("idle, 100,000 users: memory, MB", "idle", "rss_mb", "{:.0f}", 48, False),
    ("import, users/s", "idle", "import_users_per_s", "{:,.0f}", None, True),
    ("due to claimed when idle, median ms", "due", "median_ms", "{:.1f}", None, False),
    ("due to claimed when idle, 19th of 20, ms", "due", "p90_ms", "{:.1f}", None, False),
    ("queue: enqueue, jobs/s", "queue", "enqueue_per_s", "{:,.0f}", None, True),
    ("queue: enqueue, raw SQL, jobs/s", "queue", "raw_enqueue_per_s", "{:,.0f}", None, True),
    ("queue: claim and complete, jobs/s", "queue", "claim_complete_per_s", "{:,.0f}", None, True),
    ("queue: the same, raw SQL, jobs/s", "queue", "raw_claim_complete_per_s", "{:,.0f}", None,
     True),
    ("queue: claim and complete, × raw SQL", "queue", "claim_complete_ratio", "{:.2f}", 0.7, True),
    ("PostgreSQL: claim and complete, jobs/s", "pg_queue", "claim_complete_per_s", "{:,.0f}", None,
     True),
    ("PostgreSQL: the same, raw SQL, jobs/s", "pg_queue", "raw_claim_complete_per_s", "{:,.0f}",
     None, True),
    ("PostgreSQL: claim and complete, × raw SQL", "pg_queue", "claim_complete_ratio", "{:.2f}", 0.6,
     True),
    ("PostgreSQL: a batch of 1,000,000, jobs/s", "pg_enqueue", "enqueue_per_s", "{:,.0f}", None,
     True),
    ("PostgreSQL: the same, × the time of raw SQL", "pg_enqueue", "times_raw", "{:.2f}", 2, False),
    ("PostgreSQL: longest wait of others meanwhile, ms", "pg_enqueue", "longest_wait_ms", "{:.0f}",
     200, False),
    ("PostgreSQL: 1 worker, no latency, users/s", "pg_workers", "workers_1_per_s", "{:,.0f}", None,
     True),
    ("PostgreSQL: 2 workers", "pg_workers", "workers_2_per_s", "{:,.0f}", None, True),
    ("PostgreSQL: 4 workers", "pg_workers", "workers_4_per_s", "{:,.0f}", None, True),
    ("PostgreSQL: 4 workers, × the best", "pg_workers", "four_of_best", "{:.2f}", 0.9, True),
    ("PostgreSQL: 10,000 users, 2 workers, × floor", "pg_10000", "ratio", "{:.1f}", None, False),
    ("PostgreSQL: 50,000 users, 2 workers, × floor", "pg_50000", "ratio", "{:.1f}", None, False),
    ("PostgreSQL: 100,000 users, 2 workers, × floor", "pg_100000", "ratio", "{:.1f}", 12, False),
    ("PostgreSQL: the same, CPU of the workers, µs per user", "pg_100000", "cpu_us_per_user",
     "{:.0f}", None, False),
    ("PostgreSQL: the same, CPU of the server, µs per user", "pg_100000", "server_cpu_us_per_user",
     "{:.0f}", None, False),
    ("PostgreSQL: the same, rows written per user", "pg_100000", "rows_per_user", "{:.1f}", None,
     False),
    ("PostgreSQL: the same, bytes of WAL per user", "pg_100000", "wal_bytes_per_user", "{:,.0f}",
     None, False),
    ("PostgreSQL: 1,000,000 at rest, claims of a second, 99th of 100, ms", "pg_rest",
     "claim_p99_ms", "{:.1f}", 5, False),
    ("PostgreSQL: the same, claims of 500, 99th of 100, ms", "pg_rest", "claim_500_p99_ms",
     "{:.1f}", None, False),
    ("PostgreSQL: tables by day made and dropped, longest wait of others, ms", "pg_days",
     "longest_wait_ms", "{:.0f}", 200, False),
    ("PostgreSQL: batch made to heard of, median ms", "pg_hear", "heard_median_ms", "{:.1f}", None,
     False),
    ("PostgreSQL: the same, 99th of 100, ms", "pg_hear", "heard_p99_ms", "{:.1f}", 50, False),
    ("PostgreSQL: batch made to claimed, 99th of 100, ms", "pg_hear", "claimed_p99_ms", "{:.1f}",
     None, False),
    ("10,000 users through a proxy: wall, × in process", "proxy", "wall_times", "{:.2f}", 1.3,
     False),
    ("10,000 users through a proxy: CPU of both, × in process", "proxy", "cpu_times", "{:.2f}", 1.6,
     False),
    ("proxy, peak MB in that round", "proxy", "proxy_peak_mb", "{:.0f}", None, False),
    ("proxy, from its start to its first answer, ms", "idle_proxy", "start_ms", "{:.0f}", 100,
     False),
    ("proxy, idle memory, MB", "idle_proxy", "rss_mb", "{:.1f}", 20, False),
    ("25 users to verdicts, ns per user-day", "parsing", "many_ns_per_user_day", "{:.0f}", None,
     False),
    ("one year to a verdict, ns per user-day", "parsing", "year_ns_per_user_day", "{:.0f}", None,
     False),
    ("web: /health, requests/s", "web", "health_per_s", "{:,.0f}", None, True),
    ("web: /health, × nginx", "web", "health_ratio", "{:.2f}", 0.5, True),
    ("web: dashboard, requests/s", "web", "dashboard_per_s", "{:,.0f}", None, True),
    ("web: dashboard, × nginx", "web", "dashboard_ratio", "{:.3f}", 0.05, True),
    ("web: dashboard, 99th of 100, ms, 64 at a time", "web", "dashboard_p99_ms", "{:.1f}", 25,
     False),
    ("web: dashboard, one at a time, median ms", "web", "dashboard_ms", "{:.1f}", 10, False),
    ("web: dashboard with style and script, kB", "web", "dashboard_kb", "{:.1f}", 60, False),
    ("web: memory with 10,000 idle connections, MB", "web", "idle_mb", "{:.0f}", 120, False),
    ("seal a credential, per second", "sealing", "seal_per_s", "{:,.0f}", None, True),
    ("open a credential, per second", "sealing", "open_per_s", "{:,.0f}", None, True),
]
FLAT = 1.3
GROWTH_ROWS = ("1000", "10000", "100000")


def growth(rows):
    """CPU per user against users: seconds = fixed + per_user · users, by least squares over the
    rounds that differ in nothing else, and 100,000 against 1,000."""
    points = [(rows[name]["users"], rows[name]["cpu_us_per_user"] * rows[name]["users"] / 1e6)
              for name in GROWTH_ROWS if "cpu_us_per_user" in rows.get(name, {})]
    if len(points) < len(GROWTH_ROWS):
        return None
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    slope = (sum((x - mean_x) * (y - mean_y) for x, y in points) /
             sum((x - mean_x) ** 2 for x, _ in points))
    return {"per_user_us": slope * 1e6, "fixed_ms": (mean_y - slope * mean_x) * 1e3,
            "flatness": rows["100000"]["cpu_us_per_user"] / rows["1000"]["cpu_us_per_user"]}


def cell(figures, key, form, goals):
    value = figures.get(key)
    if value is None:
        return "–"
    text = form.format(value)
    goal = goals.get(key)
    if goal is None:
        return text
    return f"{text} ({'≤' if value <= goal else '**misses** ≤'} {form.format(goal)})"


def lines_of(cells):
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]
    for number, row in enumerate(cells):
        yield "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def table_of_rounds(rows, rounds):
    cells = [["round", *(title for title, _, _ in COLUMNS)]]
    for row in rounds:
        figures = rows.get(row.name)
        if figures is None or "failed" in figures:
            continue
        cells.append([row.title, *(cell(figures, key, form, row.goals)
                                   for _, key, form in COLUMNS)])
    return list(lines_of(cells)) if len(cells) > 1 else []


def table_of_others(rows, growth_):
    cells = [["what", "measured", "goal"]]
    for what, row, key, form, goal, more in OTHERS:
        value = rows.get(row, {}).get(key)
        if value is None:
            continue
        sign = "≥" if more else "≤"
        missed = goal is not None and (value < goal if more else value > goal)
        wanted = "" if goal is None else f"{sign} {goal}" + (" **missed**" if missed else "")
        cells.append([what, form.format(value), wanted])
    if growth_:
        missed = " **missed**" if growth_["flatness"] > FLAT else ""
        cells.append(["CPU per user, 100,000 users against 1,000",
                      f"{growth_['flatness']:.2f} ×", f"≤ {FLAT} ×{missed}"])
        cells.append(["CPU of a round, fitted", f"{growth_['fixed_ms']:.0f} ms + "
                      f"{growth_['per_user_us']:.0f} µs per user", ""])
    return list(lines_of(cells)) if len(cells) > 1 else []


def table(taken, rounds):
    rows = taken["rows"]
    machine = taken["machine"]
    out = [f"Taken {taken['taken_at']}: {machine['cpu']}, {machine['cores']} cores, "
           f"{machine['memory_gb']} GB, Linux {machine['kernel']}; load before "
           f"{machine['load_before']:.1f}.", ""]
    tables = [table_of_rounds(rows, rounds), table_of_others(rows, taken["growth"])]
    for part in filter(None, tables):
        out += [*part, ""]
    out += [f"FAILED {name}: {figures['failed']}" for name, figures in rows.items()
            if "failed" in figures]
    return "\n".join(out).rstrip()
