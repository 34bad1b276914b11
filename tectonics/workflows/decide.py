"""One door to all workflows: an event and an account go in, a decision comes out.

`None` and `Silence` (which says why) mean that nothing is to be written.  After every event what former holders of the number
still owe is settled.
"""

from tectonics.domain.events import (
    AdvanceDue,
    AnswerDue,
    BalanceSeen,
    BorrowAsked,
    BorrowConfirmed,
    CallAsked,
    CodeAsked,
    CodeEntered,
    CreditAnswered,
    DebitAnswered,
    Event,
    LegAnswered,
    LifecycleSeen,
    ProfileChanged,
    Recharged,
    RefundAnswered,
    Replied,
    ReserveAnswered,
    Reversed,
    SettleAnswered,
    TalkEnded,
    TalkExtended,
    WrittenOff,
)
from tectonics.domain.subscriber import Account
from tectonics.workflows import (
    administer,
    advertise,
    borrow,
    call_back,
    expire,
    life,
    recover,
    replies,
    self_care,
)
from tectonics.workflows.advertise import Silence
from tectonics.workflows.decision import Context, Decision


def decide(account: Account, event: Event, context: Context, taken_back: bool = False) -> Decision | Silence | None:
    """What to write because of `event`. `taken_back`: a reversal of this recharge came before it."""
    decision = _decide(account, event, context, taken_back)
    if not isinstance(decision, Decision):
        return decision
    return decision.plus(life.settle_former(decision.account, context))


def _decide(account: Account, event: Event, context: Context, taken_back: bool) -> Decision | Silence | None:
    match event:
        case BorrowAsked():
            return borrow.asked(account, event, context)
        case BorrowConfirmed():
            return borrow.confirmed(account, event, context)
        case Replied():
            return replies.replied(account, event, context)
        case CreditAnswered():
            return borrow.credited(account, event, context)
        case AnswerDue():
            return borrow.answer_due(account, event, context)
        case Recharged():
            return recover.recharged(account, event, context, taken_back)
        case DebitAnswered():
            return recover.debited(account, event, context)
        case RefundAnswered():
            return recover.refunded(account, event, context)
        case Reversed():
            return recover.reversed_(account, event, context)
        case LifecycleSeen():
            return life.changed(account, event, context)
        case BalanceSeen():
            return advertise.seen(account, event, context)
        case AdvanceDue():
            return expire.due(account, event, context)
        case ProfileChanged():
            return administer.changed(account, event, context)
        case WrittenOff():
            return administer.written_off(account, event, context)
        case CodeAsked():
            return self_care.code_asked(account, event, context)
        case CodeEntered():
            return self_care.code_entered(account, event, context)
        case CallAsked() | ReserveAnswered() | LegAnswered() | TalkExtended() | TalkEnded() | SettleAnswered():
            return call_back.happened(account, event, context)
