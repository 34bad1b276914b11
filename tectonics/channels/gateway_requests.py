"""The requests in what a gateway sends: bytes in, complete requests out, or the status that refuses them.

llhttp parses (through httptools); this file puts a request together and keeps the bounds of one: the head
(431), the body (413), and whatever it takes on the wire with white space and chunk framing (the same two).
What is not HTTP/1.1 (RFC 9112) is refused with 400, another version with 505.  After the last request of the
conversation, or a refusal, nothing more is looked at, though the parser may go on within what it was fed.
"""

from collections.abc import Callable
from typing import Protocol as Interface

import httptools
from twisted.logger import Logger

log = Logger()

_KEPT = (b"content-length", b"transfer-encoding", b"expect")


class Conversation(Interface):
    """Who is told."""

    def requested(self, method: bytes, path: bytes, body: bytes, closes: bool, old: bool) -> None:
        """A request is complete; the last one where it `closes`, `old` where HTTP/1.0 keeps the connection."""

    def refuse(self, status: int) -> None:
        """What arrives is no request, or breaks a bound. Calls `finish`."""

    def expected(self) -> None:
        """The peer waits for 100 before it sends the body."""


class RequestReader:
    """Reads one connection. `now()` is the time in seconds."""

    def __init__(self, conversation: Conversation, head_bytes_max: int, body_bytes_max: int,
                 now: Callable[[], float]):
        self._conversation = conversation
        self._head_bytes_max, self._body_bytes_max = head_bytes_max, body_bytes_max
        self._now = now
        self._parser = httptools.HttpRequestParser(self)
        self.finished = False  # nothing more is looked at
        self.began: float | None = None  # when the unfinished request began
        self._forget_request()

    def feed(self, data: bytes) -> None:
        """What has arrived."""
        self._wire_bytes += len(data)
        self._parse(data)
        if not self.finished and self._wire_bytes > self._wire_bytes_max():
            self._conversation.refuse(431 if self._in_head else 413)

    def paused(self) -> None:
        """We have not read for a while: that time is not the peer's."""
        if self.began is not None:
            self.began = self._now()

    def finish(self) -> None:
        """That was the last."""
        self.finished = True
        self.began = None

    def close(self) -> None:
        """The connection is gone."""
        self.finish()
        self._parser = None  # it refers to us

    # --- what the parser tells

    def on_message_begin(self):
        if not self.finished:
            self._forget_request()
            self.began = self._now()

    def on_url(self, url):
        self._count_head(len(url))
        if not self.finished:
            self._target += url

    def on_header(self, name, value):
        self._count_head(len(name) + len(value) + 4)
        if not self.finished and name.lower() in _KEPT:
            self._kept.append((name.lower(), value))

    def on_headers_complete(self):
        if self.finished:
            return
        self._in_head = False
        if self._parser.get_http_version() not in ("1.1", "1.0"):
            self._conversation.refuse(505)
        elif self._parser.should_upgrade():
            self._upgrading = True  # and llhttp stops after this head
        else:
            self._look_at_head()

    def on_body(self, data):
        if self.finished:
            return
        self._body_bytes += len(data)
        if self._body_bytes > self._body_bytes_max:
            self._conversation.refuse(413)
        else:
            self._body.append(data)

    def on_message_complete(self):
        if self.finished or self._upgrading:
            return
        closes = not self._parser.should_keep_alive()
        self.began = None
        self.finished = closes
        self._conversation.requested(self._parser.get_method(), self._path(), b"".join(self._body), closes,
                                     not closes and self._parser.get_http_version() == "1.0")

    # --- one request

    def _parse(self, data: bytes) -> None:
        """Feeds the parser. An offer to upgrade is declined by ignoring it (RFC 9110 section 7.8);
        llhttp skips the body then, so that the head is fed again without the offer."""
        while data:
            try:
                self._parser.feed_data(data)
                return
            except httptools.HttpParserUpgrade as stopped:
                data = self._without_offer() + data[stopped.args[0]:]
            except httptools.HttpParserCallbackError:
                log.failure("A request could not be taken: a fault of ours")
                self._refuse_rest(500)
            except httptools.HttpParserError:
                self._refuse_rest(400)
            if self.finished:
                return

    def _refuse_rest(self, status: int) -> None:
        if not self.finished:
            self._conversation.refuse(status)

    def _without_offer(self) -> bytes:
        """The head of the request that offered to upgrade, with the headers that matter here."""
        method = self._parser.get_method()
        if method == b"CONNECT":
            self._refuse_rest(405)
        self._parser = httptools.HttpRequestParser(self)
        lines = [b"%s %s HTTP/1.1" % (method, self._target)] + [b"%s: %s" % pair for pair in self._kept]
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _forget_request(self) -> None:
        self._in_head = True
        self._upgrading = False
        self._target = b""
        self._kept: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._head_bytes = self._body_bytes = self._wire_bytes = 0

    def _look_at_head(self) -> None:
        kept = dict(self._kept)
        if _length(kept.get(b"content-length", b"")) > self._body_bytes_max:
            self._conversation.refuse(413)
        elif kept.get(b"expect", b"").lower() == b"100-continue" and self._parser.get_http_version() == "1.1":
            self._conversation.expected()

    def _path(self) -> bytes:
        path, _, _ = self._target.partition(b"?")
        if path.startswith(b"/"):
            return path
        try:
            return httptools.parse_url(path).path or b"/"
        except httptools.HttpParserInvalidURLError:
            return path

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._head_bytes_max:
            self._refuse_rest(431)

    def _wire_bytes_max(self) -> int:
        """White space around header values, and the frames of chunks, count here alone."""
        head = 2 * self._head_bytes_max
        return head if self._in_head else head + 8 * self._body_bytes_max


def _length(digits: bytes) -> int:
    """What llhttp has read as a number, without the zeros of which there may be too many for Python."""
    return int(digits.strip().lstrip(b"0") or b"0")
