"""Commands: what the daemon will do to money or tell a person, committed before it is done.

A command lives in the outbox from the unit that decided it until the unit that its outcome
caused.  `op` is the identity of a money operation, chosen once and stored; whoever sends it, and
however often, sends that.  `trace` is that of the request behind it, for the log (trace.py).
"""

from tectonics.domain.value import value

REPLY, NOTICE, ADVERT = 0, 1, 2  # priorities of a message: the lowest is sent first
OP_MARK = "TEC-"  # every operation of ours begins with it, so that the feed can recognise it


@value
class Credit:
    """Give credit: an advance (`advance` set) or the refund of a recovery (`recovery` set)."""

    op: str
    msisdn: str
    amount_minor: int
    currency: str
    node: str = ""
    advance: str = ""
    recovery: str = ""
    balance_type: str = "main"
    valid_s: int = 0  # 0: as the billing system wishes
    trace: str = ""


@value
class Debit:
    """Take back from the main balance; never more than there is."""

    op: str
    msisdn: str
    amount_minor: int
    currency: str
    node: str
    recovery: str
    trace: str = ""


@value
class Notify:
    """Tell the subscriber something by SMS; the text is fixed when it is decided."""

    op: str
    msisdn: str
    key: str  # of the message catalogue
    text: str
    language: str
    priority: int = NOTICE
    expires_at: int = 0  # not sent any more from then on; 0: as long as it takes
    trace: str = ""


@value
class Reserve:
    """Hold money of a prepaid subscriber for a call: the first time, or more of it while the call goes on.

    All reservations of one call have one `session`; each has its own `op`.  What is not settled within `valid_s`
    is his again.
    """

    op: str
    msisdn: str
    amount_minor: int
    currency: str
    node: str
    session: str
    call: str
    valid_s: int
    trace: str = ""


@value
class Settle:
    """Take what the call has cost from what its session holds (never more), and let the rest go."""

    op: str
    msisdn: str
    amount_minor: int  # 0: nothing was used
    currency: str
    node: str
    session: str
    call: str
    trace: str = ""


@value
class Ring:
    """Ring A. The leg's id is the operation's: asked again for a leg that is there, it waits on and rings nobody."""

    op: str  # the leg's id
    msisdn: str  # whose account it is: A
    call: str
    number: str
    caller: str  # the number that A sees; empty: none
    ring_s: int
    language: str = ""  # of announcements
    trace: str = ""


@value
class Connect:
    """A has answered: ring B, and connect the two when B answers."""

    op: str  # B's leg's id
    msisdn: str
    call: str
    number: str
    caller: str
    ring_s: int
    a_leg: str
    a_handle: str
    trace: str = ""


@value
class Talk:
    """The two are connected: tell when that is over, and end it at `until_at` unless that is moved meanwhile."""

    op: str
    msisdn: str
    call: str
    a_leg: str
    a_handle: str
    b_leg: str
    b_handle: str
    until_at: int
    trace: str = ""


@value
class HangUp:
    """Whatever there is of a call's legs ends now; a leg that is not there any more is no error."""

    op: str
    msisdn: str
    call: str
    legs: tuple[tuple[str, str], ...]  # (id, handle; empty where none is known: it may be ringing)
    trace: str = ""


MoneyCommand = Credit | Debit | Reserve | Settle
CallCommand = Ring | Connect | Talk | HangUp
Command = MoneyCommand | Notify | CallCommand
