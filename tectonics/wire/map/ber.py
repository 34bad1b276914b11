"""BER (ITU-T X.690): elements of a tag, a length and contents, as MAP and the supplementary services use them.

Reads short, long and indefinite lengths; writes the shortest definite one.  Tags of one octet are enough for
3GPP TS 24.080 and are all that is read.  Bounds: DEPTH_MAX nested indefinite lengths; the data's own length.
"""

from dataclasses import dataclass

from tectonics.domain.errors import BadMessage

INTEGER, OCTET_STRING, NULL, SEQUENCE = 0x02, 0x04, 0x05, 0x30
DEPTH_MAX = 8
_CONSTRUCTED, _MANY_OCTETS = 0x20, 0x1F
_INDEFINITE = 0x80
_LENGTH_OCTETS_MAX = 3


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its tag as it stands (class and form included) and its contents."""

    tag: int
    contents: bytes

    @property
    def elements(self) -> list["Element"]:
        """What a constructed one consists of."""
        return read_all(self.contents)


def encode(tag: int, *contents: bytes) -> bytes:
    """An element around its contents, joined.

    >>> encode(SEQUENCE, encode(INTEGER, b"\\x01"), encode(OCTET_STRING, b"x" * 2)).hex()
    '300702010104027878'
    """
    body = b"".join(contents)
    if len(body) < 0x80:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes((len(body).bit_length() + 7) // 8)
    return bytes([tag, _INDEFINITE | len(size)]) + size + body


def read_all(data: bytes) -> list[Element]:
    """The elements that `data` consists of, one after the other; BadMessage when it does not."""
    elements, at = [], 0
    while at < len(data):
        element, at = _read(data, at, 0)
        elements.append(element)
    return elements


def _read(data: bytes, at: int, depth: int) -> tuple[Element, int]:
    """The element at `at`, and where it ends."""
    tag, length, start = _header(data, at)
    if length is None:
        end = _end_of_contents(data, start, depth + 1)
        return Element(tag, data[start:end]), end + 2
    if start + length > len(data):
        raise BadMessage(f"BER element {tag:#04x} is longer than what holds it")
    return Element(tag, data[start:start + length]), start + length


def _header(data: bytes, at: int) -> tuple[int, int | None, int]:
    """Tag, length (None: indefinite) and where the contents begin."""
    if at + 2 > len(data):
        raise BadMessage("BER ends in the middle of an element")
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & _MANY_OCTETS == _MANY_OCTETS:
        raise BadMessage("a BER tag of many octets")
    if length < _INDEFINITE:
        return tag, length, start
    if length == _INDEFINITE:
        if not tag & _CONSTRUCTED:
            raise BadMessage(f"BER element {tag:#04x} is primitive and has no length")
        return tag, None, start
    octets = length - _INDEFINITE
    if octets > _LENGTH_OCTETS_MAX or start + octets > len(data):
        raise BadMessage("a BER length of too many octets")
    return tag, int.from_bytes(data[start:start + octets]), start + octets


def _end_of_contents(data: bytes, at: int, depth: int) -> int:
    """Where the two zeros stand that end contents of indefinite length."""
    if depth > DEPTH_MAX:
        raise BadMessage("BER is nested too deep")
    while data[at:at + 2] != b"\0\0":
        _, at = _read(data, at, depth)
    return at
