"""USSD over SMPP, joined to the binds and to the dialogue.

A deliver_sm is answered as soon as it is understood, before the screen is made: the gateway's window is not held while
the billing system thinks, and a gateway that repeats what was not answered would repeat every slow step.  Should the
process die in between, the gateway's own timer ends the session and the subscriber dials again; what was agreed to
is committed with its answer, and finishes by SMS.

A screen goes out over the connection that the request came over, or where it is gone over another of the account,
within WORTHLESS_S of the request; later it is not sent.  Was it refused, the session is over; was it lost, nobody knows
whether it was seen: the subscriber types, or hangs up, and a repetition of his request sends it again.

Bounds: `steps_max` steps under way, above which a gateway is told to slow down (ESME_RTHROTTLED); the table of sessions.
"""

from collections.abc import Iterable, Mapping

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.logger import Logger

from tectonics.channels.service_codes import ServiceCodes
from tectonics.channels.ussd_smpp.heard import Addresses, Heard, Unreadable
from tectonics.channels.ussd_smpp.line import CHANNEL, Line, home
from tectonics.channels.ussd_smpp.pushes import Pushed, Pushes, Typed
from tectonics.channels.ussd_smpp.said import END, MENU
from tectonics.channels.ussd_smpp.table import Table
from tectonics.channels.ussd_smpp.turns import (
    ABORTED,
    COMING,
    CONFIRMED,
    DROPPED,
    GONE,
    NEW,
    NEXT,
    REPEATED,
    SAID,
    UNHEARD,
    Session,
    named,
    took,
    turn,
)
from tectonics.config.smpp import UssdSmpp as Section
from tectonics.domain.commands import REPLY
from tectonics.domain.dialects import Dialect
from tectonics.domain.errors import BadMessage
from tectonics.domain.messages import Catalogue
from tectonics.domain.msisdn import mask
from tectonics.domain.screens import Dialled, Screen
from tectonics.domain.trace import trace_of
from tectonics.links.smpp.binds import Binds
from tectonics.links.smpp.outcome import Accepted, Rejected, Submission
from tectonics.links.smpp.peer import Peer
from tectonics.ports import Clock, Dialogue, Ids, Metrics
from tectonics.ports.areas import area
from tectonics.wire.smpp.pdus import DataSm, DeliverSm, Request, answer_to
from tectonics.wire.smpp.status import Status

REQUESTS = "tectonics_channel_requests_total"
SCREENS = "tectonics_ussd_screens_total"
WORTHLESS_S = 10.0  # after the request the network has given the session up
SESSIONS_MAX = 200_000
STEPS_MAX = 4000
DRAIN_S = 10.0  # how long a stop waits for steps under way
_COUNTED = {NEW: "ok", NEXT: "ok", REPEATED: "repeated", DROPPED: "dropped", GONE: "gone", ABORTED: "ended", CONFIRMED: "ok"}

log = Logger()
detail = area(__name__)


