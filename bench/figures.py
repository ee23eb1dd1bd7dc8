#!/usr/bin/env python3
"""Measures the figures of docs/performance.md on this machine and prints them as a table.

    python3 bench/figures.py [startup] [overhead] [accuracy] [memory]      (all of them without a word)

Uses build/release/autotuner. Everything runs on loopback against the simulated engine; needs a quiet machine to mean
anything, and prints the load average beside the figures so that a reader can tell.
"""
import datetime
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BINARY = ROOT / "build" / "release" / "autotuner"
ROWS = []


def row(what, value, limit):
    ROWS.append((what, value, limit))
    print(f"{what:<66} {value:<34} {limit}", flush=True)


def run(arguments, folder, **options):
    environment = {**os.environ, "DATA_DIR": str(folder)}
    return subprocess.run([str(BINARY), *arguments], env=environment, cwd=folder, text=True, capture_output=True, check=False, **options)


def spread(values, unit="ms"):
    values = sorted(values)
    return f"{statistics.median(values):.1f} {unit} ({values[0]:.1f} to {values[-1]:.1f}, n={len(values)})"


def task(name, parameters, **members):
    document = {"task_name": name, "deployment_mode": "local", "model": {"id_or_path": "demo-1b"}, "base_runtime": "sim",
                "parameters": {"startup-s": [0], "ttft-ms": [1], "tpot-ms": [1], **parameters},
                "optimization": {"strategy": "grid_search", "objective": "maximize_throughput", "max_iterations": 100000,
                                 "timeout_per_iteration": 60},
                "benchmark": {"traffic_scenarios": ["D(8,2)"], "num_concurrency": [1], "max_requests_per_iteration": 1,
                              "max_seconds_per_run": 5, "warmup_requests": 1}}
    document.update(members)
    return document


def startup(folder):
    times = []
    for _ in range(20):
        started = time.monotonic()
        run(["--version"], folder)
        times.append((time.monotonic() - started) * 1000)
    row("autotuner --version", spread(times), "<= 50 ms")
    preset = json.loads(run(["presets", "vLLM Performance Tuning"], folder).stdout)
    document = task("plan648", {})
    document.update(base_runtime="vllm", model={"id_or_path": "meta-llama/Llama-3.1-8B-Instruct"}, parameters=preset["parameters"])
    path = folder / "plan648.json"
    path.write_text(json.dumps(document))
    times = []
    for _ in range(10):
        started = time.monotonic()
        done = run(["plan", str(path)], folder)
        times.append((time.monotonic() - started) * 1000)
    assert "648 points" in done.stdout, done.stderr + done.stdout
    row("autotuner plan, 648-point preset", spread(times), "<= 200 ms")


def overhead(folder):
    """From ask to stored result, outside of load time: a trial's wall time less its level and warm-up."""
    path = folder / "overhead.json"
    path.write_text(json.dumps(task("overhead", {"max-num-seqs": list(range(1, 41))})))
    done = run(["tune", str(path), "--json", "--no-baseline", "--no-files"], folder)
    summary = json.loads(done.stdout)
    ours, whole = [], []
    for record in summary["all_results"]:
        load = sum(phase["seconds"] for phase in record["phases"] if phase["name"] in ("level", "warmup"))
        whole.append(record["elapsed_time"] * 1000 if "elapsed_time" in record else 0)
        ours.append(sum(phase["seconds"] for phase in record["phases"] if phase["name"] not in ("level", "warmup")) * 1000)
        del load
    wall = summary["elapsed_time"] * 1000 / len(summary["all_results"])
    levels = statistics.mean(sum(p["seconds"] for p in r["phases"] if p["name"] in ("level", "warmup")) for r in summary["all_results"]) * 1000
    row("overhead per trial: start, readiness, stop", spread(ours), "")
    row("overhead per trial: whole, ask to stored result less load", f"{wall - levels:.1f} ms (mean of {len(ours)})", "<= 100 ms")


def accuracy(folder):
    for streams in (1, 10, 50, 100):
        engine = subprocess.Popen([str(BINARY), "sim", "--port", "0", "--startup-s", "0", "--ttft-ms", "50", "--tpot-ms", "10",
                                   "--max-num-seqs", "256"], stdout=subprocess.PIPE, text=True)
        try:
            port = None
            for line in engine.stdout:
                found = re.search(r"http://127\.0\.0\.1:(\d+)", line)
                if found:
                    port = found.group(1)
                    break
            requests = max(20, streams * 4)
            done = run(["bench", "--url", f"http://127.0.0.1:{port}", "--scenario", "D(64,50)", "--concurrency", str(streams),
                        "--max-requests", str(requests), "--json"], folder)
            batch = json.loads(done.stdout)["batches"][0]
            ttft = batch["stats"]["ttft"]["mean"] * 1000
            tpot = batch["stats"]["tpot"]["mean"] * 1000
            row(f"TTFT of a true 50 ms, {streams} streams", f"{ttft:.3f} ms ({(ttft / 50 - 1) * 100:+.2f} %)", "within 2 % + 0.2 ms")
            row(f"TPOT of a true 10 ms, {streams} streams", f"{tpot:.3f} ms ({(tpot / 10 - 1) * 100:+.2f} %)", "within 2 % + 0.2 ms")
        finally:
            engine.terminate()
            engine.wait()


def memory(folder):
    """Resident memory of `tune` over 1,000 trials, sampled every tenth of a second."""
    path = folder / "memory.json"
    path.write_text(json.dumps(task("memory", {"max-num-seqs": list(range(1, 1001))})))
    environment = {**os.environ, "DATA_DIR": str(folder)}
    with open(folder / "memory-summary.json", "w", encoding="utf-8") as summary:
        process = subprocess.Popen([str(BINARY), "tune", str(path), "--no-baseline", "--no-files", "--json"], env=environment, cwd=folder,
                                   stdout=summary, stderr=subprocess.DEVNULL)
    samples = []
    started = time.monotonic()
    while process.poll() is None:
        try:
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
        except OSError:
            break
        found = re.search(r"VmRSS:\s+(\d+) kB", status)
        if found:
            samples.append(int(found.group(1)) / 1024)
        time.sleep(0.1)
    seconds = time.monotonic() - started
    tenth = max(1, len(samples) // 10)
    row("memory of tune over 1,000 trials: highest", f"{max(samples):.1f} MB", "<= 64 MB")
    row("memory of tune: mean of the 2nd tenth -> last tenth", f"{statistics.mean(samples[tenth:2 * tenth]):.1f} -> {statistics.mean(samples[-tenth:]):.1f} MB", "flat")
    starts = [record["started_at"] for record in json.loads((folder / "memory-summary.json").read_text())["all_results"]]
    starts = [datetime.datetime.fromisoformat(start.replace("Z", "+00:00")).timestamp() for start in starts]
    gaps = [(after - before) * 1000 for before, after in zip(starts, starts[1:])]
    row("from one trial to the next, first 100 -> last 100", f"{statistics.median(gaps[:100]):.0f} -> {statistics.median(gaps[-100:]):.0f} ms", "flat")
    row("1,000 trials took", f"{seconds:.0f} s", "")


def main():
    wanted = sys.argv[1:] or ["startup", "overhead", "accuracy", "memory"]
    print(f"load average before: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory() as folder:
        for name in wanted:
            {"startup": startup, "overhead": overhead, "accuracy": accuracy, "memory": memory}[name](pathlib.Path(folder))
    print(f"load average after: {os.getloadavg()[0]:.2f}")


if __name__ == "__main__":
    main()
