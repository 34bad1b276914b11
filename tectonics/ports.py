"""The ports: what adapters fill and what they may use. Few methods each.

Everything that takes time answers with a Deferred.  A port never raises for what a peer did: a
billing write answers Done, Refused or Unknown, an enquiry a value or Unavailable.  A Deferred that
fails means our own fault (or, where a docstring says so, a TheirFault whose text is the answer).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import field
from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain import commands
from tectonics.domain.advance import Advance
from tectonics.domain.call import Ended, Rung
from tectonics.domain.commands import Command, Credit, Debit, Notify, Reserve, Settle
from tectonics.domain.delivery import Begun, Part, Sent
from tectonics.domain.events import Event, FeedEvent, Trigger
from tectonics.domain.keywords import Request
from tectonics.domain.mailbox import Mailbox
from tectonics.domain.numbers import Number
from tectonics.domain.outcome import Balance, NotFound, Outcome, Unavailable
from tectonics.domain.policy import Policy
from tectonics.domain.recharge import Recovery
from tectonics.domain.screens import Dialled, Screen, Style
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.domain.value import value

# --- time and ids ---------------------------------------------------------------------------------

class Clock(Protocol):
    """Twisted's IReactorTime: the reactor, or task.Clock on the virtual clock."""

    def seconds(self) -> float: ...

    def callLater(self, delay: float, callable: Callable, *args, **kwargs): ...


class Ids(Protocol):
    """New identities: unique for ever, rising with time within a process, 26 characters."""

    def new(self, now: int) -> str: ...


# --- billing and messages -------------------------------------------------------------------------

@value
class Capabilities:
    """What a connector promises about its billing system; the engine obeys."""

    deduplicates: bool = False  # the same `op` sent again is answered, not done again
    window_s: int = 0  # how long the peer remembers an `op`
    readable_back: bool = False  # `look_up` can tell what became of an `op`
    tells_balance: bool = True  # else only `covers` answers
    sessions: bool = False  # `reserve` and `settle` are there: session credit control


class Billing(Protocol):
    """A prepaid billing system. Writes answer Outcome and never fail. Everything is answered by the
    deadline that the connector was configured with, Unknown or Unavailable where its peer is silent."""

    capabilities: Capabilities

    def balance(self, msisdn: str, node: str = "") -> Deferred[Balance | Unavailable]: ...

    def covers(self, msisdn: str, amount_minor: int, node: str = "") -> Deferred[bool | Unavailable]: ...

    def credit(self, command: Credit) -> Deferred[Outcome]: ...

    def debit(self, command: Debit) -> Deferred[Outcome]: ...

    def reserve(self, command: Reserve) -> Deferred[Outcome]:
        """Done: it is held; Refused("insufficient"): nothing is held for this `op`."""

    def settle(self, command: Settle) -> Deferred[Outcome]:
        """Done: that much was taken and the session is closed."""

    def look_up(self, op: str, msisdn: str, node: str = "") -> Deferred[Outcome | NotFound]: ...


class CallServer(Protocol):
    """Rings two people and connects them. Nothing here fails; each write ends, by `ring_s` or `until_at` at the latest.

    `again`: it may have been asked before a restart, or by another node. A leg that is found is waited for; one that
    is not is never rung (any more): NotAnswered or Ended with GONE or LOST.
    """

    def ring(self, command: commands.Ring, again: bool = False) -> Deferred[Rung]: ...

    def connect(self, command: commands.Connect, again: bool = False) -> Deferred[Rung]: ...

    def talk(self, command: commands.Talk, again: bool = False) -> Deferred[Ended]: ...

    def extend(self, call: str, until_at: int) -> None:
        """The conversation may go on until then."""

    def hang_up(self, command: commands.HangUp) -> Deferred[Outcome]: ...


class Numbering(Protocol):
    """Knows the numbering plans. Pure: the same arguments, the same answer."""

    def read(self, text: str, of: str) -> Number | None:
        """What the subscriber `of` (MSISDN) would reach by dialling `text`; None when that is no number."""


