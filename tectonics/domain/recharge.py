"""A recharge as the feed tells it, what the account remembers of it, and the recovery it pays for.

A recovery is one recharge's contribution to the debt: at most `budget_minor` of it may be taken,
in debits that each have an operation id of their own (workflows/recover.py owns the moves):

    waiting --> debiting --> done --> refunding --> reversed
       |         |  ^  \\                 |  ^ \\
       |         |  |   unknown          refund_unknown   refund_failed
       v         v
    dropped    failed
"""

from tectonics.domain.value import value

WAITING, DEBITING, UNKNOWN, DONE, FAILED, DROPPED = (
    "waiting", "debiting", "unknown", "done", "failed", "dropped")
REFUNDING, REFUND_UNKNOWN, REFUND_FAILED, REVERSED = (
    "refunding", "refund_unknown", "refund_failed", "reversed")
UNFINISHED = frozenset({WAITING, DEBITING, UNKNOWN, REFUNDING, REFUND_UNKNOWN})

CLASSES = ("voucher", "etopup", "transfer", "bonus", "refund", "adjustment")


@value
class RechargeMark:
    """What an account remembers of a recharge, for rules and segments."""

    at: int
    amount_minor: int
    kind: str  # one of CLASSES
    check: int  # CRC-32 of feed and id, so that a reversal finds it again


@value
class Share:
    """How much of one debit went to one advance."""

    advance: str
    principal_minor: int
    fee_minor: int


@value
class Recovery:
    """What one recharge pays back; `op` names the newest debit or refund asked for."""

    id: str
    generation: int
    state: str
    feed: str
    recharge: str  # the feed's own id
    recharge_at: int
    budget_minor: int  # at most this much of the recharge
    created_at: int
    amount_minor: int = 0  # asked for by the newest debit
    op: str = ""
    attempt: int = 0
    shares: tuple[Share, ...] = ()  # where the money went, once done
    reverse: bool = False  # the recharge was taken back while the debit was under way
    closed_at: int | None = None
    billing_ref: str | None = None
