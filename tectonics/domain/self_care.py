"""What a subscriber sees of himself on a page: the values that the engine gives and the pages show.

Money and dates are text already, as the operator's policy writes them; the pages only put them in their places.
"""

from tectonics.domain.value import value

COLLECT_REFUSE, COLLECT_ALLOW = "collect_refuse", "collect_allow"
CHANGES = ("language", "advert_stop", "advert_start", COLLECT_REFUSE, COLLECT_ALLOW)  # he may make himself
AGREE = "yes"  # typed last where an offer has been shown: lend exactly that


@value
class Visitor:
    """Somebody who has proved that he reads the number's messages, and since when."""

    msisdn: str
    generation: int  # he is the holder of the number only as long as this is the account's
    since_at: int


@value
class Overview:
    """His account at a glance."""

    msisdn: str
    language: str  # empty: the default
    currency: str
    balance: str  # empty: nobody could tell in time
    owed: str  # empty: nothing
    due: str  # of the oldest debt
    adverts: bool
    collect: bool  # whether he takes collect calls
    calls: bool  # whether call-backs are offered here


@value
class Entry:
    """One line of his history: an advance, a payment, or a call-back that took place."""

    at: str  # 2026-11-22, on the operator's clock
    kind: str  # advance, payment, callback
    amount: str
    currency: str
    fee: str = ""
    owed: str = ""  # what is left of it
    due: str = ""
    state: str = ""  # of an advance
    number: str = ""  # whom he was connected with


@value
class Movement:
    """One line of his history where there is little room."""

    at: int
    kind: str  # advance, payment, callback
    amount_minor: int
    fee_minor: int = 0


@value
class Line:
    """One offer, or a range in which he names the amount."""

    number: str
    amount: str = ""
    fee: str = ""
    total: str = ""
    due: str = ""
    low: str = ""
    high: str = ""


@value
class Menu:
    """What a step of borrowing shows: offers to choose from, one to agree to, or how it ended.

    `more` False: `text` is the end of it.  `offers` and `offer` are empty there.
    """

    text: str
    more: bool
    currency: str = ""
    offers: tuple[Line, ...] = ()
    offer: Line | None = None
    typing: Line | None = None  # the amount is to be named
