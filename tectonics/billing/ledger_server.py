"""The prepaid ledger as a process of its own: an EmbeddedBilling served on any endpoint.

A request that was read is asked of the ledger whether or not its sender is still there.  A credit,
debit, reservation or settlement whose `until_at` has passed is refused, and a look-up runs behind
every write that was asked before it; so a client that waited that long and then looks up gets the last word.

Bounds: CONNECTIONS_MAX connections; REQUESTS_MAX unanswered requests each, then the connection is
not read; nor is it while the peer does not read its answers.  A request that cannot be read is
answered with a fault and the connection survives.
"""

import os
from collections import deque
from collections.abc import Callable
from functools import partial

import msgspec
from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from zope.interface import implementer

from tectonics.billing.embedded import DEADLINES, OPENLY, Deadlines, EmbeddedBilling
from tectonics.billing.entries import Entry, Opening
from tectonics.database.disk import DISK, Disk
from tectonics.database.executors import ThreadExecutor
from tectonics.domain import outcome
from tectonics.domain.commands import Credit, Debit, Reserve, Settle
from tectonics.domain.errors import BadMessage, Busy, TheirFault
from tectonics.ports import Capabilities, Clock
from tectonics.wire import ledger as wire
from tectonics.wire.lines import Lines

CONNECTIONS_MAX = 64
REQUESTS_MAX = 2000
TOO_LATE = outcome.Refused("late", "the request came after its sender had given it up")


def make_ledger_service(path: str | os.PathLike, listen: str, reactor, capabilities: Capabilities = OPENLY,
                        deadlines: Deadlines = DEADLINES, clock: Clock | None = None,
                        executor: Callable[[], object] | None = None, disk: Disk = DISK) -> "LedgerService":
    """The service that `tectonics ledger` runs: the ledger in `path` on the endpoint string `listen`.

    `clock` tells the time of day, as the clients' does (`until_at`); None: the reactor does. `executor()`
    makes what its queues work in; None: threads.
    A UNIX socket is made for its owner only, unless the string says another mode.
    """
    clock = clock or reactor
    if listen.startswith("unix:") and "mode=" not in listen:
        listen += ":mode=600"
    billing = EmbeddedBilling(path, clock, executor or partial(ThreadExecutor, reactor), None, capabilities, deadlines,
                              disk)
    return LedgerService(billing, serverFromString(reactor, listen), clock)


