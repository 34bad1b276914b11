"""What a variable holds: an SMI type (RFC 2578, section 7.1) with a plain value, and how long both are on the wire.

A gauge that would be more than its type holds stays at the maximum (RFC 2578, section 7.1.7); a text is cut at
TEXT_OCTETS_MAX, between characters.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

INTEGER, OCTETS, OID, TICKS, GAUGE, COUNTER, UNSIGNED, COUNTER32 = (
    "Integer32", "OctetString", "ObjectIdentifier", "TimeTicks", "Gauge32", "Counter64", "Unsigned32", "Counter32")
NO_OBJECT, NO_INSTANCE, END_OF_VIEW = "noSuchObject", "noSuchInstance", "endOfMibView"  # RFC 3416, section 3
TEXT_OCTETS_MAX = 255
NAME_OCTETS_MAX = 32
_HEADS, _LONG = 6, 2  # tag and length of the binding, its name and its value; what a long length takes besides
_U32, _U64 = 2**32 - 1, 2**64 - 1
Name = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """`held` is an int, bytes or a tuple of arcs, None for the three exceptions."""

    type: str
    held: object = None


def gauge(level: float) -> Value:
    """A level, within its bounds."""
    return Value(GAUGE, min(max(0, int(level)), _U32))


def counter(count: float) -> Value:
    """A count; it wraps as counters do."""
    return Value(COUNTER, max(0, int(count)) & _U64)


def text(words: str) -> Value:
    """UTF-8."""
    cut = words.encode("utf-8", "replace")[:TEXT_OCTETS_MAX]
    return Value(OCTETS, cut.decode("utf-8", "ignore").encode())


def number(value: int) -> Value:
    """An enumeration's number."""
    return Value(INTEGER, value)


def date(at_ms: int) -> Value:
    """DateAndTime (RFC 2579) in UTC."""
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    octets = at.year.to_bytes(2) + bytes((at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 100_000))
    return Value(OCTETS, octets + b"+\0\0")


def index(name: str) -> Name:
    """A name as index: its length, then its octets (RFC 2578, section 7.7)."""
    octets = name.encode("ascii", "replace")[:NAME_OCTETS_MAX] or b"-"
    return len(octets), *octets


def octets_of(name: Name, value: Value) -> int:
    """How long a variable binding is at most, encoded."""
    held = value.held
    if isinstance(held, bytes):
        size = len(held)
    elif isinstance(held, tuple):
        size = _arcs_octets(held)
    else:
        size = held.bit_length() // 8 + 1 if isinstance(held, int) else 0
    size += _arcs_octets(name) + _HEADS
    return size if size < 128 else size + 4 * _LONG


def _arcs_octets(arcs: Name) -> int:
    return sum(1 if arc < 128 else (arc.bit_length() + 6) // 7 for arc in arcs)
