"""The routes of /me: each is a page made on the server, a form that leads back to one, and no script that is needed.

Every form names the request that it makes by an id that was made with its page: pressed twice, or again after a
crash, it does the same thing once and shows the same answer.  A page that was not shown by this process, or whose visit
is over, changes nothing: it is shown anew.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus

from twisted.internet.defer import Deferred

from tectonics.config.self_care import SelfCare as Section
from tectonics.domain.errors import BadNumber, Busy, OurFault, TheirFault
from tectonics.domain.messages import Catalogue
from tectonics.domain.msisdn import parse_msisdn
from tectonics.domain.self_care import Visitor
from tectonics.oam.web.me.asked import Fronts, Tokens, cookie, fields, is_from_here
from tectonics.oam.web.me.door import MINUTE_S, Door, TooOften
from tectonics.oam.web.me.pages import Pages, statics
from tectonics.oam.web.me.rates import Rates
from tectonics.oam.web.me.visits import Visit, Visits
from tectonics.oam.web.request import WebRequest
from tectonics.oam.web.routes import Routes
from tectonics.ports import Alarms, Clock, Metrics, SelfCare

VISIT, FORM, LANGUAGE = "me_visit", "me_form", "me_language"  # cookies
ID_OCTETS = 16
VISIT_REQUESTS_MAX = 120  # of one visitor in a minute
NUMBER_CHARS_MAX = 40


class Over(TheirFault):
    """He is not signed in, or not any more."""


class Stale(TheirFault):
    """The form is not of a page that is in force."""


@dataclass(slots=True)
class Asked:
    """One request and who makes it."""

    request: WebRequest
    visit: Visit | None
    language: str
    token: str  # for the forms of the page that answers
    fields: dict[str, str]


class SelfCareSite:
    """Adds its routes; `random(n)` gives n octets."""

    def __init__(self, care: SelfCare, section: Section, catalogue: Catalogue, clock: Clock, metrics: Metrics,
                 alarms: Alarms, random: Callable[[int], bytes], country_code: str = "") -> None:
        self.care, self.clock, self.country_code = care, clock, country_code
        self.door = Door(care, section, clock, metrics, alarms, self.new_id)
        self.visits = Visits(section.idle_s, section.visit_s, section.visits_max, random)
        self.pages = Pages(catalogue)
        self._metrics, self._random = metrics, random
        self._fronts, self._tokens = Fronts(section.proxies), Tokens(random(32))
        self._requests = Rates(VISIT_REQUESTS_MAX, MINUTE_S)

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept, how much, its bound)."""
        return [*self.door.loads(), ("self-care visits", len(self.visits), self.visits.visits_max),
                ("self-care visitors", len(self._requests), self._requests.keys_max)]

    def stop(self) -> None:
        """Keeps no timer."""
        self.door.stop()

    def new_id(self) -> str:
        """The name of one request."""
        return self._random(ID_OCTETS).hex()

    def source(self, asked: Asked) -> str:
        """Where it comes from."""
        return self._fronts.source(asked.request)

    def add(self, routes: Routes, table: tuple[tuple[str, str, bool, Callable], ...]) -> None:
        """Adds /me and what belongs to it: (method, address, whether one must be signed in, handler)."""
        for name, (content, kind) in statics().items():
            routes.add("GET", f"/me/{name}", _file(content, kind))
        for method, path, signed_in, handler in table:
            routes.add(method, path, self._serving(handler, method == "POST", signed_in))

    # --- around each request

    def _serving(self, handler: Callable[["SelfCareSite", Asked], Coroutine], form: bool, signed_in: bool) -> Callable:
        async def serve(request: WebRequest) -> bytes:
            request.setHeader(b"Referrer-Policy", b"same-origin")  # else a browser tells no origin with a form
            request.setHeader(b"Content-Type", b"text/html; charset=utf-8")
            asked = self._asked(request)
            try:
                if signed_in and asked.visit is None:
                    raise Over("not signed in")
                if form:
                    asked.fields = self._form(request)
                if asked.visit and not self._requests.take(asked.visit.visitor.msisdn, self.clock.seconds()):
                    raise TooOften("too many requests of one visitor")
                return await handler(self, asked)
            except (TheirFault, OurFault) as fault:
                return self._refused(asked, fault)

        return lambda request: Deferred.fromCoroutine(serve(request))

    def _asked(self, request: WebRequest) -> Asked:
        shown = cookie(request, VISIT)
        visit = self.visits.find(shown, self.clock.seconds()) if shown else None
        wished = (request.getHeader(b"accept-language") or b"").decode("latin-1")[:200]
        if visit is not None:
            return Asked(request, visit, self.pages.language(visit.language, wished), self._tokens.of(shown), {})
        return self._stranger(Asked(request, None, self.pages.language(cookie(request, LANGUAGE), wished), "", {}))

    def _stranger(self, asked: Asked) -> Asked:
        """From now on he is nobody we know; the forms that he gets are for the cookie that he has, or gets now."""
        mark = cookie(asked.request, FORM)
        if not mark:
            mark = self.new_id()
            self.give(asked.request, FORM, mark)
        asked.visit, asked.token = None, self._tokens.of(mark)
        return asked

    def _form(self, request: WebRequest) -> dict[str, str]:
        found = fields(request)
        token = found.get("token", "")
        if not is_from_here(request) or not any(self._tokens.fits(cookie(request, one), token) for one in (VISIT, FORM)):
            raise Stale("that form was not made for this visitor")
        return found

    def _refused(self, asked: Asked, fault: Exception) -> bytes:
        status, why = next(answer for kind, answer in _REFUSED.items() if isinstance(fault, kind))
        self._metrics.count("tectonics_self_care_refused_total", why)
        if isinstance(fault, Over):
            self.sign_out(asked)
        if asked.visit is None:
            return self.page(asked, "enter", status, wrong=f"error.{why}", number="")
        return self.page(asked, "refused", status, why=f"error.{why}")

    # --- what handlers use

    def page(self, asked: Asked, name: str, status: int = HTTPStatus.OK, /, **values: object) -> bytes:
        """The page `name`."""
        asked.request.setResponseCode(status)
        return self.pages.render(name, asked.language, token=asked.token, signed_in=asked.visit is not None, **values)

    def sign_in(self, asked: Asked, visitor: Visitor) -> None:
        """Begins a visit; whoever was signed in here is not any more."""
        self.visits.close(cookie(asked.request, VISIT))
        self.give(asked.request, VISIT, self.visits.open(visitor, "", self.clock.seconds()))

    def sign_out(self, asked: Asked) -> None:
        """Ends the visit."""
        shown = cookie(asked.request, VISIT)
        if shown:
            self.visits.close(shown)
            self.give(asked.request, VISIT, "", 0)
        self._stranger(asked)

    def to(self, asked: Asked, address: str) -> bytes:
        """Leads a form's sender to a page."""
        asked.request.setResponseCode(HTTPStatus.SEE_OTHER)
        asked.request.setHeader(b"Location", address.encode())
        return b""

    def msisdn(self, asked: Asked) -> str:
        """The number in the form; BadNumber when it is none."""
        return parse_msisdn(asked.fields.get("number", "")[:NUMBER_CHARS_MAX], self.country_code)

    def give(self, request: WebRequest, name: str, value: str, max_age_s: int | None = None) -> None:
        """Sets a cookie that no script reads and no other site sends."""
        request.addCookie(name, value, path="/me", max_age=None if max_age_s is None else str(max_age_s),
                          secure=self._fronts.is_secure(request), httpOnly=True, sameSite="strict")


_REFUSED: dict[type[Exception], tuple[int, str]] = {
    Over: (HTTPStatus.FORBIDDEN, "over"), Stale: (HTTPStatus.FORBIDDEN, "stale"),
    TooOften: (HTTPStatus.TOO_MANY_REQUESTS, "often"), Busy: (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    BadNumber: (HTTPStatus.UNPROCESSABLE_ENTITY, "number"), TheirFault: (HTTPStatus.UNPROCESSABLE_ENTITY, "stale"),
    OurFault: (HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
}


def _file(content: bytes, kind: bytes) -> Callable:
    def serve(request: WebRequest) -> bytes:
        request.setHeader(b"Content-Type", kind)
        return content

    return serve
