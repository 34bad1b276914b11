"""The books as an auditor sees them: plain SQL over both databases, read again only where something moved.

`look` reads, at one virtual moment, what is new since the last look: tickets and movements are only ever
added, everything else of a subscriber is read again when the version of his account, his tickets or his
movements changed.  Nothing of the daemon's own reading is used, so that a fault there cannot hide itself.
"""

import sqlite3
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from tectonics.simulation.mail import Mail, triggers

WAIT_S = 10.0
SMS, EMAIL = "sms", "email"
_JSON = msgspec.json.Decoder()
_TICKETS = "SELECT rowid, msisdn, origin, seq, body FROM ticket WHERE rowid > ? ORDER BY rowid"
_MOVEMENTS = """SELECT position, msisdn, op, kind, amount_minor, balance_type, balance_minor, at, source, class, ref
    FROM movement WHERE position > ? ORDER BY position"""
_CHANGED = """SELECT a.msisdn, a.version FROM account a LEFT JOIN temp.looked_at l ON l.msisdn = a.msisdn
    WHERE l.version IS NOT a.version"""
_OF_ALL = "FROM json_each(?) w CROSS JOIN {} x ON x.msisdn = w.value"  # who is wanted, then what he has
_ACCOUNT = f"SELECT x.msisdn, version, generation, profile, standing {_OF_ALL.format('account')}"
_ADVANCE = f"SELECT x.msisdn, x.id, body {_OF_ALL.format('advance')} ORDER BY x.msisdn, requested_at, x.id"
_RECOVERY = f"SELECT x.msisdn, x.id, body {_OF_ALL.format('recovery')} ORDER BY x.msisdn, created_at, x.id"
_FED = f"""SELECT x.msisdn, x.id, count(*) {_OF_ALL.format('trigger_seen')} AND channel LIKE 'feed:%'
    GROUP BY x.msisdn, x.id"""
_BALANCE = f"SELECT x.msisdn, balance_type, amount_minor {_OF_ALL.format('balance')}"
_SESSIONS = {"reserve": "hold", "settle": "closed_session"}  # where it is seen that such a command was done
_HOLDS = "SELECT msisdn, session, amount_minor, expires_at FROM hold"
_OUTBOX = "SELECT msisdn, op, kind, state, owner, epoch, lease_until, created_at, due_at, body FROM outbox"
_ORIGINS = "SELECT name, next, epoch FROM origin ORDER BY name"
_CURSORS = "SELECT consumer, origin, seq FROM consumer_cursor ORDER BY consumer, origin"


