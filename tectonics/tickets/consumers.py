"""Who consumes the acknowledged stream, how far each has come, and where a new connection begins.

A consumer is a name and an origin.  Its cursor is durable in the TicketLog: the highest number it
has acknowledged (or named with `after=`); announcing a gap does not move it, so that a gap which the
consumer did not live to hear of is announced again.  A consumer is registered durably before it is sent its
first ticket, so "no cursor" means "was never sent anything" even after a crash.  How much was *sent*
beyond the cursor is known in memory only; after a restart everything up to the newest ticket may
have been sent, and is flagged when it is sent (again).  A crash before a cursor is written repeats
tickets, never loses one.

Bound: `consumers_max` names; a new name beyond it is refused.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from twisted.internet.defer import DeferredLock
from twisted.internet.protocol import Protocol

from tectonics.domain.errors import BadMessage, Busy
from tectonics.ports import TicketLog
from tectonics.wire.ticket_stream import NAME


class ConsumerStatus(NamedTuple):
    """What status shows; the lag is newest - acknowledged."""

    name: str
    origin: str
    acknowledged: int
    newest: int
    connected: bool


class Beginning(NamedTuple):
    """Where a connection begins: the first ticket sent is the one after `after`."""

    wanted: int  # what the consumer has, by its own word or by its cursor
    after: int  # above `wanted` where tickets between the two are not kept any more
    repeated_until: int  # tickets up to this number may have been sent before
    oldest: int
    newest: int

    @property
    def gap(self) -> bool:
        """Whether tickets are lost to this consumer."""
        return self.after > self.wanted


@dataclass(slots=True)
class Consumer:
    """One consumer of one origin."""

    name: str
    origin: str
    acknowledged: int  # only moves forward; a smaller `after=` rewinds one connection, not this
    saved: int | None  # what the log holds; None: not registered there
    sent: int | None = None  # the highest number that may have been sent; None: not known
    connection: Protocol | None = None
    turn: DeferredLock = field(default_factory=DeferredLock)  # one HELLO or cursor write at a time


def begin(asked: int | None, cursor: int | None, sent: int | None, oldest: int, newest: int) -> Beginning:
    """Where to begin for a consumer that asks for what is after `asked` (None: after its cursor).

    `oldest` and `newest` are the numbers kept (newest 0: none). A consumer without a cursor begins
    with the oldest. BadMessage when it claims tickets that do not exist.
    """
    if asked is not None and 0 < newest < asked:
        raise BadMessage(f"after={asked} is beyond the newest ticket, {newest}")
    wanted = asked if asked is not None else cursor if cursor is not None else oldest - 1
    if cursor is None:
        repeated_until = 0
    else:
        repeated_until = newest if sent is None or sent < cursor else sent
    return Beginning(wanted, max(wanted, oldest - 1), repeated_until, oldest, newest)


class Consumers:
    """All consumers known to this process."""

    def __init__(self, log: TicketLog, consumers_max: int) -> None:
        self._log = log
        self._consumers_max = consumers_max
        self._known: dict[tuple[str, str], Consumer] = {}
        self.newest: dict[str, int] = {}  # by origin

    async def load(self) -> None:
        """Reads all cursors, and how far each origin has come."""
        for name, origin, seq in await self._log.cursors():
            if NAME.fullmatch(name):
                self._known[name, origin] = Consumer(name, origin, seq, seq)
        for origin in dict.fromkeys((self._log.origin, *(consumer.origin for consumer in self))):
            await self.span(origin)

    def __iter__(self):
        return iter(self._known.values())

    def find(self, name: str, origin: str) -> Consumer:
        """The consumer, known or new; Busy when there are too many names."""
        if (name, origin) not in self._known:
            names = {consumer.name for consumer in self}
            if name not in names and len(names) >= self._consumers_max:
                raise Busy(f"{self._consumers_max} consumers are known already, no new name is taken")
            self._known[name, origin] = Consumer(name, origin, 0, None)
        return self._known[name, origin]

    def discard(self, consumer: Consumer) -> None:
        """Forgets a consumer whose first HELLO was refused, so that it takes no room."""
        if consumer.saved is None:
            self._known.pop((consumer.name, consumer.origin), None)

    async def span(self, origin: str) -> tuple[int, int]:
        """The numbers kept, (1, 0) when none; remembers the newest."""
        oldest, newest = await self._log.span(origin)
        self.newest[origin] = max(newest, self.newest.get(origin, 0))
        return oldest, newest

    async def locate(self, consumer: Consumer, asked: int | None) -> Beginning:
        """Where its connection begins; registers it durably. Call in its turn."""
        cursor = await self._log.cursor(consumer.name, consumer.origin)
        oldest, newest = await self.span(consumer.origin)
        if cursor is None and newest < oldest and consumer.origin != self._log.origin:
            raise BadMessage(f"no tickets of origin {consumer.origin} are kept here")
        beginning = begin(asked, cursor, consumer.sent, oldest, newest)
        self._known[consumer.name, consumer.origin] = consumer
        consumer.saved, consumer.acknowledged = cursor, max(beginning.wanted, cursor or 0)
        await self.save(consumer)
        consumer.sent = max(beginning.repeated_until, beginning.after)
        return beginning

    async def save(self, consumer: Consumer) -> None:
        """Writes the cursor until it says what was acknowledged. Call in its turn."""
        while consumer.saved != consumer.acknowledged:
            seq = consumer.acknowledged
            await self._log.acknowledge(consumer.name, consumer.origin, seq)
            consumer.saved = seq

    def lag(self, name: str) -> int:
        """Tickets that the consumer has not acknowledged, of all origins that it reads."""
        return sum(max(0, self.newest.get(c.origin, 0) - c.acknowledged) for c in self if c.name == name)

    def status(self) -> list[ConsumerStatus]:
        """All consumers, by name and origin."""
        return [ConsumerStatus(c.name, c.origin, c.acknowledged,
                               max(self.newest.get(c.origin, 0), c.acknowledged), c.connection is not None)
                for _, c in sorted(self._known.items())]
