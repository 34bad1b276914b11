"""The API for programs: /api/v1, JSON, a bearer token with a role.

ROUTES is the whole of it: which address asks which method of the administration, and from which role
on.  The OpenAPI document is made from the same table, so it cannot say anything else.  Parameters
are those of the method: from the address, the query of a GET, the JSON object of a POST or PUT.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
from twisted.internet.defer import Deferred

from tectonics.domain.errors import TheirFault
from tectonics.domain.feed import event_of
from tectonics.oam.admin import Administration
from tectonics.oam.web.inputs import json_object, query
from tectonics.oam.web.request import WebRequest, answer_json
from tectonics.oam.web.routes import Denied, Routes, uncancelled
from tectonics.oam.web.tokens import Bearer, Tokens
from tectonics.ports import Clock, Intake, Metrics
from tectonics.wire.feed import read_fields

PREFIX = "/api/v1"
FEED = "api"  # the name of this feed in tickets and counters
_PART = "<string(maxlength=128):"


@dataclass(frozen=True, slots=True)
class Route:
    """One address: `asks` is a method of the administration, `role` the least that may ask it."""

    method: str
    path: str  # as OpenAPI writes it
    role: str
    asks: str

    @property
    def parts(self) -> tuple[str, ...]:
        """The parameters that stand in the address."""
        return tuple(piece[1:-1] for piece in self.path.split("/") if piece.startswith("{"))


def _subscriber(change: str, role: str) -> Route:
    return Route("POST", f"/subscribers/{{msisdn}}/{change}", role, f"subscribers.{change}")


ROUTES = (
    Route("GET", "/status", "viewer", "status"),
    Route("GET", "/subscribers/{msisdn}", "viewer", "subscribers.show"),
    _subscriber("bar", "agent"), _subscriber("unbar", "agent"), _subscriber("segment", "agent"),
    _subscriber("language", "agent"), _subscriber("callback", "agent"), _subscriber("collect", "agent"),
    _subscriber("adverts", "agent"), _subscriber("allow", "operator"), _subscriber("deny", "operator"),
    _subscriber("unlist", "operator"), _subscriber("forget", "operator"),
    Route("GET", "/advances", "viewer", "advances.list"),
    Route("GET", "/advances/{id}", "viewer", "advances.show"),
    Route("POST", "/advances/{id}/write-off", "operator", "advances.write_off"),
    Route("POST", "/callbacks", "agent", "callbacks.ask"),
    Route("GET", "/callbacks", "viewer", "callbacks.list"),
    Route("GET", "/callbacks/{msisdn}", "viewer", "callbacks.show"),
    Route("GET", "/alarms", "viewer", "alarms.list"),
    Route("GET", "/alarms/history", "viewer", "alarms.history"),
    Route("POST", "/alarms/{id}/ack", "operator", "alarms.ack"),
    Route("POST", "/alarms/{id}/unack", "operator", "alarms.unack"),
    Route("GET", "/tickets", "viewer", "tickets.page"),
    Route("GET", "/unresolved", "viewer", "reconcile.list"),
    Route("POST", "/unresolved/look-up", "operator", "reconcile.run"),
    Route("POST", "/unresolved/{op}/resolve", "operator", "reconcile.resolve"),
    Route("GET", "/config", "viewer", "policy.show"),
    Route("PUT", "/config", "admin", "policy.load"),
    Route("GET", "/config/history", "viewer", "policy.history"),
    Route("PUT", "/config/accepting", "operator", "policy.switch"),
)
RECHARGES = Route("POST", "/recharges", "operator", "")


@dataclass(frozen=True, slots=True)
class Api:
    """What the routes need."""

    administration: Administration
    intake: Intake
    tokens: Tokens
    metrics: Metrics
    clock: Clock
    currency: Callable[[], str]
    country_code: str = ""

    def add(self, routes: Routes, document: Mapping) -> None:
        """Adds the routes, and `document` as /api/v1/openapi.json."""
        for route in ROUTES:
            routes.add(route.method, address(route), self._handler(route))
        routes.add("POST", address(RECHARGES), self._recharge)
        routes.add("GET", f"{PREFIX}/openapi.json", lambda request: answer_json(request, document))

    def _handler(self, route: Route) -> Callable:
        async def serve(request: WebRequest, **parts: str) -> bytes:
            bearer = self._bearer(request, route.role)
            given = query(request) if route.method == "GET" else json_object(request)
            params = {**given, **parts}
            if len(params) < len(given) + len(parts):
                raise TheirFault(f"{', '.join(parts)} stands in the address and nowhere else")
            asked = self.administration.call(route.asks, params, f"api:{bearer.name}")
            return answer_json(request, _shown(await uncancelled(asked)))

        return lambda request, **parts: Deferred.fromCoroutine(serve(request, **parts))

    def _recharge(self, request: WebRequest) -> Deferred:
        return Deferred.fromCoroutine(self._fed(request))

    async def _fed(self, request: WebRequest) -> bytes:
        self._bearer(request, RECHARGES.role)
        record, now = request.content.read().strip(), int(self.clock.seconds() * 1000)
        result = "err"
        try:
            event = event_of(read_fields(record), self.currency(), FEED, now, self.country_code)
            answer = await uncancelled(self.intake.feed(event))
            result = answer.lower()
        finally:
            self.metrics.count("tectonics_feed_records_total", FEED, result)
        return answer_json(request, {"result": answer, "id": event.id})

    def _bearer(self, request: WebRequest, role: str) -> Bearer:
        shown = (request.getHeader(b"authorization") or b"").decode(errors="replace")
        scheme, _, token = shown.partition(" ")
        bearer = self.tokens.find(token.strip()) if scheme.lower() == "bearer" else None
        if bearer is None:
            raise Denied(401, "a valid bearer token is needed: Authorization: Bearer TOKEN")
        if not bearer.may(role):
            raise Denied(403, f"this needs the role {role}, the token has {bearer.role}")
        return bearer


def address(route: Route) -> str:
    """The whole address, as the router writes it."""
    return PREFIX + route.path.replace("{", _PART).replace("}", ">")


def _shown(answer: object) -> object:
    """Tickets are sent as they are written, not as text in text."""
    if isinstance(answer, dict) and "lines" in answer:
        tickets = [msgspec.Raw(line.encode()) for line in answer["lines"]]
        return {"tickets": tickets, **{k: v for k, v in answer.items() if k != "lines"}}
    return answer
