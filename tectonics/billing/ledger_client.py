"""A ledger in another process as our billing system: ports.Billing over one connection that comes back.

Requests are pipelined and answered in any order.  What a lost connection means is decided by one
question, whether the request may have left this process:
not connected: Refused as `unreachable`, it certainly did not;
handed to the socket: Unknown, whatever the peer did with it;
no answer by the deadline: Unknown, and the server refuses it from then on (`until_at`), provided
that the two clocks agree.
Enquiries are Unavailable in all three.  The server tells its capabilities each time it is connected;
until the first time nothing is promised, so whoever takes over old commands waits for `when_ready`.

Bounds: `in_flight_max` questions, the next is Refused as `busy`; the pause between two attempts to
connect grows to RECONNECT_S_MAX.
"""

from collections.abc import Callable
from itertools import count
from random import random

import msgspec
from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import Deferred, succeed
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger

from tectonics.billing.embedded import DEADLINES, Deadlines
from tectonics.billing.entries import (
    Entry,
    LedgerAccount,
    Movement,
    Opening,
)
from tectonics.billing.faults import Faults
from tectonics.billing.questions import (
    BUSY,
    BUSY_ENQUIRY,
    LATE,
    LATE_ENQUIRY,
    NO_SESSIONS,
    Questions,
    Uncounted,
)
from tectonics.billing.till import sale, spending, taken_back
from tectonics.domain.commands import Credit, Debit, Reserve, Settle
from tectonics.domain.errors import BadMessage, Busy, TheirFault
from tectonics.domain.outcome import Balance, Done, NotFound, Outcome, Refused, Unavailable, Unknown
from tectonics.ports import Capabilities, Clock, Metrics
from tectonics.wire import ledger as wire
from tectonics.wire.lines import Lines

RECONNECT_S_MAX = 5.0
IN_FLIGHT_MAX = 1000
UNREACHABLE = Refused("unreachable", "the ledger is not connected; nothing was sent")
UNREACHABLE_ENQUIRY = Unavailable("the ledger is not connected")
LOST = Unknown("the connection to the ledger was lost before it answered")
LOST_ENQUIRY = Unavailable(LOST.text)


