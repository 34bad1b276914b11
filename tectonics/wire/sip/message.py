"""SIP requests and responses as octets and as values (RFC 3261, section 7).

Names of headers come in their full form and usual spelling, whatever was sent; their order and repetitions stay.
Of the values only those are looked into that everything else rests on: Via, From, To, Call-ID, CSeq and
Content-Length; a message in which they are missing or not well formed is Unreadable, with the status that its sender
may be told.  Bounds: OCTETS_MAX, HEADERS_MAX.
"""

import re
from functools import cached_property

from tectonics.domain.errors import BadMessage
from tectonics.wire.sip.text import SAFE, BadText, split
from tectonics.wire.sip.uri import UnknownScheme, parse_uri
from tectonics.wire.sip.values import Address, CSeq, Via, parse_address, parse_cseq, parse_via

OCTETS_MAX = 65_535
HEADERS_MAX = 128
COMPACT = {"a": "Accept-Contact", "b": "Referred-By", "c": "Content-Type", "d": "Request-Disposition",
           "e": "Content-Encoding", "f": "From", "i": "Call-ID", "j": "Reject-Contact", "k": "Supported",
           "l": "Content-Length", "m": "Contact", "o": "Event", "r": "Refer-To", "s": "Subject", "t": "To",
           "u": "Allow-Events", "v": "Via", "x": "Session-Expires", "y": "Identity"}
LISTED = ("Via", "Route", "Record-Route", "Contact", "Allow", "Supported", "Require", "Proxy-Require", "Unsupported",
          "Accept", "P-Asserted-Identity")
_SPELLED = {name.lower(): name for name in (*COMPACT.values(), *LISTED, "CSeq", "WWW-Authenticate", "MIME-Version",
                                            "RAck", "RSeq", "Min-SE")}
_TOKEN = re.compile(r"[!%'*+.`~\w-]+", re.ASCII)
_REQUEST = re.compile(r"(?P<method>[!%'*+.`~\w-]+) (?P<uri>\S+) (?P<version>SIP/\d+\.\d+)", re.ASCII | re.IGNORECASE)
_STATUS = re.compile(r"(?P<version>SIP/\d+\.\d+) (?P<status>[1-6]\d\d) ?(?P<reason>.*)", re.ASCII | re.IGNORECASE)


class Unreadable(BadMessage):
    """Octets that are no message.

    `status` is what the sender of `request` is told where so much could be read, else 0.
    """

    def __init__(self, text: str, status: int = 0, request: "Request | None" = None) -> None:
        super().__init__(text)
        self.status, self.request = status, request


