"""Measures the daemon: starts it, loads it from other processes, then measures the limit; prints and writes.

All processes are ours and are ended here, whatever happens; everything lies in temporary directories.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import machine
from books import Books
from engines import ENGINES
from nodes import billing, ledger_file, log_tails, running
from people import borrowers, configure, fill_ledger

from tectonics.simulators import load_figures as figures

HERE = Path(__file__).parent
WARM_S = 5.0
LOAD_START_S = 1.5  # until the load processes are there
BORROWERS_PER_SECOND = 5_000  # who have an account in the ledger; more than can be served


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--store", choices=list(ENGINES), default="sqlite", help="where the daemons keep their data")
    add("--subscribers", type=int, default=200_000, metavar="N", help="in the store; every second one may borrow, once")
    add("--seconds", type=float, default=20.0, metavar="S", help=f"measured, after {WARM_S:.0f} s of warm-up")
    add("--concurrency", type=int, default=200, metavar="N", help="sessions at a time")
    add("--processes", type=int, default=1, metavar="N", help="daemons, each with a load process of its own")
    add("--repeat", type=int, default=1, metavar="N", help="measure so many times over the same database")
    add("--json", type=Path, metavar="F", help="write the figures to this file")
    chosen = parser.parse_args()
    if chosen.subscribers < 2 * chosen.repeat or min(chosen.seconds, chosen.concurrency, chosen.processes, chosen.repeat) <= 0 \
            or chosen.concurrency < chosen.processes:
        parser.error("every number must be above zero, and no more processes than concurrency")
    if chosen.store == "sqlite" and chosen.processes > 1:
        parser.error("an SQLite store has one daemon; several need --store postgres")
    return chosen


class Bench:
    """One database, measured once or several times."""

    def __init__(self, chosen, directory: Path, engine) -> None:
        self._chosen, self._directory, self._engine = chosen, directory, engine
        self._origins = [f"n{number}" for number in range(1, chosen.processes + 1)]
        self._borrowers = min(int((WARM_S + chosen.seconds) * BORROWERS_PER_SECOND),
                              chosen.subscribers // 2 // chosen.repeat)  # in one measurement
        count, self._ledger = chosen.processes, ledger_file(directory, chosen.processes)
        settings = [configure(directory, origin, engine.settings, billing(directory, count))
                    for origin in self._origins]
        self._settings = settings[0]  # they differ by the origin alone

    def fill(self) -> None:
        """The subscribers, and the accounts of those who will borrow."""
        chosen, now = self._chosen, int(time.time() * 1000)
        self._ledger.parent.mkdir(parents=True, exist_ok=True)
        self._engine.fill(self._settings, chosen.subscribers, now)
        fill_ledger(self._ledger, self._settings,
                    borrowers(chosen.subscribers, self._borrowers * chosen.repeat), now)

    def measure(self, turn: int) -> tuple[dict, list[str]]:
        """Daemons, then the limit: the figures, and what does not agree in the books."""
        chosen = self._chosen
        with running(self._directory, self._origins) as (nodes, ledger):
            seen = self._run_loads(turn, nodes, ledger)
            rss_mb = max(machine.rss_max_mb(node.pid) for node in nodes)
        with closing(self._engine.connection()) as connection:
            books = Books(connection, [self._ledger])
            found = {"advances": books.advances(seen["window_ms"]),
                     "recoveries": books.recoveries(seen["window_ms"][1])}
            wrong = books.check()
        self._engine.settle()
        limit = self._engine.limit(self._settings, chosen.seconds, chosen.concurrency, chosen.subscribers,
                                   int(time.time() * 1000))
        self._engine.settle()
        return summary(chosen, seen, found, limit, rss_mb, self._engine), wrong

    def _run_loads(self, turn: int, nodes: list, ledger: int | None) -> dict:
        """What the loads saw together, and the processor time between the two moments."""
        shared = self._plan(turn)
        loads = self._start_loads(turn, nodes, shared)
        try:
            wait_until(shared["begin_s"])
            before, begin_ms = self._cpu_s(nodes, ledger, loads), time.time() * 1000
            wait_until(shared["end_s"])
            after, end_ms = self._cpu_s(nodes, ledger, loads), time.time() * 1000
            seen = [json.loads(load.communicate()[0]) for load in loads]
        finally:
            for load in loads:
                load.kill()
                load.wait()
        return figures.merge(seen) | {
            "cpu_s": {part: after[part] - before[part] for part in before}, "window_ms": (begin_ms, end_ms),
            "seconds": (end_ms - begin_ms) / 1000, "exhausted": any(one["exhausted"] for one in seen)}

    def _plan(self, turn: int) -> dict:
        """What all load processes are told."""
        begin_s = time.monotonic() + LOAD_START_S + WARM_S
        texts = self._settings.catalogue.texts[self._settings.catalogue.default]
        return {"begin_s": begin_s, "end_s": begin_s + self._chosen.seconds,
                "recharge_s": self._chosen.seconds / 2, "subscribers": self._chosen.subscribers,
                "until": (turn + 1) * self._borrowers, "step": len(self._origins),
                "currency": self._settings.seed_policy().currency,
                "granted_mark": texts["result.granted"].partition("$")[0]}

    def _start_loads(self, turn: int, nodes: list, shared: dict) -> list:
        """One load process for each daemon, with its share of the people and of the concurrency."""
        share, more = divmod(self._chosen.concurrency, len(nodes))
        own = [{"ussd": node.ports["ussd_http"], "feed": node.ports["feed"],
                "first": turn * self._borrowers + index, "prefix": f"B{turn}-{index}-",
                "concurrency": share + (index < more)} for index, node in enumerate(nodes)]
        command = [sys.executable, HERE / "load.py"]
        return [subprocess.Popen([*command, json.dumps(shared | one)], stdout=subprocess.PIPE) for one in own]

    def _cpu_s(self, nodes: list, ledger: int | None, loads: list) -> dict[str, float]:
        """Processor time so far."""
        pids = [node.pid for node in nodes]
        daemons_s, database_s = sum(map(machine.process_cpu_s, pids)), self._engine.cpu_s(pids)
        if self._engine.name == "sqlite":  # works in the daemon's own process
            daemons_s -= database_s
        found = {"daemon": daemons_s, "database": database_s,
                 "load": sum(machine.process_cpu_s(load.pid) for load in loads)}
        return found if ledger is None else found | {"ledger": machine.process_cpu_s(ledger)}


def wait_until(moment_s: float) -> None:
    """Sleeps until a moment of the monotonic clock."""
    time.sleep(max(0.0, moment_s - time.monotonic()))


def summary(chosen, seen: dict, found: dict, limit: dict, rss_mb: float, engine) -> dict:
    """The figures under the names that others rely on."""
    steps = {step: figures.latencies(samples) for step, samples in seen["latencies_ms"].items()}
    sessions_per_second = figures.per_second(sum(seen["outcomes"].values()), seen["seconds"])
    limit_per_second = figures.per_second(limit["sessions"], limit["seconds"])
    return {
        "sessions_per_second": sessions_per_second,
        "advances_per_second": figures.per_second(found["advances"], seen["seconds"]),
        "recoveries_per_second": figures.per_second(*found["recoveries"]),
        **{f"latency_ms_{name}": steps["confirm"][name] for name in ("p50", "p95", "p99")},
        "latency_ms_by_step": steps,
        "cpu_ms_per_advance": {part: figures.per_advance_ms(spent_s, found["advances"])
                               for part, spent_s in seen["cpu_s"].items()},
        "rss_mb_max": rss_mb,
        "limit_per_second": limit_per_second,
        "limit_ratio": sessions_per_second / limit_per_second if limit_per_second else 0.0,
        "subscribers": chosen.subscribers, "processes": chosen.processes, "concurrency": chosen.concurrency,
        "seconds": seen["seconds"], "outcomes": seen["outcomes"], "exhausted": seen["exhausted"],
        "store": chosen.store, "store_settings": engine.about, "machine": machine.describe(),
    }


def rounded(value):
    """Figures with three decimals; more would not be true."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return round(value, 3) if isinstance(value, float) else value


