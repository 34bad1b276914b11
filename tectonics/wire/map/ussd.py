"""What an unstructured request or answer says: a data coding scheme and octets (MAP's USSD-Arg and USSD-Res).

The scheme is that of cell broadcast (3GPP TS 23.038 section 5), which names the alphabet and perhaps a
language that goes before the words; schemes that are reserved are read as GSM 7-bit, as it demands.
Letters are told in domain/alphabet.py: here `octets` are septets, each in an octet of its own, or UCS-2.
An MSISDN in the argument is not read: it would be the handset's own word for who it is.
"""

from dataclasses import dataclass

from tectonics.domain.errors import BadMessage
from tectonics.wire.gsm0338 import pack_ussd, unpack_ussd
from tectonics.wire.map import ber

STRING_OCTETS_MAX = 160  # TS 29.002, maxUSSD-StringLength

GSM7, UCS2, BINARY = "gsm7", "ucs2", "binary"  # as in domain/alphabet.py
_SCHEMES = {GSM7: 0x0F, UCS2: 0x48, BINARY: 0x44}

_LANGUAGE_THEN_GSM7, _LANGUAGE_THEN_UCS2 = 0x10, 0x11
_LANGUAGE_SEPTETS, _LANGUAGE_OCTETS = 3, 2  # two letters and a carriage return; two letters packed
_BY_BITS = (GSM7, BINARY, UCS2, GSM7)  # bits 3 and 2 of the general groups
_COMPRESSED = 0x20


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
    alphabet = _alphabet(scheme)
    if alphabet == GSM7:
        skip = _LANGUAGE_SEPTETS if scheme == _LANGUAGE_THEN_GSM7 else 0
        return Words(GSM7, unpack_ussd(octets)[skip:])
    return Words(alphabet, octets[_LANGUAGE_OCTETS:] if scheme == _LANGUAGE_THEN_UCS2 else octets)


def _scheme_and_octets(elements: list[ber.Element]) -> tuple[int, bytes]:
    if [element.tag for element in elements[:2]] != [ber.OCTET_STRING] * 2 or len(elements[0].contents) != 1:
        raise BadMessage("an unstructured request lacks its coding scheme or its string")
    octets = elements[1].contents
    if len(octets) > STRING_OCTETS_MAX:
        raise BadMessage("a USSD string is too long")
    return elements[0].contents[0], octets


def _alphabet(scheme: int) -> str:
    group = scheme >> 4
    if scheme == _LANGUAGE_THEN_UCS2:
        return UCS2
    if group == 0b1111:
        return BINARY if scheme & 4 else GSM7
    if group == 0b1001 or group >> 2 == 0b01 and scheme & _COMPRESSED:
        raise BadMessage(f"data coding scheme {scheme:#04x} is compressed or has a header")
    return _BY_BITS[scheme >> 2 & 3] if group >> 2 == 0b01 else GSM7
