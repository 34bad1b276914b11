"""An External USSD Entity, sans I/O: sessions that a network's subscribers begin and that we answer.

    dial ──▶ ours ──ask──▶ theirs ──answer──▶ ours ──end──▶ over

A session is ours to answer, or theirs; each message either way restarts its guard timer, here as there.  What
OsmoHLR 1.5 really does shapes the rest:
- it never says that a subscriber hung up or that its own guard timer ran out, so ours ends the session, and
  earlier than the HLR's would, so that the subscriber reads why;
- it has no room for a long component: what we say keeps within `octets_max`, or the subscriber sees nothing;
- errors of ours do not reach the subscriber: whatever cannot be served is answered with a text (`Excuses`);
- a question to a session that it has forgotten is answered with PROC_SS_ERROR (Undelivered), an end is not;
- it begins a session under a number only when no other lives there, so one that begins again replaces ours;
- sessions outlive the connection: after a new one both sides go on.
A beginning that is repeated to the letter while it is ours is answered once, since one answer serves both.

A beginning may also come again when its session is replaced or over, and so may the answers in it.  A copy cannot be
told from a dial, as a switch that was restarted counts from its first number again; so it is served, but questions
under one IMSI and number go on counting from one session to the next: an answer to one of the old is none to the new.

Bounds: `sessions_max`; above it a dial is answered that we are busy.  `over_max` sessions that are over count on.
"""

from collections import OrderedDict
from dataclasses import dataclass, field

from tectonics.domain.errors import BadMessage, OurFault
from tectonics.wire.gsup import message as gsup
from tectonics.wire.gsup.events import (
    LATE,
    SILENT,
    TOO_MANY,
    Answered,
    Dialled,
    Ended,
    Event,
    Ignored,
    Key,
    Refused,
    Undelivered,
)
from tectonics.wire.gsup.link import Link, Times
from tectonics.wire.gsup.message import Message, State
from tectonics.wire.map import component as ss
from tectonics.wire.map import ussd
from tectonics.wire.map.ussd import Words

