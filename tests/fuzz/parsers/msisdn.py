"""A telephone number: E.164 digits or BadNumber; the digits mean themselves."""

from tectonics.domain.errors import BadNumber
from tectonics.domain.msisdn import in_ranges, mask, parse_msisdn
from tests.fuzz.contract import sentence

TOKENS = (b"+33600000001", b"0033", b"tel:", b"0612345678", b" -.()/", "\u0663".encode(), b"\n", b"0" * 20)


def check(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    for country_code in ("", "33", "1"):
        try:
            number = parse_msisdn(text, country_code)
        except BadNumber as error:
            sentence(error)
            continue
        assert number.isascii() and number.isdecimal() and 7 <= len(number) <= 15 and number[0] != "0"
        for same in (number, f"+{number}", f"00{number}", f"tel:+{number}"):
            assert parse_msisdn(same, country_code) == number
        assert in_ranges(number, ((number, number),))
    hidden = mask(text)
    assert len(hidden) == len(text) and hidden.count("*") >= len(text) - 5
