"""What is kept in order: tickets, policies, positions."""

from collections.abc import Callable, Sequence
from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.ticket import Ticket
from tectonics.domain.value import value


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

    def audit(self, ticket: Ticket) -> Deferred[None]:
        """Writes the ticket of a change that is kept nowhere else."""


class Bookmarks(Protocol):
    """Named positions that survive a restart: how far a feed has been read."""

    def read(self, name: str) -> Deferred[str | None]: ...

    def write(self, name: str, value: str) -> Deferred[None]: ...
