"""Measures the daemon: starts it, loads it from other processes, then measures the limit; prints and writes.

All processes are ours and are ended here, whatever happens; everything lies in temporary directories.
"""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import machine
import overload
import report
import walking
from bench import FIVEFOLD, NORMAL, UNDER_WAY_MAX, WARM_S, Bench
from engines import ENGINES
from nodes import log_tails

EXAMPLES = """examples:
  scripts/bench                                  closed loop, 200 sessions at a time, SQLite
  scripts/bench --store postgres --processes 2   two daemons over one PostgreSQL
  scripts/bench --overload --seconds 8           what happens at five times the load
  scripts/bench --offered 200 --minutes 10       whether memory stays as it is
  scripts/bench --walk v3 --seconds 160          what a manager that walks the MIB costs the dialogues"""


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(prog="scripts/bench", description=__doc__.splitlines()[0], epilog=EXAMPLES,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--store", choices=list(ENGINES), default="sqlite", help="where the daemons keep their data")
    add("--subscribers", type=int, default=200_000, metavar="N", help="in the store; every second one may borrow, once")
    add("--seconds", type=float, default=20.0, metavar="S", help=f"measured, after {WARM_S:.0f} s of warm-up")
    add("--minutes", type=float, default=0.0, metavar="M", help="the same in minutes")
    add("--concurrency", type=int, default=200, metavar="N", help="sessions at a time")
    add("--offered", type=float, default=0.0, metavar="N", help="open loop instead: so many sessions arrive a second, "
        f"answered or not; above {UNDER_WAY_MAX} under way they are not sent, and counted")
    add("--overload", action="store_true", help=f"the closed loop, then {NORMAL:g} times its rate offered, "
        f"then {FIVEFOLD:g} times; each for --seconds")
    add("--rate", type=float, default=0.0, metavar="N", help="taken by --overload as the closed loop's rate")
    add("--walk", nargs="?", const="v2c", choices=("v2c", "v3"), help=f"{walking.OFFERED:g} sessions offered a second unless "
        "--offered says so, and an SNMP manager that walks in every second pair of windows")
    add("--processes", type=int, default=1, metavar="N", help="daemons, each with a load process of its own")
    add("--repeat", type=int, default=1, metavar="N", help="measure so many times over the same database")
    add("--json", type=Path, metavar="F", help="write the figures to this file")
    chosen = parser.parse_args(given)
    chosen.seconds = 60 * chosen.minutes or chosen.seconds
    if chosen.walk:
        chosen.offered = chosen.offered or walking.OFFERED
    if wrong := contradiction(chosen):
        parser.error(wrong)
    return chosen


def contradiction(chosen) -> str:
    """What cannot be asked for; empty when all is well."""
    positive = min(chosen.seconds, chosen.concurrency, chosen.processes, chosen.repeat) > 0
    if not positive or min(chosen.offered, chosen.rate) < 0 or chosen.concurrency < chosen.processes \
            or chosen.subscribers < 6 * chosen.repeat:
        return "every number must be above zero, and no more processes than concurrency"
    if chosen.store == "sqlite" and chosen.processes > 1:
        return "an SQLite store has one daemon; several need --store postgres"
    if chosen.walk and (chosen.overload or chosen.repeat > 1 or chosen.processes > 1):
        return "--walk is a measurement of its own, of one daemon"
    if chosen.overload and (chosen.offered or chosen.repeat > 1):
        return "--overload chooses what is offered, and is one measurement"
    if chosen.rate and not chosen.overload:
        return "--rate belongs to --overload"
    return ""


def measured(chosen, bench: Bench, about: dict) -> tuple[dict, list[str]]:
    """One measurement after the other: the figures to be written, and what does not agree."""
    runs, all_wrong = [], []
    for turn in range(chosen.repeat):
        seen, wrong = bench.measure(turn)
        limit = report.NO_LIMIT if chosen.offered else bench.limit()
        runs.append(report.summary(chosen, seen, limit, about))
        print(report.shown(runs[-1]), report.books(wrong), sep="\n", flush=True)
        all_wrong += wrong
    return report.middle(runs), all_wrong


def overloaded(chosen, bench: Bench, about: dict) -> tuple[dict, list[str]]:
    """The figures of an overload, and what does not agree."""
    rate, at, wrong = bench.overload(chosen.rate)
    found = overload.summary(rate, at, about)
    print(overload.shown(found), report.books(wrong), sep="\n", flush=True)
    return found, wrong


def walked(chosen, bench: Bench, about: dict) -> tuple[dict, list[str]]:
    """The figures of a manager that walks, and what does not agree."""
    *seen, wrong = bench.walked()
    found = walking.summary(chosen, *seen, about)
    print(walking.shown(found), report.books(wrong), sep="\n", flush=True)
    return found, wrong


def heading(chosen, engine) -> str:
    """What is going to be measured."""
    load = f"{chosen.offered:g} sessions offered a second" if chosen.offered \
        else f"{chosen.concurrency} sessions at a time"
    return (f"{machine.describe()}\n{chosen.subscribers} subscribers, {load}, {chosen.processes} daemon(s), "
            f"{chosen.seconds:.0f} s after {WARM_S:.0f} s of warm-up\n{chosen.store}, fsync on; {engine.about}")


def main() -> int:
    """The exit code: 1 when the books do not agree."""
    chosen, directory = arguments(), Path(tempfile.mkdtemp(prefix="tectonics-bench-"))
    engine = None
    try:
        engine = ENGINES[chosen.store](directory)
        print(heading(chosen, engine), flush=True)
        bench = Bench(chosen, directory, engine, 3 if chosen.overload else chosen.repeat)
        bench.fill()
        about = {"store": chosen.store, "store_settings": engine.about, "machine": machine.describe()}
        found, wrong = (walked if chosen.walk else overloaded if chosen.overload else measured)(chosen, bench, about)
        print(log_tails(directory) if wrong else "", end="")
    finally:
        if engine is not None:
            engine.close()
        shutil.rmtree(directory)
    if chosen.json:
        chosen.json.write_text(json.dumps(report.rounded(found), indent=2) + "\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