class Message:
    """What requests and responses share. Never changed once made; `with_` gives another."""

    first_line: str  # request line or status line

    def __init__(self, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> None:
        self.headers, self.body = headers, body

    def header(self, name: str) -> str | None:
        """The first value of a header."""
        return next((value for known, value in self.headers if known == name), None)

    def all(self, name: str) -> list[str]:
        """Its values, in order; lists are taken apart. BadText where they cannot be."""
        found = self.lines(name)
        return [part for value in found for part in split(value, ",") if part] if name in LISTED else found

    def lines(self, name: str) -> list[str]:
        """Its values as they came, lists whole; nothing in them is looked at."""
        return [value for known, value in self.headers if known == name]

    @cached_property
    def vias(self) -> tuple[Via, ...]:
        """Via, the newest first. BadText; an empty one too, or nobody could say which is the newest."""
        return tuple(parse_via(part) for value in self.lines("Via") for part in split(value, ","))

    @cached_property
    def sender(self) -> Address:
        """From. BadText."""
        return parse_address(self.header("From") or "")

    @cached_property
    def to(self) -> Address:
        """To. BadText."""
        return parse_address(self.header("To") or "")

    @cached_property
    def cseq(self) -> CSeq:
        """CSeq. BadText."""
        return parse_cseq(self.header("CSeq") or "")

    @property
    def call_id(self) -> str:
        """Call-ID."""
        return self.header("Call-ID") or ""

    def addresses(self, name: str) -> tuple[Address, ...]:
        """The addresses of a header such as Route or Contact. BadText; `*` is none."""
        return tuple(parse_address(text) for text in self.all(name) if text != "*")

    def encode(self) -> bytes:
        """The octets; Content-Length is told anew."""
        lines = [self.first_line, *(f"{name}: {value}" for name, value in self.headers if name != "Content-Length"),
                 f"Content-Length: {len(self.body)}", "", ""]
        return "\r\n".join(lines).encode("utf-8", SAFE) + self.body


class Request(Message):
    """A request; `uri` as it was written."""

    def __init__(self, method: str, uri: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.method, self.uri = method, uri

    @property
    def first_line(self) -> str:
        return f"{self.method} {self.uri} SIP/2.0"

    def with_(self, headers: tuple[tuple[str, str], ...]) -> "Request":
        """The same with other headers."""
        return Request(self.method, self.uri, headers, self.body)


class Response(Message):
    """A response."""

    def __init__(self, status: int, reason: str, headers: tuple[tuple[str, str], ...] = (), body: bytes = b"") -> None:
        super().__init__(headers, body)
        self.status, self.reason = status, reason

    @property
    def first_line(self) -> str:
        return f"SIP/2.0 {self.status} {self.reason}"

    @property
    def final(self) -> bool:
        """Whether it ends its transaction."""
        return self.status >= 200


def parse(octets: bytes) -> Request | Response:
    """The message of one datagram. Unreadable."""
    if len(octets) > OCTETS_MAX:
        raise Unreadable("longer than a message may be")
    head, gap, body = octets.lstrip(b"\r\n").partition(b"\r\n\r\n")
    if not gap:
        raise Unreadable("the headers do not end")
    message = parse_head(head)
    length = content_length(message)
    if length is not None:
        if length > len(body):
            raise _answerable(message, "the body is shorter than its Content-Length")
        body = body[:length]
    message.body = body
    return message


def parse_head(head: bytes) -> Request | Response:
    """The message up to its body. Unreadable."""
    first, *lines = _unfolded(head.decode("utf-8", SAFE))
    if len(lines) > HEADERS_MAX:
        raise Unreadable(f"more than {HEADERS_MAX} headers")
    headers, wrong = [], ""
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not _TOKEN.fullmatch(name):
            wrong = wrong or "a header is not well formed"
            continue
        headers.append((spelled(name), value.strip(" \t")))
    message = _started(first, tuple(headers))
    if wrong:
        raise _answerable(message, wrong)
    _check(message)
    return message


def _unfolded(head: str) -> list[str]:
    """The lines, those that begin with a blank joined to the one before (section 7.3.1)."""
    lines: list[str] = []
    for line in head.split("\r\n"):
        if line[:1] in (" ", "\t") and lines:
            lines[-1] += " " + line.strip(" \t")
        else:
            lines.append(line)
    return lines


def spelled(name: str) -> str:
    """A header's name in its full form and usual spelling."""
    small = name.lower()
    return COMPACT.get(small) or _SPELLED.get(small) or "-".join(part.capitalize() for part in small.split("-"))


def _started(first: str, headers: tuple[tuple[str, str], ...]) -> Request | Response:
    if found := _STATUS.fullmatch(first):
        message = Response(int(found["status"]), found["reason"], headers)
    elif found := _REQUEST.fullmatch(first):
        message = Request(found["method"], found["uri"], headers)
    else:
        raise Unreadable("neither a request nor a response")
    if found["version"].upper() != "SIP/2.0":
        raise _answerable(message, "only SIP/2.0 is spoken here", 505)
    return message


def _check(message: Message) -> None:
    """What everything else rests on is there, once, and well formed (section 8.1.1)."""
    try:
        for name in ("From", "To", "Call-ID", "CSeq"):
            if len(message.all(name)) != 1:
                raise BadText(f"{name} must stand there once")
        if not message.vias or not message.call_id:
            raise BadText("Via or Call-ID is missing")
        if "" in (one.parameters.get("tag") for one in (message.sender, message.to)):
            raise BadText("a tag is empty")
        if isinstance(message, Request) and message.cseq.method != message.method:
            raise BadText("CSeq names another method")
        _ = message.cseq
    except BadText as error:
        raise _answerable(message, str(error)) from error
    if isinstance(message, Request):
        _check_uri(message)


def _check_uri(request: Request) -> None:
    try:
        parse_uri(request.uri)
    except BadText as error:
        raise _answerable(request, str(error), 416 if isinstance(error, UnknownScheme) else 400) from error


def content_length(message: Message) -> int | None:
    """Content-Length; None where it is not told. Unreadable."""
    told = message.header("Content-Length")
    if told is None:
        return None
    if not told.isascii() or not told.isdigit() or len(told) > 9:
        raise _answerable(message, "Content-Length is not a number")
    return int(told)


def _answerable(message: Message, text: str, status: int = 400) -> Unreadable:
    """Unreadable, with a status only where a request's sender can be told."""
    if isinstance(message, Request) and message.method != "ACK":
        return Unreadable(text, status, message)
    return Unreadable(text)
