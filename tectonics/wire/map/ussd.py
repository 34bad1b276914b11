"""What an unstructured request or answer says: a data coding scheme and octets (MAP's USSD-Arg and USSD-Res).

The scheme is that of cell broadcast (coding_scheme.py).  Letters are told in domain/alphabet.py: here `octets`
are septets, each in an octet of its own, or UCS-2.
An MSISDN in the argument is not read: it would be the handset's own word for who it is.
"""

from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire import coding_scheme
from tectonics.wire.coding_scheme import BINARY, GSM7, UCS2
from tectonics.wire.gsm0338 import pack_ussd, unpack_ussd
from tectonics.wire.map import ber

STRING_OCTETS_MAX = 160  # TS 29.002, maxUSSD-StringLength

_SCHEMES = {GSM7: 0x0F, UCS2: 0x48, BINARY: 0x44}


@dataclass(frozen=True, slots=True)
class Words:
    """What somebody says: GSM7 septets, UCS2 (UTF-16BE) or BINARY octets."""

    alphabet: str
    octets: bytes

    @property
    def packed(self) -> bytes:
        """The octets on the wire."""
        return pack_ussd(self.octets) if self.alphabet == GSM7 else self.octets


def encode(words: Words) -> bytes:
    """The argument or result that says `words`.

    >>> encode(Words(GSM7, b"*133#")).hex()
    '300a04010f0405aad86c3602'
    """
    scheme = bytes([_SCHEMES[words.alphabet]])
    return ber.encode(ber.SEQUENCE, ber.encode(ber.OCTET_STRING, scheme), ber.encode(ber.OCTET_STRING, words.packed))


def decode(argument: bytes) -> Words:
    """What an argument or result says; BadMessage when it says nothing that can be read."""
    outer = ber.read_all(argument)
    if len(outer) != 1 or outer[0].tag != ber.SEQUENCE:
        raise BadMessage("not an argument of an unstructured request")
    scheme, octets = _scheme_and_octets(outer[0].elements)
    alphabet = coding_scheme.alphabet(scheme)
    if alphabet is None:
        raise BadMessage(f"data coding scheme {scheme:#04x} is compressed or has a header")
    if alphabet == GSM7:
        octets = unpack_ussd(octets)
    return Words(alphabet, coding_scheme.without_language(scheme, octets))


def _scheme_and_octets(elements: list[ber.Element]) -> tuple[int, bytes]:
    if [element.tag for element in elements[:2]] != [ber.OCTET_STRING] * 2 or len(elements[0].contents) != 1:
        raise BadMessage("an unstructured request lacks its coding scheme or its string")
    octets = elements[1].contents
    if len(octets) > STRING_OCTETS_MAX:
        raise BadMessage("a USSD string is too long")
    return elements[0].contents[0], octets
