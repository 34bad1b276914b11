"""SNMP PDUs (RFC 3416, section 3) and the messages of SNMPv2c (RFC 1901): octets <-> plain values, both ways.

A variable is (name, tag, held): the tag is that of its SMI type (RFC 2578, section 7.1), `held` an int, octets, or a tuple
of arcs; None for NULL and the three exceptions.  The agent and the manager of tests and measurements share this.

Bound: VARIABLES_MAX variables in a PDU.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire.snmp import GETBULK, REPORT, V2C
from tectonics.wire.snmp_ber import (
    INTEGER,
    NULL,
    OCTETS,
    OID,
    SEQUENCE,
    Name,
    arcs_of,
    element,
    enter,
    identifier,
    integer,
    read_integer,
    read_octets,
    tlv,
)

VARIABLES_MAX = 190
IP_ADDRESS, COUNTER32, GAUGE32, TIME_TICKS, OPAQUE, COUNTER64 = 0x40, 0x41, 0x42, 0x43, 0x44, 0x46
NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW = 0x80, 0x81, 0x82
_NUMBERS = {INTEGER: 5, COUNTER32: 5, GAUGE32: 5, TIME_TICKS: 5, COUNTER64: 9}  # octets at most
_TEXTS = {OCTETS, IP_ADDRESS, OPAQUE}
_EMPTY = {NULL, NO_SUCH_OBJECT, NO_SUCH_INSTANCE, END_OF_VIEW}
_INT32_MAX = 2**31 - 1
Variable = tuple[Name, int, object]


@dataclass(frozen=True, slots=True)
class Pdu:
    """`first` and `second` are error status and index, of a GETBULK non-repeaters and max-repetitions.

    `raw` is the encoded list of variables.
    """

    tag: int
    request_id: int
    first: int
    second: int
    variables: tuple[Variable, ...]
    raw: bytes


def read_pdu(octets: bytes, at: int, end: int) -> Pdu:
    """The PDU that stands from `at` to `end`; BadMessage says what is wrong with it."""
    tag, start, stop = element(octets, at, end)
    if not 0xA0 <= tag <= REPORT or tag == 0xA4 or stop != end:
        raise BadMessage("no PDU where one belongs")
    request_id, at = read_integer(octets, start, stop)
    first, at = read_integer(octets, at, stop)
    second, at = read_integer(octets, at, stop)
    if not -_INT32_MAX - 1 <= request_id <= _INT32_MAX or not (0 <= first <= _INT32_MAX and 0 <= second <= _INT32_MAX):
        raise BadMessage("a number of the PDU is out of its range")
    begins, ends = enter(octets, at, stop, SEQUENCE)
    if ends != stop:
        raise BadMessage("octets behind the variables")
    return Pdu(tag, request_id, first, second, tuple(_variables(octets, begins, ends)), octets[at:stop])


def _variables(octets: bytes, at: int, end: int) -> list[Variable]:
    found = []
    while at < end:
        if len(found) == VARIABLES_MAX:
            raise BadMessage("too many variables")
        start, at = enter(octets, at, end, SEQUENCE)
        begins, ends = enter(octets, start, at, OID)
        tag, start, stop = element(octets, ends, at)
        if stop != at:
            raise BadMessage("octets behind a value")
        found.append((arcs_of(octets[begins:ends]), tag, _held(tag, octets[start:stop])))
    return found


def _held(tag: int, contents: bytes) -> object:
    if tag in _NUMBERS:
        if not 1 <= len(contents) <= _NUMBERS[tag] or (tag != INTEGER and contents[0] & 0x80):
            raise BadMessage("a number of a wrong length, or negative")
        held = int.from_bytes(contents, signed=tag == INTEGER)
        if tag == INTEGER and not -_INT32_MAX - 1 <= held <= _INT32_MAX:
            raise BadMessage("an integer that is out of its range")
        return held
    if tag in _TEXTS:
        return contents
    if tag == OID:
        return arcs_of(contents)
    if tag in _EMPTY and not contents:
        return None
    raise BadMessage(f"there is no value with tag {tag:#x}")


def binding(name: Name, tag: int = NULL, held: object = None) -> bytes:
    """A variable, encoded."""
    if isinstance(held, int):
        value = integer(held, tag)
    elif isinstance(held, tuple):
        value = identifier(held)
    else:
        value = tlv(tag, held or b"")
    return tlv(SEQUENCE, identifier(name), value)


def write_pdu(tag: int, request_id: int, first: int, second: int, bindings: Iterable[bytes]) -> bytes:
    """A PDU around encoded variables."""
    return tlv(tag, integer(request_id), integer(first), integer(second), tlv(SEQUENCE, *bindings))


def answer_pdu(tag: int, request_id: int, status: int, index: int, raw: bytes) -> bytes:
    """The same around a list of variables that is encoded already."""
    return tlv(tag, integer(request_id), integer(status), integer(index), raw)


def read_community(message: bytes) -> Pdu:
    """The PDU of a v2c message that `peek` found well formed."""
    start, end = enter(message, 0, len(message), SEQUENCE)
    _, at = read_integer(message, start, end)
    _, at = read_octets(message, at, end)
    return read_pdu(message, at, end)


def write_community(community: bytes, pdu: bytes) -> bytes:
    """A message of SNMPv2c."""
    return tlv(SEQUENCE, integer(V2C), tlv(OCTETS, community), pdu)


def request(tag: int, request_id: int, names: Iterable[Name], non_repeaters: int = 0, repetitions: int = 0) -> bytes:
    """What a manager asks: a GET, GETNEXT or GETBULK."""
    first, second = (non_repeaters, repetitions) if tag == GETBULK else (0, 0)
    return write_pdu(tag, request_id, first, second, map(binding, names))
