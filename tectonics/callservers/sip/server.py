"""The call server over SIP: fills ports.CallServer with calls (call.py), one socket and a clock.

    ring, connect, talk    a call's next step; asked again for a leg that is here it waits on, with the same answer
    asked, and not here    ring and connect again: what may be ringing is cancelled, what is up is hung up, GONE;
                           talk: both legs are taken over by their handles; LOST when they are gone
    hang_up                CANCEL or BYE, also for legs of which only the id or the handle is known

A stop leaves conversations alone: the next life takes them over.  Who hangs up while nobody is here, and says so again when
we are back, is remembered; else it is found out when the legs are asked.
Bounds: calls_max calls; those of switchboard.py.
"""

from collections import defaultdict
from collections.abc import Mapping

from twisted.internet.defer import Deferred, gatherResults, maybeDeferred, succeed
from twisted.internet.interfaces import IListeningPort

from tectonics.callservers.sip import forgotten
from tectonics.callservers.sip import leg as legs
from tectonics.callservers.sip.acts import Me
from tectonics.callservers.sip.call import OVER, TAKING, Call, CallOver, Happening, LegDown, LegUp, announcing
from tectonics.callservers.sip.causes import NO_CIRCUIT, is_lost
from tectonics.callservers.sip.handle import Handle, decode
from tectonics.callservers.sip.inviting import Dialled
from tectonics.callservers.sip.keeping import Keeping
from tectonics.callservers.sip.leg import Leg
from tectonics.callservers.sip.switchboard import Switchboard
from tectonics.callservers.sip.trunks import Trunks
from tectonics.config.call_server import SipCalls
from tectonics.domain.call import BY_A, BY_B, CONGESTION, GONE, LOST, Answered, Ended, NotAnswered, Rung
from tectonics.domain.commands import Connect, HangUp, Ring, Talk
from tectonics.domain.outcome import Done, Outcome, Unknown
from tectonics.links.sip.datagrams import Datagrams
from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.sip.timers import TIMERS, Timers
from tectonics.wire.sip.uri import parse_place

LEGS = "tectonics_sip_legs_total"