class LedgerBilling:
    """ports.Billing, and the ledger's till, over `endpoint` (a Twisted client endpoint)."""

    log = Logger()

    def __init__(self, endpoint, clock: Clock, metrics: Metrics | None = None,
                 deadlines: Deadlines = DEADLINES, in_flight_max: int = IN_FLIGHT_MAX,
                 jitter: Callable[[], float] = random):
        self.capabilities = Capabilities(tells_balance=False, told=False)
        self._clock = clock
        self._deadlines = deadlines
        self._questions = Questions(clock, metrics or Uncounted(), in_flight_max)
        self._numbers = count(1)
        self._line: _Line | None = None
        self._waiting: list[Deferred] = []  # of when_ready; one for each part of the daemon
        self._service = ClientService(endpoint, Factory.forProtocol(lambda: _Line(self)),
                                      backoffPolicy(0.1, RECONNECT_S_MAX, jitter=jitter), clock)

    def start(self) -> None:
        """Connects, and again whenever the connection is lost."""
        self._service.startService()

    def stop(self) -> Deferred[None]:
        """Disconnects for good; what is under way becomes Unknown."""
        return self._service.stopService()

    def when_ready(self) -> Deferred[None]:
        """Fires when the ledger is connected and has told its capabilities."""
        if self._line is not None:
            return succeed(None)
        self._waiting.append(Deferred())
        return self._waiting[-1]

    # --- ports.Billing

    def balance(self, msisdn: str, node: str = "") -> Deferred[Balance | Unavailable]:
        """What is available of the main balance."""
        return self._enquire("balance", wire.AskBalance(next(self._numbers), msisdn))

    def covers(self, msisdn: str, amount_minor: int, node: str = "") -> Deferred[bool | Unavailable]:
        """Whether at least that much of the main balance is available."""
        return self._enquire("covers", wire.AskCovers(next(self._numbers), msisdn, amount_minor))

    def credit(self, command: Credit) -> Deferred[Outcome]:
        """Adds to a balance."""
        return self._write("credit", wire.AskCredit(
            next(self._numbers), command.op, command.msisdn, command.amount_minor, command.currency,
            self._until_at(), command.balance_type, command.valid_s))

    def debit(self, command: Debit) -> Deferred[Outcome]:
        """Takes from the main balance."""
        return self._write("debit", wire.AskDebit(
            next(self._numbers), command.op, command.msisdn, command.amount_minor, command.currency,
            self._until_at()))

    def reserve(self, command: Reserve) -> Deferred[Outcome]:
        """Holds an amount for a session."""
        return self._in_session("reserve", wire.AskReserve(
            next(self._numbers), command.op, command.msisdn, command.amount_minor, command.currency,
            self._until_at(), command.session, command.valid_s))

    def settle(self, command: Settle) -> Deferred[Outcome]:
        """Takes an amount out of what the session holds, lets the rest go and closes it."""
        return self._in_session("settle", wire.AskSettle(
            next(self._numbers), command.op, command.msisdn, command.amount_minor, command.currency,
            self._until_at(), command.session))

    def look_up(self, op: str, msisdn: str, node: str = "") -> Deferred[Outcome | NotFound]:
        """What became of an operation; Unknown while the ledger cannot be asked."""
        request = wire.AskLookUp(next(self._numbers), op, msisdn)
        return self._ask("look_up", request, self._deadlines.read_s, LATE, Unknown(BUSY_ENQUIRY.text), LOST,
                         Unknown(UNREACHABLE_ENQUIRY.text))

    # --- the till and the ledger's own enquiries

    def recharge(self, msisdn: str, amount_minor: int, kind: str, id: str) -> Deferred[Outcome]:
        """Sells credit; the same `id` again is answered, not repeated."""
        return self.post(sale(msisdn, amount_minor, kind, id, self._now()))

    def reverse(self, msisdn: str, recharge_id: str, id: str) -> Deferred[Outcome]:
        """Takes a recharge of the till back."""
        return self.post(taken_back(msisdn, recharge_id, id, self._now()))

    def spend(self, msisdn: str, amount_minor: int) -> Deferred[Outcome]:
        """What a call costs; without identity, so an Unknown one cannot be repeated."""
        return self.post(spending(msisdn, amount_minor, self._now()))

    def post(self, entry: Entry) -> Deferred[Outcome]:
        """Books an entry of a till or a feed, once for its `op`."""
        return self._write("post", wire.AskPost(
            next(self._numbers), entry.msisdn, entry.op, entry.kind, entry.at, entry.source,
            entry.amount_minor, entry.currency, entry.recharge_class, entry.ref))

    def open_account(self, opening: Opening) -> Deferred[bool]:
        """Opens an account; False when there is one already."""
        return self._data(bool, wire.AskOpen(
            next(self._numbers), opening.msisdn, opening.currency, opening.at, opening.kind,
            opening.balance_minor, opening.activated_at, opening.blocked))

    def balances(self, msisdn: str) -> Deferred[LedgerAccount | None]:
        """The account with all its balances."""
        return self._data(LedgerAccount | None, wire.AskAccount(next(self._numbers), msisdn))

    def movements(self, msisdn: str, limit: int = 100) -> Deferred[list[Movement]]:
        """The newest movements, newest first."""
        return self._data(list[Movement], wire.AskMovements(next(self._numbers), msisdn, limit))

    def movements_after(self, position: int, limit: int) -> Deferred[list[Movement]]:
        """Everybody's movements after a position."""
        return self._data(list[Movement], wire.AskMovementsAfter(next(self._numbers), position, limit))

    def till_after(self, position: int, limit: int) -> Deferred[list[Movement]]:
        """What the till booked after a position."""
        return self._data(list[Movement], wire.AskMovementsAfter(next(self._numbers), position, limit, True))

    def faults(self) -> Deferred[Faults]:
        """The faults in force there."""
        return self.set_faults()

    def set_faults(self, **changes) -> Deferred[Faults]:
        """Changes the named faults there; fails with TheirFault when a name or value is none."""
        return self._data(Faults, wire.AskFaults(next(self._numbers), changes))

    # --- for the connection

    def connected(self, line: "_Line", hello: wire.Hello) -> None:
        """The server has said what it can do."""
        self.capabilities = Capabilities(hello.deduplicates, hello.window_s, hello.readable_back,
                                         hello.tells_balance, hello.sessions)
        self._line = line
        self.log.info("The ledger is connected")
        waiting, self._waiting = self._waiting, []
        for waiter in waiting:
            waiter.callback(None)

    def disconnected(self, line: "_Line") -> None:
        """The connection is lost."""
        if self._line is line:
            self._line = None
            self.log.warn("The connection to the ledger is lost")  # noqa: G010

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)

    def _until_at(self) -> int:
        return self._now() + int(self._deadlines.send_s * 1000)

    def _enquire(self, operation: str, request: wire.Request) -> Deferred:
        return self._ask(operation, request, self._deadlines.read_s, LATE_ENQUIRY, BUSY_ENQUIRY,
                         LOST_ENQUIRY, UNREACHABLE_ENQUIRY)

    def _in_session(self, operation: str, request: wire.Request) -> Deferred[Outcome]:
        """A server that has no sessions does not know the request, so it is not sent."""
        if self._line is not None and not self.capabilities.sessions:
            return succeed(NO_SESSIONS)
        return self._write(operation, request)

    def _write(self, operation: str, request: wire.Request) -> Deferred[Outcome]:
        return self._ask(operation, request, self._deadlines.send_s, LATE, BUSY, LOST, UNREACHABLE)

    def _data(self, kind: type, request: wire.Request) -> Deferred:
        """The value of plain data; fails with Busy where there is no answer."""
        busy = wire.Fault(0, "busy", "the ledger does not answer")
        return self._ask("data", request, self._deadlines.send_s, busy, busy, busy, busy).addCallback(
            lambda answer: _value(kind, answer))

    def _ask(self, operation, request, deadline_s, late, full, lost, unreachable) -> Deferred:
        line = self._line
        if line is None:
            return self._questions.ask(operation, lambda: succeed(unreachable), deadline_s, late, full)
        told = self._questions.ask(operation, lambda: line.send(request, lost), deadline_s, late, full)
        return told.addCallback(line.forget, request.n)


