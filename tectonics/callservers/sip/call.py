"""One call: two legs that we control (RFC 3725), without a socket or a clock.

    ringing A --> waiting --> ringing B --> joining --> joined --> talking --> over
                     A is up, its ACK      B is up:      all but B's ACK
                     goes out by then      A is offered what B offers
    taking over --> talking                both legs are known by their handles alone

Flow IV: A is first offered no media at all; B is invited without an offer, his is A's next one, and A's answer goes back in
B's ACK.  Flow III, also for who refuses an offer without media: A is invited without an offer too, and his is answered by a
black hole until then.  Flow I: A's own offer goes to B, whose answer goes back in A's ACK, which so has to wait: for a B that
answers at once.
When a call is taken over, A is asked for an offer, B is offered it, and both know our address again.

The ACK of an answer goes out when the next step is asked for, which is when the handle is stored; after ACK_S in any case.
Until then whoever picked up is not committed to us: should we die, he ends by himself.
Where the trunks have announcements, A hears one while B rings: it is a third leg, that offers A its media and is hung up when B
answers; without it, or when it fails, A hears nothing.  Not in flow I.
Whoever hangs up, both are hung up.  Bounds: ORPHAN_S in which the next step has to be asked for; AUTOMATON_S for flow I.
"""

from collections.abc import Callable

from msgspec import Struct

from tectonics.callservers.sip import leg as legs
from tectonics.callservers.sip.acts import Act, Me
from tectonics.callservers.sip.causes import ALERTED, INTERWORKING, NORMAL, TEMPORARY, TIMER, USER_BUSY
from tectonics.callservers.sip.describing import body_of
from tectonics.callservers.sip.handle import Handle
from tectonics.callservers.sip.inviting import Dialled
from tectonics.callservers.sip.leg import Leg
from tectonics.callservers.sip.passing import Passing
from tectonics.callservers.sip.trunks import Trunk
from tectonics.domain.call import BUSY, BY_A, BY_B, CANCELLED, FAILED, GONE, HUNG_UP, LIMIT, LOST, NO_ANSWER
from tectonics.wire.sip.layer import Serving
from tectonics.wire.sip.sdp import fitted, parse_sdp, unfitted
from tectonics.wire.sip.text import BadText

RINGING_A, WAITING, RINGING_B, JOINING, JOINED, TALKING, TAKING, OVER = (
    "ringing_a", "waiting", "ringing_b", "joining", "joined", "talking", "taking", "over")
ACK_S, ORPHAN_S, AUTOMATON_S = 1.0, 120.0, 10.0
FLOW_I, FLOW_III, FLOW_IV = "I", "III", "IV"


class LegUp(Struct, frozen=True):
    """It was answered."""

    leg: str
    handle: str


class LegDown(Struct, frozen=True):
    """It was not, and will not be."""

    leg: str
    cause: str
    q850: int


class CallOver(Struct, frozen=True):
    """The conversation is over."""

    call: str
    cause: str
    q850: int
    over_s: float  # when it ended, in the transactions' time
    seen_s: float = 0.0  # when a leg that is lost was heard last, in the transactions' time; 0: never


Happening = LegUp | LegDown | CallOver


