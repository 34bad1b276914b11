"""Letters as octets: the GSM 7-bit default alphabet with its extension table, UCS-2, and what else peers send.

The tables are those of 3GPP TS 23.038 sections 6.2.1 and 6.2.1.1.  A septet stands in an octet of its own
here; wire/gsm0338 packs eight of them into seven octets, where a protocol asks for it.

Writing answers None for a text that the alphabet has not, so that the caller chooses; reading never fails,
because a subscriber's message is read as well as it can be: what cannot be read is U+FFFD, an escape
that begins nothing is a space, and a septet that the extension table lacks is that of the main table.
"""

import re

ESCAPE = 0x1B  # the next septet is one of the extension table

# In code order; position 0x1B is the escape.
ALPHABET = ("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
            "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà")
EXTENSION = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|",
             0x65: "€"}

GSM7, UCS2, ASCII, LATIN1, CYRILLIC, HEBREW, BINARY = "gsm7", "ucs2", "ascii", "latin1", "cyrillic", "hebrew", "binary"
_CODECS = {UCS2: "utf-16-be", ASCII: "ascii", LATIN1: "latin-1", CYRILLIC: "iso8859-5", HEBREW: "iso8859-8"}

_UNREADABLE = "\ufffd"
_PIECES = re.compile("\x1b.?|[^\x1b]+", re.DOTALL).findall
_READ = dict(enumerate(ALPHABET)) | dict.fromkeys(range(128, 256), _UNREADABLE)
_READ_ESCAPED = dict(enumerate(ALPHABET)) | EXTENSION | {ESCAPE: " "}


class _Written(dict):
    """Character -> its septets; what the alphabet lacks becomes something that ASCII lacks too."""

    def __missing__(self, code: int) -> str:
        return _UNREADABLE


_WRITTEN = _Written({ord(c): chr(code) for code, c in enumerate(ALPHABET) if code != ESCAPE})
_WRITTEN.update({ord(c): chr(ESCAPE) + chr(code) for code, c in EXTENSION.items()})


def encode(text: str, alphabet: str) -> bytes | None:
    """`text` in that alphabet; None when it lacks one of the characters.

    >>> encode("[é]", GSM7).hex()
    '1b3c051b3e'
    """
    try:
        if alphabet == GSM7:
            return text.translate(_WRITTEN).encode("ascii")
        return text.encode(_CODECS[alphabet])
    except UnicodeEncodeError:
        return None


def choose(text: str) -> tuple[str, bytes]:
    """The alphabet that costs the least, and the text in it: GSM 7-bit, else UCS-2.

    A half of a surrogate pair, which is no character, becomes a question mark.
    """
    octets = encode(text, GSM7)
    return (UCS2, text.encode("utf-16-be", "replace")) if octets is None else (GSM7, octets)


def decode(octets: bytes, alphabet: str) -> str:
    """What the octets say; never fails. Binary has no letters: it is read as hexadecimal digits.

    >>> decode(bytes.fromhex("1b65313b"), GSM7)
    '€1;'
    """
    if alphabet == GSM7:
        return "".join(map(_read, _PIECES(octets.decode("latin-1"))))
    if alphabet == BINARY:
        return octets.hex()
    return octets.decode(_CODECS[alphabet], "replace")


def _read(piece: str) -> str:
    if piece[0] != chr(ESCAPE):
        return piece.translate(_READ)
    return _READ_ESCAPED.get(ord(piece[1]), _UNREADABLE) if len(piece) == 2 else " "