_INVOKE_IDS = 127  # ours are 1 to 127, in turn
_Place = tuple[str, int]  # IMSI and session number: one session at a time


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of an entity.

    `guard_s`: shorter than the HLR's ncss-guard-timeout (30 s unless configured).  `octets_max`: of a screen; 112
    are 128 characters of GSM 7-bit or 56 of UCS-2, the most that a final screen through OsmoHLR 1.5 may have.
    """

    sessions_max: int = 10_000
    over_max: int = 50_000
    guard_s: float = 28.0
    octets_max: int = 112
    times: Times = field(default_factory=Times)


@dataclass(frozen=True, slots=True)
class Excuses:
    """What a subscriber reads in place of a screen: when his session is over without one, and above the bound."""

    over: Words
    busy: Words


@dataclass(slots=True)
class _Session:
    key: Key
    invoke: int  # the handset's own, which our last word answers
    begun: bytes  # the component that began it
    before: int  # questions of earlier sessions under its number
    guard_at: float = 0.0
    asked: int = 0  # questions so far
    ours: bool = True

    @property
    def invoke_asked(self) -> int:
        """The number of the newest question."""
        return (self.before + self.asked - 1) % _INVOKE_IDS + 1


class Entity:
    """One name at one HLR, through one connection after the other."""

    def __init__(self, name: str, excuses: Excuses, limits: Limits) -> None:
        self._limits = limits
        self._over, self._busy = self._fitting(excuses.over), self._fitting(excuses.busy)
        self._link = Link(name, limits.times)
        self._sessions: dict[_Place, _Session] = {}  # the one whose guard is next stands first
        self._asked: OrderedDict[_Place, int] = OrderedDict()  # questions of the sessions that are over, the oldest first
        self._serial = 0

    @property
    def next_at(self) -> float:
        """When `due` has something to do."""
        guards = (session.guard_at for session in self._sessions.values())
        return min(self._link.next_at, next(guards, float("inf")))

    @property
    def up(self) -> bool:
        """Whether the peer routes to us, so that something can be said."""
        return self._link.up

    @property
    def sessions(self) -> int:
        """How many sessions live."""
        return len(self._sessions)

    def connected(self, now: float) -> None:
        """A connection was made."""
        self._link.connected(now)

    def disconnected(self) -> None:
        """The connection is gone; sessions live on for the next one until their guard ends them."""
        self._link.disconnected()

    def take(self) -> bytes:
        """What is to be written to the connection now."""
        return self._link.take()

    def receive(self, data: bytes, now: float) -> list[Event]:
        """What happened by `data`, in order."""
        events: list[Event] = []
        for heard in self._link.receive(data, now):
            events += self._heard(heard, now) if isinstance(heard, Message) else [heard]
        return events

    def due(self, now: float) -> list[Event]:
        """What happens by the passing of time: call it at `next_at`, and as often as you like."""
        events = self._link.due(now)
        while self._sessions:
            place, session = next(iter(self._sessions.items()))
            if now < session.guard_at:
                break
            self._forget(place)
            if self._link.up:
                self._finish(session.key, session.invoke, self._over)
            events.append(Ended(session.key, LATE if session.ours else SILENT))
        return events

    def ask(self, key: Key, words: Words, now: float) -> bool:
        """Shows `words` and waits for an answer; False when the session is no more, or the link is down."""
        words = self._fitting(words)
        session = self._known(key)
        if session is None:
            return False
        if not session.ours:
            raise OurFault("a subscriber is asked who has not answered yet")
        session.asked += 1
        session.ours = False
        self._keep(session, now)
        question = ss.Invoke(session.invoke_asked, ss.USS_REQUEST, ussd.encode(words))
        self._say(gsup.PROC_SS_REQUEST, key, State.CONTINUE, question)
        return True

    def end(self, key: Key, words: Words) -> bool:
        """Shows `words` and ends the session, also one that waits for the subscriber; False as for `ask`."""
        words = self._fitting(words)
        session = self._known(key)
        if session is None:
            return False
        self._forget(_place(key))
        self._finish(key, session.invoke, words)
        return True

    def _fitting(self, words: Words) -> Words:
        if not 0 < len(words.packed) <= self._limits.octets_max:
            raise OurFault(f"a screen of {len(words.packed)} octets, not of 1 to {self._limits.octets_max}")
        return words

    def _known(self, key: Key) -> _Session | None:
        session = self._sessions.get(_place(key))
        return session if session is not None and session.key == key and self._link.up else None

    def _keep(self, session: _Session, now: float) -> None:
        """Restarts the guard timer; all are of one length, so the newest goes last."""
        place = _place(session.key)
        self._sessions.pop(place, None)
        session.guard_at = now + self._limits.guard_s
        self._sessions[place] = session

    def _forget(self, place: _Place) -> _Session | None:
        """The session there is over, if there is one; its questions are remembered."""
        session = self._sessions.pop(place, None)
        if session is not None and session.before + session.asked:
            self._asked[place] = session.before + session.asked
            self._asked.move_to_end(place)
            if len(self._asked) > self._limits.over_max:
                self._asked.popitem(last=False)
        return session

    def _finish(self, key: Key, invoke: int, words: Words) -> None:
        last_word = ss.ReturnResult(invoke, ss.PROCESS_USS_REQUEST, ussd.encode(words))
        self._say(gsup.PROC_SS_RESULT, key, State.END, last_word)

    def _refuse(self, key: Key, invoke: int, excuse: Words, why: str) -> Refused:
        self._finish(key, invoke, excuse)
        return Refused(key, why)

    def _say(self, type: int, key: Key, state: State, component: ss.Component) -> None:
        """OsmoHLR finds the way back by the session; a destination's name would lead around it."""
        self._link.send(Message(type, key.imsi, key.session, state, ss.encode(component)))

    def _heard(self, message: Message, now: float) -> list[Event]:
        if message.session is None:
            return [Ignored(f"GSUP message {message.type:#04x} without a session")]
        place = message.imsi, message.session
        if message.type == gsup.PROC_SS_ERROR:
            known = self._forget(place)
            return [Undelivered(known.key if known else Key(*place), message.cause)]
        if message.type not in (gsup.PROC_SS_REQUEST, gsup.PROC_SS_RESULT):
            return [Ignored(f"GSUP message {message.type:#04x} is not for an entity")]
        match message.state:
            case State.BEGIN:
                return self._begun(place, message, now)
            case State.CONTINUE:
                return [self._continued(place, message, now)]
            case State.END:
                return [self._closed(place)]
        return [Ignored("a message without a session state")]

    def _begun(self, place: _Place, message: Message, now: float) -> list[Event]:
        known = self._sessions.get(place)
        if known is not None and not known.asked and known.begun == message.ss_info:
            return [Ignored("a session begins twice")]
        self._forget(place)
        replaced = [Ended(known.key, "the network began another session in its place")] if known else []
        try:
            component = ss.decode(message.ss_info)
        except BadMessage as error:
            return [*replaced, Ignored(str(error))]
        if not isinstance(component, ss.Invoke):
            return [*replaced, Ignored("a session begins without asking anything")]
        self._serial += 1
        begun = _Session(Key(*place, self._serial), component.id, message.ss_info, self._asked.get(place, 0))
        return [*replaced, self._invoked(begun, component, now)]

    def _invoked(self, session: _Session, invoke: ss.Invoke, now: float) -> Event:
        key = session.key
        if invoke.operation != ss.PROCESS_USS_REQUEST:
            error = ss.ReturnError(invoke.id, ss.FACILITY_NOT_SUPPORTED)
            self._say(gsup.PROC_SS_RESULT, key, State.END, error)
            return Refused(key, f"operation {invoke.operation} is not served")
        try:
            words = ussd.decode(invoke.argument)
        except BadMessage as error:
            return self._refuse(key, invoke.id, self._over, str(error))
        if len(self._sessions) >= self._limits.sessions_max:
            return self._refuse(key, invoke.id, self._busy, TOO_MANY)
        self._keep(session, now)
        return Dialled(key, words)

    def _continued(self, place: _Place, message: Message, now: float) -> Event:
        session = self._sessions.get(place)
        if session is None:
            return Ignored("a message of a session that is no more")
        try:
            component = ss.decode(message.ss_info)
        except BadMessage as error:
            return Ignored(str(error))
        if session.ours or component.id not in (session.invoke_asked, None):
            return Ignored("an answer to nothing that we asked")
        match component:
            case ss.ReturnResult(_, _, result):
                return self._answered(session, result, now)
            case ss.ReturnError(_, code):
                return self._broken(session, f"the handset answered with error {code}")
            case ss.Reject(_, _, code):
                return self._broken(session, f"the handset rejected our question with problem {code}")
        return Ignored("a session that is begun asks again")

    def _answered(self, session: _Session, result: bytes, now: float) -> Event:
        try:
            words = ussd.decode(result)
        except BadMessage as error:
            self._forget(_place(session.key))
            return self._refuse(session.key, session.invoke, self._over, str(error))
        session.ours = True
        self._keep(session, now)
        return Answered(session.key, session.asked, words)

    def _broken(self, session: _Session, why: str) -> Ended:
        """The handset cannot show what we asked; our excuse closes the session on its side too."""
        self._forget(_place(session.key))
        self._finish(session.key, session.invoke, self._over)
        return Ended(session.key, why)

    def _closed(self, place: _Place) -> Event:
        session = self._forget(place)
        if session is None:
            return Ignored("the end of a session that is no more")
        return Ended(session.key, "the network ended it")


def _place(key: Key) -> _Place:
    return key.imsi, key.session