class Call:
    """See above. `out` gets what is to be sent, `tell` what has happened."""

    def __init__(self, id: str, flow: str, me: Me, out: list[Act], tell: Callable[[Happening], None]) -> None:
        self.id, self.state = id, RINGING_A
        self.a: Leg | None = None
        self.b: Leg | None = None
        self.announcing: Leg | None = None
        self.why: CallOver | None = None  # why, once it is over
        self.limit_at: float | None = None  # of the conversation
        self.announcement = ""  # the name of what A hears while B rings
        self._flow, self._me, self._out, self._tell = flow, me, out, tell
        self._passing: Passing | None = None
        self._ack_at: float | None = None
        self._orphan_at: float | None = None
        self._ring_until: float | None = None
        self._places: tuple[int | None, ...] = ()
        self._answer = b""  # for B's ACK
        self._announcement: tuple[bytes, tuple[int | None, ...]] | None = None  # an offer that A is asked to take

    # --- what is asked of it

    def ring(self, dialled: Dialled, trunks: tuple[Trunk, ...], now: float) -> None:
        """Rings A."""
        self.a = Leg(dialled.leg, self._me, self, self._out)
        body = self.a.told.silenced(b"") if self._flow == FLOW_IV else b""
        self._ring_until = now + dialled.ring_s
        self.a.invite(_with(dialled, body, self._flow == FLOW_IV), trunks, now)

    def connect(self, dialled: Dialled, trunks: tuple[Trunk, ...], now: float) -> None:
        """A waits: rings B."""
        self.b = Leg(dialled.leg, self._me, self, self._out)
        if self.state != WAITING:
            self.b.state = legs.OVER
            cause, q850 = (self.why.cause, self.why.q850) if self.why is not None else (GONE, 0)
            self._tell(LegDown(self.b.id, cause, q850))
            return
        self.state, self._orphan_at, body = RINGING_B, None, b""
        ring_s = dialled.ring_s
        if self._flow == FLOW_I:
            body, ring_s = self.b.told.spoken(parse_sdp(self.a.heard)), min(ring_s, AUTOMATON_S)
        else:
            self._acknowledge(now)
        self._ring_until = now + ring_s
        self.b.invite(_with(dialled, body), trunks, now)
        if self.announcement and self._flow != FLOW_I and self.state == RINGING_B:
            self.announcing = Leg(announcing(dialled.leg), self._me, self, self._out)
            self.announcing.invite(Dialled(self.announcing.id, self.announcement, dialled.caller, ring_s, service=True), trunks, now)

    def talk(self, limit_at: float, now: float) -> None:
        """They may talk until then."""
        if self.state == JOINED:
            self.state, self.limit_at, self._orphan_at = TALKING, limit_at, None
            self._acknowledge(now)

    def take_over(self, a: tuple[str, Handle, Trunk], b: tuple[str, Handle, Trunk], limit_at: float, at_s: float,
                  now: float) -> None:
        """They talk already; `at_s` is the time of day."""
        self.a, self.b = (Leg.up_again(id, self._me, self, self._out, handle, trunk, at_s, now) for id, handle, trunk in (a, b))
        self.state, self.limit_at = TAKING, limit_at
        self.a.reinvite(b"", now)

    def hang_up(self, now: float, cause: str = HUNG_UP) -> None:
        """Everything ends."""
        self._end(cause, NORMAL, now)

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Those that there are."""
        return tuple(one for one in (self.a, self.b, self.announcing) if one is not None)

    # --- what a leg tells

    def answered(self, leg: Leg, body: bytes, now: float) -> None:
        """It was picked up."""
        if leg is self.announcing:
            self._announce(body, now)
            return
        self._ring_until = None
        if leg is self.a:
            if self._flow == FLOW_IV and not leg.was_offered:
                self._flow = FLOW_III
            if self._flow != FLOW_IV and not body:
                self._broken(now)
                return
            self.state, self._orphan_at, self._ack_at = WAITING, now + ORPHAN_S, now + ACK_S
            self._tell(LegUp(leg.id, leg.handle()))
        elif self._flow == FLOW_I:
            self._joined_at_once(body, now)
        elif not body:
            self._broken(now)
        else:
            self.state = JOINING
            if self._announcement is None:
                self._fall_silent()
            offer, self._places = fitted(parse_sdp(body), self.a.told.kinds)
            self.a.reinvite(self.a.told.spoken(offer), now)

    def failed(self, leg: Leg, word: str, q850: int, now: float) -> None:
        """It was not picked up."""
        if leg is not self.announcing:
            self._end(word, q850, now)

    def redone(self, leg: Leg, body: bytes, now: float) -> None:
        """It has accepted another session."""
        try:
            if self._announcement is not None and leg is self.a:
                self._announced(body)
            elif self.state == JOINING and leg is self.a:
                self._joined(body, now)
            elif self.state == TAKING:
                self._taken(leg, body, now)
            elif self._passing is not None:
                self._passing.redone(leg, body)
                self._passed()
            else:
                leg.acknowledge_redone()
        except BadText:
            self._broken(now)

    def refused(self, leg: Leg, status: int, now: float) -> None:
        """It has not."""
        if self._announcement is not None and leg is self.a:
            self._fall_silent()
        elif self.state == JOINING:
            self._broken(now)
        elif self.state == TAKING:
            self._not_taken(leg, now)
        elif self._passing is not None:
            self._passing.refused(status)
            self._passed()

    def changed(self, leg: Leg, serving: Serving, now: float) -> None:
        """It wants another session, or the same once more."""
        request = serving.request
        try:
            body = body_of(request)
        except BadText:
            leg.reply(serving, 400)
            return
        if self.state in (WAITING, RINGING_B):
            leg.reply(serving, 200, leg.told.silenced(body))
        elif self.state != TALKING or self._passing is not None or self._other(leg).is_busy:
            leg.reply(serving, 491)
        elif body and body == leg.heard and leg.told.sent is not None:
            leg.reply(serving, 200, leg.told.sent.encode())
        else:
            self._passing = Passing(leg, self._other(leg), serving, body)
            self._passing.begin(now)

    def confirmed(self, leg: Leg, body: bytes, now: float) -> None:
        """The ACK to our 2xx."""
        if self._passing is not None:
            try:
                self._passing.confirmed(leg, body)
                self._passed()
            except BadText:
                self._broken(now)

    def withdrawn(self, serving: Serving) -> None:
        """A leg does not want its change any more."""
        if self._passing is not None and self._passing.serving is serving:
            self._passing.refused(487)
            self._passed()

    def ended(self, leg: Leg, lost: bool, q850: int, now: float) -> None:
        """It is gone."""
        if leg is not self.announcing:
            self._end(LOST if lost else BY_A if leg is self.a else BY_B, q850, now, leg.seen_s if lost else 0.0)

    # --- time

    @property
    def due_at(self) -> float | None:
        """When `due` must be called."""
        times = [self._ack_at, self._orphan_at, self._ring_until, self._end_at, *(leg.due_at for leg in self.legs)]
        return min((at for at in times if at is not None), default=None) if self.state != OVER else None

    def due(self, now: float) -> None:
        """Does what is due."""
        for leg in self.legs:
            leg.due(now)
        if self.state == OVER:
            return
        if _is_past(self._ack_at, now) and not (self._flow == FLOW_I and self.state in (WAITING, RINGING_B)):
            self._acknowledge(now)
        elif _is_past(self._ack_at, now):
            self._ack_at = None
        if _is_past(self._ring_until, now):
            self._give_up(now)
        elif _is_past(self._end_at, now):
            self._end(LIMIT, NORMAL, now)
        elif _is_past(self._orphan_at, now):
            self._end(CANCELLED, NORMAL, now)

    @property
    def _end_at(self) -> float | None:
        """The limit, where they are known to talk: of who is being taken over it is not, and he may be gone for long."""
        return None if self.state == TAKING else self.limit_at

    def _give_up(self, now: float) -> None:
        leg = self.b if self.state == RINGING_B else self.a
        q850 = ALERTED if leg.rang else TIMER
        leg.hang_up(q850)
        self.failed(leg, NO_ANSWER, q850, now)

    # --- what A hears while B rings

    def _announce(self, body: bytes, now: float) -> None:
        """Somebody announces: A is offered that."""
        if self.state != RINGING_B or not body:
            self._fall_silent()
            return
        offer, places = fitted(parse_sdp(body), self.a.told.kinds)
        self._announcement = body, places
        self.a.reinvite(self.a.told.spoken(offer), now)

    def _announced(self, body: bytes) -> None:
        """A has taken it. BadText."""
        (offer, places), self._announcement = self._announcement, None
        self.a.acknowledge_redone()
        self.announcing.acknowledge(self.announcing.told.spoken(unfitted(parse_sdp(body), places, parse_sdp(offer))))
        if self.state != RINGING_B:
            self._fall_silent()

    def _fall_silent(self) -> None:
        self._announcement = None
        if self.announcing is not None and self.announcing.state != legs.OVER:
            self.announcing.hang_up()

    # --- the flows

    def _joined(self, body: bytes, now: float) -> None:
        """A has answered what B offers."""
        offer = parse_sdp(self.b.heard)
        self.a.acknowledge_redone()
        self._answer = self.b.told.spoken(unfitted(parse_sdp(body), self._places, offer))
        self._up(now)

    def _joined_at_once(self, body: bytes, now: float) -> None:
        """Flow I: B has answered what A offers."""
        try:
            self.a.acknowledge(self.a.told.spoken(parse_sdp(body)))
        except BadText:
            self._broken(now)
            return
        self._answer = b""
        self._up(now)

    def _up(self, now: float) -> None:
        self.state, self._orphan_at, self._ack_at = JOINED, now + ORPHAN_S, now + ACK_S
        self._tell(LegUp(self.b.id, self.b.handle()))

    def _acknowledge(self, now: float) -> None:
        """Who has picked up is told that we know."""
        self._ack_at = None
        if self.state in (WAITING, RINGING_B):
            self.a.acknowledge(self.a.told.silenced(self.a.heard) if self._flow == FLOW_III else b"")
        elif self.state in (JOINED, TALKING):
            self.b.acknowledge(self._answer)

    def _taken(self, leg: Leg, body: bytes, now: float) -> None:
        if leg is self.a:
            self.b.reinvite(self.b.told.spoken(parse_sdp(body)), now)
        else:
            leg.acknowledge_redone()
            self.a.acknowledge_redone(self.a.told.spoken(parse_sdp(body)))
            self.state = TALKING

    def _not_taken(self, leg: Leg, now: float) -> None:
        """It lives, and keeps what it has; A's offer, if it is open, has no answer any more."""
        if leg is self.a:
            self.state = TALKING
        else:
            self._end(LOST, INTERWORKING, now)

    def _passed(self) -> None:
        if self._passing is not None and self._passing.is_over:
            self._passing = None

    def _other(self, leg: Leg) -> Leg:
        return self.b if leg is self.a else self.a

    # --- the end

    def _broken(self, now: float) -> None:
        """What a leg says about media cannot be used."""
        self._end(FAILED, INTERWORKING, now)

    def _end(self, cause: str, q850: int, now: float, seen_s: float = 0.0) -> None:
        if self.state == OVER:
            return
        state, self.state = self.state, OVER
        self._ack_at = self._orphan_at = self._ring_until = self.limit_at = None
        if self._passing is not None:
            self._passing.refused(487)
            self._passing = None
        self._hang_up(cause, q850)
        self.why = CallOver(self.id, cause, q850, now, seen_s)
        waits = {RINGING_A: self.a, RINGING_B: self.b, JOINING: self.b}.get(state)
        if waits is not None:
            self._tell(LegDown(waits.id, CANCELLED if cause == HUNG_UP else cause, q850))
        self._tell(self.why)

    def _hang_up(self, cause: str, q850: int) -> None:
        told = USER_BUSY if cause == BUSY else TEMPORARY if cause in (LOST, FAILED) else q850 or NORMAL
        for leg in self.legs:
            if leg.state != legs.OVER:
                leg.hang_up(told)


def announcing(leg: str) -> str:
    """The id of the leg that announces while that one rings."""
    return f"{leg}-announcement"


def _is_past(at: float | None, now: float) -> bool:
    return at is not None and now >= at


def _with(dialled: Dialled, body: bytes, or_his: bool = False) -> Dialled:
    return Dialled(dialled.leg, dialled.number, dialled.caller, dialled.ring_s, body, or_his)
