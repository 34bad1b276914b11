"""The data coding scheme of cell broadcast and USSD (3GPP TS 23.038 section 5): an alphabet, perhaps a language.

Schemes that are reserved are read as GSM 7-bit, as it demands.  SMPP uses some of these values in the same
sense (data_coding.py) and USSD all of them (map/ussd.py).  Letters are told in domain/alphabet.py, whose names
these are.
"""

BINARY, GSM7, UCS2 = "binary", "gsm7", "ucs2"

_LANGUAGE = {0x10: 3, 0x11: 2}  # two letters of ISO 639 go before: with a carriage return as septets; packed
_COMPRESSED = 0x20
_BY_BITS = (GSM7, BINARY, UCS2, GSM7)  # bits 3 and 2 of the general groups; the last is reserved


def alphabet(scheme: int) -> str | None:
    """The alphabet of what follows; None when it is compressed or has a header of its own."""
    group = scheme >> 4
    if scheme == 0x11:
        return UCS2
    if group == 0b1111:
        return BINARY if scheme & 4 else GSM7
    if group == 0b1001 or group >> 2 == 0b01 and scheme & _COMPRESSED:
        return None
    return _BY_BITS[scheme >> 2 & 3] if group >> 2 == 0b01 else GSM7


def without_language(scheme: int, octets: bytes) -> bytes:
    """The words: of GSM 7-bit `octets` are septets, each in an octet of its own.

    >>> without_language(0x11, b"en\\x00A")
    b'\\x00A'
    """
    return octets[_LANGUAGE.get(scheme, 0):]
