"""Messages of SNMPv3 (RFC 3412, section 6) with the user-based security model (RFC 3414, section 2.4).

`read` takes a message apart that `tectonics.wire.snmp.peek` found well formed; nothing is verified or decrypted here
(snmp_usm.py).  `write` makes one with zeros where the digest belongs, which is taken over the whole message, and says where.
"""

from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire.snmp import AUTH, V3
from tectonics.wire.snmp_ber import (
    OCTETS,
    SEQUENCE,
    element,
    enter,
    integer,
    read_integer,
    read_octets,
    tlv,
)
from tectonics.wire.snmp_pdu import Pdu, read_pdu

DIGEST_OCTETS = 24  # usmHMAC192SHA256AuthProtocol, RFC 7860 section 4.2.1
SIZE_MIN = 484  # of a message that everybody takes, RFC 3412 section 6.3
INT32_MAX = 2**31 - 1
_USM = 3


@dataclass(frozen=True, slots=True)
class Message:
    """`data` is the scoped PDU, encrypted where the flags say so; `digest_at` is where `digest` stands in the message."""

    message_id: int
    size_max: int
    flags: int
    engine_id: bytes
    boots: int
    time_s: int
    user: bytes
    salt: bytes
    data: bytes
    digest: bytes = b""
    digest_at: int = 0


@dataclass(frozen=True, slots=True)
class Scoped:
    """A scoped PDU."""

    engine_id: bytes
    context: bytes
    pdu: Pdu


def read(message: bytes) -> Message:
    """The parts of a message; BadMessage says what is wrong with it."""
    start, end = enter(message, 0, len(message), SEQUENCE)
    _, at = read_integer(message, start, end)
    start, head_end = enter(message, at, end, SEQUENCE)
    message_id, at = read_integer(message, start, head_end)
    size_max, at = read_integer(message, at, head_end)
    flags, at = read_octets(message, at, head_end)
    model, at = read_integer(message, at, head_end)
    if not (0 <= message_id <= INT32_MAX and SIZE_MIN <= size_max <= INT32_MAX) or len(flags) != 1 or model != _USM:
        raise BadMessage("a header that RFC 3412 does not allow")
    start, security_end = enter(message, head_end, end, OCTETS)
    start, stop = enter(message, start, security_end, SEQUENCE)
    engine_id, at = read_octets(message, start, stop)
    boots, at = read_integer(message, at, stop)
    time_s, at = read_integer(message, at, stop)
    if not (0 <= boots <= INT32_MAX and 0 <= time_s <= INT32_MAX):
        raise BadMessage("boots or a time that RFC 3414 does not allow")
    user, at = read_octets(message, at, stop)
    digest_at, digest_end = enter(message, at, stop, OCTETS)
    salt, _ = read_octets(message, digest_end, stop)
    tag, start, stop = element(message, security_end, end)
    data = message[start:stop] if tag == OCTETS else message[security_end:stop]
    return Message(message_id, size_max, flags[0], engine_id, boots, time_s, user, salt, data,
                   message[digest_at:digest_end], digest_at)


def write(one: Message, encrypted: bool) -> tuple[bytes, int]:
    """(octets, where the digest belongs). `data` is octets that are encrypted, or an encoded scoped PDU."""
    data = tlv(OCTETS, one.data) if encrypted else one.data
    head = tlv(SEQUENCE, integer(one.message_id), integer(one.size_max), tlv(OCTETS, bytes((one.flags,))), integer(_USM))
    salt = tlv(OCTETS, one.salt)
    security = tlv(OCTETS, tlv(
        SEQUENCE, tlv(OCTETS, one.engine_id), integer(one.boots), integer(one.time_s), tlv(OCTETS, one.user),
        tlv(OCTETS, bytes(DIGEST_OCTETS if one.flags & AUTH else 0)), salt))
    message = tlv(SEQUENCE, integer(V3), head, security, data)
    return message, len(message) - len(data) - len(salt) - DIGEST_OCTETS


def scoped(engine_id: bytes, pdu: bytes, context: bytes = b"") -> bytes:
    """A scoped PDU, encoded."""
    return tlv(SEQUENCE, tlv(OCTETS, engine_id), tlv(OCTETS, context), pdu)


def read_scoped(octets: bytes) -> Scoped:
    """A scoped PDU that is in clear; octets behind it, which a cipher may add, are left alone (RFC 3826, section 3.1.1)."""
    start, end = enter(octets, 0, len(octets), SEQUENCE)
    engine_id, at = read_octets(octets, start, end)
    context, at = read_octets(octets, at, end)
    return Scoped(engine_id, context, read_pdu(octets, at, end))
