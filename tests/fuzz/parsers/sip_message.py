"""A SIP message: read or refused, the same once written again; its addresses, credentials and way back."""

from tectonics.channels.did_sip.callers import caller
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.digest import Credentials, parse_credentials
from tectonics.wire.sip.message import HEADERS_MAX, Request, Unreadable, parse
from tectonics.wire.sip.screening import refusal
from tectonics.wire.sip.text import BadText
from tectonics.wire.sip.way import arrived, back
from tests.fuzz.contract import sentence

HEADERS = tuple(f"\r\n{name}: ".encode() for name in (
    "Via", "v", "From", "To", "t", "Call-ID", "i", "CSeq", "Max-Forwards", "Contact", "Content-Length", "l", "Require", "Route",
    "Record-Route", "P-Asserted-Identity", "Remote-Party-ID", "Authorization", "Expires", "Subject"))
TOKENS = (*HEADERS, b"INVITE sip:133@h SIP/2.0", b"SIP/2.0 180 Ringing", b"\r\n\r\n", b"\r\n ", b"SIP/2.0/UDP ", b";branch=z9hG4bK",
          b";rport", b";received=", b";tag=", b"<sip:", b"tel:+33600000001", b">", b'"', b"\\", b"@", b"%41", b"[::1]:5060", b";lr", b", ",
          b"1 INVITE", b"Digest username=", b'nonce="', b'", nc=00000001, qop=auth', b";party=calling;screen=yes", b";phone-context=+33")


def check(data: bytes) -> None:
    try:
        message = parse(data)
    except Unreadable as error:
        sentence(error)
        assert bool(error.status) == (error.request is not None) and error.status in (0, 400, 416, 505)
        return
    octets = message.encode()
    if len(message.headers) < HEADERS_MAX:  # Content-Length is written even where none came
        assert parse(octets).encode() == octets
    for name in ("Contact", "Route", "P-Asserted-Identity"):
        try:
            message.addresses(name)
        except BadText as error:
            sentence(error)
    for header in message.all("Authorization"):
        _credentials(header)
    if isinstance(message, Request):
        _request(message)


def _credentials(header: str) -> None:
    try:
        assert isinstance(parse_credentials(header), Credentials)
    except BadText as error:
        sentence(error)


def _request(message: Request) -> None:
    for header in ("pai", "rpid", "from"):
        found = caller(message, header, "33")
        assert not found or found.isascii() and found.isdigit() and 7 <= len(found) <= 15
    here = arrived(message, "192.0.2.9", 40_000)
    assert here.vias[0].branch == message.vias[0].branch and here.vias[1:] == message.vias[1:]
    host, port = back(here.vias[0], "192.0.2.9", 40_000)
    assert host == "192.0.2.9" and 0 < port <= 65_535
    refused = refusal(here, ("INVITE",), "t")
    said = parse((refused or answer(here, 486, "t")).encode())
    assert said.vias == here.vias and said.to.tag and said.call_id == message.call_id
