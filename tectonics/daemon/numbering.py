"""Reads what people dial: the world's numbering plans, from phonenumberslite.

A number may be written as it is dialled at home (0612345678), with 00 or + and a country code, or as we write it
ourselves (33612345678).  What the caller's own country makes of it comes first, as in his telephone; what is no number there
is tried as an international one.  A reading depends on the two texts, the configured country and the plans of the
library's release, on nothing else; nothing is asked of anybody.

112 and 911 are emergency numbers wherever one stands (3GPP TS 22.101 section 10.1), others where the plan says so.
"""

from phonenumbers import (
    NumberParseException,
    PhoneNumber,
    PhoneNumberType,
    is_possible_number,
    is_valid_number,
    number_type,
    parse,
    region_code_for_country_code,
    region_code_for_number,
)
from phonenumbers.shortnumberinfo import connects_to_emergency_number

from tectonics.domain import numbers
from tectonics.domain.numbers import TEXT_MAX, Number

SHORT_DIGITS_MAX = 6
_WORLD, _NOWHERE = "001", "ZZ"
_EMERGENCY = frozenset({"112", "911"})
_SATELLITE = frozenset({870, 881, 882, 883})  # ITU-T E.164 list: Inmarsat, GMSS, international networks
_FILLING = str.maketrans("", "", " -.()/\u00a0\u2010\u2011\u2012\u2013")
_KINDS = {
    PhoneNumberType.FIXED_LINE: numbers.FIXED, PhoneNumberType.MOBILE: numbers.MOBILE,
    PhoneNumberType.FIXED_LINE_OR_MOBILE: numbers.FIXED_OR_MOBILE, PhoneNumberType.VOIP: numbers.VOIP,
    PhoneNumberType.TOLL_FREE: numbers.TOLL_FREE, PhoneNumberType.PREMIUM_RATE: numbers.PREMIUM,
    PhoneNumberType.SHARED_COST: numbers.SHARED_COST, PhoneNumberType.PERSONAL_NUMBER: numbers.PERSONAL,
    PhoneNumberType.PAGER: numbers.PAGER, PhoneNumberType.UAN: numbers.COMPANY,
    PhoneNumberType.VOICEMAIL: numbers.VOICEMAIL,
}


class Plans:
    """Fills ports.Numbering; `country_code` is the operator's own, empty where it is that of each subscriber."""

    def __init__(self, country_code: str = "") -> None:
        self._home = region_code_for_country_code(int(country_code)) if country_code else _NOWHERE
        self._country_code = country_code

    def read(self, text: str, of: str) -> Number | None:
        """What `of` reaches by dialling `text`; None when that is no number."""
        digits = _western(text)
        if not digits:
            return None
        region = self._region(of)
        if not digits.startswith("+"):
            if digits in _EMERGENCY or connects_to_emergency_number(digits, region):
                return Number(digits, _country(region), numbers.EMERGENCY)
            if len(digits) <= SHORT_DIGITS_MAX:
                return Number(digits, _country(region), numbers.SHORT)
        found = [one for one in map(_parsed, _spellings(digits), (region,) * 3) if one is not None]
        valid = next(filter(is_valid_number, found), None)
        return _number(valid or next(filter(is_possible_number, found), None), valid is not None)

    def _region(self, of: str) -> str:
        """The country whose way of dialling counts: several share +1, so the subscriber's own where it is ours."""
        number = _parsed(f"+{of}", None)
        if number is None or self._country_code and str(number.country_code) != self._country_code:
            return self._home
        return region_code_for_number(number) or region_code_for_country_code(number.country_code)


def _western(text: str) -> str:
    """Digits, perhaps with a plus sign; empty when anything else stands there."""
    if len(text) > TEXT_MAX:
        return ""
    text = text.strip().removeprefix("tel:").translate(_FILLING)
    plus, rest = ("+", text[1:]) if text.startswith(("+", "\uff0b")) else ("", text)
    if not rest.isdecimal():
        return ""
    return plus + "".join(str(int(digit)) for digit in rest)


def _spellings(digits: str) -> tuple[str, ...]:
    """As it stands; and, where the plan makes no sense of that, as an international number."""
    if digits.startswith("+"):
        return (digits,)
    return (digits, f"+{digits[2:]}" if digits.startswith("00") else f"+{digits}")


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return parse(text, region)
    except NumberParseException:
        return None


def _country(region: str) -> str:
    return "" if region == _NOWHERE else region


def _number(number: PhoneNumber | None, valid: bool) -> Number | None:
    if number is None:
        return None
    zeros = "0" * (number.number_of_leading_zeros or 1) if number.italian_leading_zero else ""
    kind = _KINDS.get(number_type(number), numbers.UNKNOWN) if valid else numbers.UNKNOWN
    if number.country_code in _SATELLITE:
        kind = numbers.SATELLITE
    country = region_code_for_number(number) or region_code_for_country_code(number.country_code)
    return Number(f"{number.country_code}{zeros}{number.national_number}", _country(country), kind)
