"""GSUP: one message is its type and information elements, each a tag, a length and a value of one octet each.

An External USSD Entity meets PROC_SS (request, result, error) with a subscriber's IMSI, the session's number
and state, and a component of the supplementary services in it; see wire/map/component.py.  Elements that are
not told apart here are kept as they are.  An element that is told apart stands once in a message at the most.
Source: OsmoHLR user manual, chapter "Generic Subscriber Update Protocol".
"""

from dataclasses import dataclass
from enum import IntEnum

from tectonics.domain.errors import BadMessage

MESSAGE_BYTES_MAX = 4000
VALUE_BYTES_MAX = 255
IMSI_DIGITS_MIN, IMSI_DIGITS_MAX = 6, 15

# Message types: the two lowest bits are 0 for a request, 1 for an error, 2 for a result.
PROC_SS_REQUEST, PROC_SS_ERROR, PROC_SS_RESULT = 0x20, 0x21, 0x22
ROUTING_ERROR = 0x4E

CLASS_USSD = 3


class State(IntEnum):
    """Where a session stands after a message."""

    BEGIN = 1
    CONTINUE = 2
    END = 3


@dataclass(frozen=True, slots=True)
class Message:
    """One GSUP message.  `cause`: of TS 24.008 section 10.5.5.14; `others`: elements as (tag, value)."""

    type: int
    imsi: str
    session: int | None = None
    state: State | None = None
    ss_info: bytes = b""
    cause: int | None = None
    message_class: int | None = None
    source: bytes = b""
    destination: bytes = b""
    others: tuple[tuple[int, bytes], ...] = ()


_IMSI, _CAUSE, _CLASS, _SESSION, _STATE, _SS_INFO, _SOURCE, _DESTINATION = (
    0x01, 0x02, 0x0A, 0x30, 0x31, 0x35, 0x60, 0x61)
_KNOWN = {_IMSI, _CAUSE, _CLASS, _SESSION, _STATE, _SS_INFO, _SOURCE, _DESTINATION}


def encode(message: Message) -> bytes:
    """The octets of a message, the IMSI first.

    >>> encode(Message(PROC_SS_ERROR, "001010000000001", cause=0x60)).hex()
    '21010800010100000000f1020160'
    """
    elements = [(_IMSI, _bcd(message.imsi)), *_numbers(message)]
    elements += [(tag, value) for tag, value in (
        (_SS_INFO, message.ss_info), (_SOURCE, message.source), (_DESTINATION, message.destination)) if value]
    elements += message.others
    return bytes([message.type]) + b"".join(bytes([tag, len(value)]) + value for tag, value in elements)


def _numbers(message: Message) -> list[tuple[int, bytes]]:
    numbers = ((_CAUSE, message.cause, 1), (_CLASS, message.message_class, 1), (_SESSION, message.session, 4),
               (_STATE, message.state, 1))
    return [(tag, value.to_bytes(size)) for tag, value, size in numbers if value is not None]


def decode(data: bytes) -> Message:
    """The message in `data`; BadMessage when it is none."""
    if not data:
        raise BadMessage("an empty GSUP message")
    known: dict[int, bytes] = {}
    others = []
    for tag, value in _elements(data):
        if tag not in _KNOWN:
            others.append((tag, value))
        elif tag in known:
            raise BadMessage(f"GSUP element {tag:#04x} is there twice")
        else:
            known[tag] = value
    if _IMSI not in known:
        raise BadMessage("a GSUP message without IMSI")
    return Message(
        data[0], _imsi(known[_IMSI]), _number(known, _SESSION, 4), _state(_number(known, _STATE, 1)),
        known.get(_SS_INFO, b""), _number(known, _CAUSE, 1), _number(known, _CLASS, 1),
        known.get(_SOURCE, b""), known.get(_DESTINATION, b""), tuple(others))


def _elements(data: bytes) -> list[tuple[int, bytes]]:
    if len(data) > MESSAGE_BYTES_MAX:
        raise BadMessage("a GSUP message is too long")
    elements, at = [], 1
    while at < len(data):
        start = at + 2
        end = start + data[at + 1] if start <= len(data) else start
        if end > len(data):
            raise BadMessage(f"GSUP element {data[at]:#04x} is longer than the message")
        elements.append((data[at], data[start:end]))
        at = end
    return elements


def _number(known: dict[int, bytes], tag: int, size: int) -> int | None:
    value = known.get(tag)
    if value is None:
        return None
    if len(value) != size:
        raise BadMessage(f"GSUP element {tag:#04x} has {len(value)} octets, not {size}")
    return int.from_bytes(value)


def _state(number: int | None) -> State | None:
    try:
        return None if number is None else State(number)
    except ValueError:
        raise BadMessage(f"GSUP session state {number} is not known") from None


def _bcd(digits: str) -> bytes:
    """Digits two in an octet, the earlier in the lower half; F fills up (TS 24.008 section 10.5.1.4)."""
    filled = digits + "F" * (len(digits) % 2)
    return bytes(int(high + low, 16) for low, high in zip(filled[::2], filled[1::2], strict=True))


def _imsi(value: bytes) -> str:
    halves = [half for octet in value for half in (octet & 15, octet >> 4)]
    if halves and halves[-1] == 15:
        halves.pop()
    if not IMSI_DIGITS_MIN <= len(halves) <= IMSI_DIGITS_MAX or max(halves) > 9:
        raise BadMessage("not an IMSI of 6 to 15 digits")
    return "".join(map(str, halves))
