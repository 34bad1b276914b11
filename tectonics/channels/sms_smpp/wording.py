"""A text as the message centre is given it: an alphabet, octets, and parts that each fit into a short message.

GSM 7-bit is written one character an octet where the centre's default alphabet is GSM 03.38, or in ASCII or Latin 1
where it is that; a character that this alphabet lacks makes the text UCS-2.  On the air it is GSM 7-bit in any case, so
parts are measured in septets before they are written.
"""

import unicodedata

from tectonics.config.smpp import SmsSmpp
from tectonics.domain.alphabet import ASCII, GSM7, LATIN1, UCS2, choose, decode, encode
from tectonics.domain.text import transliterate
from tectonics.wire.data_coding import code
from tectonics.wire.smpp.parts import PAYLOAD, SAR, UDH8, UDHI, Part, cut, split
from tectonics.wire.smpp.tlvs import Tag, Tlv

DEFAULT_ALPHABETS = {"octets": GSM7, "ascii": ASCII, "latin1": LATIN1}  # data_coding 0, by sms_smpp.gsm_packing
_WAYS = {"udh": UDH8, "sar": SAR, "payload": PAYLOAD}
_WHOLE_OCTETS = {GSM7: 160, UCS2: 140}  # of a message in one part
_PART_OCTETS = {GSM7: 153, UCS2: 134}  # of each of several (3GPP TS 23.040 section 9.2.3.24.1)


class Wording:
    """How one channel writes."""

    def __init__(self, settings: SmsSmpp) -> None:
        self._coding, self._parts_max = settings.coding, settings.parts_max
        self._default = DEFAULT_ALPHABETS[settings.gsm_packing]
        self._way = _WAYS[settings.long_messages]

    def write(self, text: str, reference: int) -> tuple[int, list[Part]]:
        """data_coding, and the parts; what is longer than `parts_max` of them is cut off.

        `reference` joins the parts, 16 bits; of long_messages `udh` the lower 8 go out.
        """
        alphabet, octets = self._octets(text)
        parts = split(self._cut(octets, alphabet), alphabet, self._way, reference)
        if alphabet == UCS2:
            return code(UCS2), parts
        return code(GSM7), parts if self._default == GSM7 else [self._rewritten(part) for part in parts]

    def _octets(self, text: str) -> tuple[str, bytes]:
        if self._coding == "ucs2":
            return UCS2, text.encode("utf-16-be", "replace")
        if self._coding == "gsm":
            text = _plain(transliterate(text), self._default)
        alphabet, octets = choose(text)
        if alphabet == GSM7 and encode(text, self._default) is None:
            return UCS2, text.encode("utf-16-be", "replace")
        return alphabet, octets

    def _cut(self, octets: bytes, alphabet: str) -> bytes:
        """As much as the parts hold, never ending within a character."""
        if len(octets) <= _WHOLE_OCTETS[alphabet]:
            return octets
        if self._parts_max == 1:
            return next(cut(octets, alphabet, _WHOLE_OCTETS[alphabet]))
        pieces = list(cut(octets, alphabet, _PART_OCTETS[alphabet]))
        return b"".join(pieces[:self._parts_max])

    def _rewritten(self, part: Part) -> Part:
        """The septets of a part in the centre's own alphabet; its header as it was."""
        head = 1 + part.short_message[0] if part.esm_class & UDHI else 0
        words = part.short_message[:head] + self._respelled(part.short_message[head:])
        tlvs = tuple(Tlv(tlv.tag, self._respelled(tlv.value)) if tlv.tag == Tag.MESSAGE_PAYLOAD else tlv
                     for tlv in part.tlvs)
        return Part(words, part.esm_class, tlvs)

    def _respelled(self, septets: bytes) -> bytes:
        return encode(decode(septets, GSM7), self._default) or b""


def _plain(text: str, alphabet: str) -> str:
    """`text` without the accents that the alphabet lacks; what has no plain form stays."""
    if encode(text, alphabet) is not None:
        return text
    letters = ((one, unicodedata.normalize("NFD", one)[0]) for one in text)
    return "".join(one if encode(one, alphabet) is not None or encode(bare, alphabet) is None else bare
                   for one, bare in letters)