class _Line(Protocol):
    """One connection: numbers on their way, and what each becomes if the connection is lost."""

    def __init__(self, owner: LedgerBilling):
        self._owner = owner
        self._lines = Lines(wire.ANSWER_BYTES_MAX)
        self._in_flight: dict[int, tuple[Deferred, object]] = {}  # bounded by the owner's questions

    def connectionMade(self):
        """Notices a peer that has gone silently, where the transport can."""
        if hasattr(self.transport, "setTcpKeepAlive"):
            self.transport.setTcpKeepAlive(True)

    def send(self, request: wire.Request, lost) -> Deferred:
        """Writes a request; its answer, or `lost`."""
        answer = Deferred()
        self._in_flight[request.n] = answer, lost
        self.transport.write(wire.encode(request))
        return answer

    def forget(self, told, n: int):
        """The request has been answered, or nobody waits for it any more."""
        self._in_flight.pop(n, None)
        return told

    def dataReceived(self, data):
        """Hands answers out; a peer that talks nonsense is left."""
        try:
            for line in self._lines.feed(data):
                self._received(wire.decode_answer(line))
        except BadMessage as fault:
            self._owner.log.error("The ledger talks nonsense and is left: {why}", why=str(fault))
            self.transport.abortConnection()

    def connectionLost(self, reason=connectionDone):
        """Everything under way may or may not have happened."""
        self._owner.disconnected(self)
        in_flight, self._in_flight = self._in_flight, {}
        for answer, lost in in_flight.values():
            answer.callback(lost)

    def _received(self, message: wire.Answer | wire.Hello) -> None:
        if isinstance(message, wire.Hello):
            self._owner.connected(self, message)
            return
        answer, lost = self._in_flight.pop(message.n, (None, None))
        if answer is not None:
            answer.callback(_told(message, lost))


def _told(message: wire.Answer, lost):
    """The answer in the house's own words."""
    match message:
        case wire.Done():
            return Done(message.ref, message.balance_minor)
        case wire.Refused():
            return Refused(message.reason, message.text)
        case wire.Unknown():
            return Unknown(message.text)
        case wire.NotFound():
            return NotFound()
        case wire.Amount():
            return Balance(message.amount_minor, message.at)
        case wire.Unavailable():
            return Unavailable(message.text)
        case wire.Value() if isinstance(message.value, bool) and isinstance(lost, Unavailable):
            return message.value
        case wire.Fault() if not isinstance(lost, wire.Fault):
            return lost
    return message


def _value(kind: type, answer):
    match answer:
        case wire.Value():
            return msgspec.convert(answer.value, kind)
        case wire.Fault(family="busy"):
            raise Busy(answer.text)
        case wire.Fault(family="theirs"):
            raise TheirFault(answer.text)
    raise Busy("the ledger failed to answer")
