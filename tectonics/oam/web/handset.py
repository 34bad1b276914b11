"""The demo's handset: a page with a phone one can dial on, and what lies behind its buttons.

It serves the demo's numbers and no others, without a login, so it is meant for this machine: the
page answers only under localhost or an address in digits (a stranger's name that resolves here is
refused), and what changes something needs the page's own token in a header, which no other site
can read or send.  The token lives as long as the process; after a restart the page says "reload".
"""

import hmac
import ipaddress
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import msgspec
from jinja2 import Environment, FileSystemLoader, select_autoescape
from twisted.internet.defer import Deferred

from tectonics.domain.errors import TheirFault
from tectonics.oam.admin import Administration, NotThere
from tectonics.oam.web.inputs import json_object, query
from tectonics.oam.web.request import WebRequest, answer_json
from tectonics.oam.web.routes import Denied, Routes, uncancelled
from tectonics.ports import Correspondence, ShortMessage

HERE = Path(__file__).parent
TICKETS_READ, TICKETS_SHOWN, MESSAGES_SHOWN = 200, 8, 20
DIALLED_CHARS_MAX = 182
_SESSION = re.compile(r"[0-9A-Za-z]{8,64}", re.ASCII)
WRITTEN_CHARS_MAX = 459  # three short messages
CHANNEL = "sms"
TOKEN_HEADER = b"x-handset-token"
WHO = "handset"
_SHOWN = ("msisdn", "kind", "segment", "listed", "bar", "balance", "outstanding", "currency", "advances",
          "recharges_90d", "tenure_days")
_STATIC = {"handset.css": b"text/css; charset=utf-8", "handset.js": b"text/javascript; charset=utf-8",
           "icon.svg": b"image/svg+xml"}


class Gateway(Protocol):
    """The network between the handset and the daemon's gateway port.

    `text` is the whole session so far: the dialled code up to its `#`, then each input with a `*`
    before it (`*133#`, `*133#*1`, `*133#*1*1`).  Answers (more, screen).
    """

    def dial(self, msisdn: str, session: str, text: str) -> Deferred[tuple[bool, str]]: ...


@dataclass(frozen=True, slots=True)
class DemoLine:
    """One demo subscriber and what he is for."""

    msisdn: str
    purpose: str


@dataclass(frozen=True, slots=True)
class Handset:
    """The page and its requests."""

    administration: Administration
    gateway: Gateway
    lines: Sequence[DemoLine]
    correspondence: Correspondence
    now: Callable[[], int]  # ms
    service: str = "133"  # the number that SMS go to
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    def add(self, routes: Routes) -> None:
        """Adds /handset and what belongs to it."""
        serve = {"dial": self._dial, "recharge": self._recharge, "spend": self._spend, "write": self._write}
        routes.add("GET", "/", _to_the_page)
        routes.add("GET", "/handset", _page(self.secret, self.lines, self.service))
        for name, kind in _STATIC.items():
            routes.add("GET", f"/handset/{name}", _file(HERE / "static" / name, kind))
        routes.add("GET", "/handset/state", lambda request: Deferred.fromCoroutine(self._state(request)))
        for name, act in serve.items():
            routes.add("POST", f"/handset/{name}", self._acting(act))

    def _acting(self, act: Callable) -> Callable:
        async def serve(request: WebRequest) -> bytes:
            _refuse_strangers(request)
            shown = request.getHeader(TOKEN_HEADER) or b""
            if not hmac.compare_digest(shown, self.secret.encode()):
                raise Denied(403, "this page is out of date, load it again")
            given = json_object(request)
            return answer_json(request, await act(self._line(given.get("msisdn")), given))

        return lambda request: Deferred.fromCoroutine(serve(request))

    def _line(self, msisdn: object) -> str:
        if not any(line.msisdn == msisdn for line in self.lines):
            raise NotThere("that is not one of the demo's numbers")
        return msisdn

    async def _dial(self, msisdn: str, given: dict) -> dict:
        session, text = given.get("session"), given.get("text")
        if not isinstance(session, str) or not _SESSION.fullmatch(session):
            raise TheirFault("session must be 8 to 64 letters and digits")
        if not isinstance(text, str) or not 1 <= len(text) <= DIALLED_CHARS_MAX or not text.isprintable():
            raise TheirFault("text must be what was dialled, such as *133#")
        more, screen = await uncancelled(self.gateway.dial(msisdn, session, text))
        return {"more": more, "text": screen}

    async def _write(self, msisdn: str, given: dict) -> dict:
        text = given.get("text")
        if not isinstance(text, str) or not 1 <= len(text) <= WRITTEN_CHARS_MAX:
            raise TheirFault(f"text must be 1 to {WRITTEN_CHARS_MAX} characters, such as SOS")
        message = ShortMessage(CHANNEL, f"handset-{secrets.token_hex(8)}", msisdn, self.service, text, self.now())
        await uncancelled(self.correspondence.received(message))
        return {}

    async def _recharge(self, msisdn: str, given: dict) -> dict:
        return await self._ask("recharge", msisdn=msisdn, amount=given.get("amount"))

    async def _spend(self, msisdn: str, given: dict) -> dict:
        return await self._ask("billing.spend", msisdn=msisdn, amount=given.get("amount"))

    async def _state(self, request: WebRequest) -> bytes:
        _refuse_strangers(request)
        msisdn = self._line(query(request).get("msisdn"))
        shown = await self._ask("subscribers.show", msisdn=msisdn)
        inbox = await self._ask("messages", msisdn=msisdn)
        tail = await self._ask("tickets.tail", limit=TICKETS_READ)
        tickets = [msgspec.json.decode(line) for line in reversed(tail["lines"])]
        mine = [ticket for ticket in tickets if ticket.get("msisdn") == msisdn]
        return answer_json(request, {**{name: shown[name] for name in _SHOWN},
                                     "messages": inbox["messages"][-MESSAGES_SHOWN:],
                                     "tickets": mine[:TICKETS_SHOWN]})

    def _ask(self, method: str, **params: object) -> Deferred:
        return uncancelled(self.administration.call(method, params, WHO))


def _page(secret: str, lines: Sequence[DemoLine], service: str) -> Callable:
    environment = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape())
    page = environment.get_template("handset.html").render(secret=secret, lines=lines, service=service).encode()
    served = _typed(page, b"text/html; charset=utf-8")

    def serve(request: WebRequest) -> bytes:
        _refuse_strangers(request)
        return served(request)

    return serve


def _file(path: Path, kind: bytes) -> Callable:
    return _typed(path.read_bytes(), kind)


def _typed(content: bytes, kind: bytes) -> Callable:
    def serve(request: WebRequest) -> bytes:
        request.setHeader(b"Content-Type", kind)
        return content

    return serve


def _to_the_page(request: WebRequest) -> bytes:
    request.redirect(b"/handset")
    return b""


def _refuse_strangers(request: WebRequest) -> None:
    """A name that points here would make this page part of somebody else's site (DNS rebinding)."""
    name = request.getRequestHostname().decode("ascii", "replace")
    if name == "localhost":
        return
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        raise Denied(403, "open this page as localhost or by its address in digits") from None
