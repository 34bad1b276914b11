"""A long text in several messages: by user data header, by sar_* parameters, or whole in message_payload.

A part has the room of a short message, 140 octets on the radio (3GPP TS 23.040): 160 septets or 70 UCS-2 units, less
its header.  With sar_* the message centre makes the header, so the same room is kept free as for 8 bits.
An escape is never parted from its septet, nor the halves of a surrogate pair.

The octets are unpacked septets, UCS-2, or any others; how they were chosen is the business of domain/alphabet.py.
"""

from collections.abc import Iterator

from msgspec import Struct

from tectonics.wire.data_coding import GSM7, UCS2
from tectonics.wire.smpp.fields import Unsendable
from tectonics.wire.smpp.tlvs import VALUE_OCTETS_MAX, Tag, Tlv
from tectonics.wire.udh import HEADER_OCTETS_8, HEADER_OCTETS_16, PARTS_MAX, Place, header

UDH8, UDH16, SAR, PAYLOAD = "udh8", "udh16", "sar", "payload"
WAYS = (UDH8, UDH16, SAR, PAYLOAD)
UDHI = 0x40  # esm_class: a user data header goes before the words (SMPP 3.4 section 5.2.12)

_RADIO_OCTETS = 140
_HEADER_OCTETS = {UDH8: HEADER_OCTETS_8, UDH16: HEADER_OCTETS_16, SAR: HEADER_OCTETS_8}
_ESCAPE = 0x1B


class Part(Struct, frozen=True):
    """What goes into one submit_sm or deliver_sm."""

    short_message: bytes
    esm_class: int = 0  # to be added to that of the message
    tlvs: tuple[Tlv, ...] = ()


def split(octets: bytes, alphabet: str, way: str, reference: int) -> list[Part]:
    """The parts of a message, one where it fits into one; `reference` has 16 bits, of which UDH8 takes the lower 8.

    Unsendable when it is too long for any.
    """
    if len(octets) <= _room(alphabet, 0):
        return [Part(octets)]
    if way == PAYLOAD:
        if len(octets) > VALUE_OCTETS_MAX:
            raise Unsendable(f"a message has at most {VALUE_OCTETS_MAX} octets")
        return [Part(b"", tlvs=(Tlv(Tag.MESSAGE_PAYLOAD, octets),))]
    pieces = list(cut(octets, alphabet, _room(alphabet, _HEADER_OCTETS[way])))
    if len(pieces) > PARTS_MAX:
        raise Unsendable(f"a message has at most {PARTS_MAX} parts, this one {len(pieces)}")
    return [_part(piece, Place(reference, len(pieces), number), way) for number, piece in enumerate(pieces, 1)]


def cut(octets: bytes, alphabet: str, room: int) -> Iterator[bytes]:
    """The octets in pieces of at most `room`, none of which ends within a character."""
    at = 0
    while at < len(octets):
        end = min(at + room, len(octets))
        if end < len(octets):
            end -= _begun(octets[at:end], alphabet)
        yield octets[at:end]
        at = end


def _begun(piece: bytes, alphabet: str) -> int:
    """How many octets at the end belong to the next piece; never all of them."""
    if alphabet == GSM7:
        return int(piece[-1] == _ESCAPE and len(piece) > 1)
    high_surrogate = alphabet == UCS2 and len(piece) > 2 and 0xD8 <= piece[-2] <= 0xDB
    return 2 if high_surrogate else 0


def _room(alphabet: str, header_octets: int) -> int:
    octets = _RADIO_OCTETS - header_octets
    if alphabet == GSM7:
        return octets * 8 // 7
    return octets - octets % 2 if alphabet == UCS2 else octets


def _part(piece: bytes, place: Place, way: str) -> Part:
    if way == SAR:
        return Part(piece, tlvs=(Tlv(Tag.SAR_MSG_REF_NUM, place.reference), Tlv(Tag.SAR_TOTAL_SEGMENTS, place.total),
                                 Tlv(Tag.SAR_SEGMENT_SEQNUM, place.number)))
    wide = way == UDH16
    if not wide:
        place = Place(place.reference & 0xFF, place.total, place.number)
    return Part(header(place, wide) + piece, UDHI)
