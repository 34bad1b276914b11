"""What nobody dialled for: notices, which are only shown, and menus, which wait for an answer.

The session is ours to name: its correlator is taken from the top of what the dialect has, downwards, where gateways
that count upwards come last, and never one that this subscriber has in use.  A dialect without a correlator has one
session for each subscriber; whoever is in one cannot be pushed to.

What is pushed is sent within SEND_S or not at all, and never twice.  A menu waits as long as any session; who has
answered is answered within the budget, else the session is given up.

Bound: PUSHES_MAX that wait.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from twisted.internet.defer import Deferred, succeed

from tectonics.channels.ussd_smpp.heard import UNCORRELATED, Address, Addresses
from tectonics.channels.ussd_smpp.line import Line
from tectonics.channels.ussd_smpp.said import END, GIVE_UP, MENU, NOTICE
from tectonics.channels.ussd_smpp.table import Table
from tectonics.channels.ussd_smpp.turns import SAID, Key, Session, named
from tectonics.domain import commands
from tectonics.domain.dialects import ITS_DIALOG, ITS_SESSION, REFERENCE, Numbering
from tectonics.domain.text import cut
from tectonics.domain.value import value
from tectonics.links.smpp.binds import Binds
from tectonics.links.smpp.outcome import Accepted, Rejected, Submission, Unsent
from tectonics.ports import Clock, Ids
from tectonics.wire.smpp.status import name

PUSHES_MAX = 10_000
SEND_S = 10.0
CONFIRM_S = 10.0  # a gateway that confirms notices does so by then
_HIGHEST = {ITS_SESSION: 0xFF, ITS_DIALOG: 0x7FFF, REFERENCE: 0xFFFF}
_TRIES_MAX = 64  # correlators that one subscriber may have in use
_INTERNATIONAL = Numbering(1, 1)


@value
class Shown:
    """The gateway has the text; `confirmed`: it says that the subscriber saw it."""

    confirmed: bool


@value
class Typed:
    """The subscriber's answer; `session` is for `reply`."""

    text: str
    session: object


@value
class Failed:
    """It was not shown, or nobody answered, or nobody knows."""

    why: str


Pushed = Shown | Typed | Failed


@dataclass(slots=True)
class Waiting:
    """Somebody waits for what becomes of a push."""

    kind: str
    done: Deferred | None  # None: it has been told
    timer: object


