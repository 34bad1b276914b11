"""Measures the daemon: starts it, loads it from other processes, then measures the limit; prints and writes.

All processes are ours and are ended here, whatever happens; everything lies in one temporary directory.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import machine
from books import Books
from people import configure, fill

from tectonics.simulators import load_figures as figures

HERE = Path(__file__).parent
START_S, STOP_S, WARM_S = 60.0, 30.0, 5.0
LOAD_START_S = 1.5  # until the load processes are there
LIMIT_SESSIONS_PER_SECOND = 10_000  # prepared for each second of the limit's run; more than it can do


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--store", choices=["sqlite"], default="sqlite", help="where the daemon keeps its data")
    add("--subscribers", type=int, default=100_000, metavar="N", help="in the store; each borrows once")
    add("--seconds", type=float, default=20.0, metavar="S", help=f"measured, after {WARM_S:.0f} s of warm-up")
    add("--concurrency", type=int, default=200, metavar="N", help="sessions at a time")
    add("--processes", type=int, default=1, metavar="N", help="load processes")
    add("--json", type=Path, metavar="F", help="write the figures to this file")
    chosen = parser.parse_args()
    if min(chosen.subscribers, chosen.seconds, chosen.concurrency, chosen.processes) <= 0 \
            or chosen.concurrency < chosen.processes:
        parser.error("every number must be above zero, and no more processes than concurrency")
    return chosen


@contextmanager
def daemon(directory: Path):
    """A running daemon: its process, and name -> (host, port) of its listeners."""
    command = ["run", "--config", directory / "bench.yaml", "--state", directory / "state"]
    with open(directory / "daemon.log", "w") as log:
        process = subprocess.Popen([sys.executable, "-m", "tectonics.cli", *command], stdout=log, stderr=log)
    try:
        yield process, listeners(process, directory)
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_S)
    finally:
        process.kill()
        process.wait()


def listeners(process, directory: Path) -> dict[str, tuple[str, int]]:
    """What the daemon listens on, once it serves."""
    ask = [sys.executable, "-m", "tectonics.cli", "status", "--state", directory / "state", "--json"]
    end = time.monotonic() + START_S
    while time.monotonic() < end and process.poll() is None:
        answer = subprocess.run(ask, capture_output=True, check=False)
        if answer.returncode == 0 and (status := json.loads(answer.stdout))["state"] == "serving":
            return {one["name"]: _address(one["address"]) for one in status["listeners"]}
        time.sleep(0.2)
    sys.exit(f"the daemon did not start:\n{log_tail(directory)}")


def log_tail(directory: Path) -> str:
    """The end of the daemon's log."""
    return (directory / "daemon.log").read_text()[-2000:]


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)


def cpu_s(pid: int, loads: list) -> dict[str, float]:
    """Processor time so far. SQLite works inside the daemon's process, in threads of its own."""
    reactor_s, all_s = machine.main_thread_cpu_s(pid), machine.process_cpu_s(pid)
    return {"daemon": reactor_s, "database": all_s - reactor_s,
            "load": sum(machine.process_cpu_s(load.pid) for load in loads)}


def plan(chosen, settings, ports: dict) -> dict:
    """What all load processes are told."""
    begin_s = time.monotonic() + LOAD_START_S + WARM_S
    granted = settings.catalogue.texts[settings.catalogue.default]["result.granted"]
    return {"ussd": ports["ussd_http"], "feed": ports["feed"], "begin_s": begin_s,
            "end_s": begin_s + chosen.seconds, "recharge_s": chosen.seconds / 2,
            "subscribers": chosen.subscribers, "processes": chosen.processes,
            "currency": settings.seed_policy().currency, "granted_mark": granted.partition("$")[0]}


def start_loads(chosen, shared: dict) -> list:
    """The load processes, each with its share."""
    share, more = divmod(chosen.concurrency, chosen.processes)
    own = [{"index": index, "prefix": f"B{index}-", "concurrency": share + (index < more)}
           for index in range(chosen.processes)]
    command = [sys.executable, HERE / "load.py"]
    return [subprocess.Popen([*command, json.dumps(shared | one)], stdout=subprocess.PIPE) for one in own]


def run_loads(chosen, shared: dict, pid: int) -> dict:
    """What they saw together, and the processor time between the two moments."""
    loads = start_loads(chosen, shared)
    try:
        wait_until(shared["begin_s"])
        before, begin_ms = cpu_s(pid, loads), time.time() * 1000
        wait_until(shared["end_s"])
        after, end_ms = cpu_s(pid, loads), time.time() * 1000
        seen = [json.loads(load.communicate()[0]) for load in loads]
    finally:
        for load in loads:
            load.kill()
            load.wait()
    return figures.merge(seen) | {
        "cpu_s": {part: after[part] - before[part] for part in before}, "window_ms": (begin_ms, end_ms),
        "seconds": (end_ms - begin_ms) / 1000, "exhausted": any(one["exhausted"] for one in seen)}


