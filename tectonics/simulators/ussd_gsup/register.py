"""The register and the switch: handsets dial, a route finds the entity, each side's words go to the other.

What is known of OsmoHLR 1.5 (tests/interop proves it of the real one) is so here:
- a session is told apart by IMSI and the switch's number for it; one that lives keeps its number from another;
- its entity is never told of a hang-up, nor that its guard timer has run out: a question to it is answered with PROC_SS_ERROR,
  a last screen is lost; each message, either way, restarts the timer;
- a component of more than 129 octets is not understood, so that a last screen of more than 128 characters is lost;
- of several connections under one name the first is routed to; when it goes, none of the others takes its place;
- a message that names us as its destination is passed on by that name alone;
- sessions outlive connections, nothing outlives a restart.

What goes wrong can be ordered (the kinds are those of the message centre's simulator):

    lose_request, lose_answer  a message is lost, on its way from the entity, or to it
    double, late               a message, either way, comes again, at once or up to `late_s` later; comes `late_s` later
    cut                        the connection breaks in the middle of a message to the entity
    silent                     the control port does not answer
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.protocol import Factory

from tectonics.domain.errors import BadMessage
from tectonics.ports import Clock
from tectonics.simulators.moments import Moments
from tectonics.simulators.smsc import faults as wrong
from tectonics.simulators.smsc.faults import Faults
from tectonics.simulators.ussd_gsup.handset import INVOKE, Handset, read, said
from tectonics.simulators.ussd_gsup.lines import ControlLine, EntityLine
from tectonics.wire.gsup import message as gsup
from tectonics.wire.gsup.message import Message, State
from tectonics.wire.map import component as ss

FIRST_NUMBER = 0x2000_0001  # of a switch that has just been started
FORGOTTEN = 0x60  # TS 24.008 section 10.5.5.14, as OsmoHLR says it
COPIES = 5  # how late a copy comes: at once, a fifth of `late_s`, two fifths, ...


@dataclass(slots=True, eq=False)
class Session:
    """A session as the register has it."""

    handset: Handset
    name: str  # of its entity
    guard: object  # the call that ends it


class Register:
    """Serves entities with the factory `gsup`, and questions with `control`; `numbers` are MSISDNs by IMSI, `routes` names by prefix.

    `guard_s` is ncss-guard-timeout, `patience_s` how long the switch waits for a screen; `on_begin(line, message)` hears of each
    beginning that an entity is told.
    """

    def __init__(self, clock: Clock, *, guard_s: float = 30.0, patience_s: float = 40.0, faults: Faults | None = None) -> None:
        self.clock, self.guard_s, self.patience_s = clock, guard_s, patience_s
        self.faults = faults or Faults()
        self.numbers: dict[str, str] = {}
        self.routes: dict[str, str] = {}
        self.counts: Counter[str] = Counter()
        self.lines: list[EntityLine] = []
        self.controls: list[ControlLine] = []
        self.on_begin: Callable[[EntityLine, Message], None] = lambda line, message: None
        self.down = False
        self.gsup, self.control = _Port(self, EntityLine), _Port(self, ControlLine)
        self._by_name: dict[str, EntityLine | _Stranger] = {}  # who is routed to
        self._sessions: dict[tuple[str, int], Session] = {}
        self._handsets: dict[tuple[str, int], Handset] = {}
        self._number = FIRST_NUMBER
        self._moments = Moments(clock)

    @property
    def number(self) -> int:
        """The next session's."""
        return self._number

    @property
    def sessions(self) -> int:
        """How many live here."""
        return len(self._sessions)

    # --- for who plays with it

    def dial(self, imsi: str, code: str = "*133#") -> Handset:
        """Begins a session; its first screen comes by `next`."""
        handset = Handset(self, imsi, code, self._number)
        self._number += 1
        place = imsi, handset.number
        self._handsets[place] = handset
        name = next((name for prefix, name in self.routes.items() if code.startswith(prefix)), "")
        if self.down or place in self._sessions:
            self.counts["not begun"] += 1
        elif name not in self._by_name:
            handset.ended("system failure: the entity is not there")
        else:
            self._sessions[place] = Session(handset, name, self.clock.callLater(self.guard_s, self._expired, place))
            self._to_entity(place, State.BEGIN, ss.Invoke(INVOKE, ss.PROCESS_USS_REQUEST, said(code)))
        return handset

    def restart(self) -> None:
        """It is gone, with all that it knew, until `begin`."""
        self.down = True
        for place in list(self._sessions):
            self._free(place)
        for line in (*self.lines, *self.controls):
            line.abort()
        self._by_name.clear()

    def begin(self) -> None:
        """It is there again."""
        self.down = False

    def restart_switch(self) -> None:
        """The switch forgets every session, and counts from the beginning; the register is told nothing."""
        self._number = FIRST_NUMBER
        for handset in list(self._handsets.values()):
            handset.ended("the switch was restarted")

    def occupy(self, name: str) -> None:
        """Somebody else has that name now, and says nothing; who had it is cut off."""
        for line in [line for line in self.lines if line.name == name]:
            line.abort()
        self._by_name[name] = _Stranger()

    def vacate(self, name: str) -> None:
        """He has gone; who came behind him is not promoted."""
        if isinstance(self._by_name.get(name), _Stranger):
            del self._by_name[name]

    def cut_all(self) -> None:
        """Breaks every connection of an entity."""
        for line in list(self.lines):
            line.abort()

    # --- for the handsets

    def answered(self, handset: Handset, answer: ss.ReturnResult) -> None:
        """He has typed something."""
        place = handset.imsi, handset.number
        session = self._sessions.get(place)
        if session is None or session.handset is not handset:
            handset.ended("the register has forgotten the session")
            return
        self._keep(session)
        self._to_entity(place, State.CONTINUE, answer)

    def hung_up(self, handset: Handset) -> None:
        """He has left: the entity is told nothing."""
        place = handset.imsi, handset.number
        if place in self._sessions and self._sessions[place].handset is handset:
            self._free(place)

    def forget(self, handset: Handset) -> None:
        """His session is over."""
        if self._handsets.get((handset.imsi, handset.number)) is handset:
            del self._handsets[handset.imsi, handset.number]

    # --- for the connections

    def is_silent(self) -> bool:
        """Whether the control port does not answer this."""
        return self.faults.strikes(wrong.SILENT)

    def joined(self, line: EntityLine) -> None:
        """A connection was made."""
        self.lines.append(line)

    def left(self, line: EntityLine) -> None:
        """It is gone; another one of its name is not promoted."""
        self.lines.remove(line)
        if self._by_name.get(line.name) is line:
            del self._by_name[line.name]

    def named(self, line: EntityLine) -> None:
        """It has said who it is: the first of a name is routed to."""
        self._by_name.setdefault(line.name, line)

    def heard(self, line: EntityLine, message: Message) -> None:
        """An entity says something."""
        if message.destination:
            self._forward(message)
        elif not self.faults.strikes(wrong.LOSE_REQUEST):
            self._slowly(self._obey, line, message)

    # --- within

    def _slowly(self, do: Callable, *arguments) -> None:
        """Now, or late; and perhaps again, each time a little later than the time before."""
        if self.faults.strikes(wrong.LATE):
            self._moments.later(self.faults.late_s, do, *arguments)
        else:
            do(*arguments)
        if self.faults.strikes(wrong.DOUBLE):
            self.counts["doubled"] += 1
            self._moments.later(self.faults.late_s * (self.counts["doubled"] % COPIES) / COPIES, do, *arguments)

    def _forward(self, message: Message) -> None:
        """By the name alone, and only for who says its own."""
        line = self._by_name.get(message.destination.rstrip(b"\0").decode(errors="replace"))
        if isinstance(line, EntityLine) and message.source:
            line.say(message)

    def _obey(self, line: EntityLine, message: Message) -> None:
        place = message.imsi, message.session
        session = self._sessions.get(place)
        if session is None:
            self.counts["forgotten"] += 1
            if message.type == gsup.PROC_SS_REQUEST and line in self.lines:
                line.say(Message(gsup.PROC_SS_ERROR, *place, State.END, cause=FORGOTTEN))
            return
        try:
            self._pass_on(place, session, message)
        except BadMessage:
            self.counts["not understood"] += 1

    def _pass_on(self, place: tuple[str, int], session: Session, message: Message) -> None:
        if len(message.ss_info) > ss.SHORT_BYTES_MAX:
            raise BadMessage("a component is too long")
        match ss.decode(message.ss_info):
            case ss.Invoke(id, ss.USS_REQUEST, argument) if message.state == State.CONTINUE:
                text = read(argument)
                self._keep(session)
                if not session.handset.over:
                    session.handset.asks(id, text)
            case ss.ReturnResult(id, ss.PROCESS_USS_REQUEST, result) if message.state == State.END and id == INVOKE:
                text = read(result)
                self._free(place)
                if not session.handset.over:
                    session.handset.shows(text)
            case _:
                self._free(place)
                session.handset.ended("the register answered with an error")

    def _to_entity(self, place: tuple[str, int], state: State, component: ss.Component) -> None:
        if self.faults.strikes(wrong.LOSE_ANSWER):
            self.counts["lost"] += 1
            return
        message = Message(gsup.PROC_SS_REQUEST, *place, state, ss.encode(component))
        self._slowly(self._tell, self._sessions[place].name, message)

    def _tell(self, name: str, message: Message) -> None:
        line = self._by_name.get(name)
        if line is None or isinstance(line, _Stranger):
            self.counts["lost"] += 1
            return
        if message.state == State.BEGIN:
            self.on_begin(line, message)
        if self.faults.strikes(wrong.CUT):
            line.cut(message)
        else:
            line.say(message)

    def _keep(self, session: Session) -> None:
        session.guard.reset(self.guard_s)

    def _expired(self, place: tuple[str, int]) -> None:
        """The guard timer: nobody is told."""
        self.counts["expired"] += 1
        del self._sessions[place]

    def _free(self, place: tuple[str, int]) -> None:
        self._sessions.pop(place).guard.cancel()


class _Stranger:
    """A connection of somebody who hears all and says nothing."""


class _Port(Factory):
    """Takes connections while the register is there."""

    noisy = False

    def __init__(self, register: Register, protocol: type) -> None:
        self._register, self._line = register, protocol

    def buildProtocol(self, addr):
        """A connection."""
        return None if self._register.down else self._line(self._register)