class Pushes:
    """The sessions that we begin."""

    def __init__(self, binds: Binds, lines: Mapping[str, Line], table: Table, ids: Ids, clock: Clock, budget_s: float,
                 session_s: float) -> None:
        self._binds, self._lines, self._table = binds, lines, table
        self._ids, self._clock = ids, clock
        self._budget_s, self._session_s = budget_s, session_s
        self._waiting: dict[Session, None] = {}
        self._pushed = 0

    def loads(self) -> list[tuple[str, int, int]]:
        """(what waits, how much, its bound)."""
        return [("ussd_smpp pushes", len(self._waiting), PUSHES_MAX)]

    def push(self, msisdn: str, text: str, menu: bool, account: str) -> Deferred[Pushed]:
        """Begins a session."""
        if len(self._waiting) >= PUSHES_MAX:
            return succeed(Failed("too many pushes wait"))
        line, now = self._line(account), int(self._clock.seconds() * 1000)
        key = self._key(line, msisdn, now)
        if key is None:
            return succeed(Failed("the subscriber is in a session"))
        dialect = line.dialect
        numbering = dialect.subscriber_numbering or _INTERNATIONAL
        service = dialect.service_numbering or Numbering()
        between = Addresses(Address(msisdn, numbering.ton, numbering.npi),
                            Address(dialect.service_address, service.ton, service.npi))
        session = Session(named(key, self._ids.new(now)), key, between, "", "", "", now, None, -1, dialect.counts)
        session.push = Waiting(NOTICE, None, None)
        self._table.keep(session, now)
        return self._say(line, session, MENU if menu else NOTICE, text)

    def reply(self, typed: Typed, text: str, menu: bool) -> Deferred[Pushed]:
        """Goes on after an answer."""
        session = typed.session
        if not session.open or session.push is None or session.push.done is not None:
            return succeed(Failed("the session is over"))
        self._cancel(session)
        return self._say(self._lines[session.key[0]], session, MENU if menu else END, text)

    def typed(self, session: Session) -> None:
        """The subscriber has answered."""
        if session.push.kind != MENU:
            return
        self._tell(session, Typed(session.text, session))
        if session.open and session.push.done is None:  # no reply came at once
            session.push.timer = self._clock.callLater(self._budget_s, self._give_up, session)

    def shown(self, session: Session) -> None:
        """The gateway says that the notice was seen."""
        if session.push.kind == NOTICE:
            self._finish(session, Shown(True))

    def ended(self, session: Session, why: str) -> None:
        """The session is over before its time."""
        self._tell(session, Failed(why))

    def stop(self) -> None:
        """Whoever waits is told."""
        for session in tuple(self._waiting):
            self._finish(session, Failed("the daemon stops"))

    # --- one push

    def _say(self, line: Line, session: Session, kind: str, text: str) -> Deferred[Pushed]:
        done: Deferred[Pushed] = Deferred()
        wait_s = self._session_s if kind == MENU else SEND_S + CONFIRM_S
        timer = self._clock.callLater(wait_s, self._late, session)
        session.push, session.screen = Waiting(kind, done, timer), SAID
        self._waiting[session] = None
        pdu = line.writer.screen(kind, cut(text, line.style(session.counted)), session.between, session.key[2], session.unit)
        told = self._binds.submit(pdu, commands.NOTICE, self._clock.seconds() + SEND_S, line.account.name, session.peer)
        told.addCallback(self._sent, session, session.push)
        return done

    def _sent(self, outcome: Submission, session: Session, waiting: Waiting) -> None:
        if session.push is not waiting or waiting.done is None:
            return  # the subscriber was faster than the gateway's answer
        if not isinstance(outcome, Accepted):
            self._finish(session, Failed(_why(outcome)))
        elif waiting.kind == END:
            self._finish(session, Shown(False))
        elif waiting.kind == NOTICE:
            waiting.timer.reset(CONFIRM_S)

    def _late(self, session: Session) -> None:
        self._finish(session, Shown(False) if session.push.kind == NOTICE else Failed("no answer"))

    def _give_up(self, session: Session) -> None:
        line = self._lines[session.key[0]]
        if line.writer.gives_up and session.open:
            pdu = line.writer.screen(GIVE_UP, "", session.between, session.key[2], session.unit)
            self._binds.submit(pdu, commands.NOTICE, self._clock.seconds() + SEND_S, line.account.name, session.peer)
        self._table.drop(session)

    def _finish(self, session: Session, result: Pushed) -> None:
        """The session is over, and whoever waits is told."""
        self._table.drop(session)
        self._tell(session, result)

    def _tell(self, session: Session, result: Pushed) -> None:
        self._waiting.pop(session, None)
        self._cancel(session)
        done, session.push.done = session.push.done, None
        if done is not None:
            done.callback(result)

    def _cancel(self, session: Session) -> None:
        timer = session.push.timer
        if timer is not None and timer.active():
            timer.cancel()

    # --- where

    def _line(self, account: str) -> Line:
        """The account that was named; else of those that may submit a bound one, of the lowest rank."""
        if account:
            return self._lines[account]
        bound = {row["account"] for row in self._binds.shown() if str(row["state"]).startswith("bound")}
        return min(self._lines.values(), key=lambda line: (
            line.account.bind == "receiver", line.account.name not in bound, line.account.rank))

    def _key(self, line: Line, msisdn: str, now: int) -> Key | None:
        account, highest = line.home, _HIGHEST.get(line.dialect.correlator)
        if highest is None:
            key = (account, msisdn, UNCORRELATED)
            session = self._table.find(key, now)
            return None if session is not None and session.open else key
        for _ in range(_TRIES_MAX):
            key = (account, msisdn, highest - self._pushed % (highest // 2 + 1))
            self._pushed += 1
            if self._table.find(key, now) is None:
                return key
        return None


def _why(outcome: Submission) -> str:
    if isinstance(outcome, Rejected):
        return f"refused by the gateway: {name(outcome.status)}"
    return f"not sent: {outcome.why}" if isinstance(outcome, Unsent) else f"lost: {outcome.why}"