class SipCallServer:
    """See above. `datagrams` is the protocol of its socket; `start` when that is open."""

    def __init__(self, section: SipCalls, *, passwords: Mapping[str, str], clock: Clock, metrics: Metrics, alarms: Alarms,
                 timers: Timers = TIMERS) -> None:
        self._section, self._clock, self._metrics = section, clock, metrics
        self._trunks = Trunks(section.trunks, passwords)
        self._board = Switchboard(self._trunks, clock, metrics, alarms, gone=self._left,
                                  options=lambda *told: self._keeping.heard(*told), timers=timers)
        self._keeping = Keeping(self._trunks, section.keep_alive_s, clock, alarms, lambda ask: self._board.act([ask]))
        self._rung: dict[str, Rung] = {}  # leg -> what became of its ringing, while its call is kept
        self._ringing: dict[str, list[Deferred]] = defaultdict(list)
        self._talking: dict[str, list[Deferred]] = defaultdict(list)
        self._leaving: dict[str, list[Deferred]] = defaultdict(list)
        self._nodes: tuple[Me, ...] = ()
        self.datagrams = Datagrams(self._board.exchange)
        self.port: IListeningPort | None = None  # closed by `stop`

    def start(self) -> None:
        """The socket is open: trunks are asked whether they are there."""
        host, port = _place(self._section.public)
        if not host or not port:
            here = self._board.exchange.datagrams.getHost()
            host, port = host or here.host, port or here.port
        me = Me(_bracketed(host), port, self._section.answer_s, self._section.session_s)
        self._board.me = me
        others = (Me(_bracketed(host), number or port) for host, number in map(_place, self._section.siblings))
        self._nodes = (me, *others)
        self._keeping.start(me)

    def stop(self) -> Deferred[None]:
        """Closes; who talks goes on."""
        self._keeping.stop()
        self._board.stop()
        return maybeDeferred(self.port.stopListening) if self.port is not None else succeed(None)

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("SIP calls", len(self._board), self._section.calls_max), *self._board.exchange.loads()]

    def shown(self) -> list[dict]:
        """The trunks, for people."""
        words = {None: "silent", True: "up", False: "down"}
        lag_s = self._clock.seconds() - self._board.now()
        return [{"name": f"SIP trunk {one.name}", "state": words[one.answers], "why": one.why}
                | ({"since": int((one.since_s + lag_s) * 1000)} if one.answers is not None else {})
                for one in self._trunks.all.values()]

    # --- ports.CallServer

    def ring(self, command: Ring, again: bool = False) -> Deferred[Rung]:
        """See ports.CallServer."""
        if self._board.leg(command.op) is not None:
            return self._waits(command.op)
        if again:
            self._cancel(command.op, command.number, command.caller)
            return succeed(self._down(GONE))
        if len(self._board) >= self._section.calls_max:
            return succeed(self._down(CONGESTION, NO_CIRCUIT))
        call = self._new(command.call)
        call.announcement = self._section.announcement.replace("{language}", command.language)
        call.ring(_dialled(command), self._trunks.in_turn(self._board.now()), self._board.now())
        return self._rings(call, command.op)

    def connect(self, command: Connect, again: bool = False) -> Deferred[Rung]:
        """See ports.CallServer."""
        if self._board.leg(command.op) is not None:
            return self._waits(command.op)
        found = self._board.leg(command.a_leg)
        if again or found is None:
            self._cancel(command.op, command.number, command.caller)
            if self._section.announcement:
                self._cancel(announcing(command.op), "", command.caller)
            self._hang_up(command.call, ((command.a_leg, command.a_handle),))
            return succeed(self._down(GONE))
        call = found[0]
        call.connect(_dialled(command), self._trunks.in_turn(self._board.now()), self._board.now())
        return self._rings(call, command.op)

    def talk(self, command: Talk, again: bool = False) -> Deferred[Ended]:
        """See ports.CallServer."""
        found = self._board.leg(command.b_leg)
        if found is not None and found[0].state == OVER:
            return succeed(self._ended(found[0].why))
        if found is None:
            call = self._take_over(command)
            if call is None:
                return succeed(Ended(self._at(), LOST))
            early = self._early(call)
            if early is not None:
                call.hang_up(self._board.now())
                self._board.run(call)
                return succeed(early)
        else:
            call = found[0]
            call.talk(self._limit(command.until_at), self._board.now())
        over: Deferred[Ended] = Deferred()
        self._talking[call.id].append(over)
        self._board.run(call)
        return over

    def extend(self, call: str, until_at: int) -> None:
        """See ports.CallServer."""
        found = self._board.find(call)
        if found is not None and found.limit_at is not None:
            found.limit_at = self._limit(until_at)
            self._board.run(found)

    def hang_up(self, command: HangUp) -> Deferred[Outcome]:
        """See ports.CallServer. Done when every leg has answered its BYE, Unknown where one had the time to and has not."""
        left = self._hang_up(command.call, command.legs)
        return gatherResults(left, consumeErrors=True).addCallback(
            lambda answered: Done() if all(answered) else Unknown("a trunk has not answered a BYE"))

    # --- calls

    def _new(self, id: str) -> Call:
        call = Call(id, self._section.flow, self._board.me, self._board.out, self._happened)
        self._board.add(call)
        self._rung = {leg: rung for leg, rung in self._rung.items() if self._board.leg(leg) is not None} \
            if len(self._rung) > 4 * len(self._board) + 20_000 else self._rung
        return call

    def _rings(self, call: Call, leg: str) -> Deferred[Rung]:
        waits = self._waits(leg)
        self._board.run(call)
        return waits

    def _waits(self, leg: str) -> Deferred[Rung]:
        if leg in self._rung:
            return succeed(self._rung[leg])
        rung: Deferred[Rung] = Deferred()
        self._ringing[leg].append(rung)
        return rung

    def _take_over(self, command: Talk) -> Call | None:
        sides = [(id, handle, self._trunks.all.get(handle.trunk)) for id, handle in (
            (command.a_leg, decode(command.a_handle)), (command.b_leg, decode(command.b_handle))) if handle is not None]
        if len(sides) < 2 or any(trunk is None for *_, trunk in sides):
            self._hang_up(command.call, ((command.a_leg, command.a_handle), (command.b_leg, command.b_handle)))
            return None
        call = self._new(command.call)
        call.take_over(*sides, self._limit(command.until_at), self._clock.seconds(), self._board.now())
        return call

    def _early(self, call: Call) -> Ended | None:
        """Somebody hung up before his call was taken over."""
        for leg, cause in zip(call.legs, (BY_A, BY_B), strict=True):
            said = self._board.farewell(leg.call_id)
            if said is not None:
                return Ended(said.at, LOST if is_lost(said.q850) else cause, said.q850)
        return None

    # --- hanging up

    def _cancel(self, leg: str, number: str, caller: str) -> None:
        self._board.act(forgotten.cancellations(leg, number, caller, self._trunks.all.values(), self._nodes))

    def _hang_up(self, id: str, ways: tuple[tuple[str, str], ...]) -> list[Deferred]:
        found = [one for leg, text in ways if (one := self._found(id, leg, text)) is not None]
        left = [self._leaves(leg) for _, leg in found if leg.state == legs.UP or leg.is_unheard]
        for call, leg in found:
            if call.state == OVER:
                leg.hang_up()
            else:
                call.hang_up(self._board.now())
            self._board.run(call)
        return left

    def _leaves(self, leg: Leg) -> Deferred[bool]:
        """Fires when it has answered its BYE, or had the time to."""
        left: Deferred[bool] = Deferred()
        self._leaving[leg.id].append(left)
        return left

    def _found(self, id: str, leg: str, text: str) -> tuple[Call, Leg] | None:
        """The leg, in its call or in one that stands in for it; where only its id is known it is cancelled."""
        found, handle = self._board.leg(leg), decode(text) if text else None
        if found is None and handle is None:
            self._cancel(leg, "", "")
        return found if found is not None or handle is None else self._stand_in(id, leg, handle)

    def _stand_in(self, id: str, leg: str, handle: Handle) -> tuple[Call, Leg] | None:
        """A call of that leg alone, to hang it up; None where it is by no trunk of ours."""
        trunk = self._trunks.all.get(handle.trunk)
        if trunk is None:
            return None
        call = self._new(f"{id} {leg}")
        call.state = TAKING
        call.a = legs.Leg.up_again(leg, self._board.me, call, self._board.out, handle, trunk, self._clock.seconds(),
                                   self._board.now())
        return call, call.a

    def _left(self, leg: str, answered: bool) -> None:
        for one in self._leaving.pop(leg, ()):
            one.callback(answered)

    # --- what happens

    def _happened(self, what: Happening) -> None:
        match what:
            case LegUp(leg, handle):
                self._became(leg, Answered(self._at(), handle), "answered")
            case LegDown(leg, cause, q850):
                self._became(leg, self._down(cause, q850), cause)
            case CallOver(call):
                for one in self._talking.pop(call, ()):
                    one.callback(self._ended(what))

    def _became(self, leg: str, rung: Rung, result: str) -> None:
        if leg in self._rung:
            return
        self._rung[leg] = rung
        self._metrics.count(LEGS, self._trunk_of(leg), result)
        self._keeping.watch()
        for one in self._ringing.pop(leg, ()):
            one.callback(rung)

    def _trunk_of(self, leg: str) -> str:
        found = self._board.leg(leg)
        return found[1].trunk.name if found is not None and found[1].trunk is not None else "-"

    def _ended(self, over: CallOver) -> Ended:
        """What is told of it, also when it is asked for long after."""
        seen_at = self._then(over.seen_s) if over.seen_s else 0
        return Ended(self._then(over.over_s), over.cause, over.q850, seen_at)

    def _then(self, s: float) -> int:
        """The time of day (ms) of a moment in the transactions' time."""
        return self._at() - int((self._board.now() - s) * 1000)

    def _down(self, cause: str, q850: int = 0) -> NotAnswered:
        return NotAnswered(self._at(), cause, q850)

    def _at(self) -> int:
        return int(self._clock.seconds() * 1000)

    def _limit(self, until_at: int) -> float:
        """In the transactions' time."""
        return self._board.now() + until_at / 1000 - self._clock.seconds()


def _dialled(command: Ring | Connect) -> Dialled:
    return Dialled(command.op, command.number, command.caller, float(command.ring_s))


def _place(text: str) -> tuple[str, int]:
    if not text:
        return "", 0
    host, port = parse_place(text)
    return host, port


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
