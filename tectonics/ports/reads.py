"""Reads for people, and who has which address."""

from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.advance import Advance
from tectonics.domain.mailbox import Mailbox
from tectonics.domain.recharge import Recovery
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.domain.value import value
from tectonics.ports.store import OutboxRow


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


@value
class Lent:
    """What the service has lent since a day, and what became of it."""

    count: int
    lent_minor: int
    overdue_minor: int  # owed now and fallen due since that day
    written_off_minor: int


class Queries(Protocol):
    """Reads for people; they never block the writers."""

    def account(self, msisdn: str) -> Deferred[Account | None]: ...

    def advances(self, msisdn: str = "", state: str = "", after: tuple[int, str] = (0, ""),
                 limit: int = 100) -> Deferred[list[tuple[str, Advance]]]:
        """(msisdn, advance) ordered by (requested_at, id) > `after`."""

    def advance(self, advance_id: str) -> Deferred[tuple[str, Advance] | None]: ...

    def recoveries(self, msisdn: str, limit: int = 100) -> Deferred[list[Recovery]]: ...

    def past(self, msisdn: str, generation: int, before: tuple[int, str],
             limit: int) -> Deferred[tuple[list[Advance], list[Recovery]]]:
        """The newest advances, and payments that were made, of one holder of a number before (time, id) `before`."""

    def unresolved(self, limit: int = 100) -> Deferred[list[OutboxRow]]:
        """Money commands whose outcome is unknown."""

    def calls(self, limit: int = 100) -> Deferred[list[OutboxRow]]:
        """Legs that ring and conversations, of all nodes, the oldest first."""

    def debt(self) -> Deferred[Debt]: ...

    def lent(self, day: int, since: int) -> Deferred[Lent]:
        """Since the policy's day `day`, which began at `since` (ms); of all nodes."""
