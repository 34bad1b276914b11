"""The acknowledged ticket stream (TCP 7071): the listener, its watch over consumers, its status.

A consumer gets every ticket of an origin at least once, in order, and says what is safe with it
(wire/ticket_stream.py has the lines, consumers.py the cursors, delivery.py one connection).  By
default it reads the origin that this process numbers.  After a fail-over the standby numbers an
origin of its own; tickets of the dead node that are still in the shared database are fetched with
`after=<its origin>:` over a second connection under the same name.

One watch, every WATCH_S, asks every connection for its state (who is idle gets a PING, who does
not answer is dropped), looks for new tickets of origins that another process numbers, retries
cursors that could not be written, and raises `ticket_consumer_lag` where a consumer is far behind.
A process that dies here loses nothing: the cursors are in the log.

Bounds: `connections_max` connections, `consumers_max` names, `window` tickets unacknowledged each.
"""

from collections.abc import Sequence

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.protocol import ServerFactory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from tectonics.domain.errors import OurFault, TheirFault
from tectonics.ports import Alarms, Clock, Metrics, TicketLine, TicketLog
from tectonics.tickets.consumers import Consumer, Consumers, ConsumerStatus
from tectonics.tickets.delivery import DEFAULT_LIMITS, Delivery, StreamLimits

WATCH_S = 1.0


class AcknowledgedTickets(ServerFactory):
    """The listener: start(), then give it to an endpoint; stop() before the log closes."""

    noisy = False
    log = Logger()

    def __init__(self, tickets: TicketLog, clock: Clock, metrics: Metrics, alarms: Alarms,
                 limits: StreamLimits = DEFAULT_LIMITS, watch_s: float = WATCH_S) -> None:
        self.tickets = tickets
        self.clock = clock
        self.metrics = metrics
        self.limits = limits
        self.known = Consumers(tickets, limits.consumers_max)
        self.connections: dict[Delivery, None] = {}  # in the order in which they came
        self._alarms = alarms
        self._lagging: set[str] = set()
        self._watch_s = watch_s
        self._watch = LoopingCall(self._look_after)
        self._watch.clock = clock
        tickets.subscribe(self._committed)

    def start(self) -> Deferred[None]:
        """Reads the cursors; fails when the log cannot be read."""
        return ensureDeferred(self._start())

    def stop(self) -> Deferred[None]:
        """Closes every connection and writes the cursors that are not yet written."""
        return ensureDeferred(self._stop())

    def consumers(self) -> list[ConsumerStatus]:
        """(name, origin, acknowledged, newest, connected) of every known consumer."""
        return self.known.status()

    def buildProtocol(self, addr) -> Delivery:
        """A consumer has connected."""
        return Delivery(self)

    def save_cursor(self, consumer: Consumer) -> Deferred[None]:
        """Makes the cursor durable; a failure is told and tried again by the watch."""
        saved = consumer.turn.run(lambda: ensureDeferred(self.known.save(consumer)))
        return saved.addErrback(self._not_saved, consumer)

    def dropped(self) -> None:
        """Counts a consumer that was thrown out for being deaf."""
        self.metrics.count("tectonics_ticket_consumers_dropped_total", "acknowledged")

    async def _start(self) -> None:
        await self.known.load()
        self._watch.start(self._watch_s, now=False)

    async def _stop(self) -> None:
        if self._watch.running:
            self._watch.stop()
        for connection in list(self.connections):
            connection.close()
        for consumer in self.known:
            await self.save_cursor(consumer)

    def _not_saved(self, failure, consumer: Consumer) -> None:
        failure.trap(OurFault, TheirFault)
        self.log.error("The cursor of ticket consumer {name} was not written, it is tried again: {error}",
                       name=consumer.name, error=failure.getErrorMessage())

    def _committed(self, lines: Sequence[TicketLine]) -> None:
        if lines:
            self.known.newest[self.tickets.origin] = lines[-1].seq
            for connection in list(self.connections):
                connection.wake(self.tickets.origin)

    def _look_after(self) -> None:
        now_s = self.clock.seconds()
        for connection in list(self.connections):
            connection.check(now_s)
        for consumer in self.known:
            if consumer.saved not in (None, consumer.acknowledged) and not consumer.turn.locked:
                self.save_cursor(consumer)
        for name in sorted({consumer.name for consumer in self.known}):
            self._show_lag(name, self.known.lag(name))

    def _show_lag(self, name: str, lag: int) -> None:
        self.metrics.gauge("tectonics_ticket_consumer_lag", lag, name)
        if lag > self.limits.lag_alarm:
            self._lagging.add(name)
            self._alarms.raise_alarm("ticket_consumer_lag",
                                     f"Consumer {name} is {lag} tickets behind.", name)
        elif name in self._lagging and lag <= self.limits.lag_alarm // 2:
            self._lagging.discard(name)
            self._alarms.clear("ticket_consumer_lag", name)