def show(found: dict, wrong: list[str]) -> None:
    """The figures for people."""
    cpu_ms, columns = found["cpu_ms_per_advance"], ("p50", "p95", "p99", "max")
    limit = "pgbench, the same statements one by one" if found["store"] == "postgres" \
        else "the same statements without the daemon"
    print(f"\nwhole sessions  {found['sessions_per_second']:>8.0f} /s")
    print(f"advances        {found['advances_per_second']:>8.0f} /s")
    print(f"recoveries      {found['recoveries_per_second']:>8.0f} /s  (recharges on the feed, afterwards)")
    print(f"limit           {found['limit_per_second']:>8.0f} /s  ({limit}); ratio {found['limit_ratio']:.2f}\n")
    print("latency, ms     " + "".join(f"{name:>9}" for name in columns))
    for step, values in found["latency_ms_by_step"].items():
        print(f"  {step:<14}" + "".join(f"{values[name]:>9.1f}" for name in columns))
    print("\nprocessor time per advance, ms: " + ", ".join(f"{part} {ms:.2f}" for part, ms in cpu_ms.items()))
    print(f"memory of a daemon at most {found['rss_mb_max']:.0f} MB")
    print("outcomes: " + ", ".join(f"{count} x {text}" for text, count in found["outcomes"].items()))
    if found["exhausted"]:
        print("The subscribers ran out before the time did: the rates are too low; give more --subscribers.")
    print("The books DO NOT agree: " + "; ".join(wrong) if wrong else
          "The books agree: store, ledger and ticket numbers.", flush=True)


def middle(runs: list[dict]) -> dict:
    """The run with the middle rate; several are named beside it."""
    chosen = sorted(runs, key=lambda run: run["sessions_per_second"])[len(runs) // 2]
    return chosen | ({"runs": [rounded(run) for run in runs]} if len(runs) > 1 else {})


def main() -> int:
    """The exit code: 1 when the books do not agree."""
    chosen, directory = arguments(), Path(tempfile.mkdtemp(prefix="tectonics-bench-"))
    engine, runs, all_wrong = None, [], []
    try:
        engine = ENGINES[chosen.store](directory)
        bench = Bench(chosen, directory, engine)
        print(f"{machine.describe()}\n{chosen.subscribers} subscribers, {chosen.concurrency} sessions at a time, "
              f"{chosen.processes} daemon(s), {chosen.seconds:.0f} s after {WARM_S:.0f} s of warm-up\n"
              f"{chosen.store}, fsync on; {engine.about}", flush=True)
        bench.fill()
        for turn in range(chosen.repeat):
            found, wrong = bench.measure(turn)
            show(found, wrong)
            print(log_tails(directory) if wrong else "", end="")
            runs.append(found)
            all_wrong += wrong
    finally:
        if engine is not None:
            engine.close()
        shutil.rmtree(directory)
    if chosen.json:
        chosen.json.write_text(json.dumps(rounded(middle(runs)), indent=2) + "\n")
    return 1 if all_wrong else 0


if __name__ == "__main__":
    sys.exit(main())
