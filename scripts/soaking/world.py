"""One run in one directory: the processes, the kills, and the peace afterwards in which everything is settled."""

import sys
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from killers import Killer, Killers
from processes import LATER, Node, Traffic, Victim, free_ports, wait_until, write_settings
from stores import PostgresStore, SqliteStore

from tectonics.billing.entries import Opening
from tectonics.billing.ledger import open_accounts
from tectonics.database.migrate import upgrade
from tectonics.database.sqlite import open_connection
from tectonics.domain.subscriber import Account, Profile
from tectonics.simulators.soak.evidence import Evidence, Places, gather, lags, unsettled

FIRST = 33_610_000_000
TENURE_MS = 400 * 86_400_000
SETTLE_S = 90.0
LEDGER_DELAY_S = 0.1
MODES = {"deduplicates": ("--deduplicates", "--no-readable-back"),
         "readable": ("--no-deduplicates", "--readable-back")}


@dataclass(frozen=True)
class Plan:
    """What is asked for."""

    mode: str
    seed: int
    store: str
    daemons: int
    subscribers: int
    kills: int
    hammer_s: float = 0.0  # 0: kills; else so many seconds of confirmations at the same moment, without kills


class World:
    """See above."""

    def __init__(self, directory: Path, plan: Plan) -> None:
        self._directory, self._plan = directory, plan
        names = [f"n{number}" for number in range(1, plan.daemons + 1)]
        self._states = {name: directory / name for name in names}
        for state in self._states.values():
            state.mkdir(mode=0o700)
        ports = iter(free_ports(3 * plan.daemons))
        self._nodes = [Node(name, *(next(ports) for _ in range(3))) for name in names]
        self._ledger_books = directory / "ledger.db"
        self.store = PostgresStore() if plan.store == "postgres" else SqliteStore(self._states["n1"])
        self.ledger = Victim("ledger", ["ledger", "--db", str(self._ledger_books), "--listen",
                                        f"unix:{directory / 'ledger.sock'}", *MODES[plan.mode]],
                             directory / "ledger.log", str(directory / "ledger.sock"))
        self.daemons = [self._daemon(node) for node in self._nodes]
        self.traffic = Traffic(directory, self._nodes, seed=plan.seed, first=FIRST, count=plan.subscribers,
                               hammer=bool(plan.hammer_s), ledger_delay_s=0 if plan.hammer_s else LEDGER_DELAY_S)
        self.killers = Killers(self._make_killers())

    @property
    def victims(self) -> list:
        """Everybody who may be killed."""
        return [*self.daemons, self.ledger, *([self.store.victim] if self.store.victim else [])]

    def populate(self) -> None:
        """Subscribers who may borrow, with empty accounts."""
        now = int(time.time() * 1000)
        numbers = [str(FIRST + n) for n in range(self._plan.subscribers)]
        profile = Profile("prepaid", activated_at=now - TENURE_MS)
        self.store.populate((Account(number, profile=profile) for number in numbers), now)
        with closing(open_connection(self._ledger_books)) as connection:
            upgrade(connection, "tectonics.billing.migrations", now)
            open_accounts(connection, (Opening(number, "EUR", now, activated_at=now - TENURE_MS)
                                       for number in numbers))

    def run(self) -> None:
        """Traffic and kills, then peace, until everything has stopped."""
        processes = [self.ledger, *self.daemons]
        for process in processes:
            process.start()
        self.traffic.start()
        try:
            if self._plan.hammer_s:
                self._await_all()
                time.sleep(self._plan.hammer_s)
            else:
                self.killers.run(self._plan.kills)
            self._settle()
        finally:
            self.killers.end()
            for process in reversed(processes):
                process.stop()
            self.traffic.kill()

    def evidence(self) -> Evidence:
        """What is left."""
        found = gather(Places(self.store.books, self._ledger_books, self.traffic.journal, self._states,
                              self.traffic.consumed))
        found.owners = dict(self.store.owners)
        return found

    def faults(self) -> list[str]:
        """What the processes logged that must not be."""
        return [f"{victim.name} logged: {line}" for victim in (*self.daemons, self.ledger)
                for line in victim.faults()[:5]] + [f"postgres logged: {line}" for line in self.store.faults()[:5]]

    def _daemon(self, node: Node) -> Victim:
        config = write_settings(self._directory, node, self.store.settings)
        name = node.origin if self._plan.daemons > 1 else "daemon"
        return Victim(name, ["run", "--config", str(config), "--state", str(self._states[node.origin])],
                      self._directory / f"{name}.log", ("127.0.0.1", node.ussd))

    def _make_killers(self) -> list[Killer]:
        seed, several = self._plan.seed, self._plan.daemons > 1
        killers = [Killer(one.name, [one], seed, long=several and one in self.daemons) for one in self.victims]
        if self.store.victim:
            killers.append(Killer("both", [self.store.victim], seed, one_of=self.daemons))
        return killers

    def _await_all(self) -> None:
        for victim in self.victims:
            wait_until(victim.serves, SETTLE_S, f"the {victim.name}")

    def _settle(self) -> None:
        self._await_all()
        self.traffic.say("finish")
        answer = self.traffic.heard(SETTLE_S)
        assert answer == "finished", f"the traffic says {answer!r}"
        wait_until(lambda: unsettled(self.store.books) == 0, SETTLE_S, "the settling of everything")
        closed = self._files_closed()
        for daemon in self.daemons:
            assert daemon.stop() == 0, f"the {daemon.name} did not stop in peace"
            daemon.start(sys.executable, str(LATER))
        self._await_all()
        wait_until(lambda: all(now > before for now, before in zip(self._files_closed(), closed, strict=True)),
                   SETTLE_S, "the closing of the hour's ticket files")
        wait_until(lambda: not any(lags(self.store.books).values()), SETTLE_S, "the last acknowledgement")
        self.traffic.say("end")
        self.traffic.process.wait(SETTLE_S)
        for process in (*self.daemons, self.ledger):
            assert process.stop() == 0, f"the {process.name} did not stop in peace"

    def _files_closed(self) -> list[int]:
        return [len(list((state / "tickets").glob("*.jsonl"))) for state in self._states.values()]
