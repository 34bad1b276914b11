"""Accounts, units and what waits for its outcome."""

from collections.abc import Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.advance import Advance
from tectonics.domain.commands import Command
from tectonics.domain.events import Trigger
from tectonics.domain.recharge import Recovery
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.domain.value import value


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

    def begin_anew(self, msisdn: str, op: str, now: int) -> Deferred[bool]:
        """Says that a row has certainly not been sent so far: it is as old as `now`, with a new lease; False when it is not ours (any more)."""

    def finish(self, msisdn: str, op: str) -> Deferred[None]:
        """Deletes a command whose outcome changes no account (a message was sent or given up)."""