class Messenger(Protocol):
    """Sends a short message. Never fails."""

    def send(self, command: Notify) -> Deferred[Outcome]: ...


class MessageLog(Protocol):
    """What became of each part of each message; an account's name and the centre's id find a part again.

    Fails with Busy or OurFault.
    """

    def begin(self, msisdn: str, op: str, parts: int, reference: int, now: int,
              quiet_ms: int) -> Deferred[Begun]:
        """Marks all that is open of a message as `sending`, before any of it is sent; what was known of it.

        Another node's mark that is younger than `quiet_ms` is left alone (`elsewhere`).
        """

    def note(self, msisdn: str, op: str, part: Part, now: int, finished: bool = False) -> Deferred[None]:
        """What became of sending a part; `finished`: the command leaves the outbox in the same transaction.

        A part that has an id keeps it.
        """

    def find(self, account: str, id: str) -> Deferred[list[Sent]]:
        """The newest parts that have this id, at most two."""

    def settle(self, sent: Sent, state: str, now: int) -> Deferred[bool]:
        """The final state of a part that was `sent`; False when it is known already."""

    def forget(self, before: int) -> Deferred[int]:
        """Deletes what began before that time (ms), unless its command is still in the outbox; how much."""


@value
class ShortMessage:
    """What a subscriber wrote to us. The same `id` is the same message, however often it is delivered."""

    channel: str
    id: str
    msisdn: str
    to: str  # the number that he wrote to
    text: str
    at: int
    asks: Request | None = None  # what it means, where it was not written


class Correspondence(Protocol):
    """Takes what subscribers write."""

    def received(self, message: ShortMessage) -> Deferred[None]:
        """Fires when what it asks for is committed, so that it may be acknowledged; fails with Busy when it
        should be sent again."""


# --- the store ------------------------------------------------------------------------------------

@value
class Loaded:
    """What `Store.load` found; `answers` holds the asked triggers that exist (None: no answer yet)."""

    account: Account | None
    answers: dict[Trigger, bytes | None]


@value
class Usage:
    """What this unit adds to the service's day."""

    service: str
    day: int
    count: int
    amount_minor: int


@value
class Unit:
    """All that one decision writes, in one transaction, or nothing of it.

    The account is written where its stored version is `expected` (0: it is inserted if absent), and
    gets version `expected + 1`.  `trigger` and `marks` are inserted; where `trigger` exists already
    the unit is a Duplicate.  `answer` fills the answer of an earlier trigger that has none.
    """

    id: str
    at: int
    expected: int
    account: Account
    advances: tuple[Advance, ...] = ()  # new or changed
    recoveries: tuple[Recovery, ...] = ()  # new or changed
    trigger: Trigger | None = None
    trigger_answer: bytes | None = None
    marks: tuple[Trigger, ...] = ()
    answer: tuple[Trigger, bytes] | None = None
    commands: tuple[Command, ...] = ()
    finished: tuple[str, ...] = ()  # ops that leave the outbox
    unresolved: tuple[str, ...] = ()  # ops that stay there, to be looked up
    tickets: tuple[Ticket, ...] = ()
    usage: Usage | None = None


@value
class Committed:
    """The unit is durable; its tickets got these numbers."""

    first_seq: int = 0
    count: int = 0


@value
class Conflict:
    """Another unit was faster; load and decide again."""


@value
class Duplicate:
    """The trigger has been served before; its answer, or None while it is being served."""

    answer: bytes | None


class Store(Protocol):
    """Accounts and units. Deferreds fail only with Busy (the queue is at its bound) or OurFault."""

    def load(self, msisdn: str, triggers: Sequence[Trigger] = (),
             recharge: tuple[str, str] | None = None,
             advance: str = "") -> Deferred[Loaded]:
        """The account with its unfinished advances and recoveries.

        With `recharge` (feed, id) also the recoveries of that recharge; with `advance` also that
        advance, finished or not.  The advances that any of these recoveries paid are always there,
        because a payment that is returned reopens them.
        """

    def commit(self, unit: Unit) -> Deferred[Committed | Conflict | Duplicate]: ...

    def due_advances(self, now: int, limit: int) -> Deferred[list[tuple[str, str]]]:
        """(msisdn, advance id) of open advances whose due date has passed."""

    def usage(self, service: str, day: int) -> Deferred[tuple[int, int]]:
        """(count, amount_minor) that the service has lent on that day, all nodes together."""


