"""What a billing system or a peer answered to something that we wrote: Done, Refused or Unknown.

Unknown is a state, not an exception: the write may have happened.  It is read back or resolved by
a person, and never repeated as a new operation.
"""

from tectonics.domain.value import value


@value
class Done:
    """It happened; `ref` is the peer's own reference."""

    ref: str = ""
    balance_minor: int | None = None  # after it, where the peer says


@value
class Refused:
    """It certainly did not happen. Reasons: insufficient, unknown_subscriber, blocked, rejected."""

    reason: str
    text: str = ""


@value
class Unknown:
    """Nobody can say yet; `text` tells why."""

    text: str = ""


@value
class NotFound:
    """Answer to a look-up: the peer is certain that it never did this operation."""


@value
class Balance:
    """Answer to a balance enquiry."""

    amount_minor: int
    at: int


@value
class Unavailable:
    """An enquiry got no usable answer in time."""

    text: str = ""


Outcome = Done | Refused | Unknown
