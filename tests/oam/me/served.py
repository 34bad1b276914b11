"""The pages behind a listening socket, over an engine that remembers what it was asked; and a browser without scripts."""

import re
from html import unescape
from http.cookies import SimpleCookie
from pathlib import Path

import treq
import yaml
from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.task import Clock
from twisted.web.client import Agent, HTTPConnectionPool

from tectonics.config.self_care import SelfCare as Section
from tectonics.domain.errors import TheirFault
from tectonics.domain.messages import Catalogue
from tectonics.domain.self_care import AGREE, Entry, Line, Menu, Overview, Visitor
from tectonics.oam.web.me.site import SelfCareSite
from tectonics.oam.web.site import make_site
from tectonics.oam.web.tokens import Tokens
from tests.oam.fakes import NOW_S, NUMBER, World

TEXTS = Path(__file__).parents[3] / "etc" / "messages"
CATALOGUE = Catalogue({language: yaml.safe_load((TEXTS / f"{language}.yaml").read_text(encoding="utf-8"))
                       for language in ("en", "fr", "ar", "es")}, "en")
CODE = "042137"
OFFER = Line("2", "2.00", "0.20", "2.20", "29/11")


class FakeCare:
    """Fills ports.SelfCare: one subscriber, one code, and offers that are lent once per id."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.entered: list[tuple[str, str]] = []
        self.pressed: list[tuple[str, tuple[str, ...]]] = []
        self.changed: list[tuple[str, str, str]] = []
        self.called: list[tuple[str, str]] = []
        self.lent: dict[str, Menu] = {}
        self.shown: set[str] = set()
        self.gone = False  # the number is somebody else's
        self.language = ""
        self.balance = "0.40"
        self.owed = ""
        self.fault: Exception | None = None
        self.entries = [Entry("2026-11-22", "advance", "2.00", "EUR", "0.20", "2.20", "29/11", "open")]

    def _told(self, answer) -> Deferred:
        if self.fault:
            return fail(self.fault)
        return succeed(None if self.gone else answer)

    def send_code(self, msisdn: str, id: str) -> Deferred[str]:
        self.sent.append((msisdn, id))
        return fail(self.fault) if self.fault else succeed("sent" if msisdn == NUMBER else "stranger")

    def enter(self, msisdn: str, code: str) -> Deferred[Visitor | None]:
        self.entered.append((msisdn, code))
        return self._told(Visitor(msisdn, 1, 5) if (msisdn, code) == (NUMBER, CODE) else None)

    def overview(self, visitor: Visitor) -> Deferred[Overview | None]:
        return self._told(Overview(visitor.msisdn, self.language, "EUR", self.balance, self.owed,
                                   "29/11" if self.owed else "", True, True, True))

    def history(self, visitor: Visitor, before: str = "") -> Deferred[tuple[list[Entry], str] | None]:
        if before not in ("", "5.A"):
            return fail(TheirFault("that is no mark of a page"))
        return self._told((self.entries, "" if before else "5.A"))

    def borrow(self, visitor: Visitor, id: str, *typed: str) -> Deferred[Menu | None]:
        self.pressed.append((id, typed))
        if not typed:
            return self._told(Menu("offers", True, "EUR", (OFFER, Line("4", low="1.00", high="9.00"))))
        if typed[0] not in ("2", "4"):
            return fail(TheirFault("that is no choice of the menu"))
        if typed[-1] == AGREE and id in self.shown:
            return self._told(self.lent.setdefault(id, Menu(f"You have 2.00 EUR <{len(self.lent) + 1}>", False)))
        self.shown.add(id)
        return self._told(Menu("confirm", True, "EUR", offer=OFFER))

    def change(self, visitor: Visitor, id: str, change: str, value: str = "") -> Deferred[bool | None]:
        self.changed.append((id, change, value))
        if change == "language":
            self.language = value
        return self._told(True)

    def call_back(self, visitor: Visitor, id: str, number: str) -> Deferred[str | None]:
        self.called.append((id, number))
        return self._told(f"We call you and then {number}.")


class Chance:
    """Octets that nobody has had before."""

    def __init__(self) -> None:
        self.given = 0

    def __call__(self, count: int) -> bytes:
        self.given += 1
        return self.given.to_bytes(count)


class Moments(Clock):
    """A clock that stands still, and in which the pauses of answers are over at once; `paused` says how long they were."""

    def __init__(self) -> None:
        super().__init__()
        self.paused: list[float] = []

    def callLater(self, delay, call, *args, **kwargs):
        if delay > 1:
            return super().callLater(delay, call, *args, **kwargs)
        self.paused.append(delay)
        return reactor.callLater(0, call, *args, **kwargs)


class Served:
    """The site; `clock` is its time."""

    def __init__(self, **section) -> None:
        self.world, self.care, self.clock = World(), FakeCare(), Moments()
        self.clock.advance(NOW_S)
        self.site = SelfCareSite(self.care, Section(**section), CATALOGUE, self.clock, self.world.metrics,
                                 self.world.alarms, Chance(), "33")
        factory = make_site(administration=self.world.administration, intake=self.world.intake,
                            metrics=self.world.metrics, alarms=self.world.alarms, clock=reactor, tokens=Tokens({}),
                            currency=lambda: "EUR", ready=lambda: "", version="0.1", self_care=self.site)
        self.port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.number = self.port.getHost().port
        self.pool = HTTPConnectionPool(reactor)

    def browser(self, **headers: str) -> "Browser":
        """Somebody's browser."""
        return Browser(self, headers)

    def counted(self, name: str) -> dict:
        """A counter by its labels."""
        return self.world.metrics.snapshot().get(name, {})

    async def close(self) -> None:
        """Frees the port."""
        self.site.stop()
        await self.pool.closeCachedConnections()
        await self.port.stopListening()


class Browser:
    """Keeps cookies, fills forms in, follows nothing by itself."""

    def __init__(self, served: Served, headers: dict[str, str]) -> None:
        self.served, self.cookies, self.headers = served, {}, headers
        self.status, self.text, self.answered = 0, "", None

    async def get(self, path: str) -> "Browser":
        """Opens a page."""
        return await self._ask("GET", path)

    async def post(self, path: str, **fields: str) -> "Browser":
        """Sends the fields, with all that is hidden in the form of this page that leads there."""
        return await self._ask("POST", path, {**self.hidden(path), **fields})

    async def sign_in(self) -> "Browser":
        """From the number to the account."""
        await self.get("/me")
        await self.post("/me/code", number=NUMBER)
        await self.post("/me/enter", code=CODE)
        return await self.get("/me")

    def hidden(self, path: str) -> dict[str, str]:
        """The hidden fields of the first form that leads there; the token of any form where there is none."""
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"[^>]*>(.*?)</form>', self.text, re.DOTALL)
        form = next((body for action, body in forms if action == path), forms[0][1] if forms else "")
        return {name: unescape(value) for name, value in
                re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form)}

    async def _ask(self, method: str, path: str, fields: dict[str, str] | None = None) -> "Browser":
        sent = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = await treq.request(method, f"http://127.0.0.1:{self.served.number}{path}", data=fields,
                                    headers={**self.headers, **({"Cookie": sent} if sent else {})},
                                    allow_redirects=False, agent=Agent(reactor, pool=self.served.pool))
        self.status, self.answered = answer.code, answer.headers
        self.text = (await answer.content()).decode()
        for line in answer.headers.getRawHeaders("Set-Cookie", []):
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value
                if morsel["max-age"] == "0":
                    del self.cookies[name]
        return self
