"""An advance: credit lent to one subscriber, with its fee, its two dates and what was paid back.

Its life (workflows/borrow.py, recover.py and expire.py own the moves):

    granting --> open --> overdue --> repaid
        |  \\       \\________|________/ ^
        |   unknown          written_off
        v
      failed

`granting` and `unknown` count as open when the rules ask what a subscriber has already got.
"""

from tectonics.domain.value import value

GRANTING, UNKNOWN, OPEN, OVERDUE = "granting", "unknown", "open", "overdue"
REPAID, WRITTEN_OFF, FAILED = "repaid", "written_off", "failed"
OUTSTANDING = frozenset({OPEN, OVERDUE})
PENDING = frozenset({GRANTING, UNKNOWN})
UNFINISHED = OUTSTANDING | PENDING


@value
class Offer:
    """What one tier means for one subscriber at one moment; consent is given to exactly this."""

    tier: str
    segment: str
    policy: int  # the version that made the offer
    amount_minor: int
    fee_minor: int
    currency: str
    balance_type: str  # main, sms, mms, data, voice_onnet, voice_offnet
    credit_valid_s: int
    due_s: int

    @property
    def total_minor(self) -> int:
        """What will be taken back: amount and fee."""
        return self.amount_minor + self.fee_minor


@value
class Advance:
    """One loan; `op` is the identity under which the billing system was asked to credit it."""

    id: str
    generation: int
    state: str
    offer: Offer
    op: str
    channel: str
    trigger: str  # the peer's own id of the request, as in the trigger table
    requested_at: int
    due_at: int
    credit_expires_at: int
    granted_at: int | None = None
    closed_at: int | None = None
    principal_paid_minor: int = 0
    fee_paid_minor: int = 0
    chances: int = 0  # recharges that passed without paying it back in full
    was_late: bool = False  # it has been overdue once; counted once
    answer_late: bool = False  # the screen said "you will get an SMS"
    billing_ref: str | None = None

    @property
    def outstanding_minor(self) -> int:
        """What is still owed; zero unless the credit was granted and not closed."""
        return self.unpaid_minor if self.state in OUTSTANDING else 0

    @property
    def unpaid_minor(self) -> int:
        """Amount and fee less what was paid, whatever the state."""
        return self.offer.total_minor - self.principal_paid_minor - self.fee_paid_minor

    @property
    def exposed_minor(self) -> int:
        """What the rules count against a ceiling: owed, or perhaps about to be."""
        return self.unpaid_minor if self.state in UNFINISHED else 0
