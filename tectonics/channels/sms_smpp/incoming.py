"""What a deliver_sm or data_sm says (SMPP 3.4 sections 4.6 and 4.7): from whom, which kind, which words."""

from tectonics.domain.alphabet import BINARY, decode
from tectonics.domain.errors import BadNumber
from tectonics.domain.msisdn import parse_msisdn
from tectonics.wire.data_coding import read
from tectonics.wire.smpp.pdus import DataSm, ShortMessage
from tectonics.wire.smpp.reassembly import Whole, place_of
from tectonics.wire.smpp.tlvs import Tag

TEXT_MAX = 2000  # characters that are looked at
_KIND, _MESSAGE = 0x3C, 0x00  # esm_class, section 5.2.12; other kinds are acknowledgements of handsets
_INTERNATIONAL, _NATIONAL, _ALPHANUMERIC = 1, 2, 5  # type of number, section 5.2.5


def is_written(pdu: ShortMessage | DataSm) -> bool:
    """Whether somebody wrote it; else his handset or the centre tells something about another message."""
    return pdu.esm_class & _KIND == _MESSAGE


def sender(pdu: ShortMessage | DataSm, country_code: str) -> str:
    """The MSISDN that it comes from; empty for short codes, names and what else is no subscriber's number."""
    number, kind = pdu.source_addr.strip(), pdu.source_addr_ton
    if kind == _ALPHANUMERIC:
        return ""
    if kind == _INTERNATIONAL and not number.startswith(("+", "0")):
        number = f"+{number}"
    if kind == _NATIONAL and country_code and not number.startswith(("+", "00")):
        number = country_code + number.removeprefix("0")
    try:
        return parse_msisdn(number, country_code)
    except BadNumber:
        return ""


def words(whole: Whole, default: str) -> str | None:
    """The text; None when it holds no letters. `default` is the alphabet of data_coding 0."""
    alphabet, octets = read(whole.octets, whole.pdu.data_coding, default)
    if alphabet == BINARY:
        return None
    return decode(octets, alphabet).removeprefix("\ufeff")[:TEXT_MAX]


def reference(pdu: ShortMessage | DataSm) -> str:
    """How the handset numbers its message, so that it can be told from another with the same words; else empty."""
    own = pdu.tlv(Tag.USER_MESSAGE_REFERENCE)
    place, _ = place_of(pdu)
    return "/".join(str(part) for part in (own, place and (place.reference, place.total)) if part is not None)
