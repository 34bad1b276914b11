"""An amount: minor units to the digit, or BadMoney; the units as text are the same amount."""

from decimal import Decimal

from tectonics.domain.errors import BadMoney
from tectonics.domain.money import AMOUNT_MINOR_MAX, decimals, format_minor, parse_minor
from tests.fuzz.contract import sentence

TOKENS = (b"2.50", b"-", b"0.001", b"999999999999999", b"1e3", b".5", b"5.", b"+1", "\u0665".encode(), b"NaN", b" ", b"\n")


def check(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    for currency in ("EUR", "JPY", "KWD"):
        try:
            minor = parse_minor(text, currency)
        except BadMoney as error:
            sentence(error, 200)
            continue
        assert minor == Decimal(text.strip()).scaleb(decimals(currency)) and abs(minor) <= AMOUNT_MINOR_MAX
        assert parse_minor(format_minor(minor, currency), currency) == minor
    try:
        assert decimals(text) in (0, 2, 3) and len(text.encode()) == 3
    except BadMoney:
        pass
