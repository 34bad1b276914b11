"""What a billing system or a peer answered to something that we wrote: Done, Refused or Unknown.

Unknown is a state, not an exception: the write may have happened.  It is read back or resolved by
a person, and never repeated as a new operation.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """It happened; `ref` is the peer's own reference."""

    ref: str = ""
    balance_minor: int | None = None  # after it, where the peer says


@dataclass(frozen=True, slots=True)
class Refused:
    """It certainly did not happen. Reasons: insufficient, unknown_subscriber, blocked, rejected."""

    reason: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody can say yet; `text` tells why."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class NotFound:
    """Answer to a look-up: the peer is certain that it never did this operation."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Answer to a balance enquiry."""

    amount_minor: int
    at: int


@dataclass(frozen=True, slots=True)
class Unavailable:
    """An enquiry got no usable answer in time."""

    text: str = ""


Outcome = Done | Refused | Unknown
