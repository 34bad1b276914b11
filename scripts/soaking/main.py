"""Kills daemons, ledger and database under traffic, then asks whether every book agrees.

world.py runs it, killers.py says who is killed when, `tectonics.simulators.soak` is the world outside and
the audit.  When the kills are done the faults stop, an hour passes (so that ticket files are closed),
everybody pays back, and the audit reads what is left.  The exit code is 0 when it finds nothing.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from mutating import SEEDS_MAX, mutate
from simulating import simulate
from world import MODES, Plan, World

from tectonics.simulators.soak.evidence import Evidence
from tectonics.simulators.soak.verdict import audit, granted_though_busy


@dataclass
class Report:
    """What is printed."""

    mode: str
    seed: int
    store: str
    daemons: int
    kills: dict[str, int] = field(default_factory=dict)
    turned_away: int = 0  # starts of a daemon without a database
    adopted: int = 0  # commands that were seen with one daemon and then with another
    subscribers: int = 0
    sessions: int = 0
    recharges: int = 0
    advances: int = 0
    recoveries: int = 0
    lent_minor: int = 0
    recovered_minor: int = 0
    unknown: int = 0
    resolved: int = 0
    recoveries_failed: int = 0
    granted_though_busy: int = 0
    tickets: dict[str, int] = field(default_factory=dict)
    repeated: int = 0
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """One word."""
        return "wrong" if self.complaints else "right"

    def take(self, found: Evidence) -> None:
        """What happened, and what is wrong with it."""
        types = [ticket["type"] for ticket in found.ticket_records()]
        lending = [m.amount_minor for m in found.movements if m.source == "lending"]
        self.adopted = sum(len({name for name, _ in owners}) > 1 for owners in found.owners.values())
        self.sessions = sum(type(one).__name__ == "Borrowed" for one in found.journal)
        self.recharges = sum(type(one).__name__ == "Recharged" for one in found.journal)
        self.advances = types.count("advance.granted")
        self.recoveries = types.count("recovery.full") + types.count("recovery.partial")
        self.lent_minor = sum(amount for amount in lending if amount > 0)
        self.recovered_minor = -sum(amount for amount in lending if amount < 0)
        self.unknown = types.count("advance.unknown") + types.count("recovery.unknown")
        self.resolved = types.count("reconcile.resolved")
        self.recoveries_failed = types.count("recovery.failed")
        self.granted_though_busy = granted_though_busy(found)
        self.tickets = {origin: len(found.log(origin)) for origin in found.trails}
        self.repeated = sum(len(trail.consumed) for trail in found.trails.values()) - len(types)
        self.complaints += audit(found)


def soak(directory: Path, plan: Plan) -> Report:
    """One run; whatever breaks it is a complaint too."""
    begun_s = time.monotonic()
    report = Report(plan.mode, plan.seed, plan.store, plan.daemons, subscribers=plan.subscribers)
    world = World(directory, plan)
    try:
        world.populate()
        try:
            world.run()
        except (AssertionError, subprocess.TimeoutExpired) as broken:
            report.complaints.append(str(broken))
        report.kills = {killer.name: killer.kills for killer in world.killers.killers}
        report.turned_away = sum(victim.turned_away for victim in world.victims)
        if world.store.victim and not world.store.victim.serves():
            world.store.victim.start()
        report.take(world.evidence())
        report.complaints += world.faults()
    finally:
        world.store.close()
    report.seconds = round(time.monotonic() - begun_s, 1)
    return report


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="of each kind (default 200)")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="of people and killers (default: any)")
    parser.add_argument("--mode", choices=[*MODES, "both"], default="both", help="what the ledger promises")
    parser.add_argument("--store", choices=["sqlite", "postgres"], default="sqlite",
                        help="sqlite (default), or a PostgreSQL of its own, which is killed too")
    parser.add_argument("--daemons", type=int, choices=[1, 2], default=1,
                        help="over the same subscribers; two need --store postgres")
    parser.add_argument("--subscribers", type=int, default=200, metavar="N", help="default 200")
    parser.add_argument("--hammer", type=float, nargs="?", const=60.0, default=0.0, metavar="SECONDS",
                        help="no kills: 100 subscribers confirm with two daemons at the same moment (default 60)")
    parser.add_argument("--simulate", type=int, nargs="?", const=2000, default=0, metavar="SEEDS",
                        help="no processes at all: so many seeds of the simulation (default 2000; docs/simulation.md)")
    parser.add_argument("--mutations", nargs="*", default=None, metavar="NAME",
                        help="deliberate faults that the simulation must see (default: all of them)")
    parser.add_argument("--seeds", type=int, default=SEEDS_MAX, metavar="N",
                        help=f"with --mutations: how many are tried for each (default {SEEDS_MAX})")
    parser.add_argument("--record", action="store_true",
                        help="with --mutations: keep the seeds for the tests and for docs/simulation.md")
    parser.add_argument("--json", action="store_true", help="the reports for programs")
    parser.add_argument("--keep", action="store_true", help="leave the directories, also when all is right")
    given = parser.parse_args()
    if given.mutations is not None:
        return mutate(given.mutations, given.seeds, given.record)
    if given.simulate:
        return simulate(given.simulate, given.seed or 0, given.json)
    if given.daemons > 1 and given.store == "sqlite":
        parser.error("two daemons need --store postgres: SQLite is for one")
    return run(given)


def run(given: argparse.Namespace) -> int:
    """One run for each mode; the exit code."""
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    plan = Plan("", seed, given.store, given.daemons, given.subscribers, given.kills)
    if given.hammer:
        plan = replace(plan, store="postgres", daemons=2, subscribers=100, kills=0, hammer_s=given.hammer)
    wrong = 0
    for mode in MODES if given.mode == "both" else (given.mode,):
        directory = Path(tempfile.mkdtemp(prefix="tectonics-soak-"))
        report = soak(directory, replace(plan, mode=mode))
        show(report, given.json)
        wrong += bool(report.complaints)
        if given.keep or report.complaints:
            print(f"everything is left in {directory}", file=sys.stderr)
        else:
            shutil.rmtree(directory)
    return 1 if wrong else 0


def show(report: Report, as_json: bool) -> None:
    """Prints a report."""
    if as_json:
        print(json.dumps(asdict(report) | {"verdict": report.verdict}), flush=True)
        return
    for name, value in asdict(report).items():
        if name != "complaints":
            print(f"{name:>20} {value}")
    for complaint in report.complaints:
        print(f"{'complaint':>20} {complaint}")
    print(f"{'verdict':>20} {report.verdict}\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
