"""The headers that routing and dialogs read: Via, addresses with a name, CSeq (RFC 3261, section 20)."""

import re

from msgspec import Struct, field

from tectonics.wire.sip.text import BadText, bare, parameters, quoted, shown, split, unquoted
from tectonics.wire.sip.uri import Uri, parse_place, parse_uri, place

MAGIC = "z9hG4bK"  # begins the branch of everyone who follows RFC 3261 (section 8.1.1.7)
SEQUENCE_MAX = 2**31 - 1  # section 8.1.1.5
_SENT = re.compile(r"SIP\s*/\s*2\.0\s*/\s*(?P<transport>[A-Za-z0-9]+)\s+(?P<place>\S+)", re.ASCII)
_CSEQ = re.compile(r"(?P<number>\d{1,10})\s+(?P<method>[!%'*+.`~\w-]+)", re.ASCII)


class Via(Struct, frozen=True):
    """Who sent a request, and where its answers go."""

    transport: str
    host: str
    port: int = 0
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def branch(self) -> str:
        """The transaction's id."""
        return self.parameters.get("branch", "")

    def __str__(self) -> str:
        return f"SIP/2.0/{self.transport} {place(self.host, self.port)}{shown(self.parameters)}"


class Address(Struct, frozen=True):
    """From, To, Contact, Route and their like: a URI, perhaps with a name, and parameters of the header."""

    uri: Uri
    name: str = ""
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """The end's share of a dialog's id."""
        return self.parameters.get("tag", "")

    def __str__(self) -> str:
        return f"{quoted(self.name) + ' ' if self.name else ''}<{self.uri}>{shown(self.parameters)}"


class CSeq(Struct, frozen=True):
    """The order of requests, and which one an answer is for."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def parse_via(text: str) -> Via:
    """One Via; BadText."""
    sent, *rest = split(text, ";")
    found = _SENT.fullmatch(sent)
    if found is None:
        raise BadText("a Via is not well formed")
    host, port = parse_place(found["place"])
    return Via(found["transport"].upper(), host, port, parameters(rest))


def parse_address(text: str) -> Address:
    """One address; BadText. Without angle brackets what follows a semicolon belongs to the header."""
    text = text.strip()
    bracket = next((place for place, character in bare(text) if character == "<"), None)
    if bracket is None:
        uri, *behind = split(text, ";")
        return Address(parse_uri(uri), "", parameters(behind))
    before = text[:bracket]
    inside, closed, behind = text[bracket + 1:].partition(">")
    if not closed:
        raise BadText("an angle bracket is not closed")
    return Address(parse_uri(inside.strip()), unquoted(before.strip()), parameters(list(split(behind, ";"))[1:]))


def parse_cseq(text: str) -> CSeq:
    """A CSeq; BadText."""
    found = _CSEQ.fullmatch(text.strip())
    if found is None or int(found["number"]) > SEQUENCE_MAX:
        raise BadText("a CSeq is not well formed")
    return CSeq(int(found["number"]), found["method"])
