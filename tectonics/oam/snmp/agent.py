"""The SNMP agent on its UDP port: who may ask, what he is answered, and what is thrown away and counted.

A datagram that is too large or too frequent is thrown away at once; the rest stands in the line (limits.py).  At its turn
it is looked at from outside (wire/snmp.py): one that is malformed, of a version that is not spoken, or of a community that
does not come from where it should costs microseconds.  A request in order is read (requests.py) and answered from the
snapshot (tree.py); whatever else there is of SNMP goes through pysnmp (engine.py).
Communities only read; users read and, where the configuration says so, write.

Whatever a datagram makes pysnmp fail with is that datagram's end and nothing else.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from twisted.internet.defer import Deferred
from twisted.internet.protocol import DatagramProtocol
from twisted.logger import Logger

from tectonics.domain.errors import BadMessage, Busy, TheirFault
from tectonics.oam.snmp import operations, schema
from tectonics.oam.snmp.engine import TICK_S, Engine, Undecodable
from tectonics.oam.snmp.figures import Figures
from tectonics.oam.snmp.limits import Line, Rates
from tectonics.oam.snmp.notify import Notifier
from tectonics.oam.snmp.operations import Answer
from tectonics.oam.snmp.requests import OCTETS_MAX, Request, Requests
from tectonics.oam.snmp.states import ALL, SERVICES, AdminStates
from tectonics.oam.snmp.tree import Snapshot
from tectonics.oam.snmp.values import index
from tectonics.oam.snmp.views import Principal
from tectonics.ports import Clock, Metrics
from tectonics.wire.snmp import GET, GETBULK, GETNEXT, RESPONSE, SET, V2C, V3, Header, peek

SETS_MAX = 8  # under way; a further one is told resourceUnavailable
STOP_S = 2.0  # how long a stop waits for managers to acknowledge
REQUESTS, DROPPED = "tectonics_snmp_requests_total", "tectonics_snmp_dropped_total"
_WORDS = {number: word for word, number in schema.ENUMERATIONS[schema.ADMIN][1].items()}
_FAILURES = {"digest", "user", "community"}  # worth an authenticationFailure
_log = Logger()


@dataclass(frozen=True, slots=True)
class Community:
    """Networks that may ask with it, and who they are then."""

    secret: bytes
    sources: tuple  # of ipaddress networks
    principal: Principal


class Agent(DatagramProtocol):
    """`make_engine(failed, send)` makes the Engine, `make_requests(time_s)` the Requests, `make_notifier(send)` the Notifier."""

    def __init__(self, *, engine_id: bytes, communities: Sequence[Community], users: Mapping[str, Principal],
                 figures: Figures, states: AdminStates, rate: float, clock: Clock, metrics: Metrics,
                 make_engine: Callable[..., Engine], make_requests: Callable[..., Requests], make_notifier: Callable[..., Notifier]) -> None:
        self._engine_id, self._communities, self._users = engine_id, communities, users
        self._figures, self._states, self._clock, self._metrics = figures, states, clock, metrics
        self._snapshot = Snapshot(figures.gather, clock)
        self._line, self._rates = Line(self._serve, clock, self._snapshot.prepare), Rates(rate)
        self._turned_away = False
        self._setting = 0
        self._ticking = None
        self._engine = make_engine(self._failed, self._send)
        self._requests = make_requests(self._engine.time_s)
        self.notifier = make_notifier(self._engine.notify)
        self._writable = {figures.arcs[name]: frozenset(_WORDS)
                          for name in ("tectonicsAdminState", "tectonicsServiceAdminState")}
        self._set_names = {(*figures.arcs["tectonicsAdminState"], 0): ALL} | {
            (*figures.arcs["tectonicsServiceAdminState"], *index(service)): service for service in SERVICES}

    # --- the port

    def startProtocol(self) -> None:
        """Begins to tick."""
        self._tick()

    def _tick(self) -> None:
        self._ticking = self._clock.callLater(TICK_S, self._tick)
        self._engine.tick(self._clock.seconds())

    def _send(self, octets: bytes, address: tuple) -> None:
        if self.transport is not None:
            try:
                self.transport.write(octets, address)
            except OSError as error:
                self._drop("unreachable")
                _log.debug("SNMP to {address}: {error}", address=address, error=error)

    def stop(self) -> Deferred[None]:
        """Says that the daemon stops, and closes."""
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        if self.transport is not None:
            await self.notifier.stopping().addTimeout(STOP_S, self._clock, lambda *_: None)
        self.notifier.stop()
        self._line.stop()
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None
        if self.transport is not None:
            closed = self.transport.stopListening()
            if closed is not None:
                await closed

    # --- a datagram

    def datagramReceived(self, datagram: bytes, addr: tuple) -> None:
        """Puts it in the line, or throws it away."""
        address = addr[0], addr[1]
        if len(datagram) > OCTETS_MAX:
            self._drop("oversized")
        elif not self._rates.admit(address[0], self._clock.seconds()):
            self._drop("rate")
        elif not self._line.join(datagram, address):
            self._drop("full")

    def _serve(self, datagram: bytes, address: tuple) -> None:
        try:
            header = peek(datagram)
        except BadMessage:
            self._drop("malformed")
            return
        principal, why = self._admitted(header, address)
        if why:
            self._drop(why)
            if why == "engine" and (report := self._requests.report(datagram, header, *self._engine.unknown_engine())):
                self._send(report, address)
            return
        try:
            request = self._requests.read(datagram, header)
        except BadMessage:
            self._drop("undecodable")
            return
        if request is None:
            self._process(datagram, address)
        else:
            self._answer(request, principal or self._users.get(request.user), address)

    def _process(self, datagram: bytes, address: tuple) -> None:
        awaited = self.notifier.expects(address)
        self._turned_away = False
        try:
            self._engine.receive(datagram, address)
            if not (self._turned_away or awaited):
                self._drop("unanswered")
        except Undecodable as error:
            self._drop("undecodable")
            _log.debug("An SNMP message of {source}: {error}", source=address[0], error=type(error).__name__)

    def _admitted(self, header: Header, address: tuple) -> tuple[Principal | None, str]:
        """Who a community is, or why the message is thrown away."""
        answers = header.pdu == RESPONSE and self.notifier.expects(address)
        if header.version == V2C:
            return (None, "") if answers else self._community(header, address)
        if header.version != V3:
            return None, "version"
        if header.engine_id not in (b"", self._engine_id) and not self.notifier.expects(address):
            return None, "engine"
        return None, ""

    def _community(self, header: Header, address: tuple) -> tuple[Principal | None, str]:
        if header.pdu not in (GET, GETNEXT, GETBULK, SET):
            return None, "operation"
        source = ip_address(address[0])
        for one in self._communities:
            if one.secret == header.community and any(source in network for network in one.sources):
                return one.principal, ""
        self.notifier.authentication_failed()
        return None, "community"

    def _failed(self, why: str) -> None:
        self._turned_away = True
        self._drop(why)
        if why in _FAILURES:
            self.notifier.authentication_failed()

    def _drop(self, why: str) -> None:
        self._metrics.count(DROPPED, why)

    # --- a request

    def _answer(self, request: Request, principal: Principal | None, address: tuple) -> None:
        if principal is None:
            self._respond(request, address, Answer(None, operations.AUTHORIZATION, min(1, len(request.names))))
        elif len(request.names) > operations.VARIABLES_MAX:
            self._respond(request, address, Answer([], operations.TOO_BIG))
        elif request.operation == "set":
            self._set(request, principal, address)
        else:
            self._respond(request, address, self._read(request, principal))

    def _read(self, request: Request, principal: Principal) -> Answer:
        tree, view, names, room = self._snapshot.tree(), principal.reads, request.names, request.room
        if request.operation == "get":
            return operations.get(tree, view, names, room)
        if request.operation == "getnext":
            return operations.get_next(tree, view, names, room)
        return operations.get_bulk(tree, view, names, request.non_repeaters, request.repetitions, room)

    def _set(self, request: Request, principal: Principal, address: tuple) -> None:
        variables = list(zip(request.names, request.values, strict=True))
        refused = operations.check_set(self._snapshot.tree(), principal.writes, variables, self._writable)
        wanted = [(self._set_names[name], _WORDS[value.held]) for name, value in variables] if refused is None else []
        refused = refused or self._states.contradiction(wanted)
        if refused is None and self._setting >= SETS_MAX:
            refused = Answer(None, operations.NO_RESOURCES, 1)
        if refused is not None or not wanted:
            self._respond(request, address, refused or Answer(None))
            return
        self._setting += 1
        self._states.set(wanted, f"snmp:{principal.name}").addCallbacks(
            lambda _: Answer(None), self._not_set).addBoth(self._was_set, request, address)

    def _not_set(self, failure) -> Answer:
        if failure.check(Busy):
            return Answer(None, operations.NO_RESOURCES, 1)
        if not failure.check(TheirFault):
            _log.failure("An SNMP SET failed", failure)
        return Answer(None, operations.COMMIT_FAILED, 1)

    def _was_set(self, answer: Answer, request: Request, address: tuple) -> None:
        self._setting -= 1
        self._snapshot.forget()
        self._respond(request, address, answer)

    def _respond(self, request: Request, address: tuple, answer: Answer) -> None:
        self._metrics.count(REQUESTS, request.operation, answer.status)
        self._send(self._requests.answer(request, answer), address)