SEND, LOOK_UP = "send", "look_up"


@value
class OutboxRow:
    """A command that waits for its outcome to be committed."""

    command: Command
    state: str  # SEND or LOOK_UP
    created_at: int
    due_at: int
    attempts: int
    lease_until: int


class Outbox(Protocol):
    """Commands that outlive the process. This node owns the rows that it wrote or adopted."""

    def adopt(self, now: int, limit: int) -> Deferred[list[OutboxRow]]:
        """Takes over rows of earlier lives of this node, and of other nodes whose lease is over."""

    def due(self, now: int, limit: int) -> Deferred[list[OutboxRow]]:
        """Own rows whose time has come."""

    def reschedule(self, msisdn: str, op: str, due_at: int, attempts: int, now: int) -> Deferred[bool]:
        """Moves a row to later and renews its lease; False when it is not ours (any more)."""

    def finish(self, msisdn: str, op: str) -> Deferred[None]:
        """Deletes a command whose outcome changes no account (a message was sent or given up)."""


@value
class TicketLine:
    """A numbered ticket as it is written everywhere: one JSON object, no newline."""

    origin: str
    seq: int
    at: int
    line: bytes


class TicketLog(Protocol):
    """The numbered tickets of every origin, and the cursors of those who consume them."""

    origin: str  # that this process numbers

    def subscribe(self, callback: Callable[[Sequence[TicketLine]], None]) -> None:
        """`callback` gets each batch of tickets after its commit, in order, in the reactor thread."""

    def read(self, origin: str, after: int, limit: int) -> Deferred[list[TicketLine]]:
        """Tickets of `origin` with numbers above `after`, in order."""

    def read_time(self, since: int, until: int, after: tuple[int, str, int],
                  limit: int) -> Deferred[list[TicketLine]]:
        """Tickets of all origins with since <= at < until, ordered by (at, origin, seq) > `after`."""

    def span(self, origin: str) -> Deferred[tuple[int, int]]:
        """(oldest, newest) number kept; (1, 0) when there is none."""

    def cursor(self, consumer: str, origin: str) -> Deferred[int | None]:
        """The highest number the consumer has acknowledged; None: never seen."""

    def acknowledge(self, consumer: str, origin: str, seq: int) -> Deferred[None]: ...

    def cursors(self) -> Deferred[list[tuple[str, str, int]]]:
        """(consumer, origin, seq) of all consumers."""


@value
class PolicyVersion:
    """One numbered policy: `document` is what config/policy decodes."""

    version: int
    at: int
    who: str
    note: str
    document: dict


class PolicyLog(Protocol):
    """Numbered policies; never changed, only added to."""

    def newest(self) -> Deferred[PolicyVersion | None]: ...

    def get(self, version: int) -> Deferred[PolicyVersion | None]: ...

    def history(self, limit: int) -> Deferred[list[PolicyVersion]]: ...

    def append(self, expected: int, document: dict, at: int, who: str, note: str,
               audit: Ticket | None = None) -> Deferred[PolicyVersion | None]:
        """Adds version `expected + 1` and its audit ticket; None when somebody else added it first."""


class Addresses(Protocol):
    """Which e-mail address speaks for which subscriber. A number of a new generation has none."""

    def find(self, address: str) -> Deferred[Mailbox | None]:
        """Whose the folded address is."""

    def of(self, msisdn: str) -> Deferred[list[Mailbox]]:
        """The addresses of one number."""

    def put(self, address: str, msisdn: str, pin: str, now: int, audit: Ticket) -> Deferred[str]:
        """Registers it, or changes its hashed PIN, with the ticket; "" or why not: nobody, taken, too_many."""

    def remove(self, address: str, msisdn: str, audit: Ticket) -> Deferred[bool]:
        """Whether there was one to remove; only then the ticket is written."""


