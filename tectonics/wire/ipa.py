"""IPA multiplex, which carries GSUP over TCP: frames out of a byte stream, and CCM, the link's own messages.

A frame is a length of two octets (of what follows the header), a protocol octet and the payload.  Under
protocol 0xEE the first octet of the payload is an extension, of which GSUP is one.  Under protocol 0xFE is
CCM: ping and pong, and the server's question who the client is.  Its answer routes: a name "EUSE-x" given
as serial number makes the client the External USSD Entity x of an OsmoHLR.

A frame longer than the bound is told at once (as None) and read off, so that the connection survives.
Source: libosmocore's ipa protocol, as OsmoHLR 1.5 speaks it.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tectonics.domain.errors import BadMessage

CCM, EXTENDED = 0xFE, 0xEE
EXTENSION_GSUP = 0x05
PAYLOAD_BYTES_MAX = 4096
_HEADER_BYTES = 3

# What a peer may be asked about itself.
SERIAL_NUMBER, UNIT_NAME, LOCATION_1, LOCATION_2, EQUIPMENT_VERSION, SOFTWARE_VERSION, IP_ADDRESS, MAC_ADDRESS, UNIT_ID = range(9)


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; of an extended one the extension's octet still stands first in the payload."""

    protocol: int
    payload: bytes


class Frames:
    """Splits a stream into frames, however it is cut; None stands for one that was too long."""

    def __init__(self, payload_bytes_max: int = PAYLOAD_BYTES_MAX) -> None:
        self._payload_bytes_max = payload_bytes_max
        self._begun = bytearray()
        self._skip = 0

    def feed(self, data: bytes) -> list[Frame | None]:
        """The frames that `data` completes, in order."""
        self._begun += data
        frames: list[Frame | None] = []
        at = 0
        while True:
            skipped = min(self._skip, len(self._begun) - at)
            self._skip -= skipped
            at += skipped
            if len(self._begun) - at < _HEADER_BYTES:
                break
            end = at + _HEADER_BYTES + int.from_bytes(self._begun[at:at + 2])
            if end - at > _HEADER_BYTES + self._payload_bytes_max:
                frames.append(None)
                self._skip = end - at
            elif end > len(self._begun):
                break
            else:
                frames.append(Frame(self._begun[at + 2], bytes(self._begun[at + _HEADER_BYTES:end])))
                at = end
        del self._begun[:at]
        return frames


def encode_frame(protocol: int, payload: bytes) -> bytes:
    """The octets of a frame.

    >>> encode_frame(CCM, encode_ccm(Ping())).hex()
    '0001fe00'
    """
    return len(payload).to_bytes(2) + bytes([protocol]) + payload


@dataclass(frozen=True, slots=True)
class Ping:
    """Are you alive?"""


@dataclass(frozen=True, slots=True)
class Pong:
    """I am."""


@dataclass(frozen=True, slots=True)
class IdentityRequest:
    """Who are you? `tags`: what is asked."""

    tags: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class IdentityResponse:
    """Tag -> what I am."""

    values: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class IdentityAck:
    """I know now; OsmoHLR never says so."""


Ccm = Ping | Pong | IdentityRequest | IdentityResponse | IdentityAck
_BARE = {0x00: Ping(), 0x01: Pong(), 0x06: IdentityAck()}
_BARE_TYPES = {message: type for type, message in _BARE.items()}
_IDENTITY_REQUEST, _IDENTITY_RESPONSE = 0x04, 0x05


def encode_ccm(message: Ccm) -> bytes:
    """The payload of a CCM frame."""
    match message:
        case IdentityRequest(tags):
            return bytes([_IDENTITY_REQUEST]) + b"".join(bytes([1, tag]) for tag in tags)
        case IdentityResponse(values):
            return bytes([_IDENTITY_RESPONSE]) + b"".join(_told(tag, text) for tag, text in values.items())
    return bytes([_BARE_TYPES[message]])


def _told(tag: int, text: str) -> bytes:
    value = bytes([tag]) + text.encode() + b"\0"
    return len(value).to_bytes(2) + value


def decode_ccm(payload: bytes) -> Ccm:
    """The message in the payload of a CCM frame; BadMessage when it is none."""
    if not payload:
        raise BadMessage("an empty CCM message")
    kind, body = payload[0], payload[1:]
    if kind == _IDENTITY_REQUEST:
        return IdentityRequest(tuple(value[0] for value in _values(body, 1)))
    if kind == _IDENTITY_RESPONSE:
        return IdentityResponse({value[0]: _text(value[1:]) for value in _values(body, 2)})
    if kind in _BARE:
        return _BARE[kind]
    raise BadMessage(f"CCM message type {kind} is not known")


def _values(body: bytes, length_bytes: int) -> list[bytes]:
    """The values, each after its length; the first octet of a value is its tag."""
    values, at = [], 0
    while at < len(body):
        start = at + length_bytes
        at = start + int.from_bytes(body[at:start])
        if at > len(body) or at == start:
            raise BadMessage("a length in a CCM message does not fit")
        values.append(body[start:at])
    return values


def _text(value: bytes) -> str:
    try:
        return value.partition(b"\0")[0].decode()
    except UnicodeDecodeError:
        raise BadMessage("an identity is not UTF-8") from None
