"""BER (ITU-T X.690, 8.1) as SNMP uses it (RFC 3417, section 8): definite lengths, primitive forms, tags of one octet.

Reading is by position, so that nothing is copied on the way down; each reader takes where to begin and where what holds
it ends, and tells where it ended.  Writing gives the shortest form.

Bounds: lengths of at most three octets; ARCS_MAX arcs in a name (RFC 2578, section 3.5).
"""

from tectonics.domain.errors import BadMessage

INTEGER, OCTETS, NULL, OID, SEQUENCE = 0x02, 0x04, 0x05, 0x06, 0x30
ARCS_MAX = 128
ARC_MAX = 2**32 - 1
Name = tuple[int, ...]


def element(octets: bytes, at: int, end: int) -> tuple[int, int, int]:
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


def enter(octets: bytes, at: int, end: int, expected: int) -> tuple[int, int]:
    """Where the contents of an element with this tag begin and end."""
    tag, start, stop = element(octets, at, end)
    if tag != expected:
        raise BadMessage(f"expected tag {expected:#x}, found {tag:#x}")
    return start, stop


def read_integer(octets: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of up to five octets, and where it ends."""
    start, stop = enter(octets, at, end, INTEGER)
    if not 1 <= stop - start <= 5:
        raise BadMessage("a number of a wrong length")
    return int.from_bytes(octets[start:stop], signed=True), stop


def read_octets(octets: bytes, at: int, end: int) -> tuple[bytes, int]:
    """Octets, and where they end."""
    start, stop = enter(octets, at, end, OCTETS)
    return octets[start:stop], stop


def arcs_of(contents: bytes) -> Name:
    """The arcs of an object identifier (X.690, 8.19)."""
    if not contents or contents[-1] & 0x80:
        raise BadMessage("an object identifier that is cut off")
    arcs, arc = [], 0
    for octet in contents:
        if octet == 0x80 and not arc:
            raise BadMessage("an object identifier that is padded")
        arc = arc << 7 | octet & 0x7F
        if octet < 0x80:
            arcs.append(arc)
            arc = 0
        elif arc > ARC_MAX:
            raise BadMessage("an arc that is too large")
    first = min(arcs[0] // 40, 2)
    arcs[0:1] = first, arcs[0] - 40 * first
    if len(arcs) > ARCS_MAX or max(arcs) > ARC_MAX:
        raise BadMessage("an object identifier that is too long, or an arc that is too large")
    return tuple(arcs)


def tlv(tag: int, *contents: bytes) -> bytes:
    """An element around its contents, joined."""
    body = b"".join(contents)
    if len(body) < 0x80:
        return bytes((tag, len(body))) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes((tag, 0x80 | len(size))) + size + body


def integer(value: int, tag: int = INTEGER) -> bytes:
    """A number in as few octets as it needs; the sign stands in the first."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return bytes((tag, size)) + value.to_bytes(size, signed=True)


def identifier(arcs: Name) -> bytes:
    """An object identifier of at least two arcs."""
    contents = bytearray()
    for arc in (40 * arcs[0] + arcs[1], *arcs[2:]):
        if arc < 0x80:
            contents.append(arc)
            continue
        for place in range((arc.bit_length() - 1) // 7, 0, -1):
            contents.append(0x80 | arc >> 7 * place & 0x7F)
        contents.append(arc & 0x7F)
    return tlv(OID, contents)
