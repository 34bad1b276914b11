"""USSD over HTTP: the port that gateways (aggregators) speak to. docs/ussd-http.md is its manual.

`POST /ussd` is one step of a menu session, answered `CON <screen>` or `END <screen>`; `POST /ussd/end`
says that a session is over.  `ussd_form` reads the forms and brings them to one normal form,
`gateway_http` speaks HTTP and keeps order and bounds; this file joins them to the port Dialogue.

This is the hot path of the daemon, so a step costs one parser run, one decoded form, one call of the
dialogue and one write: no timer, no log line and no thread.  One sweep serves all connections.

Who is at fault is told apart: a form that cannot be read is answered 400 with one line and counted
`bad`; a dialogue that fails (it promises not to) is answered 500 with one line, logged and counted
`error`.  A connection above the bound gets 503; those above a tenth more are aborted unheard.
When the process dies here the gateway asks again: a step that moved money has its answer committed.
"""

from collections.abc import Iterable
from email.utils import formatdate

from twisted.internet.defer import maybeDeferred
from twisted.internet.protocol import Factory
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

from tectonics.channels.gateway_http import Exchange, GatewayConnection, Limits, status_line
from tectonics.channels.ussd_form import UssdForm
from tectonics.domain.errors import BadMessage
from tectonics.domain.msisdn import mask
from tectonics.domain.screens import Screen, Style
from tectonics.domain.trace import trace_of
from tectonics.ports import Clock, Dialogue, Metrics
from tectonics.ports.areas import area

REQUESTS = "tectonics_channel_requests_total"
SWEEP_S = 2.0
DEFAULT_LIMITS = Limits()
_RESULTS = {413: "too_large", 503: "refused", 500: "error"}

log = Logger()
detail = area(__name__)


class UssdHttpFactory(Factory):
    """Makes the connections of one listener.

    `codes` are the service codes served (`*133#`), `step_field` the name of the form field in which
    the gateway counts steps, or empty.
    """

    noisy = False

    def __init__(self, dialogue: Dialogue, style: Style, *, metrics: Metrics, clock: Clock,
                 country_code: str = "", codes: Iterable[str] = (), step_field: str = "",
                 limits: Limits = DEFAULT_LIMITS, sweep_s: float = SWEEP_S):
        self._dialogue = dialogue
        self._style = style
        self._metrics = metrics
        self.now = clock.seconds
        self._form = UssdForm(style, country_code, codes, step_field)
        self._limits = limits
        self._sweep_s = sweep_s
        self._connections: dict[GatewayConnection, None] = {}  # in the order in which they came
        self._starts: dict[int, bytes] = {}
        self._starts_second = -1
        self._sweep = LoopingCall(self._sweep_connections)
        self._sweep.clock = clock

    @property
    def connections(self) -> int:
        """How many are open now."""
        return len(self._connections)

    def startFactory(self):
        if not self._sweep.running:
            self._sweep.start(self._sweep_s, now=False)

    def stopFactory(self):
        self._stop_sweep_when_quiet()

    def buildProtocol(self, addr):
        return GatewayConnection(self, self._limits)

    def close_connections(self) -> None:
        """Ends every connection, answered or not, after the listener has been closed."""
        for connection in tuple(self._connections):
            connection.transport.abortConnection()

    def opened(self, connection: GatewayConnection) -> None:
        """A connection is there; one above the bound is told so, or not even that."""
        self._connections[connection] = None
        bound = self._limits.connections_max
        if len(self._connections) > bound + bound // 10 + 1:
            self._metrics.count(REQUESTS, self._style.channel, "refused")
            connection.transport.abortConnection()
        elif len(self._connections) > bound:
            connection.refuse(503)

    def closed(self, connection: GatewayConnection) -> None:
        """A connection is gone."""
        self._connections.pop(connection, None)
        if self.numPorts == 0:
            self._stop_sweep_when_quiet()

    def _stop_sweep_when_quiet(self) -> None:
        if not self._connections and self._sweep.running:
            self._sweep.stop()

    def _sweep_connections(self) -> None:
        now = self.now()
        for connection in tuple(self._connections):
            connection.sweep(now)

    def start(self, status: int) -> bytes:
        """Status line and the headers that all answers of this second share."""
        second = int(self.now())
        if second != self._starts_second:
            self._starts, self._starts_second = {}, second
        start = self._starts.get(status)
        if start is None:
            start = self._starts[status] = b"%sDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\n" % (
                status_line(status), formatdate(second, usegmt=True).encode())
        return start

    def refused(self, status: int) -> None:
        self._metrics.count(REQUESTS, self._style.channel, _RESULTS.get(status, "bad"))

    def serve(self, exchange: Exchange) -> None:
        if exchange.path not in (b"/ussd", b"/ussd/end"):
            self._reject(exchange, 404, "only /ussd and /ussd/end are served here")
        elif exchange.method != b"POST":
            self._reject(exchange, 405, "only POST is served here", b"Allow: POST\r\n")
        elif exchange.path == b"/ussd":
            self._step(exchange)
        else:
            self._end(exchange)

    def _step(self, exchange: Exchange) -> None:
        try:
            dialled = self._form.dialled(exchange.body, int(self.now() * 1000))
        except BadMessage as error:
            self._reject(exchange, 400, str(error))
            return
        if detail.debug:
            log.debug("{msisdn} {does} {code}", msisdn=mask(dialled.msisdn), does="goes on with" if dialled.text else "dials",
                      code=dialled.code, trace=trace_of(self._style.channel, dialled.session))
        step = maybeDeferred(self._dialogue.step, self._style, dialled)
        step.addCallback(self._show, exchange)
        step.addErrback(self._fault, exchange, trace_of(self._style.channel, dialled.session))

    def _show(self, screen: Screen, exchange: Exchange) -> None:
        exchange.reply(200, ("CON " if screen.more else "END ") + screen.text)
        self._metrics.count(REQUESTS, self._style.channel, "ok")

    def _end(self, exchange: Exchange) -> None:
        try:
            session, msisdn = self._form.ended(exchange.body)
        except BadMessage as error:
            self._reject(exchange, 400, str(error))
            return
        ending = maybeDeferred(self._dialogue.ended, self._style, session, msisdn)
        ending.addCallback(self._say_ended, exchange)
        ending.addErrback(self._fault, exchange)

    def _say_ended(self, _, exchange: Exchange) -> None:
        exchange.reply(200, "OK\n")
        self._metrics.count(REQUESTS, self._style.channel, "ok")

    def _reject(self, exchange: Exchange, status: int, text: str, *headers: bytes) -> None:
        self._metrics.count(REQUESTS, self._style.channel, "bad")
        exchange.reply(status, text + "\n", *headers)

    def _fault(self, failure, exchange: Exchange, trace: str = "") -> None:
        log.failure("A step of a USSD session failed: a fault of ours", failure, trace=trace)
        self._metrics.count(REQUESTS, self._style.channel, "error")
        if exchange.answer is None:
            exchange.reply(500, "a fault of ours; it has been logged\n")

