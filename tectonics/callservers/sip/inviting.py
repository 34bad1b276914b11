"""A leg until it is answered: INVITE by one trunk after the other (RFC 3261, sections 8.1.3, 9.1 and 13.2).

    100 and more     it is taken; 180 to 183: it rings, and no other trunk is tried any more
    2xx              accepted; of forked answers the first, the others are acknowledged and hung up
    401, 407         once more with credentials        422  once more with the interval that is wanted
    3xx              once, where the trunk is trusted   500, 502, 503, 504, silence for answer_s   the next trunk
    488, 606         once more without an offer, where it was the one without media that he cannot take
    all others       it has failed

What is given up is cancelled as soon as it has answered at all, and hung up should it be accepted all the same.
"""

from collections.abc import Callable

from msgspec import Struct

from tectonics.callservers.sip import naming
from tectonics.callservers.sip.acts import Act, Ask, Me, Put, Withdraw
from tectonics.callservers.sip.causes import Q850, refused
from tectonics.callservers.sip.trunks import Trunk
from tectonics.domain.call import CONGESTION
from tectonics.wire.sip.credentials import credentials
from tectonics.wire.sip.dialog import MAX_FORWARDS, Dialog
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.sdp import TYPE
from tectonics.wire.sip.session_timer import least_s
from tectonics.wire.sip.text import BadText
from tectonics.wire.sip.uri import parse_uri
from tectonics.wire.sip.values import Address

ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE")
ELSEWHERE = (500, 502, 503, 504)
CHALLENGES_MAX = 2  # of one trunk: a nonce may be stale
FORKS_MAX = 16


class Attempt(Struct, eq=False):
    """One INVITE."""

    trunk: Trunk
    request: Request
    taken: bool = False
    rang: bool = False
    wanted: bool = True
    withdrawn: bool = False


class Dialled(Struct, frozen=True):
    """Who is rung, who is shown, for how long, and what is offered (empty: he offers).

    `or_his`: where he cannot take that, he may offer.  `service`: the number is the name of a service of the trunk's.
    """

    leg: str
    number: str
    caller: str
    ring_s: float
    body: bytes = b""
    or_his: bool = False
    service: bool = False


class Inviting:
    """The attempts of one leg. `accepted(attempt, response, now)` and `failed(word, q850, now)` hear how it ends, once."""

    def __init__(self, dialled: Dialled, trunks: tuple[Trunk, ...], me: Me, out: list[Act], *,
                 accepted: Callable, failed: Callable) -> None:
        self._dialled, self._left, self._me, self._out = dialled, list(trunks), me, out
        self._accepted, self._failed = accepted, failed
        self._interval_s = int(me.session_s)
        self._now: Attempt | None = None
        self._attempts = self._challenges = 0  # of this trunk
        self._redirected = False
        self._body = dialled.body
        self._taken: tuple[Attempt, str] | None = None  # and the tag that was first
        self._forks: set[str] = set()
        self._last = CONGESTION, Q850[503]
        self.due_at: float | None = None

    @property
    def rang(self) -> bool:
        """Whether somebody heard it."""
        return self._now is not None and self._now.rang

    def begin(self, now: float) -> None:
        """By the first trunk."""
        self._next(now)

    def due(self, now: float) -> None:
        """The trunk has not answered in time."""
        if self.due_at is not None and now >= self.due_at:
            attempt, self.due_at = self._now, None
            attempt.trunk.troubled("it does not answer", now)
            self._elsewhere(now)

    def give_up(self) -> None:
        """It is not wanted any more."""
        self.due_at = None
        if self._now is not None and self._taken is None:
            self._drop(self._now)

    def unheard(self, attempt: Attempt, now: float) -> None:
        """Its transaction has timed out."""
        if attempt.wanted and attempt is self._now and self._taken is None:
            attempt.trunk.troubled("it does not answer", now)
            self._elsewhere(now)

    def heard(self, attempt: Attempt, response: Response, now: float) -> bool:
        """A response to one of them; True where it is the accepted 2xx come again."""
        if response.status < 200:
            self._provisional(attempt, response, now)
        elif response.status < 300:
            return self._success(attempt, response, now)
        elif attempt.wanted and attempt is self._now and self._taken is None:
            self._refused(attempt, response, now)
        return False

    # --- answers

    def _provisional(self, attempt: Attempt, response: Response, now: float) -> None:
        if not attempt.taken:
            attempt.taken = True
            attempt.trunk.well(now)
            if attempt is self._now:
                self.due_at = None
        attempt.rang = attempt.rang or response.status > 100
        if not attempt.wanted:
            self._withdraw(attempt)

    def _success(self, attempt: Attempt, response: Response, now: float) -> bool:
        tag = response.to.tag
        if self._taken == (attempt, tag):
            return True
        if not attempt.wanted or self._taken is not None:
            self._hang_up(attempt, response)
            return False
        attempt.trunk.well(now)
        self.due_at, self._taken = None, (attempt, tag)
        self._accepted(attempt, response, now)
        return False

    def _refused(self, attempt: Attempt, response: Response, now: float) -> None:
        self.due_at, trunk = None, attempt.trunk
        if response.status not in ELSEWHERE:
            trunk.well(now)
        again = self._again(attempt, response)
        if again is not None and self._attempts < naming.ATTEMPTS_MAX:
            self._invite(trunk, now, *again)
            return
        self._last = refused(response.status, response, attempt.rang)
        if response.status in ELSEWHERE and not attempt.rang:
            if response.status == 503:
                trunk.troubled("it says 503", now, _retry_after_s(response))
            self._elsewhere(now)
        else:
            self._failed(*self._last, now)

    def _again(self, attempt: Attempt, response: Response) -> tuple[str, tuple] | None:
        """(Request-URI, headers) with which it is worth another try."""
        request, section = attempt.request, attempt.trunk.section
        if response.status in (401, 407) and self._challenges < CHALLENGES_MAX:
            self._challenges += 1
            proof = credentials(request, response, section.user, attempt.trunk.password)
            return None if proof is None else (request.uri, (proof,))
        if response.status == 422 and (wanted_s := least_s(response)) is not None and wanted_s > self._interval_s:
            self._interval_s = wanted_s
            return request.uri, ()
        if response.status in (488, 606) and self._body and self._dialled.or_his and not attempt.rang:
            self._body = b""
            return request.uri, ()
        if response.status < 400 and section.redirects and not self._redirected:
            self._redirected = True
            uri = _redirected(response)
            return None if uri is None else (uri, ())
        return None

    # --- attempts

    def _next(self, now: float) -> None:
        if not self._left:
            self._failed(*self._last, now)
            return
        trunk = self._left.pop(0)
        self._attempts = self._challenges = 0
        name = self._dialled.number
        self._invite(trunk, now, trunk.service(name) if self._dialled.service else trunk.target(name), ())

    def _elsewhere(self, now: float) -> None:
        self._drop(self._now)
        self._next(now)

    def _invite(self, trunk: Trunk, now: float, uri: str, headers: tuple[tuple[str, str], ...]) -> None:
        self._attempts += 1
        self._now = Attempt(trunk, invite(self._dialled, self._body, trunk, self._me, self._attempts, uri,
                                           self._interval_s, headers))
        self.due_at = now + self._me.answer_s
        self._out.append(Ask(self._now.request, trunk.place, (self._dialled.leg, self._now)))

    def _drop(self, attempt: Attempt) -> None:
        attempt.wanted = False
        if attempt.taken:
            self._withdraw(attempt)

    def _withdraw(self, attempt: Attempt) -> None:
        if not attempt.withdrawn:
            attempt.withdrawn = True
            self._out.append(Withdraw(attempt.request))

    def _hang_up(self, attempt: Attempt, response: Response) -> None:
        """Somebody has accepted what is not wanted, or not any more."""
        if len(self._forks) < FORKS_MAX or response.to.tag in self._forks:
            ended(self._dialled.leg, attempt.trunk, attempt.request, response, self._me, self._out,
                  response.to.tag not in self._forks)
            self._forks.add(response.to.tag)


