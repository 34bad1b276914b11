"""What the world outside saw: the one book that no fault touches.

Gateway, feed, ticket consumers, operators and faults write here, each with the virtual time in seconds
since the beginning.  The invariants compare it with what the daemon's books say; the history of a
subscriber is told from it; its entries, in order, are part of the run's digest.

Bounds: as long as the run is; LOGGED_MAX lines of the daemon's own faults.
"""

from dataclasses import dataclass, field

from tectonics.simulation.callbook import Callbook
from tectonics.simulation.mailbook import Mailbook
from tectonics.simulation.population.screens import Consent
from tectonics.simulation.postbook import Postbook
from tectonics.simulation.ringbook import Ringbook
from tectonics.simulation.switchbook import Switchbook
from tectonics.simulation.webbook import Webbook

LOGGED_MAX = 100


@dataclass(slots=True)
class Step:
    """One screen: what was typed for it, and what came back (`text` None: nothing)."""

    at_s: float
    typed: str
    text: str | None = None
    more: bool = False
    answered_s: float | None = None


@dataclass(slots=True)
class Session:
    """One session of one subscriber, as his gateway served it."""

    id: str
    msisdn: str
    steps: list[Step] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)  # that were accepted, in order
    answers: dict[str, set[str]] = field(default_factory=dict)  # final screens by request; never "busy"
    over: bool = False
    came_late: bool = False  # a confirmation was posted again behind a later step, and nothing tells it from the next input


@dataclass(slots=True)
class Record:
    """A record of the feed: `answer` is OK, DUP or ERR with its reason, "" while there is none."""

    id: str
    type: str
    msisdn: str
    at_s: float  # when it happened
    happened_at: int  # the same as the record says it, ms
    amount_minor: int = 0
    kind: str = ""
    ref: str = ""
    answer: str = ""
    answered_s: float | None = None
    owed_before: dict[str, tuple[int, int]] = field(default_factory=dict)  # advance -> (asked at, generation), when sent
    owed_after: dict[str, tuple[int, int]] = field(default_factory=dict)  # the same when it was answered
    generation_after: int = 0  # of the account then


@dataclass(slots=True)
class Consumed:
    """What one consumer has of one origin."""

    name: str
    origin: str
    lines: list[bytes] = field(default_factory=list)
    acknowledged: int = 0  # the highest number for which it has said ACK
    gaps: int = 0
    errors: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class TicketFile:
    """A file as it stands on disk; `trailer` None: it is still being written."""

    name: str
    lines: tuple[bytes, ...]
    trailer: dict | None


@dataclass(slots=True)
class Journal:
    """Everything that was seen."""

    sessions: dict[str, Session] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    consumed: list[Consumed] = field(default_factory=list)
    files: dict[str, list[TicketFile]] = field(default_factory=dict)  # of each origin, in the end
    strays: dict[str, list[TicketFile]] = field(default_factory=dict)  # those of a second machine of that name
    faults: list[tuple[float, str, str]] = field(default_factory=list)  # when, kind, sentence
    resolved: list[tuple[float, str, str]] = field(default_factory=list)  # when, operation, what the operator said
    logged: list[str] = field(default_factory=list)  # faults of ours that a process logged
    post: Postbook = field(default_factory=Postbook)  # what goes over SMPP
    switch: Switchbook = field(default_factory=Switchbook)  # what goes over GSUP
    calls: Callbook = field(default_factory=Callbook)  # who is called back
    rings: Ringbook = field(default_factory=Ringbook)  # who rings
    mail: Mailbook = field(default_factory=Mailbook)  # who writes e-mails
    web: Webbook = field(default_factory=Webbook)  # who visits his pages
    by_subscriber: dict[str, list[Session | Record]] = field(default_factory=dict)

    def began(self, id: str, msisdn: str) -> Session:
        """A session begins."""
        session = self.sessions[id] = Session(id, msisdn)
        self.by_subscriber.setdefault(msisdn, []).append(session)
        return session

    def identified(self, id: str) -> None:
        """The daemon calls a session over GSUP so."""
        switched = None if id in self.sessions else self.switch.identify(id)
        if switched is not None:
            self.sessions[id] = Session(id, switched.msisdn, switched.steps, switched.consents)

    def fed(self, record: Record) -> Record:
        """A record is about to be sent."""
        self.records[record.id] = record
        self.by_subscriber.setdefault(record.msisdn, []).append(record)
        return record

    def fault(self, at_s: float, kind: str, text: str) -> None:
        """A fault begins."""
        self.faults.append((at_s, kind, text))

    def log(self, text: str) -> None:
        """A process logged a fault of its own."""
        if len(self.logged) < LOGGED_MAX:
            self.logged.append(text)
