"""The outside of an SNMP message, read before anything else is done with it: who sends what, and is it well formed.

SNMP is BER (ITU-T X.690, 8.1) with definite lengths.  `peek` walks the whole datagram once, without building
anything, and tells the version, the community (v2c, RFC 3416 and 1901) or the security parameters (v3, RFC 3412
section 6 and RFC 3414 section 2.4).  What it refuses costs microseconds and never reaches a full decoder, so that
garbage and bombs are cheap.

Bounds: ELEMENTS_MAX elements in what is not encrypted, DEPTH_MAX levels, lengths of at most three octets.
"""

from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire.snmp_ber import OCTETS, SEQUENCE, element, enter, read_integer, read_octets

V1, V2C, V3 = 0, 1, 3
GET, GETNEXT, RESPONSE, SET, GETBULK, INFORM, TRAP, REPORT = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA6, 0xA7, 0xA8
ELEMENTS_MAX = 600  # some 190 variables
DEPTH_MAX = 8
AUTH, PRIV, REPORTABLE = 1, 2, 4  # msgFlags, RFC 3412 section 6.4
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
    start, end = enter(message, 0, len(message), SEQUENCE)
    if end != len(message):
        raise BadMessage("octets behind the message")
    _walk(message, start, end)
    version, at = read_integer(message, start, end)
    if version in (V1, V2C):
        return _by_community(message, version, at, end)
    if version == V3:
        return _by_user(message, at, end)
    raise BadMessage(f"there is no version {version}")


def _by_community(message: bytes, version: int, at: int, end: int) -> Header:
    community, at = read_octets(message, at, end)
    return Header(version, _pdu(message, at, end), community)


def _by_user(message: bytes, at: int, end: int) -> Header:
    start, at_end = enter(message, at, end, SEQUENCE)
    _, at = read_integer(message, start, at_end)  # msgID
    _, at = read_integer(message, at, at_end)  # msgMaxSize
    flags, at = read_octets(message, at, at_end)
    if len(flags) != 1:
        raise BadMessage("msgFlags is one octet")
    if flags[0] & (AUTH | PRIV) == PRIV:
        raise BadMessage("encrypted and not authenticated")  # RFC 3412 section 7.2, 5d
    security, at = read_octets(message, at_end, end)
    engine_id, user = _security(security)
    tag, start, stop = element(message, at, end)
    if bool(flags[0] & PRIV) != (tag == OCTETS) or tag not in (OCTETS, SEQUENCE):
        raise BadMessage("msgData is not as msgFlags says")
    pdu = 0
    if tag == SEQUENCE:
        _, start = read_octets(message, start, stop)
        _, start = read_octets(message, start, stop)
        pdu = _pdu(message, start, stop)
    return Header(V3, pdu, flags=flags[0], engine_id=engine_id, user=user)


def _security(octets: bytes) -> tuple[bytes, bytes]:
    start, end = enter(octets, 0, len(octets), SEQUENCE)
    _walk(octets, start, end)
    engine_id, at = read_octets(octets, start, end)
    _, at = read_integer(octets, at, end)  # boots
    _, at = read_integer(octets, at, end)  # time
    user, at = read_octets(octets, at, end)
    if len(engine_id) > 32 or len(user) > 32:
        raise BadMessage("an engineID or a user's name is too long")
    _, at = read_octets(octets, at, end)  # authentication parameters
    read_octets(octets, at, end)  # privacy parameters
    return engine_id, user


def _pdu(message: bytes, at: int, end: int) -> int:
    tag, _, stop = element(message, at, end)
    if not GET <= tag <= REPORT or stop != end:
        raise BadMessage("no PDU where one belongs")
    return tag


def _walk(octets: bytes, at: int, end: int) -> None:
    """Refuses what is not nested as it should be."""
    ends, elements = [end], 0
    while ends:
        if at == ends[-1]:
            ends.pop()
            continue
        tag, at, stop = element(octets, at, ends[-1])
        elements += 1
        if elements > ELEMENTS_MAX or len(ends) > DEPTH_MAX:
            raise BadMessage("too many elements, or nested too deeply")
        if tag & _CONSTRUCTED:
            ends.append(stop)
        else:
            at = stop