class LedgerService(Service):
    """Listens, and at the end answers what was asked and closes the file."""

    log = Logger()

    def __init__(self, billing: EmbeddedBilling, endpoint, clock: Clock):
        self.billing = billing
        self._endpoint = endpoint
        self.factory = LedgerFactory(billing, clock)
        self.listening: Deferred | None = None  # fires with the port, or fails
        self._port = None

    def startService(self):
        """Begins to listen."""
        super().startService()
        self.listening = self._endpoint.listen(self.factory).addCallback(self._listens)

    def _listens(self, port):
        self._port = port
        return port

    async def _stop(self):
        if self._port is not None:
            await maybeDeferred(self._port.stopListening)
        await self.billing.close()
        self.factory.disconnect()

    def stopService(self):
        """Fires when the file is closed."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())


class LedgerFactory(Factory):
    """Serves `billing` to its clients."""

    log = Logger()

    def __init__(self, billing: EmbeddedBilling, clock: Clock):
        self.billing = billing
        self.clock = clock
        self.connections: dict[LedgerProtocol, None] = {}  # in the order in which they came

    def buildProtocol(self, addr) -> "LedgerProtocol | None":
        """A connection, or None (closed at once) when there are too many."""
        if len(self.connections) >= CONNECTIONS_MAX:
            self.log.error("A client of the ledger was turned away: {count} are connected",
                           count=CONNECTIONS_MAX)
            return None
        return LedgerProtocol(self)

    def disconnect(self) -> None:
        """Closes every connection."""
        for connection in list(self.connections):
            connection.transport.loseConnection()

    def serve(self, request: wire.Request) -> Deferred:
        """What the ledger answers."""
        return maybeDeferred(_SERVE[type(request)], self, request)

    def _in_time(self, request) -> bool:
        return self.clock.seconds() * 1000 <= request.until_at

    def _credit(self, r: wire.AskCredit):
        if not self._in_time(r):
            return TOO_LATE
        return self.billing.credit(Credit(r.op, r.msisdn, r.amount_minor, r.currency,
                                          balance_type=r.balance_type, valid_s=r.valid_s))

    def _debit(self, r: wire.AskDebit):
        if not self._in_time(r):
            return TOO_LATE
        return self.billing.debit(Debit(r.op, r.msisdn, r.amount_minor, r.currency, "", ""))

    def _reserve(self, r: wire.AskReserve):
        if not self._in_time(r):
            return TOO_LATE
        return self.billing.reserve(Reserve(r.op, r.msisdn, r.amount_minor, r.currency, "", r.session, "", r.valid_s))

    def _settle(self, r: wire.AskSettle):
        if not self._in_time(r):
            return TOO_LATE
        return self.billing.settle(Settle(r.op, r.msisdn, r.amount_minor, r.currency, "", r.session, ""))

    def _post(self, r: wire.AskPost):
        at = min(r.at, int(self.clock.seconds() * 1000))  # a clock that is ahead must not spend what is held until then
        return self.billing.post(Entry(r.msisdn, r.op, r.kind, at, r.source, r.amount_minor, r.currency,
                                       recharge_class=r.recharge_class, ref=r.ref))

    def _open(self, r: wire.AskOpen):
        return self.billing.open_account(Opening(r.msisdn, r.currency, r.at, r.kind, r.balance_minor,
                                                 r.activated_at, r.blocked))

    def _movements_after(self, r: wire.AskMovementsAfter):
        read = self.billing.till_after if r.till else self.billing.movements_after
        return read(r.position, r.limit)

    def _faults(self, r: wire.AskFaults):
        return self.billing.set_faults(**r.changes)


_SERVE = {
    wire.AskBalance: lambda f, r: f.billing.balance(r.msisdn),
    wire.AskCovers: lambda f, r: f.billing.covers(r.msisdn, r.amount_minor),
    wire.AskLookUp: lambda f, r: f.billing.look_up(r.op, r.msisdn),
    wire.AskAccount: lambda f, r: f.billing.balances(r.msisdn),
    wire.AskMovements: lambda f, r: f.billing.movements(r.msisdn, r.limit),
    wire.AskCredit: LedgerFactory._credit,
    wire.AskDebit: LedgerFactory._debit,
    wire.AskReserve: LedgerFactory._reserve,
    wire.AskSettle: LedgerFactory._settle,
    wire.AskPost: LedgerFactory._post,
    wire.AskOpen: LedgerFactory._open,
    wire.AskMovementsAfter: LedgerFactory._movements_after,
    wire.AskFaults: LedgerFactory._faults,
}


@implementer(IPushProducer)
class LedgerProtocol(Protocol):
    """One client."""

    def __init__(self, factory: LedgerFactory):
        self.factory = factory
        self._lines = Lines(wire.REQUEST_BYTES_MAX)
        self._unread: deque[bytes | None] = deque()  # of one received chunk at most
        self._unanswered = 0
        self._peer_reads = True
        self._reading = True
        self._working = False

    def connectionMade(self):
        """Says what the ledger can do."""
        self.factory.connections[self] = None
        self.transport.registerProducer(self, True)
        can = self.factory.billing.capabilities
        self._write(wire.Hello(wire.VERSION, can.deduplicates, can.window_s, can.readable_back,
                               can.tells_balance, can.sessions))

    def dataReceived(self, data):
        """Serves the requests that `data` completes."""
        self._unread.extend(self._lines.feed(data))
        self._work()

    def connectionLost(self, reason=connectionDone):
        """What was read before is still asked of the ledger; its answers go nowhere."""
        self.factory.connections.pop(self, None)
        self._unread.clear()

    def pauseProducing(self):
        """The peer does not read its answers."""
        self._peer_reads = False
        self._work()

    def resumeProducing(self):
        """The peer reads again."""
        self._peer_reads = True
        self._work()

    def stopProducing(self):
        """The connection is over."""
        self._peer_reads = False

    def _ready(self) -> bool:
        return self._peer_reads and self._unanswered < REQUESTS_MAX

    def _work(self):
        if self._working or self not in self.factory.connections:
            return
        self._working = True
        while self._unread and self._ready():
            self._take(self._unread.popleft())
        self._working = False
        if self._ready() != self._reading:
            self._reading = not self._reading
            if self._reading:
                self.transport.resumeProducing()
            else:
                self.transport.pauseProducing()

    def _take(self, line: bytes | None) -> None:
        try:
            request = wire.decode_request(line)
        except BadMessage as fault:
            self.factory.log.info("A request to the ledger could not be read: {why}", why=str(fault))
            self._write(wire.Fault(0, "theirs", str(fault)))
            return
        self._unanswered += 1
        answer = self.factory.serve(request)
        answer.addCallback(lambda value: _answer(request.n, value))
        answer.addErrback(self._fault, request.n)
        answer.addCallback(self._answered)

    def _fault(self, failure, n: int) -> wire.Fault:
        if failure.check(TheirFault):
            return wire.Fault(n, "busy" if failure.check(Busy) else "theirs", failure.getErrorMessage())
        self.factory.log.failure("A request to the ledger failed", failure)
        return wire.Fault(n, "ours", "internal error of the ledger")

    def _answered(self, answer: wire.Answer) -> None:
        self._unanswered -= 1
        self._write(answer)
        self._work()

    def _write(self, message) -> None:
        if self in self.factory.connections:
            self.transport.write(wire.encode(message))


def _answer(n: int, value) -> wire.Answer:
    match value:
        case outcome.Done():
            return wire.Done(n, value.ref, value.balance_minor)
        case outcome.Refused():
            return wire.Refused(n, value.reason, value.text)
        case outcome.Unknown():
            return wire.Unknown(n, value.text)
        case outcome.NotFound():
            return wire.NotFound(n)
        case outcome.Balance():
            return wire.Amount(n, value.amount_minor, value.at)
        case outcome.Unavailable():
            return wire.Unavailable(n, value.text)
    return wire.Value(n, msgspec.to_builtins(value))