def ended(leg: str, trunk: Trunk, request: Request, response: Response, me: Me, out: list[Act], goodbye: bool) -> None:
    """Acknowledges a 2xx, and hangs up what it has accepted."""
    dialog = Dialog.of_response(request, response)
    number, tag = request.cseq.number, response.to.tag
    place = trunk.hop(dialog)
    out.append(Put(dialog.acknowledge(request, me.via(naming.branch(leg, trunk.name + tag, number, "ACK"))), place))
    if goodbye:
        bye = dialog.request("BYE", me.via(naming.branch(leg, trunk.name + tag, number + 1, "BYE")))
        out.append(Ask(bye, place, (leg, None)))


def invite(dialled: Dialled, body: bytes, trunk: Trunk, me: Me, number: int, uri: str, interval_s: int,
           more: tuple[tuple[str, str], ...]) -> Request:
    """The INVITE of an attempt."""
    leg = dialled.leg
    sender, identity = trunk.caller(dialled.caller, me.shown, naming.tag(leg, trunk.name))
    content = (("Content-Type", TYPE),) if body else ()
    headers = (("Via", me.via(naming.branch(leg, trunk.name, number, "INVITE"))), ("Max-Forwards", str(MAX_FORWARDS)),
               ("From", str(sender)), ("To", str(Address(parse_uri(uri)))), ("Call-ID", naming.call_id(leg, trunk.name)),
               ("CSeq", f"{number} INVITE"), me.contact, ALLOW, ("Supported", "timer"), ("Accept", TYPE),
               ("Session-Expires", str(interval_s)), ("Min-SE", "90"), ("Expires", str(max(1, int(dialled.ring_s)))),
               *identity, *more, *content)
    return Request("INVITE", uri, headers, body)


def _retry_after_s(response: Response) -> float:
    told = (response.header("Retry-After") or "").partition(";")[0].partition("(")[0].strip()
    return float(told) if told.isascii() and told.isdigit() and len(told) < 9 else 0.0


def _redirected(response: Response) -> str | None:
    try:
        contacts = response.addresses("Contact")
    except BadText:
        return None
    return next((str(one.uri) for one in contacts if one.uri.scheme == "sip"), None)
