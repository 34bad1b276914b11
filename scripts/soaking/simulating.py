"""scripts/soak --simulate: thousands of seeds of the simulation, on all processors, and what they reached.

The report is that of `tectonics simulate --json`: virtual days per second, faults injected by kind, states and
moves of the machines, and the moves that were not taken.  The exit code is 0 when no run failed and no move is
missing.
"""

import json
import os
import sys
import time

from tectonics.simulation.many import run_seeds
from tectonics.simulation.plan import Options
from tectonics.simulation.report import Report

SAID_EACH_S = 10.0


def simulate(seeds: int, first: int, as_json: bool) -> int:
    """Runs that many seeds from `first` on; the exit code."""
    begun_s = time.monotonic()
    progress = _Progress(seeds, begun_s)
    total = run_seeds(range(first, first + seeds), Options(), os.cpu_count() or 1, progress)
    record = total.record() | {"elapsed_s": round(time.monotonic() - begun_s, 1), "first_seed": first}
    record.pop("digests")
    if as_json:
        print(json.dumps(record), flush=True)
    else:
        _show(record, total)
    return 1 if total.failed or total.missed() else 0


def _show(record: dict, total: Report) -> None:
    for failure in total.failures:
        print(failure.text() + "\n")
    for name, value in record.items():
        if name in ("failures", "states", "moves_taken", "moves_missed"):
            continue
        told = ", ".join(f"{key} {count}" for key, count in value.items()) if isinstance(value, dict) else value
        print(f"{name:>28} {told}")
    print(f"{'moves taken':>28} {len(record['moves_taken'])}")
    for move in record["moves_missed"]:
        print(f"{'move not taken':>28} {move}")
    verdict = "wrong" if total.failed else "right, but moves are missing" if total.missed() else "right"
    print(f"{'verdict':>28} {verdict}", flush=True)


class _Progress:
    """Says how far it is each SAID_EACH_S, on standard error."""

    def __init__(self, seeds: int, begun_s: float) -> None:
        self._seeds, self._begun_s, self._said_s = seeds, begun_s, begun_s
        self._runs = self._failed = 0

    def __call__(self, one: Report) -> None:
        self._runs, self._failed = self._runs + 1, self._failed + one.failed
        now_s = time.monotonic()
        if now_s - self._said_s >= SAID_EACH_S:
            self._said_s = now_s
            left_s = (now_s - self._begun_s) / self._runs * (self._seeds - self._runs)
            print(f"{self._runs} of {self._seeds} seeds, {self._failed} failed, {left_s:.0f} s left",
                  file=sys.stderr, flush=True)
