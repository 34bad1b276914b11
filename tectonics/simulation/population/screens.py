"""Reading a screen as people do: by its words, not by what the daemon meant."""

import re
from dataclasses import dataclass

_MONEY = r"(\d+\.\d\d)"
_CONFIRM = re.compile(rf"You get {_MONEY} [A-Z]{{3}}, the fee is {_MONEY}\. {_MONEY} will be taken.*\n(\d+)\. Accept\n"
                      r"(\d+)\. Back", re.DOTALL)
_GRANTED = re.compile(rf"You have received {_MONEY} [A-Z]{{3}}\. {_MONEY} will be taken")
_LINE = re.compile(rf"^(\d+)\. {_MONEY}(?: \(fee {_MONEY}\)|-{_MONEY})$", re.MULTILINE)
_RANGE = re.compile(rf"amount from {_MONEY} to {_MONEY} [A-Z]{{3}} in steps of {_MONEY}")


@dataclass(frozen=True, slots=True)
class Consent:
    """What a confirmation offers, and the keys that answer it."""

    amount_minor: int
    fee_minor: int
    total_minor: int
    yes: str
    back: str


def minor(text: str) -> int:
    """Cents of an amount with two decimals."""
    return int(text.replace(".", ""))


def consent(text: str) -> Consent | None:
    """The confirmation on this screen, if it shows one."""
    found = _CONFIRM.search(text)
    return found and Consent(minor(found[1]), minor(found[2]), minor(found[3]), found[4], found[5])


def granted(text: str) -> tuple[int, int] | None:
    """(amount, total) of a screen that says that credit was given."""
    found = _GRANTED.search(text)
    return found and (minor(found[1]), minor(found[2]))


def offers(text: str) -> list[str]:
    """The keys of the tiers on this screen."""
    return [found[1] for found in _LINE.finditer(text)]


def amounts(text: str) -> tuple[int, int, int] | None:
    """(least, most, step) where an amount is asked for."""
    found = _RANGE.search(text)
    return found and (minor(found[1]), minor(found[2]), minor(found[3]))


def pending(text: str) -> bool:
    """Whether it says that an SMS will tell."""
    return text.startswith("Your request is being processed")


def busy(text: str) -> bool:
    """Whether it says to come again."""
    return text.startswith("We are very busy")


def not_given(text: str) -> bool:
    """Whether it says for good that this request gave no credit."""
    return text.startswith(("The advance could not be given", "The offer has changed", "You still owe",
                            "You have reached your limit", "You can get an advance", "The limit of the day",
                            "It is too soon", "Your number cannot get advances"))
