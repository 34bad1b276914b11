"""What is left when everything has stopped: both databases, the ticket files, what the peers wrote down.

Everything is read with plain SQL (books.py), not through the rooms that wrote it, so that a fault there
cannot hide itself.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tectonics.simulators.soak.books import Rows, Store, read_sqlite, read_store, tickets_as_committed
from tectonics.simulators.soak.journal import Entry, read_journal

CONSUMER = "soak"


@dataclass(frozen=True)
class Movement:
    """A row of the ledger; `amount_minor` is signed."""

    msisdn: str
    op: str
    kind: str
    amount_minor: int
    source: str


@dataclass(frozen=True)
class Balance:
    """What the ledger says that somebody has, and what his movements add up to."""

    msisdn: str
    stored_minor: int
    moved_minor: int


@dataclass(frozen=True)
class Advance:
    """A row of the daemon's store."""

    msisdn: str
    id: str
    state: str
    op: str
    session: str
    amount_minor: int
    fee_minor: int
    outstanding_minor: int
    principal_paid_minor: int
    fee_paid_minor: int


@dataclass(frozen=True)
class Recovery:
    """A row of the daemon's store; `op` is of its newest debit."""

    msisdn: str
    id: str
    state: str
    op: str
    recharge: str
    amount_minor: int


@dataclass(frozen=True)
class Ticket:
    """A row of the daemon's store."""

    origin: str
    seq: int
    line: bytes


@dataclass(frozen=True)
class TicketFile:
    """A file as it stands on disk; `trailer` None: a `.part`."""

    name: str
    lines: Sequence[bytes]
    trailer: dict | None
    bytes_before_trailer: bytes = b""


@dataclass
class Trail:
    """What one origin left: what it would number next, its files, and what its consumer has of it."""

    next_seq: int = 1
    acknowledged: int = 0
    files: list[TicketFile] = field(default_factory=list)
    consumed: list[bytes] = field(default_factory=list)


@dataclass
class Evidence:
    """Everything that the audit compares."""

    movements: list[Movement] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    advances: list[Advance] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    outbox: list[tuple[str, str, str]] = field(default_factory=list)  # msisdn, op, kind
    feed_triggers: set[tuple[str, str]] = field(default_factory=set)  # msisdn, the feed's id
    tickets: list[Ticket] = field(default_factory=list)  # as they were committed (books.py)
    trails: dict[str, Trail] = field(default_factory=dict)  # of each origin
    owners: Mapping[str, Sequence[tuple[str, int]]] = field(default_factory=dict)  # op -> (origin, epoch), in turn
    journal: list[Entry] = field(default_factory=list)

    def ticket_records(self) -> list[dict]:
        """The tickets as they were decided, those of one subscriber in the order of his units."""
        return [json.loads(ticket.line) for ticket in self.tickets]

    def log(self, origin: str) -> list[Ticket]:
        """The tickets of one origin by number."""
        return sorted((one for one in self.tickets if one.origin == origin), key=lambda one: one.seq)


@dataclass(frozen=True)
class Places:
    """Where everything is: `states` and `consumed` of each origin."""

    store: Store
    ledger: Path
    journal: Path
    states: Mapping[str, Path]
    consumed: Mapping[str, Path]


def gather(places: Places) -> Evidence:
    """All of it."""
    found = Evidence(journal=read_journal(places.journal))
    for origin, state in places.states.items():
        found.trails[origin] = Trail(files=_files(state / "tickets"),
                                     consumed=places.consumed[origin].read_bytes().splitlines())
    with read_sqlite(places.ledger) as rows:
        _from_ledger(rows, found)
    with read_store(places.store) as rows:
        _from_store(rows, found)
        found.tickets = [Ticket(origin, seq, body.encode())
                         for origin, seq, body in rows(tickets_as_committed(places.store))]
    return found


def unsettled(store: Store) -> int:
    """How many money operations, advances and recoveries are not at their end yet."""
    with read_store(store) as rows:
        return rows("SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM recovery WHERE unfinished = 1)"
                    " + (SELECT count(*) FROM advance WHERE state IN ('granting', 'unknown'))")[0][0]


def lags(store: Store) -> dict[str, int]:
    """For each origin how many tickets the consumer has not acknowledged."""
    with read_store(store) as rows:
        acknowledged = _acknowledged(rows)
        return {origin: next_seq - 1 - acknowledged.get(origin, 0)
                for origin, next_seq in rows("SELECT name, next FROM origin")}


def _from_ledger(rows: Rows, found: Evidence) -> None:
    found.movements = [Movement(str(msisdn), *rest) for msisdn, *rest in rows(
        "SELECT msisdn, op, kind, amount_minor, source FROM movement ORDER BY position")]
    found.balances = [Balance(str(msisdn), *rest) for msisdn, *rest in rows(
        "SELECT b.msisdn, b.amount_minor, (SELECT coalesce(sum(m.amount_minor), 0) FROM movement m"
        " WHERE m.msisdn = b.msisdn AND m.balance_type = b.balance_type) FROM balance b")]


def _from_store(rows: Rows, found: Evidence) -> None:
    found.advances = [_advance(str(msisdn), json.loads(body), outstanding_minor)
                      for msisdn, body, outstanding_minor in rows(
                          "SELECT msisdn, body, outstanding_minor FROM advance ORDER BY msisdn, requested_at, id")]
    found.recoveries = [_recovery(str(msisdn), json.loads(body)) for msisdn, body in rows(
        "SELECT msisdn, body FROM recovery ORDER BY msisdn, created_at, id")]
    found.outbox = [(str(msisdn), op, kind) for msisdn, op, kind in rows("SELECT msisdn, op, kind FROM outbox")]
    found.feed_triggers = {(str(msisdn), id) for msisdn, id in rows(
        "SELECT msisdn, id FROM trigger_seen WHERE channel = 'feed:tcp'")}
    acknowledged = _acknowledged(rows)
    for origin, next_seq in rows("SELECT name, next FROM origin"):
        trail = found.trails.setdefault(origin, Trail())
        trail.next_seq, trail.acknowledged = next_seq, acknowledged.get(origin, 0)


def _acknowledged(rows: Rows) -> dict[str, int]:
    return {origin: seq for consumer, origin, seq in rows("SELECT consumer, origin, seq FROM consumer_cursor")
            if consumer == CONSUMER}


def _advance(msisdn: str, body: dict, outstanding_minor: int) -> Advance:
    offer = body["offer"]
    return Advance(msisdn, body["id"], body["state"], body["op"], body["trigger"].partition("|")[0],
                   offer["amount_minor"], offer["fee_minor"], outstanding_minor,
                   body["principal_paid_minor"], body["fee_paid_minor"])


def _recovery(msisdn: str, body: dict) -> Recovery:
    return Recovery(msisdn, body["id"], body["state"], body["op"], body["recharge"], body["amount_minor"])


def _files(directory: Path) -> list[TicketFile]:
    return [_file(path) for path in sorted(directory.glob("*.jsonl")) + sorted(directory.glob("*.jsonl.part"))]


def _file(path: Path) -> TicketFile:
    data = path.read_bytes()
    if path.name.endswith(".part"):
        return TicketFile(path.name, data.splitlines(), None)
    before, _, last = data.removesuffix(b"\n").rpartition(b"\n")
    before = before + b"\n" if before else b""
    return TicketFile(path.name, before.splitlines(), json.loads(last).get("trailer"), before)
