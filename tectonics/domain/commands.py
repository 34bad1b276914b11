"""Commands: what the daemon will do to money or tell a person, committed before it is done.

A command lives in the outbox from the unit that decided it until the unit that its outcome
caused.  `op` is the identity of a money operation, chosen once and stored; whoever sends it, and
however often, sends that.
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


@value
class Debit:
    """Take back from the main balance; never more than there is."""

    op: str
    msisdn: str
    amount_minor: int
    currency: str
    node: str
    recovery: str


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


Command = Credit | Debit | Notify
MoneyCommand = Credit | Debit
