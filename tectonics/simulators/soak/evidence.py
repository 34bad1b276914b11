"""What is left when everything has stopped: both databases, the ticket files, what the peers wrote down.

The files are opened read-only and read with plain SQL, not through the rooms that wrote them, so
that a fault there cannot hide itself.
"""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tectonics.simulators.soak.journal import Entry, read_journal


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
class TicketFile:
    """A file as it stands on disk; `trailer` None: a `.part`."""

    name: str
    lines: Sequence[bytes]
    trailer: dict | None
    bytes_before_trailer: bytes = b""


@dataclass
class Evidence:
    """Everything that the audit compares."""

    movements: list[Movement] = field(default_factory=list)
    balances: list[Balance] = field(default_factory=list)
    advances: list[Advance] = field(default_factory=list)
    recoveries: list[Recovery] = field(default_factory=list)
    outbox: list[tuple[str, str, str]] = field(default_factory=list)  # msisdn, op, kind
    feed_triggers: set[tuple[str, str]] = field(default_factory=set)  # msisdn, the feed's id
    tickets: list[tuple[int, bytes]] = field(default_factory=list)  # number, line
    next_seq: int = 1
    acknowledged: dict[str, int] = field(default_factory=dict)
    files: list[TicketFile] = field(default_factory=list)
    consumed: list[bytes] = field(default_factory=list)
    journal: list[Entry] = field(default_factory=list)

    def ticket_records(self) -> list[dict]:
        """The tickets as they were decided."""
        return [json.loads(line) for _, line in self.tickets]


def gather(state: Path, ledger: Path, journal: Path, consumed: Path) -> Evidence:
    """All of it."""
    found = Evidence(journal=read_journal(journal), consumed=consumed.read_bytes().splitlines(),
                     files=_files(state / "tickets"))
    with _reading(ledger) as connection:
        _from_ledger(connection, found)
    with _reading(state / "tectonics.db") as connection:
        _from_store(connection, found)
    return found


def unsettled(store: Path) -> int:
    """How many money operations, advances and recoveries are not at their end yet."""
    with _reading(store) as connection:
        return connection.execute(
            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM recovery WHERE unfinished = 1)"
            " + (SELECT count(*) FROM advance WHERE state IN ('granting', 'unknown'))").fetchone()[0]


def position(store: Path, consumer: str) -> tuple[int, int]:
    """(the newest ticket, the newest that the consumer has acknowledged)."""
    with _reading(store) as connection:
        newest = connection.execute("SELECT max(next) - 1 FROM origin").fetchone()[0]
        row = connection.execute("SELECT seq FROM consumer_cursor WHERE consumer = ?", (consumer,)).fetchone()
        return newest or 0, row[0] if row else 0


class _reading:
    """A read-only connection that is closed at the end."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)

    def __enter__(self) -> sqlite3.Connection:
        return self._connection

    def __exit__(self, *_) -> None:
        self._connection.close()


def _from_ledger(connection: sqlite3.Connection, found: Evidence) -> None:
    found.movements = [Movement(str(msisdn), *rest) for msisdn, *rest in connection.execute(
        "SELECT msisdn, op, kind, amount_minor, source FROM movement ORDER BY position")]
    found.balances = [Balance(str(msisdn), *rest) for msisdn, *rest in connection.execute(
        "SELECT b.msisdn, b.amount_minor, (SELECT coalesce(sum(m.amount_minor), 0) FROM movement m"
        " WHERE m.msisdn = b.msisdn AND m.balance_type = b.balance_type) FROM balance b")]


def _from_store(connection: sqlite3.Connection, found: Evidence) -> None:
    found.advances = [_advance(str(msisdn), json.loads(body), outstanding_minor)
                      for msisdn, body, outstanding_minor in connection.execute(
                          "SELECT msisdn, body, outstanding_minor FROM advance ORDER BY msisdn, requested_at, id")]
    found.recoveries = [_recovery(str(msisdn), json.loads(body)) for msisdn, body in connection.execute(
        "SELECT msisdn, body FROM recovery ORDER BY msisdn, created_at, id")]
    found.outbox = [(str(msisdn), op, kind) for msisdn, op, kind in connection.execute(
        "SELECT msisdn, op, kind FROM outbox")]
    found.feed_triggers = {(str(msisdn), id) for msisdn, id in connection.execute(
        "SELECT msisdn, id FROM trigger_seen WHERE channel = 'feed:tcp'")}
    found.tickets = [(seq, body.encode()) for seq, body in connection.execute(
        "SELECT seq, body FROM ticket ORDER BY origin, seq")]
    found.next_seq = connection.execute("SELECT max(next) FROM origin").fetchone()[0]
    found.acknowledged = dict(connection.execute("SELECT consumer, seq FROM consumer_cursor"))


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
