"""Events: everything that can make the daemon decide something about one subscriber.

An event carries the peer's own id where there is one (`trigger`), and facts that were read before
the decision with the time they were true.
"""


from tectonics.domain.advance import Offer
from tectonics.domain.call import Ended, Rung
from tectonics.domain.numbers import Number
from tectonics.domain.outcome import Balance, NotFound, Outcome, Unavailable
from tectonics.domain.value import value


@value
class Trigger:
    """The peer's id of a request. Unique per subscriber and channel, for ever (until retention)."""

    channel: str
    id: str


@value
class BorrowAsked:
    """He asked what he could borrow, and the facts say that he may not: leave a ticket."""

    msisdn: str
    trigger: Trigger
    at: int
    balance: Balance | Unavailable | None  # None: not asked, the other rules refuse already


@value
class BorrowConfirmed:
    """He confirmed exactly this offer."""

    msisdn: str
    trigger: Trigger
    at: int
    offer: Offer
    balance: Balance | Unavailable


@value
class Replied:
    """He wrote, and this is what he is answered. Where his message was answered before, nothing is."""

    msisdn: str
    trigger: Trigger
    at: int
    key: str  # of the message catalogue
    text: str
    expires_at: int = 0  # the answer says nothing any more from then on; 0: as long as it takes
    offer: Offer | None = None  # that it shows: from now on a YES with `code` agrees to it
    code: str = ""
    closes: bool = False  # what was shown before is not open any more


@value
class CreditAnswered:
    """The billing system answered the credit of an advance (or a look-up or a person did)."""

    msisdn: str
    at: int
    advance: str
    op: str
    outcome: Outcome | NotFound
    resolved_by: str = ""  # look_up, or the person who reconciled


@value
class AnswerDue:
    """The channel's budget is over and the credit has not been answered."""

    msisdn: str
    at: int
    advance: str
    trigger: Trigger


@value
class DebitAnswered:
    """The billing system answered the debit of a recovery; `available` is what is there now."""

    msisdn: str
    at: int
    recovery: str
    op: str
    outcome: Outcome | NotFound
    available: Balance | Unavailable | None = None
    resolved_by: str = ""


@value
class RefundAnswered:
    """The billing system answered the refund of a reversed recharge's recovery."""

    msisdn: str
    at: int
    recovery: str
    op: str
    outcome: Outcome | NotFound
    resolved_by: str = ""


@value
class Recharged:
    """The feed tells of a recharge."""

    msisdn: str
    feed: str
    id: str
    at: int  # when we heard of it
    happened_at: int
    amount_minor: int
    currency: str
    kind: str = "voucher"  # its class
    node: str = ""
    ref: str = ""


@value
class Reversed:
    """The feed tells that the recharge `ref` was taken back."""

    msisdn: str
    feed: str
    id: str
    at: int
    ref: str


@value
class BalanceSeen:
    """The feed tells a balance (advertising looks at it)."""

    msisdn: str
    feed: str
    id: str
    at: int
    balance_minor: int


@value
class LifecycleSeen:
    """The feed tells of the number: activated, sim_swapped, ported, recycled, account_type."""

    msisdn: str
    feed: str
    id: str
    at: int
    happened_at: int
    change: str
    value: str = ""  # of account_type: prepaid or postpaid


@value
class AdvanceDue:
    """The debt's due date has passed."""

    msisdn: str
    at: int
    advance: str


@value
class ProfileChanged:
    """An operator, or the subscriber himself, changed something: one of administer.CHANGES."""

    msisdn: str
    at: int
    change: str
    value: str
    who: str
    trigger: Trigger
    balance: Balance | Unavailable | None = None  # of `call_back`: told with it


@value
class WrittenOff:
    """An operator gives a debt up."""

    msisdn: str
    at: int
    advance: str
    who: str
    text: str
    trigger: Trigger


@value
class CodeAsked:
    """Somebody who says that he has this number wants a one-time code sent to it; both texts are random."""

    msisdn: str
    trigger: Trigger
    at: int
    code: str
    salt: str


@value
class CodeEntered:
    """Somebody says that this is the code that was sent."""

    msisdn: str
    at: int
    code: str


@value
class CallAsked:
    """He wants to be called back and connected with `number`, as he wrote it; `b` is what that was read as.

    `b_recent` and `range_recent`: calls of the last hour to that number and to its range, of all subscribers.
    `refused`: why the engine will not have it whoever asks: not_offered (no call server, or a billing
    system that holds no credit), billing_unavailable (one that was not connected yet) or busy.
    """

    msisdn: str
    trigger: Trigger
    at: int
    number: str
    b: Number | None = None  # None: that is no number
    balance: Balance | Unavailable | None = None  # None: not asked
    b_recent: int = 0
    range_recent: int = 0
    refused: str = ""


@value
class ReserveAnswered:
    """The billing system answered a reservation of a call."""

    msisdn: str
    at: int
    call: str
    op: str
    outcome: Outcome | NotFound
    resolved_by: str = ""


@value
class LegAnswered:
    """What became of ringing A or B; `op` is the leg's id."""

    msisdn: str
    at: int
    call: str
    op: str
    result: Rung


@value
class TalkExtended:
    """The reserved talk time is nearly used, and both still talk."""

    msisdn: str
    at: int
    call: str


@value
class TalkEnded:
    """The conversation is over."""

    msisdn: str
    at: int
    call: str
    op: str
    result: Ended


@value
class SettleAnswered:
    """The billing system answered the settlement of a call."""

    msisdn: str
    at: int
    call: str
    op: str
    outcome: Outcome | NotFound
    resolved_by: str = ""


FeedEvent = Recharged | Reversed | BalanceSeen | LifecycleSeen
CallEvent = CallAsked | ReserveAnswered | LegAnswered | TalkExtended | TalkEnded | SettleAnswered
Event = (BorrowAsked | BorrowConfirmed | Replied | CreditAnswered | AnswerDue | DebitAnswered | RefundAnswered
         | Recharged | Reversed | BalanceSeen | LifecycleSeen | AdvanceDue | ProfileChanged
         | WrittenOff | CodeAsked | CodeEntered | CallEvent)
