"""The rows that need no process of their own: `bench_micro`, built on Google Benchmark."""
import json
import os
import statistics
import subprocess

import processes


def run(pattern, environment=None):
    """Figures by the benchmark's name; the median where it ran several times."""
    done = subprocess.run(
        [str(processes.BIN / "bench_micro"), f"--benchmark_filter={pattern}",
         "--benchmark_format=json"],
        capture_output=True, text=True, timeout=600, env={**os.environ, **(environment or {})})
    if done.returncode != 0:
        raise processes.Failed("bench_micro: " + done.stderr.strip()[-300:])
    taken = {}
    for entry in json.loads(done.stdout)["benchmarks"]:
        if entry.get("error_occurred"):
            raise processes.Failed(f"{entry['name']}: {entry['error_message']}")
        if entry["run_type"] == "iteration":
            taken.setdefault(entry["name"].split("/")[0], []).append(entry)
    return {name: {key: statistics.median(entry[key] for entry in entries)
                   for key in entries[0] if isinstance(entries[0][key], float)}
            for name, entries in taken.items()}


def parsing():
    taken = run("parse_")
    return {"many_ns_per_user_day": 1e9 / taken["parse_25_users"]["user_days"],
            "year_ns_per_user_day": 1e9 / taken["parse_one_year"]["user_days"]}


def sealing():
    taken = run("seal_|open_")
    return {"seal_per_s": taken["seal_webhook"]["items_per_second"],
            "open_per_s": taken["open_webhook"]["items_per_second"]}


def queue():
    """On the disk that the rounds use, in the durability that Streaky uses."""
    folder = processes.BIN / "bench-data"
    folder.mkdir(parents=True, exist_ok=True)
    taken = run("queue_", {"BENCH_DATA": str(folder)})
    rate = {name: figures["items_per_second"] for name, figures in taken.items()}
    return {
        "enqueue_per_s": rate["queue_enqueue"],
        "claim_complete_per_s": rate["queue_claim_complete"],
        "raw_enqueue_per_s": rate["queue_raw_enqueue"],
        "raw_claim_complete_per_s": rate["queue_raw_claim_complete"],
        "enqueue_ratio": rate["queue_enqueue"] / rate["queue_raw_enqueue"],
        "claim_complete_ratio": rate["queue_claim_complete"] / rate["queue_raw_claim_complete"],
    }