@value
class Debt:
    """The gauges of what is owed."""

    open_advances: int = 0
    outstanding_minor: int = 0
    overdue: int = 0
    unknown: int = 0
    barred: int = 0
    outbox: int = 0


class Queries(Protocol):
    """Reads for people; they never block the writers."""

    def account(self, msisdn: str) -> Deferred[Account | None]: ...

    def advances(self, msisdn: str = "", state: str = "", after: tuple[int, str] = (0, ""),
                 limit: int = 100) -> Deferred[list[tuple[str, Advance]]]:
        """(msisdn, advance) ordered by (requested_at, id) > `after`."""

    def advance(self, advance_id: str) -> Deferred[tuple[str, Advance] | None]: ...

    def recoveries(self, msisdn: str, limit: int = 100) -> Deferred[list[Recovery]]: ...

    def unresolved(self, limit: int = 100) -> Deferred[list[OutboxRow]]:
        """Money commands whose outcome is unknown."""

    def debt(self) -> Deferred[Debt]: ...


# --- what channels and feeds use ------------------------------------------------------------------

class Dialogue(Protocol):
    """Serves the steps of menu sessions."""

    def step(self, style: Style, dialled: Dialled) -> Deferred[Screen]:
        """The next screen, within the style's budget. Never fails."""

    def ended(self, style: Style, session: str, msisdn: str) -> None:
        """The gateway says that the session is over."""


class Intake(Protocol):
    """Takes what the prepaid network tells."""

    def feed(self, event: FeedEvent) -> Deferred[str]:
        """`OK` once durable, `DUP` when seen before; fails with a TheirFault that says why not."""

    def backlogged(self) -> bool:
        """True while a feed should read no further."""


class Desk(Protocol):
    """Takes what people decide, through the same path as everything else."""

    def decide(self, event: Event) -> Deferred[str]:
        """Carries out a ProfileChanged, WrittenOff or a resolved answer; the sentence that says what
        was done. Fails with a TheirFault that says why not."""

    def reconcile(self) -> Deferred[list[dict]]:
        """Looks every unresolved money command up now; one dict (op, msisdn, result, text) each."""


class Policies(Protocol):
    """The policy in force."""

    current: Policy

    def replace(self, document: dict, who: str, note: str) -> Deferred[PolicyVersion]:
        """Puts a new version in force at once; fails with BadPolicy, all errors in its text."""


class Bookmarks(Protocol):
    """Named positions that survive a restart: how far a feed has been read."""

    def read(self, name: str) -> Deferred[str | None]: ...

    def write(self, name: str, value: str) -> Deferred[None]: ...


# --- what is shown --------------------------------------------------------------------------------

class Metrics(Protocol):
    """The one registry of what is counted. Names and labels are declared in oam/metrics.py."""

    def count(self, name: str, *labels: str, by: int = 1) -> None: ...

    def gauge(self, name: str, value: float, *labels: str) -> None: ...

    def observe(self, name: str, seconds: float, *labels: str) -> None: ...


@value
class Alarm:
    """An active alarm; `id` is stable: kind, and what it concerns."""

    id: str
    severity: str  # critical, major, minor, warning
    since_at: int
    text: str  # what is wrong
    advice: str  # what to do


class Alarms(Protocol):
    """Raise and clear in pairs; raising what is raised changes nothing but its text."""

    def raise_alarm(self, kind: str, text: str, about: str = "") -> None: ...

    def clear(self, kind: str, about: str = "") -> None: ...

    def active(self) -> list[Alarm]: ...


# --- administration -------------------------------------------------------------------------------

class Administration(Protocol):
    """What the CLI, the API and the pages ask of the daemon: one method name, named parameters.

    The answer is plain data for JSON; it fails with a TheirFault that says what to do.  `who` is
    the authenticated person or program, for the audit ticket.
    """

    def call(self, method: str, params: dict, who: str) -> Deferred[object]: ...

    def methods(self) -> Iterable[str]: ...


@value
class Listener:
    """A port that the daemon serves: what it is and where."""

    name: str
    address: str
    extra: dict = field(default_factory=dict)
