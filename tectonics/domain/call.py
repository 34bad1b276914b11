"""A call-back: the daemon rings A, and when A answers rings B and connects the two.

Its life (workflows/call_moves.py has the table):

    reserving --> ringing --> connecting --> talking --> settling --> closed
        |            \\____________\\____________________/^
        v
     unreserved (the reservation's answer is missing; looked up, then given back)

A subscriber has at most one call that is not closed; it stands in his account.  Each leg gets its id before it is
dialled, so that a leg that may have been dialled is found again or given up, and never dialled twice.
All moments are milliseconds since 1970, as the call server saw them.
"""

from tectonics.domain.value import value

RESERVING, UNRESERVED, RINGING, CONNECTING = "reserving", "unreserved", "ringing", "connecting"
TALKING, SETTLING, CLOSED = "talking", "settling", "closed"

# why a leg was not answered, or why a call ended: words that every call server maps its own codes to
BUSY, NO_ANSWER, DECLINED, UNREACHABLE, BAD_NUMBER = "busy", "no_answer", "declined", "unreachable", "bad_number"
NOT_ALLOWED, CONGESTION, FAILED, GONE, CANCELLED = "not_allowed", "congestion", "failed", "gone", "cancelled"
BY_A, BY_B, LIMIT, HUNG_UP, LOST = "by_a", "by_b", "limit", "hung_up", "lost"


@value
class Answered:
    """A leg is up; `handle` is what the call server needs to find it again, also after a restart."""

    at: int
    handle: str = ""


@value
class NotAnswered:
    """It is not up and will not be; `cause` is a word from above, `q850` the ITU-T Q.850 cause (0: none)."""

    at: int
    cause: str
    q850: int = 0


@value
class Ended:
    """The conversation is over, or was when it was looked for (`LOST`: nobody saw when)."""

    at: int
    cause: str
    q850: int = 0
    seen_at: int = 0  # of LOST: when it was last known to go on; 0: the call server cannot tell


Rung = Answered | NotAnswered


@value
class Rate:
    """What a minute to a destination costs, and how it is counted: the first `first_s` are charged whole, then each
    begun `then_s`."""

    name: str  # of the destination, for the ticket
    setup_minor: int
    minute_minor: int
    first_s: int
    then_s: int


@value
class Leg:
    """One of the two: its id is ours, `handle` the call server's."""

    id: str
    number: str
    handle: str = ""
    answered_at: int | None = None


@value
class CallMark:
    """A call that was begun: for limits, to be asked for again, and for the history."""

    at: int
    number: str
    high_cost: bool = False
    charged_minor: int | None = None  # once the two have talked and it is closed


@value
class Call:
    """One attempt."""

    id: str
    state: str
    channel: str
    trigger: str  # the peer's own id of the request, as in the trigger table
    a: Leg
    b: Leg
    asked_at: int
    rate: Rate
    currency: str
    session: str = ""  # of the reservation; empty: nothing is reserved (postpaid)
    op: str = ""  # of the billing operation that is under way
    reserved_minor: int = 0
    until_at: int = 0  # when the reserved talk time ends
    policy: int = 0  # the version that decided
    talk_s: int = 0  # the talk time that is held or allowed so far
    most_s: int = 0  # that it may ever be
    asks_minor: int = 0  # of the reservation that is under way
    asks_s: int = 0  # the talk time that it adds
    seen_at: int = 0  # when the two were last known to talk
    owes_minor: int = 0  # what is being settled
    settles: int = 0  # settlements that were tried
    unsure: bool = False  # the billing system's answer was missing, and a ticket says so
    high_cost: bool = False
    failure: str = ""  # why it failed, a reason of tickets; empty: it did not
    q850: int = 0  # of the leg that was not answered
    ended: Ended | None = None
    billing_ref: str = ""