class UssdSmpp:
    """The channel. `dialects` are by name; `codes` the service codes served (`*133#`)."""

    def __init__(self, binds: Binds, dialogue: Dialogue, section: Section, dialects: Mapping[str, Dialect],
                 catalogue: Catalogue, *, ids: Ids, clock: Clock, metrics: Metrics, codes: Iterable[str],
                 country_code: str = "", sessions_max: int = SESSIONS_MAX, steps_max: int = STEPS_MAX) -> None:
        self._binds, self._dialogue, self._catalogue = binds, dialogue, catalogue
        self._ids, self._clock, self._metrics = ids, clock, metrics
        self._codes = ServiceCodes(codes)
        self._lines = {account.name: Line(account, home(account, section.accounts), dialects[account.dialect],
                                          country_code, section.budget_s, section.session_s)
                       for account in section.accounts}
        self._table = Table(sessions_max, section.session_s)
        self._pushes = Pushes(binds, self._lines, self._table, ids, clock, section.budget_s, section.session_s)
        self._steps, self._steps_max = 0, steps_max
        self._stopped: Deferred[None] | None = None

    def start(self) -> None:
        """Binds to the gateways and serves what they say."""
        self._binds.heard = self._heard
        self._binds.start()

    def stop(self) -> Deferred[None]:
        """Takes nothing new, waits a little for the steps under way, and unbinds."""
        if self._stopped is None:
            drained: Deferred[None] = Deferred()
            self._timer = self._clock.callLater(DRAIN_S if self._steps else 0, drained.callback, None)
            self._stopped = drained.addCallback(lambda _: self._binds.stop())
            self._pushes.stop()
        return self._stopped

    def push(self, msisdn: str, text: str, menu: bool = False, account: str = "") -> Deferred[Pushed]:
        """Shows a text that nobody dialled for; a `menu` waits for an answer. Never fails."""
        return self._pushes.push(msisdn, text, menu, account)

    def reply(self, typed: Typed, text: str, menu: bool = False) -> Deferred[Pushed]:
        """Goes on after the answer to a menu that was pushed; without `menu` this is the end. Never fails."""
        return self._pushes.reply(typed, text, menu)

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("ussd_smpp sessions", len(self._table), self._table.sessions_max + self._table.ended_max),
                ("ussd_smpp steps", self._steps, self._steps_max), *self._pushes.loads(), *self._binds.loads()]

    # --- what a gateway says

    def _heard(self, peer: Peer, request: Request) -> None:
        maybeDeferred(self._take, peer, request).addErrback(self._fault, peer, request)

    def _take(self, peer: Peer, request: Request) -> None:
        if not isinstance(request, DeliverSm | DataSm):
            self._refuse(peer, request, Status.RINVCMDID, "bad")
            return
        line, now = self._lines[peer.account.name], self._now()
        try:
            heard = line.reader.read(request)
        except Unreadable as error:
            log.debug("{peer}: {error}", peer=peer.name, error=str(error))
            self._refuse(peer, request, error.status, "bad")
            return
        if heard is None:
            self._refuse(peer, request, Status.ROK, "ignored")
            return
        key = (line.home, heard.msisdn, heard.correlator)
        session = self._table.find(key, now)
        what = turn(session, heard, peer, request.sequence, now)
        if what in (NEW, NEXT, REPEATED, GONE) and (self._steps >= self._steps_max or self._stopped is not None):
            self._refuse(peer, request, Status.RTHROTTLED, "refused")
            return
        self._refuse(peer, request, Status.ROK, _COUNTED[what])
        self._act(what, line, session, heard, peer, request.sequence, now)

    def _refuse(self, peer: Peer, request: Request, status: int, result: str) -> None:
        """Answers the PDU; ROK means that it is taken."""
        self._metrics.count(REQUESTS, CHANNEL, result)
        peer.answer(request, answer_to(request.command, request.sequence, status))

    def _act(self, what: str, line: Line, session: Session | None, heard: Heard, peer: Peer, number: int,
             now: int) -> None:
        if what == NEW:
            self._begin(line, heard, peer, number, now)
        elif what == GONE:
            self._say_alone(line, heard, peer, "session.gone")
        elif what == NEXT:
            took(session, heard, peer, number)
            self._table.keep(session, now)
            if session.push is not None:
                self._pushes.typed(session)
            else:
                self._step(line, session, now)
        elif what == REPEATED:
            session.peer, session.number, session.screen = peer, number, COMING
            self._step(line, session, now)
        elif what == ABORTED:
            self._table.drop(session)
            self._over(session)
        elif what == CONFIRMED:
            self._pushes.shown(session)

    def _begin(self, line: Line, heard: Heard, peer: Peer, number: int, now: int) -> None:
        try:
            code, more = self._codes.split(heard.dialled)
        except BadMessage:
            self._say_alone(line, heard, peer, "code.unknown")
            return
        key = (line.home, heard.msisdn, heard.correlator)
        session = Session(named(key, self._ids.new(now)), key, heard.between, code, more, heard.dialled, now, peer,
                          number, line.dialect.counts and heard.unit is not None, heard.unit, heard.unit or 0)
        for old in self._table.keep(session, now):
            self._over(old)
        self._step(line, session, now)

    def _over(self, session: Session) -> None:
        """It ended otherwise than by our last screen."""
        if session.push is not None:
            self._pushes.ended(session, "the session ended before it was answered")
        else:
            self._dialogue.ended(self._lines[session.key[0]].style(session.counted), session.id, session.key[1])

    # --- what we say

    def _step(self, line: Line, session: Session, now: int) -> None:
        self._steps += 1
        text = _inputs(line, session, self._codes)
        dialled = Dialled(session.id, session.key[1], session.code, text, now, session.step if session.counted else None)
        if detail.debug:
            log.debug("{msisdn} dials or goes on with {code}", msisdn=mask(dialled.msisdn), code=dialled.code,
                      trace=trace_of(CHANNEL, session.id))
        step = maybeDeferred(self._dialogue.step, line.style(session.counted), dialled)
        step.addBoth(self._stepped)
        step.addCallback(self._show, line, session, now / 1000)
        step.addErrback(self._failed, line, session)

    def _stepped(self, result):
        self._steps -= 1
        if self._stopped is not None and not self._steps and self._timer.active():
            self._timer.reset(0)
        return result

    def _show(self, screen: Screen, line: Line, session: Session, began_s: float) -> None:
        now = self._now()
        if self._table.find(session.key, now) is not session:  # hung up, or dialled anew
            self._metrics.count(SCREENS, CHANNEL, "unheard")
            return
        session.screen = SAID
        kind = MENU if screen.more else END
        if not screen.more:
            self._table.end(session, now)
        pdu = line.writer.screen(kind, screen.text, session.between, session.key[2], session.unit)
        told = self._submit(pdu, line, session.peer, began_s)
        told.addCallback(self._told, session, session.inputs)
        told.addErrback(self._fault)

    def _say_alone(self, line: Line, heard: Heard, peer: Peer, message: str) -> None:
        """A last screen without a session: nothing is known of what was asked."""
        self._end_with(message, line, heard.between, heard.correlator, heard.unit, peer)

    def _end_with(self, message: str, line: Line, between: Addresses, correlator: int, unit: int | None,
                  peer: Peer) -> None:
        pdu = line.writer.screen(END, self._catalogue.text(message, ""), between, correlator, unit)
        self._submit(pdu, line, peer, self._clock.seconds()).addErrback(self._fault)

    def _submit(self, pdu: Request, line: Line, peer: Peer, began_s: float) -> Deferred[Submission]:
        told = self._binds.submit(pdu, REPLY, began_s + WORTHLESS_S, line.account.name, peer)
        return told.addCallback(self._counted)

    def _counted(self, outcome: Submission) -> Submission:
        self._metrics.count(SCREENS, CHANNEL, type(outcome).__name__.lower())
        return outcome

    def _told(self, outcome: Submission, session: Session, inputs: int) -> None:
        """What became of the screen; nothing that concerns a newer one."""
        if session.inputs != inputs or session.screen != SAID or isinstance(outcome, Accepted):
            return
        session.screen = UNHEARD
        if isinstance(outcome, Rejected) and session.open:
            self._table.drop(session)
            self._over(session)

    # --- the small things

    def _failed(self, failure, line: Line, session: Session) -> None:
        """A step failed, and with it the session; who waits is not left waiting."""
        self._fault(failure, trace=trace_of(CHANNEL, session.id))
        self._table.drop(session)
        if session.screen == COMING:
            self._end_with("busy", line, session.between, session.key[2], session.unit, session.peer)

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)

    def _fault(self, failure, peer: Peer | None = None, request: Request | None = None, trace: str = "") -> None:
        log.failure("A step of a USSD session over SMPP failed: a fault of ours", failure, trace=trace)
        self._metrics.count(REQUESTS, CHANNEL, "error")
        if peer is not None:
            peer.answer(request, answer_to(request.command, request.sequence, Status.RSYSERR))


def _inputs(line: Line, session: Session, codes: ServiceCodes) -> str:
    """What was typed, as the dialogue's mode wants it."""
    if not session.inputs:
        return session.more
    if not line.cumulative:
        return session.text
    if session.text.startswith(session.code.rstrip("#") + "*"):  # the whole code again, with all inputs
        return codes.split(session.text)[1]
    return f"{session.more}*{session.text}" if session.more else session.text
