"""The outside of an SNMP message, read before anything else is done with it: who sends what, and is it well formed.

SNMP is BER (ITU-T X.690, 8.1) with definite lengths.  `peek` walks the whole datagram once, without building
anything, and tells the version, the community (v2c, RFC 3416 and 1901) or the security parameters (v3, RFC 3412
section 6 and RFC 3414 section 2.4).  What it refuses costs microseconds and never reaches a full decoder, so that
garbage and bombs are cheap.

Bounds: ELEMENTS_MAX elements in what is not encrypted, DEPTH_MAX levels, lengths of at most three octets.
"""

from dataclasses import dataclass

from tectonics.domain.errors import BadMessage

V1, V2C, V3 = 0, 1, 3
GET, GETNEXT, RESPONSE, SET, GETBULK, INFORM, TRAP, REPORT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA6, 0xA7, 0xA8
ELEMENTS_MAX = 600  # some 190 variables
DEPTH_MAX = 8
AUTH, PRIV, REPORTABLE = 1, 2, 4  # msgFlags, RFC 3412 section 6.4
_INTEGER, _OCTETS, _SEQUENCE = 0x02, 0x04, 0x30
_CONSTRUCTED = 0x20


@dataclass(frozen=True, slots=True)
class Header:
    """Who speaks; `pdu` is the tag of the PDU, 0 where it is encrypted."""

    version: int
    pdu: int
    community: bytes = b""
    flags: int = 0
    engine_id: bytes = b""
    user: bytes = b""


def peek(message: bytes) -> Header:
    """The header of one message; BadMessage says what is wrong with it."""
    start, end = _open(message, 0, len(message), _SEQUENCE)
    if end != len(message):
        raise BadMessage("octets behind the message")
    _walk(message, start, end)
    version, at = _integer(message, start, end)
    if version in (V1, V2C):
        return _by_community(message, version, at, end)
    if version == V3:
        return _by_user(message, at, end)
    raise BadMessage(f"there is no version {version}")


def _by_community(message: bytes, version: int, at: int, end: int) -> Header:
    community, at = _octets(message, at, end)
    return Header(version, _pdu(message, at, end), community)


def _by_user(message: bytes, at: int, end: int) -> Header:
    start, at_end = _open(message, at, end, _SEQUENCE)
    _, at = _integer(message, start, at_end)  # msgID
    _, at = _integer(message, at, at_end)  # msgMaxSize
    flags, at = _octets(message, at, at_end)
    if len(flags) != 1:
        raise BadMessage("msgFlags is one octet")
    if flags[0] & (AUTH | PRIV) == PRIV:
        raise BadMessage("encrypted and not authenticated")  # RFC 3412 section 7.2, 5d
    security, at = _octets(message, at_end, end)
    engine_id, user = _security(security)
    tag, start, stop = _element(message, at, end)
    if bool(flags[0] & PRIV) != (tag == _OCTETS) or tag not in (_OCTETS, _SEQUENCE):
        raise BadMessage("msgData is not as msgFlags says")
    pdu = 0
    if tag == _SEQUENCE:
        _, start = _octets(message, start, stop)
        _, start = _octets(message, start, stop)
        pdu = _pdu(message, start, stop)
    return Header(V3, pdu, flags=flags[0], engine_id=engine_id, user=user)


def _security(octets: bytes) -> tuple[bytes, bytes]:
    start, end = _open(octets, 0, len(octets), _SEQUENCE)
    _walk(octets, start, end)
    engine_id, at = _octets(octets, start, end)
    _, at = _integer(octets, at, end)  # boots
    _, at = _integer(octets, at, end)  # time
    user, at = _octets(octets, at, end)
    if len(engine_id) > 32 or len(user) > 32:
        raise BadMessage("an engineID or a user's name is too long")
    _, at = _octets(octets, at, end)  # authentication parameters
    _octets(octets, at, end)  # privacy parameters
    return engine_id, user


def _pdu(message: bytes, at: int, end: int) -> int:
    tag, _, stop = _element(message, at, end)
    if not GET <= tag <= REPORT or stop != end:
        raise BadMessage("no PDU where one belongs")
    return tag


def _element(octets: bytes, at: int, end: int) -> tuple[int, int, int]:
    """Tag, and where the contents begin and end."""
    if at + 2 > end:
        raise BadMessage("cut off")
    tag, length = octets[at], octets[at + 1]
    at += 2
    if length >= 0x80:
        count = length & 0x7F
        if not 1 <= count <= 3 or at + count > end:
            raise BadMessage("a length that is not definite, or too long")
        length = int.from_bytes(octets[at:at + count])
        at += count
    if tag & 0x1F == 0x1F or at + length > end:
        raise BadMessage("cut off, or a tag of several octets")
    return tag, at, at + length


def _open(octets: bytes, at: int, end: int, expected: int) -> tuple[int, int]:
    tag, start, stop = _element(octets, at, end)
    if tag != expected:
        raise BadMessage(f"expected tag {expected:#x}, found {tag:#x}")
    return start, stop


def _integer(octets: bytes, at: int, end: int) -> tuple[int, int]:
    start, stop = _open(octets, at, end, _INTEGER)
    if not 1 <= stop - start <= 5:
        raise BadMessage("a number of a wrong length")
    return int.from_bytes(octets[start:stop], signed=True), stop


def _octets(octets: bytes, at: int, end: int) -> tuple[bytes, int]:
    start, stop = _open(octets, at, end, _OCTETS)
    return octets[start:stop], stop


def _walk(octets: bytes, at: int, end: int) -> None:
    """Refuses what is not nested as it should be."""
    ends, elements = [end], 0
    while ends:
        if at == ends[-1]:
            ends.pop()
            continue
        tag, at, stop = _element(octets, at, ends[-1])
        elements += 1
        if elements > ELEMENTS_MAX or len(ends) > DEPTH_MAX:
            raise BadMessage("too many elements, or nested too deeply")
        if tag & _CONSTRUCTED:
            ends.append(stop)
        else:
            at = stop
