"""A browser: cookies, pages and their forms, one connection for each page (HTTP/1.0 of RFC 9112), here over the world's network."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

from twisted.internet.defer import Deferred
from twisted.internet.protocol import ClientFactory, Protocol
from twisted.python.failure import Failure

from tectonics.simulation.browsing import WEB_PORT
from tectonics.simulation.stage import Stage
from tectonics.simulators.page_visitor import forms

CONNECT_S, ANSWER_S = 5.0, 20.0
REDIRECTS_MAX = 3
VISIT = "me_visit"  # the cookie of who is signed in
_COOKIE = re.compile(r"Set-Cookie: ([^=]+)=([^;\r]*)", re.IGNORECASE)
_LOCATION = re.compile(r"Location: (\S+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Answer:
    """A page, or where another one is."""

    status: int
    text: str
    location: str = ""
    cookies: tuple[tuple[str, str], ...] = ()

    @property
    def forms(self) -> dict[str, dict[str, str]]:
        """Where each of its forms leads -> its hidden fields."""
        return forms(self.text)


class Browser:
    """Of one person, at one node until he is sent to another one. `signed`: as whom he is signed in, as far as he knows."""

    def __init__(self, stage: Stage, node: str) -> None:
        self._stage, self.node = stage, node
        self.cookies: dict[str, str] = {}
        self.signed = ""
        self._since: tuple[str, int] = ("", 0)  # at which life of which node

    @property
    def is_in(self) -> bool:
        """Whether what he asks for now comes from one who is signed in."""
        return bool(self.signed) and self._since == (self.node, self._stage.world.life(self.node))

    def signs_in(self, msisdn: str) -> None:
        """The answer let him in."""
        self.signed, self._since = msisdn, (self.node, self._stage.world.life(self.node))

    def leaves(self) -> None:
        """He has signed out, or is told that he is nobody."""
        self.signed = ""

    async def get(self, path: str) -> Answer | None:
        """A page; None where none came."""
        return await self._ask("GET", path, b"")

    async def send(self, path: str, fields: dict[str, str], keep: bool = True, lost: bool = False) -> Answer | None:
        """A form; the answer to it, be it a redirection. `keep`: its cookies; `lost`: the connection is dropped behind it."""
        return await self._ask("POST", path, urlencode(fields).encode(), keep, lost)

    async def follow(self, answer: Answer | None) -> Answer | None:
        """The page where an answer leads."""
        for _ in range(REDIRECTS_MAX):
            if answer is None or not answer.location:
                return answer
            answer = await self.get(answer.location)
        return answer

    async def _ask(self, method: str, path: str, body: bytes, keep: bool = True, lost: bool = False) -> Answer | None:
        kept = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        head = [f"{method} {path} HTTP/1.0", f"Host: {self.node}", "Accept-Language: en"]
        head += [f"Cookie: {kept}"] if kept else []
        head += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(body)}"] if method == "POST" else []
        came: Deferred[bytes] = Deferred()
        self._stage.world.connect(self.node, WEB_PORT, _Once("\r\n".join([*head, "", ""]).encode() + body, lost, came.callback), CONNECT_S)
        answer = _read(await self._stage.within(came, ANSWER_S) or b"")
        if answer is not None and keep:
            self.cookies |= dict(answer.cookies)
            self.cookies = {name: value for name, value in self.cookies.items() if value}
        return answer


def _read(octets: bytes) -> Answer | None:
    """None where it is no whole answer."""
    head, ended, body = octets.decode("utf-8", "replace").partition("\r\n\r\n")
    words = head.split(" ", 2)
    if not ended or len(words) < 2 or not words[1].isdigit():
        return None
    location = _LOCATION.search(head)
    return Answer(int(words[1]), body, location[1] if location else "", tuple(_COOKIE.findall(head)))


class _Exchange(Protocol):
    def __init__(self, request: bytes, lost: bool, done: Callable[[bytes], None]) -> None:
        self._request, self._lost, self._done, self._heard = request, lost, done, []

    def connectionMade(self) -> None:
        self.transport.write(self._request)
        if self._lost:
            self.transport.loseConnection()

    def dataReceived(self, data: bytes) -> None:
        self._heard.append(data)

    def connectionLost(self, reason: Failure) -> None:
        self._done(b"" if self._lost else b"".join(self._heard))


class _Once(ClientFactory):
    noisy = False

    def __init__(self, request: bytes, lost: bool, done: Callable[[bytes], None]) -> None:
        self._request, self._lost, self._done = request, lost, done

    def buildProtocol(self, addr) -> _Exchange:
        return _Exchange(self._request, self._lost, self._done)

    def clientConnectionFailed(self, connector, reason: Failure) -> None:
        self._done(b"")