@dataclass(frozen=True, slots=True)
class Movement:
    """A row of the ledger; `amount_minor` is signed."""

    position: int
    msisdn: str
    op: str
    kind: str
    amount_minor: int
    balance_type: str
    balance_minor: int
    at: int
    source: str
    recharge_class: str
    ref: str

    @property
    def name(self) -> str:
        """The ledger's own reference."""
        return f"L{self.position}"


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the outbox."""

    msisdn: str
    op: str
    kind: str
    state: str
    owner: str
    epoch: int
    lease_until: int
    created_at: int
    due_at: int
    body: dict


@dataclass(frozen=True, slots=True)
class Ticket:
    """A numbered ticket; `body` is the record, `line` its bytes."""

    origin: str
    seq: int
    msisdn: str
    line: bytes
    body: dict

    def minor(self, name: str) -> int:
        """An amount of money in it, in cents."""
        return int(self.body.get(name, "0").replace(".", ""))


@dataclass(slots=True)
class Subscriber:
    """Everything that the books say of one."""

    msisdn: str
    version: int = 0
    generation: int = 0
    profile: dict = field(default_factory=dict)
    standing: dict = field(default_factory=dict)
    advances: dict[str, dict] = field(default_factory=dict)  # by id
    recoveries: dict[str, dict] = field(default_factory=dict)
    commands: list[Command] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)  # as they were committed
    movements: list[Movement] = field(default_factory=list)
    balances: dict[str, int] = field(default_factory=dict)
    fed: dict[str, int] = field(default_factory=dict)  # the feed's own ids that were decided -> how often
    messages: set[str] = field(default_factory=set)  # ids of the short messages of his that were decided
    mails: set[str] = field(default_factory=set)  # of his e-mails
    rings: set[str] = field(default_factory=set)  # of the calls of his to our numbers


@dataclass(slots=True)
class Books:
    """Both databases as they were at the last look; `changed` are the subscribers whom it read anew."""

    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    tickets: dict[str, list[Ticket]] = field(default_factory=dict)  # of each origin, as committed
    movements: dict[str, Movement] = field(default_factory=dict)  # by name
    origins: dict[str, tuple[int, int]] = field(default_factory=dict)  # next number, epoch
    cursors: dict[tuple[str, str], int] = field(default_factory=dict)  # (consumer, origin)
    commands: dict[str, Command] = field(default_factory=dict)  # the whole outbox by op
    changed: set[str] = field(default_factory=set)
    holds: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # (msisdn, session) -> minor, until (ms)
    mail: Mail = field(default_factory=Mail)
    _latest: list[Subscriber] = field(default_factory=list)

    def of(self, msisdn: str) -> Subscriber:
        """One subscriber."""
        found = self.subscribers.get(msisdn)
        if found is None:
            found = self.subscribers[msisdn] = Subscriber(msisdn)
        return found

    def latest(self) -> list[Subscriber]:
        """The subscribers who were read anew, in the order of their numbers."""
        if len(self._latest) != len(self.changed):
            self._latest = [self.subscribers[msisdn] for msisdn in sorted(self.changed)]
        return self._latest


class Auditor:
    """Reads both databases again and again."""

    def __init__(self, store: Path, ledger: Path) -> None:
        self.books = Books()
        self._store, self._ledger = _open(store), _open(ledger)
        self._ticket = self._position = 0
        self._data_versions: list = []  # of both databases, as they were at the last look
        self._store.execute("CREATE TEMP TABLE looked_at (msisdn integer PRIMARY KEY, version integer NOT NULL)")

    def close(self) -> None:
        """Closes both."""
        self._store.close()
        self._ledger.close()

    def look(self, all_of_it: bool = False) -> Books:
        """The books of this moment; with `all_of_it` every subscriber counts as changed."""
        books = self.books
        books.changed, books._latest = set(books.subscribers) if all_of_it else set(), []
        versions = [one.execute("PRAGMA data_version").fetchone() for one in (self._store, self._ledger)]
        if versions == self._data_versions and not all_of_it:
            return books  # nobody has committed anything since the last look
        self._data_versions = versions
        self._read_tickets()
        self._read_movements()
        self._find_changed()
        books.origins = {name: (following, epoch) for name, following, epoch in self._store.execute(_ORIGINS)}
        books.cursors = {(consumer, origin): seq for consumer, origin, seq in self._store.execute(_CURSORS)}
        books.holds = {(str(msisdn), session): tuple(rest) for msisdn, session, *rest in self._ledger.execute(_HOLDS)}
        self._read_outbox()
        books.mail.read(self._store, books.commands.values())
        self._read_changed()
        return books

    def owed(self, msisdn: str) -> dict[str, tuple[int, int]]:
        """What somebody owes at this moment: advance -> (requested at, generation)."""
        rows = self._store.execute(
            "SELECT id, requested_at, generation FROM advance WHERE msisdn = ? AND unfinished = 1"
            " AND outstanding_minor > 0", (int(msisdn),))
        return {id: (requested_at, generation) for id, requested_at, generation in rows}

    def has_paid(self, msisdn: str, recharge: str) -> bool:
        """Whether a recharge of his has paid something back, and still has."""
        rows = self._store.execute("SELECT body FROM recovery WHERE msisdn = ?", (int(msisdn),))
        return any(one["recharge"] == recharge and one["state"] == "done" for one in (_JSON.decode(body) for body, in rows))

    def generation(self, msisdn: str) -> int:
        """The generation of his number at this moment."""
        row = self._store.execute("SELECT generation FROM account WHERE msisdn = ?", (int(msisdn),)).fetchone()
        return row[0] if row else 0

    def decided(self, msisdn: str, channel: str, id: str) -> bool:
        """Whether a request of his has been decided at this moment."""
        return self._store.execute("SELECT 1 FROM trigger_seen WHERE msisdn = ? AND channel = ? AND id = ?",
                                   (int(msisdn), channel, id)).fetchone() is not None

    def asked_for(self, msisdn: str) -> set[str]:
        """The operations of his commands that are in the outbox at this moment, and of his messages that ever went out."""
        return {op for op, in self._store.execute("SELECT op FROM outbox WHERE msisdn = ? UNION SELECT op FROM message WHERE msisdn = ?",
                                                  (int(msisdn), int(msisdn)))}

    def call_of(self, msisdn: str) -> dict | None:
        """His call that is not over at this moment."""
        row = self._store.execute("SELECT standing FROM account WHERE msisdn = ?", (int(msisdn),)).fetchone()
        return _JSON.decode(row[0]).get("call") if row else None

    def outstanding(self) -> list[tuple[str, str, int]]:
        """(msisdn, advance, minor) of everything that is owed at this moment."""
        rows = self._store.execute("SELECT msisdn, id, outstanding_minor FROM advance WHERE unfinished = 1"
                                   " AND outstanding_minor > 0 ORDER BY msisdn, id")
        return [(str(msisdn), id, minor) for msisdn, id, minor in rows]

    def latest_ms(self) -> int:
        """When the newest of what is not finished was asked for, by the clock of the node that was asked; 0: nothing is."""
        return self._store.execute("SELECT coalesce(max(requested_at), 0) FROM advance WHERE unfinished = 1").fetchone()[0]

    def numbered(self, origin: str) -> int:
        """How many tickets an origin has numbered."""
        row = self._store.execute("SELECT next FROM origin WHERE name = ?", (origin,)).fetchone()
        return row[0] - 1 if row else 0

    def unresolved(self) -> list[tuple[str, int]]:
        """(operation, when it was asked for) of the money commands that are unknown at this moment."""
        return self._store.execute("SELECT op, created_at FROM outbox WHERE state = 'look_up' AND kind <> 'notify'"
                                   " ORDER BY created_at, op").fetchall()

    def under_way(self) -> int:
        """How much waits for something at this moment: commands, advances, recoveries."""
        return self._store.execute(
            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM recovery WHERE unfinished = 1)"
            " + (SELECT count(*) FROM advance WHERE unfinished = 1 AND state IN ('granting', 'unknown'))").fetchone()[0]

    def policies(self, after: int) -> list[tuple[int, dict]]:
        """(version, document) of the policies that were added after a version."""
        rows = self._store.execute("SELECT version, document FROM policy_version WHERE version > ? ORDER BY version",
                                   (after,))
        return [(version, _JSON.decode(document)) for version, document in rows]

    def balance_minor(self, msisdn: str) -> int:
        """His main balance at this moment."""
        row = self._ledger.execute("SELECT amount_minor FROM balance WHERE msisdn = ? AND balance_type = 'main'",
                                   (int(msisdn),)).fetchone()
        return row[0] if row else 0

    def position(self) -> int:
        """The position of the ledger's newest movement."""
        return self._ledger.execute("SELECT coalesce(max(position), 0) FROM movement").fetchone()[0]

    def movement_of(self, op: str) -> tuple[int, int] | None:
        """(position, signed amount) of an operation that was done."""
        return self._ledger.execute("SELECT position, amount_minor FROM movement WHERE op = ?", (op,)).fetchone()

    def done(self, op: str) -> str | None:
        """What the ledger's records say of an operation that somebody waits for; None: it was not done."""
        moved = self.movement_of(op)
        if moved is not None:
            return f"L{moved[0]}"
        row = self._store.execute("SELECT msisdn, kind, body FROM outbox WHERE op = ?", (op,)).fetchone()
        table = _SESSIONS.get(row[1]) if row else None
        if table is None:
            return None
        held = self._ledger.execute(f"SELECT 1 FROM {table} WHERE msisdn = ? AND session = ?",
                                    (row[0], _JSON.decode(row[2])["session"])).fetchone()
        return "the session is there" if held else None

    def _read_tickets(self) -> None:
        books = self.books
        for rowid, msisdn, origin, seq, text in self._store.execute(_TICKETS, (self._ticket,)):
            ticket = Ticket(origin, seq, str(msisdn), text.encode(), _JSON.decode(text))
            books.tickets.setdefault(origin, []).append(ticket)
            books.of(ticket.msisdn).tickets.append(ticket)
            books.changed.add(ticket.msisdn)
            self._ticket = rowid

    def _read_movements(self) -> None:
        for position, msisdn, *rest in self._ledger.execute(_MOVEMENTS, (self._position,)):
            movement = Movement(position, str(msisdn), *rest)
            self.books.movements[movement.name] = movement
            self.books.of(movement.msisdn).movements.append(movement)
            self.books.changed.add(movement.msisdn)
            self._position = position

    def _find_changed(self) -> None:
        changed = self._store.execute(_CHANGED).fetchall()
        self._store.executemany("INSERT OR REPLACE INTO temp.looked_at VALUES (?, ?)", changed)
        self.books.changed.update(str(msisdn) for msisdn, _ in changed)

    def _read_outbox(self) -> None:
        found = {}
        for number, op, *rest, body in self._store.execute(_OUTBOX):
            found[op] = Command(str(number), op, *rest, _JSON.decode(body))
        for op in found.keys() ^ self.books.commands.keys():
            command = found.get(op) or self.books.commands[op]
            self.books.changed.add(command.msisdn)
        self.books.commands = found

    def _read_changed(self) -> None:
        """Everything else of who has changed: one question a table, however many they are."""
        books, numbers = self.books, sorted(map(int, self.books.changed))
        commands: dict[str, list[Command]] = {}
        for command in books.commands.values():
            commands.setdefault(command.msisdn, []).append(command)
        for number in numbers:
            one = books.of(str(number))
            one.commands, one.balances = commands.get(one.msisdn, []), {}  # `fed` keeps what retention deletes
        wanted = f"[{','.join(map(str, numbers))}]"
        people = books.subscribers
        for number, version, generation, profile, standing in self._store.execute(_ACCOUNT, (wanted,)):
            one = people[str(number)]
            one.version, one.generation = version, generation
            one.profile, one.standing = _JSON.decode(profile), _JSON.decode(standing)
        for number, id, body in self._store.execute(_ADVANCE, (wanted,)):
            people[str(number)].advances[id] = _JSON.decode(body)
        for number, id, body in self._store.execute(_RECOVERY, (wanted,)):
            people[str(number)].recoveries[id] = _JSON.decode(body)
        for number, id, count in self._store.execute(_FED, (wanted,)):
            people[str(number)].fed[id] = count
        for msisdn, channel, id in triggers(self._store, wanted):
            one = people[msisdn]
            {SMS: one.messages, EMAIL: one.mails}.get(channel, one.rings).add(id)
        for number, balance_type, amount_minor in self._ledger.execute(_BALANCE, (wanted,)):
            people[str(number)].balances[balance_type] = amount_minor


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=WAIT_S, isolation_level=None)
    connection.execute("PRAGMA temp_store=MEMORY")
    return connection
