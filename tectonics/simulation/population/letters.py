"""Reading a short message as people do: by its words."""

import re

from tectonics.simulation.population.screens import Consent, minor

_MONEY = r"(\d+\.\d\d)"
_OFFER = re.compile(rf"You get {_MONEY} [A-Z]{{3}}, the fee is {_MONEY}\. {_MONEY} will be taken[^\n]*Answer (YES \d\d) to accept")
_GRANTED = re.compile(rf"You have received {_MONEY} [A-Z]{{3}}\. {_MONEY}, with the fee of {_MONEY}, will be taken")
STOPS, STARTS, AGREES = ("STOP", "UNSUBSCRIBE"), ("START", "UNSTOP"), ("YES", "OK")


def offer(text: str) -> Consent | None:
    """The offer that a YES agrees to, if it shows one."""
    found = _OFFER.search(text)
    return found and Consent(minor(found[1]), minor(found[2]), minor(found[3]), found[4], "NO")


def granted(text: str) -> tuple[int, int] | None:
    """(amount, total) of a message that says that credit was given."""
    found = _GRANTED.search(text)
    return found and (minor(found[1]), minor(found[2]))


def advert(text: str) -> bool:
    """Whether an advertisement begins with it."""
    return text.startswith("Your balance is ")
