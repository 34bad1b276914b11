"""Kills daemon and ledger with `kill -9` under traffic, then asks whether every book agrees.

Both victims have a killer of their own, drawn from the seed, who does not look at what they are doing:
a life may end while it starts, while it takes over what the one before it left, or in the middle of
everything.  When the kills are done the faults stop, an hour passes (so that ticket files are closed),
everybody pays back, and the audit reads what is left.  The exit code is 0 when it finds nothing.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

from processes import LATER, Traffic, Victim, free_ports, wait_until, write_settings

from tectonics.billing.entries import Opening
from tectonics.billing.ledger import open_accounts
from tectonics.database.migrate import upgrade
from tectonics.database.sqlite import open_connection
from tectonics.domain.subscriber import Account, Profile
from tectonics.simulators.soak.evidence import gather, position, unsettled
from tectonics.simulators.soak.paper import CONSUMER
from tectonics.simulators.soak.verdict import audit, granted_though_busy
from tectonics.store.bulk import insert_accounts

FIRST = 33_610_000_000
TENURE_MS = 400 * 86_400_000
CHILDHOOD_SHARE = 0.25  # of all lives, which end while they start, or soon after
CHILDHOOD_S = (0.0, 1.5)
START_S = 60.0
LIFE_S = (0.1, 1.5)  # how long the others serve
DEATH_S = (0.0, 0.4)  # how long nobody is there
SETTLE_S = 90.0
MODES = {"deduplicates": ("--deduplicates", "--no-readable-back"),
         "readable": ("--no-deduplicates", "--readable-back")}


@dataclass
class Report:
    """What is printed."""

    mode: str
    seed: int
    kills: dict[str, int] = field(default_factory=dict)
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
    tickets: int = 0
    repeated: int = 0
    seconds: float = 0.0
    complaints: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> str:
        """One word."""
        return "wrong" if self.complaints else "right"


class World:
    """One run in one directory."""

    def __init__(self, directory: Path, mode: str, seed: int, subscribers: int) -> None:
        self.directory, self.seed, self.subscribers = directory, seed, subscribers
        self.state, self.books = directory / "state", directory / "ledger.db"
        self.store = self.state / "tectonics.db"
        ports = free_ports(3)
        config = write_settings(directory, ports)
        self.ledger = Victim("ledger", ["ledger", "--db", str(self.books), "--listen",
                                        f"unix:{directory / 'ledger.sock'}", *MODES[mode]],
                             directory / "ledger.log", str(directory / "ledger.sock"))
        self.daemon = Victim("daemon", ["run", "--config", str(config), "--state", str(self.state)],
                             directory / "daemon.log", ("127.0.0.1", ports[0]))
        self.traffic = Traffic(directory, seed, ports, FIRST, subscribers)
        self._broken: list[Exception] = []
        self._killers: list[threading.Thread] = []
        self._over = threading.Event()  # no more kills, and above all no more lives

    def populate(self) -> None:
        """Subscribers who may borrow, with empty accounts."""
        now = int(time.time() * 1000)
        self.state.mkdir(mode=0o700)
        numbers = [str(FIRST + n) for n in range(self.subscribers)]
        profile = Profile("prepaid", activated_at=now - TENURE_MS)
        with_schema(self.store, "tectonics.store.migrations", now, lambda connection: insert_accounts(
            connection, (Account(number, profile=profile) for number in numbers)))
        with_schema(self.books, "tectonics.billing.migrations", now, lambda connection: open_accounts(
            connection, (Opening(number, "EUR", now, activated_at=now - TENURE_MS) for number in numbers)))

    def run(self, kills: int) -> None:
        """Traffic and kills, then peace, until everything has stopped."""
        self.ledger.start()
        self.daemon.start()
        self.traffic.start()
        try:
            self._kill(kills)
            self._settle()
        finally:
            self._over.set()
            for killer in self._killers:
                killer.join()
            self.daemon.stop()
            self.ledger.stop()
            if self.traffic.process.poll() is None:
                self.traffic.process.kill()
            self.traffic.process.wait()

    def _kill(self, kills: int) -> None:
        self._killers = [threading.Thread(target=self._killer, args=(victim, kills))
                         for victim in (self.daemon, self.ledger)]
        for killer in self._killers:
            killer.start()
        for killer in self._killers:
            killer.join()
        if self._broken:
            raise self._broken[0]

    def _killer(self, victim: Victim, kills: int) -> None:
        chance = random.Random(f"{self.seed}:{victim.name}")
        try:
            for _ in range(kills):
                if chance.random() < CHILDHOOD_SHARE:
                    self._over.wait(chance.uniform(*CHILDHOOD_S))
                else:
                    wait_until(victim.serves, START_S, f"the {victim.name}", poll_s=0.02)
                    self._over.wait(chance.uniform(*LIFE_S))
                if self._over.is_set():
                    return
                victim.kill()
                self._over.wait(chance.uniform(*DEATH_S))
                victim.start()
        except (AssertionError, OSError) as broken:
            self._broken.append(broken)
            self._over.set()

    def _settle(self) -> None:
        self.traffic.say("finish")
        answer = self.traffic.heard(SETTLE_S)
        assert answer == "finished", f"the traffic says {answer!r}"
        wait_until(lambda: unsettled(self.store) == 0, SETTLE_S, "the settling of everything")
        assert self.daemon.stop() == 0, "the daemon did not stop in peace"
        self.daemon.start(sys.executable, str(LATER))
        wait_until(self._file_closed, SETTLE_S, "the closing of the hour's ticket file")
        wait_until(lambda: len(set(position(self.store, CONSUMER))) == 1, SETTLE_S, "the last acknowledgement")
        self.traffic.say("end")
        self.traffic.process.wait(SETTLE_S)
        assert self.daemon.stop() == 0, "the daemon did not stop in peace"
        assert self.ledger.stop() == 0, "the ledger did not stop in peace"

    def _file_closed(self) -> bool:
        return any((self.state / "tickets").glob("*.jsonl"))

    def report(self, report: Report) -> None:
        """What happened, and what is wrong with it."""
        found = gather(self.state, self.books, self.traffic.journal, self.traffic.consumed)
        types = [ticket["type"] for ticket in found.ticket_records()]
        lending = [m.amount_minor for m in found.movements if m.source == "lending"]
        report.kills = {victim.name: victim.kills for victim in (self.daemon, self.ledger)}
        report.subscribers = self.subscribers
        report.sessions = sum(type(one).__name__ == "Borrowed" for one in found.journal)
        report.recharges = sum(type(one).__name__ == "Recharged" for one in found.journal)
        report.advances, report.tickets = types.count("advance.granted"), len(types)
        report.recoveries = types.count("recovery.full") + types.count("recovery.partial")
        report.lent_minor = sum(amount for amount in lending if amount > 0)
        report.recovered_minor = -sum(amount for amount in lending if amount < 0)
        report.unknown = types.count("advance.unknown") + types.count("recovery.unknown")
        report.resolved = types.count("reconcile.resolved")
        report.recoveries_failed = types.count("recovery.failed")
        report.granted_though_busy = granted_though_busy(found)
        report.repeated = len(found.consumed) - len(found.tickets)
        report.complaints += audit(found)
        report.complaints += [f"{victim.name} logged: {line}" for victim in (self.daemon, self.ledger)
                              for line in victim.faults()[:5]]


def with_schema(path: Path, migrations: str, now: int, fill) -> None:
    """Makes a database and fills it."""
    connection = open_connection(path)
    try:
        upgrade(connection, migrations, now)
        fill(connection)
    finally:
        connection.close()


def soak(directory: Path, mode: str, seed: int, kills: int, subscribers: int) -> Report:
    """One run; whatever breaks it is a complaint too."""
    begun_s, report = time.monotonic(), Report(mode, seed)
    world = World(directory, mode, seed, subscribers)
    world.populate()
    try:
        world.run(kills)
    except (AssertionError, subprocess.TimeoutExpired) as broken:
        report.complaints.append(str(broken))
    world.report(report)
    report.seconds = round(time.monotonic() - begun_s, 1)
    return report


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="scripts/soak", description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="of each process (default 200)")
    parser.add_argument("--seed", type=int, default=None, metavar="S", help="of people and killers (default: any)")
    parser.add_argument("--mode", choices=[*MODES, "both"], default="both", help="what the ledger promises")
    parser.add_argument("--subscribers", type=int, default=200, metavar="N", help="default 200")
    parser.add_argument("--json", action="store_true", help="the reports for programs")
    parser.add_argument("--keep", action="store_true", help="leave the directories, also when all is right")
    given = parser.parse_args()
    seed = given.seed if given.seed is not None else random.SystemRandom().randrange(1_000_000)
    wrong = 0
    for mode in MODES if given.mode == "both" else (given.mode,):
        directory = Path(tempfile.mkdtemp(prefix="tectonics-soak-"))
        report = soak(directory, mode, seed, given.kills, given.subscribers)
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
