"""The user data header that goes before the words of a short message (3GPP TS 23.040 section 9.2.3.24).

One octet says how long it is; its elements are an identifier, a length and as many octets.  Elements 0x00 and 0x08
say that the message is a part of a longer one, with a reference of 8 or of 16 bits.
"""

from msgspec import Struct

from tectonics.domain.errors import BadMessage

CONCATENATED_8, CONCATENATED_16 = 0x00, 0x08
HEADER_OCTETS_8, HEADER_OCTETS_16 = 6, 7  # what the header of a part takes
PARTS_MAX = 255


class Place(Struct, frozen=True):
    """Which part of which message."""

    reference: int
    total: int
    number: int  # the first is 1


def header(place: Place, wide: bool = False) -> bytes:
    """The header of a part; `wide`: the reference has 16 bits.

    >>> header(Place(0x2A, 3, 1)).hex()
    '0500032a0301'
    """
    reference = place.reference.to_bytes(2 if wide else 1)
    element = reference + bytes([place.total, place.number])
    contents = bytes([CONCATENATED_16 if wide else CONCATENATED_8, len(element)]) + element
    return bytes([len(contents)]) + contents


def read(octets: bytes) -> tuple[Place | None, bytes]:
    """Where the message has its place, None when it is whole, and what follows the header.

    An element that says part 0 or a part behind the last is as if it were not there.  BadMessage when the
    header is longer than the message or its elements are longer than it.
    """
    end = 1 + octets[0] if octets else 1
    if end > len(octets):
        raise BadMessage("a user data header is longer than its message")
    place, at = None, 1
    while at < end:
        start = at + 2
        at = start + (octets[start - 1] if start <= end else 0)
        if at > end:
            raise BadMessage("an element is longer than its user data header")
        place = _place(octets[start - 2], octets[start:at]) or place
    return place, octets[end:]


def _place(identifier: int, element: bytes) -> Place | None:
    sizes = {CONCATENATED_8: 3, CONCATENATED_16: 4}
    if sizes.get(identifier) != len(element):
        return None
    *reference, total, number = element
    return Place(int.from_bytes(bytes(reference)), total, number) if 1 <= number <= total else None
