"""The due date: a debt that is not paid in time is overdue and counts against the subscriber.

Expiry never forgives: what is overdue is still owed and is taken from the next recharge.
"""


from tectonics.domain import advance as adv
from tectonics.domain.events import AdvanceDue
from tectonics.domain.subscriber import Account
from tectonics.domain.value import replace
from tectonics.workflows import advances, barring
from tectonics.workflows.decision import Context, Decision, notice


def due(account: Account, event: AdvanceDue, context: Context) -> Decision | None:
    """Marks an open advance overdue; None when it is not open or not due."""
    advance = account.advance(event.advance)
    if advance is None or advance.state != adv.OPEN or advance.due_at > context.now:
        return None
    late = replace(advance, state=advances.MACHINE.move(advance.state, "due"), was_late=True)
    account = account.with_advance(late)
    mine = advance.generation == account.generation
    if mine and not advance.was_late:
        standing = replace(account.standing, late_count=account.standing.late_count + 1)
        account = replace(account, standing=standing)
    outstanding = context.money(late.outstanding_minor)
    written = advances.ticket_of("advance.overdue", account, late, context, outstanding=outstanding)
    told = notice(account, context, "overdue", outstanding=outstanding, currency=late.offer.currency) \
        if mine else ()
    decision = Decision(account, f"{outstanding} is overdue", (written,), told)
    return decision.plus(barring.check(account, context)) if mine else decision