def wait_until(moment_s: float) -> None:
    """Sleeps until a moment of the monotonic clock."""
    time.sleep(max(0.0, moment_s - time.monotonic()))


def run_limit(chosen, directory: Path) -> dict:
    """The same statements without the daemon, in a process of its own."""
    seconds = min(3.0, chosen.seconds)
    numbers = (seconds, chosen.concurrency, int(seconds * LIMIT_SESSIONS_PER_SECOND))
    answer = subprocess.run([sys.executable, HERE / "limit.py", directory, *map(str, numbers)],
                            stdout=subprocess.PIPE, check=True)
    return json.loads(answer.stdout)


def summary(chosen, seen: dict, books: Books, limit: dict, rss_mb: float) -> dict:
    """The figures under the names that others rely on."""
    steps = {step: figures.latencies(samples) for step, samples in seen["latencies_ms"].items()}
    advances = books.advances(seen["window_ms"])
    sessions_per_second = figures.per_second(sum(seen["outcomes"].values()), seen["seconds"])
    limit_per_second = figures.per_second(limit["sessions"], limit["seconds"])
    return {
        "sessions_per_second": sessions_per_second,
        "advances_per_second": figures.per_second(advances, seen["seconds"]),
        "recoveries_per_second": figures.per_second(*books.recoveries(seen["window_ms"][1])),
        **{f"latency_ms_{name}": steps["confirm"][name] for name in ("p50", "p95", "p99")},
        "latency_ms_by_step": steps,
        "cpu_ms_per_advance": {part: figures.per_advance_ms(spent_s, advances)
                               for part, spent_s in seen["cpu_s"].items()},
        "rss_mb_max": rss_mb,
        "limit_per_second": limit_per_second,
        "limit_ratio": sessions_per_second / limit_per_second if limit_per_second else 0.0,
        "subscribers": chosen.subscribers, "processes": chosen.processes, "concurrency": chosen.concurrency,
        "store": chosen.store, "machine": machine.describe(),
    }


def rounded(value):
    """Figures with three decimals; more would not be true."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def show(found: dict, seen: dict, wrong: list[str]) -> None:
    """The figures for people."""
    cpu_ms, columns = found["cpu_ms_per_advance"], ("p50", "p95", "p99", "max")
    print(found["machine"])
    print(f"{found['subscribers']} subscribers, {found['concurrency']} sessions at a time from "
          f"{found['processes']} process(es), {found['store']}, fsync on,")
    print(f"{seen['seconds']:.0f} s after {WARM_S:.0f} s of warm-up\n")
    print(f"whole sessions  {found['sessions_per_second']:>8.0f} /s")
    print(f"advances        {found['advances_per_second']:>8.0f} /s")
    print(f"recoveries      {found['recoveries_per_second']:>8.0f} /s  (recharges on the feed, afterwards)")
    print(f"limit           {found['limit_per_second']:>8.0f} /s  (the same statements without the daemon); "
          f"ratio {found['limit_ratio']:.2f}\n")
    print("latency, ms     " + "".join(f"{name:>9}" for name in columns))
    for step, values in found["latency_ms_by_step"].items():
        print(f"  {step:<14}" + "".join(f"{values[name]:>9.1f}" for name in columns))
    print(f"\nprocessor time per advance: daemon {cpu_ms['daemon']:.2f} ms, its database threads "
          f"{cpu_ms['database']:.2f} ms, load {cpu_ms['load']:.2f} ms")
    print(f"memory of the daemon at most {found['rss_mb_max']:.0f} MB")
    print("outcomes: " + ", ".join(f"{count} x {text}" for text, count in seen["outcomes"].items()))
    if seen["exhausted"]:
        print("The subscribers ran out before the time did: the rates are too low; give more --subscribers.")
    print("The books DO NOT agree: " + "; ".join(wrong) if wrong else
          "The books agree: store, ledger and ticket numbers.")


def main() -> int:
    """The exit code: 1 when the books do not agree."""
    chosen, directory = arguments(), Path(tempfile.mkdtemp(prefix="tectonics-bench-"))
    try:
        settings = configure(directory)
        fill(settings, directory / "state", chosen.subscribers, int(time.time() * 1000))
        with daemon(directory) as (process, ports):
            seen = run_loads(chosen, plan(chosen, settings, ports), process.pid)
            rss_mb = machine.rss_max_mb(process.pid)
        books = Books(directory / "state")
        found, wrong = summary(chosen, seen, books, run_limit(chosen, directory), rss_mb), books.check()
        show(found, seen, wrong)
        print(log_tail(directory) if wrong else "", end="")
    finally:
        shutil.rmtree(directory)
    if chosen.json:
        chosen.json.write_text(json.dumps(rounded(found), indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
