"""data_coding: in which alphabet a message's octets are (SMPP 3.4 section 5.2.19, 3GPP TS 23.038 sections 4 and 5).

SMPP's own values are 0 to 14; 0 is the SMSC's default alphabet, which is configured per peer.  What it reserves is
used all the same: 0x0F and the general groups by USSD gateways, in the sense of cell broadcast, and 0xC0 to 0xFF by
message centres, in the sense of GSM.  What has no letters that are known here is BINARY.

Letters are told in domain/alphabet.py, whose names these are.
"""

from tectonics.wire import coding_scheme
from tectonics.wire.coding_scheme import BINARY, GSM7, UCS2

ASCII, CYRILLIC, HEBREW, LATIN1 = "ascii", "cyrillic", "hebrew", "latin1"

_SMPP = {0x01: ASCII, 0x02: BINARY, 0x03: LATIN1, 0x04: BINARY, 0x06: CYRILLIC, 0x07: HEBREW, 0x08: UCS2}
_CODES = {GSM7: 0x00, ASCII: 0x01, LATIN1: 0x03, BINARY: 0x04, CYRILLIC: 0x06, HEBREW: 0x07, UCS2: 0x08}


def code(alphabet: str) -> int:
    """The data_coding under which SMPP knows an alphabet."""
    return _CODES[alphabet]


def read(octets: bytes, data_coding: int, default: str = GSM7) -> tuple[str, bytes]:
    """The alphabet, and the octets without a language that goes before the words.

    >>> read(b"en\\x00A", 0x11)
    ('ucs2', b'\\x00A')
    """
    return _alphabet(data_coding, default), coding_scheme.without_language(data_coding, octets)


def _alphabet(data_coding: int, default: str) -> str:
    match data_coding >> 4:
        case 0x0:
            return {0x00: default, 0x0F: GSM7}.get(data_coding) or _SMPP.get(data_coding, BINARY)
        case 0xE:
            return UCS2  # message waiting, section 4
        case 0xA | 0xB:
            return BINARY  # reserved
    return coding_scheme.alphabet(data_coding) or BINARY
