"""MSISDN: E.164 digits without plus sign, parsed once at the door (ITU-T E.164: 15 digits at most).

Inside the house a number is a string of digits; a log or a screen for operators shows it masked.
"""

import re

from tectonics.domain.errors import BadNumber

_DIGITS = re.compile(r"[1-9]\d{6,14}", re.ASCII)
_FILLING = str.maketrans("", "", " -.()/")


def parse_msisdn(text: str, country_code: str = "") -> str:
    """The E.164 digits of `text`; BadNumber when it cannot be one.

    Accepts `+336...`, `00336...`, `tel:+336...`, `336...`; with `country_code` also a national
    number that begins with one trunk `0`.
    """
    number = text.strip().removeprefix("tel:").translate(_FILLING)[:32]
    if number.startswith("+"):
        number = number[1:]
    elif number.startswith("00"):
        number = number[2:]
    elif number.startswith("0") and country_code:
        number = country_code + number[1:]
    if not _DIGITS.fullmatch(number):
        raise BadNumber("not a telephone number in international form, such as 33612345678")
    return number


def mask(msisdn: str) -> str:
    """What a log may show of a number: country and last two digits, `336*****01`."""
    if len(msisdn) < 7:
        return "*" * len(msisdn)
    return msisdn[:3] + "*" * (len(msisdn) - 5) + msisdn[-2:]


def in_ranges(msisdn: str, ranges: tuple[tuple[str, str], ...]) -> bool:
    """Whether the number lies in one of the inclusive ranges of equal length."""
    return any(len(low) == len(msisdn) and low <= msisdn <= high for low, high in ranges)
