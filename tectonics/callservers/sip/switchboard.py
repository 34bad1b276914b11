"""The calls of one socket: which message belongs to which leg, what a leg wants sent is sent, and time passes for all.

    a request in a dialog of ours    to its leg; in none: 481, and a BYE is remembered for who takes its leg over
    OPTIONS                          200; anything else that would begin something: 405
    an answer                        to the leg that asked; one to an INVITE that nobody knows: forgotten.py

Bounds: calls that are over are kept for LINGER_S, OVER_MAX of them, so that what still comes finds them; FAREWELLS_MAX BYEs.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from msgspec import Struct
from twisted.internet.interfaces import IDelayedCall

from tectonics.callservers.sip import forgotten, naming
from tectonics.callservers.sip.acts import Act, Ask, Me, Put, Reply, Withdraw
from tectonics.callservers.sip.call import OVER, Call
from tectonics.callservers.sip.causes import hung_up
from tectonics.callservers.sip.inviting import ALLOW
from tectonics.callservers.sip.leg import Leg
from tectonics.callservers.sip.trunks import Trunks
from tectonics.domain.errors import Busy
from tectonics.links.sip.exchange import Exchange, Place
from tectonics.ports import Alarms, Clock, Metrics
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.layer import Serving
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.screening import refusal
from tectonics.wire.sip.timers import TIMERS, Timers

LINGER_S, OVER_MAX, FAREWELLS_MAX = 40.0, 10_000, 2000
TRANSACTIONS_MAX = 60_000
ALLOWED = ("INVITE", "ACK", "CANCEL", "BYE", "OPTIONS", "UPDATE")
CALLS = "tectonics_sip_calls"


class Farewell(Struct, frozen=True):
    """Somebody hung up whom we did not know."""

    at: int
    q850: int


class Switchboard:
    """Fills links.sip's User and Caller.

    `gone(leg, answered)` hears that a BYE of ours has come to its end, `options(trunk, status, now)` of the keep-alive.
    """

    def __init__(self, trunks: Trunks, clock: Clock, metrics: Metrics, alarms: Alarms, *, gone: Callable[[str, bool], None],
                 options: Callable[[str, int, float], None], timers: Timers = TIMERS) -> None:
        self.trunks, self.out = trunks, []
        self._clock, self._metrics, self._gone, self._options = clock, metrics, gone, options
        self._calls: dict[str, Call] = {}
        self._over: OrderedDict[str, float] = OrderedDict()  # call -> until when it is kept
        self._legs: dict[str, Call] = {}
        self._farewells: OrderedDict[str, Farewell] = OrderedDict()  # Call-ID -> when, why
        self._wakes: dict[str, tuple[float, IDelayedCall]] = {}
        self.me: Me | None = None
        self.exchange = Exchange(self, clock, metrics, alarms, timers=timers, transactions_max=TRANSACTIONS_MAX, caller=self)

    def __len__(self) -> int:
        return len(self._calls) - len(self._over)

    def stop(self) -> None:
        """No more timers."""
        for _, call in self._wakes.values():
            call.cancel()
        self._wakes.clear()
        self.exchange.stop()

    def now(self) -> float:
        """The transactions' time."""
        return self.exchange.now()

    # --- calls

    def add(self, call: Call) -> None:
        """A new one."""
        self._tidy()
        self._calls[call.id] = call
        self._metrics.gauge(CALLS, len(self))

    def find(self, id: str) -> Call | None:
        """The call of that id."""
        return self._calls.get(id)

    def leg(self, id: str) -> tuple[Call, Leg] | None:
        """The leg of that id, and its call."""
        call = self._legs.get(id)
        leg = next((one for one in call.legs if one.id == id), None) if call is not None else None
        return None if leg is None else (call, leg)

    def farewell(self, call_id: str) -> Farewell | None:
        """How an unknown dialog was ended by its phone."""
        return self._farewells.get(call_id)

    def run(self, call: Call) -> None:
        """Does what a call wants done, and wakes it when it is due."""
        for leg in call.legs:
            self._legs[leg.id] = call
        self.act()
        if call.state == OVER and call.id not in self._over and self._calls.get(call.id) is call:
            self._over[call.id] = self.now() + LINGER_S
            self._metrics.gauge(CALLS, len(self))
        self._wake(call)

    def act(self, more: Iterable[Act] = ()) -> None:
        """Sends what waits, in order."""
        acts, self.out[:] = [*self.out, *more], []
        for act in acts:
            match act:
                case Ask(request, place, token):
                    self._ask(request, place, token)
                case Withdraw(invite):
                    self.exchange.cancel(invite, (naming.leg_of(invite.call_id), None))
                case Put(message, place):
                    self.exchange.write(message, place)
                case Reply(serving, response):
                    self.exchange.respond(serving, response)

    def _ask(self, request: Request, place: Place, token: Any) -> None:
        try:
            self.exchange.send(request, place, token)
        except Busy:  # as if nobody answered
            self._clock.callLater(0, self.unanswered, token, request)

    def _wake(self, call: Call) -> None:
        due_at, waits = call.due_at, self._wakes.get(call.id)
        if waits is not None and (due_at is None or waits[0] > due_at):
            self._wakes.pop(call.id)[1].cancel()
            waits = None
        if due_at is not None and waits is None:
            delay_s = max(0.0, due_at - self.now())
            self._wakes[call.id] = due_at, self._clock.callLater(delay_s, self._due, call)

    def _due(self, call: Call) -> None:
        self._wakes.pop(call.id, None)
        call.due(self.now())
        self.run(call)

    def _tidy(self) -> None:
        now = self.now()
        while self._over and (next(iter(self._over.values())) <= now or len(self._over) > OVER_MAX):
            id, _ = self._over.popitem(last=False)
            for leg in self._calls.pop(id).legs:
                self._legs.pop(leg.id, None)

    # --- links.sip's User

    def peer(self, host: str) -> str:
        """See links.sip.exchange.User."""
        trunk = self.trunks.find(host)
        return "" if trunk is None else trunk.name

    def turned_away(self, request: Request, peer: str) -> Response | None:
        """Nobody."""
        return None

    def asked(self, serving: Serving) -> None:
        """A request of a trunk."""
        request = serving.request
        found = self.leg(naming.leg_of(request.call_id))
        refused = refusal(request, ALLOWED, "none", frozenset({"timer"}))
        if refused is not None:
            self.exchange.respond(serving, refused)
        elif found is not None and found[1].is_dialog_of(request):
            call, leg = found
            leg.asked(serving, self.now())
            self.run(call)
        elif request.to.tag:
            self._unknown(serving)
        elif request.method == "OPTIONS":
            self.exchange.respond(serving, answer(request, 200, "none", (ALLOW, ("Accept", "application/sdp"))))
        else:
            self.exchange.respond(serving, answer(request, 405, "none", (("Allow", "OPTIONS"),)))

    def _unknown(self, serving: Serving) -> None:
        request = serving.request
        if request.method == "BYE":
            self._farewells[request.call_id] = Farewell(int(self._clock.seconds() * 1000), hung_up(request))
            if len(self._farewells) > FAREWELLS_MAX:
                self._farewells.popitem(last=False)
        self.exchange.respond(serving, answer(request, 481, "none"))

    def cancelled(self, serving: Serving) -> None:
        """A change of a session is not wanted any more."""
        found = self.leg(naming.leg_of(serving.request.call_id))
        if found is not None:
            found[0].withdrawn(serving)
            self.run(found[0])

    # --- links.sip's Caller

    def answered(self, token: Any, request: Request, response: Response) -> None:
        """See links.sip.exchange.Caller."""
        id, what = token
        if request.method == "OPTIONS":
            self._options(id, response.status, self.now())
            return
        found, again = self.leg(id), False
        if found is not None and request.method != "CANCEL":
            again = found[1].response(what, request, response, self.now())
            self.run(found[0])
        if request.method == "BYE" and response.final and not again:
            self._gone(id, True)

    def unanswered(self, token: Any, request: Request) -> None:
        """See links.sip.exchange.Caller."""
        id, what = token
        if request.method == "OPTIONS":
            self._options(id, 0, self.now())
            return
        found = self.leg(id)
        if found is not None and request.method != "CANCEL":
            found[1].silence(what, request, self.now())
            self.run(found[0])
        if request.method == "BYE":
            self._gone(id, False)

    def acknowledged(self, request: Request) -> None:
        """See links.sip.exchange.Caller."""
        found = self.leg(naming.leg_of(request.call_id))
        if found is not None and found[1].is_dialog_of(request):
            found[1].acknowledged(request, self.now())
            self.run(found[0])

    def unacknowledged(self, serving: Serving) -> None:
        """See links.sip.exchange.Caller."""
        found = self.leg(naming.leg_of(serving.request.call_id))
        if found is not None and found[1].is_dialog_of(serving.request):
            found[1].unacknowledged(self.now())
            self.run(found[0])

    def stray(self, response: Response, place: Place) -> None:
        """See links.sip.exchange.Caller; what is of a leg's own dialog has been acknowledged or hung up already."""
        found = self.leg(naming.leg_of(response.call_id))
        if found is None or not found[1].is_own(response):
            for trunk in self.trunks.all.values():
                if trunk.has(place.host) and forgotten.answered(response, place, trunk, self.me, self.out):
                    break
            self.act()
