"""Money: integer minor units and an ISO 4217 currency; a float never touches it.

Amounts travel through the house as plain integers (`amount_minor`) because each deployment lends
in one currency; text appears only at the door (feed, API, configuration) and on the way out
(screens, tickets), and both ways go through this file.
"""

import re
from functools import lru_cache

from tectonics.domain.errors import BadMoney

# ISO 4217: the number of decimals where it is not two.
_DECIMALS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0,
    "RWF": 0, "UGX": 0, "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}
_AMOUNT = re.compile(r"(-?)(\d{1,15})(?:\.(\d{1,3}))?", re.ASCII)
AMOUNT_MINOR_MAX = 10**15  # no prepaid account holds more; guards every sum against nonsense


def decimals(currency: str) -> int:
    """How many decimals `currency` has (ISO 4217); BadMoney if it is not a currency code."""
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha() and currency.isupper()):
        raise BadMoney(f"{currency!r} is not an ISO 4217 currency code such as EUR")
    return _DECIMALS.get(currency, 2)


def parse_minor(text: str, currency: str) -> int:
    """The minor units in `text` ("2", "2.5", "2.50"); BadMoney when it is not exact.

    >>> parse_minor("2.50", "EUR")
    250
    """
    places = decimals(currency)
    text = text.strip() if isinstance(text, str) else text
    match = isinstance(text, str) and _AMOUNT.fullmatch(text)
    if not match:
        raise BadMoney(f"{str(text)[:24]!r} is not an amount such as 2.50")
    sign, whole, fraction = match[1], match[2], match[3] or ""
    if len(fraction) > places and fraction[places:].strip("0"):
        raise BadMoney(f"{text} has more decimals than {currency} has")
    value = int(whole) * 10**places + int((fraction + "000")[:places] or 0)
    if value > AMOUNT_MINOR_MAX:
        raise BadMoney(f"{text} is beyond any account")
    return -value if sign else value


@lru_cache(maxsize=4096)  # the amounts and fees of the tiers, again and again
def format_minor(amount_minor: int, currency: str) -> str:
    """`amount_minor` as text with the currency's decimals: 250 EUR is "2.50"."""
    places = _DECIMALS.get(currency, 2)
    if places == 0:
        return str(amount_minor)
    sign = "-" if amount_minor < 0 else ""
    whole, fraction = divmod(abs(amount_minor), 10**places)
    return f"{sign}{whole}.{fraction:0{places}d}"


def percent_of(amount_minor: int, percent_hundredths: int) -> int:
    """`percent_hundredths` (10 % is 1000) of an amount, rounded half up to the minor unit."""
    return (amount_minor * percent_hundredths + 5000) // 10000
