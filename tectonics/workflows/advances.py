"""The life of an advance as a table, and the ticket that tells of one.

borrow.py owns the way to `open` or `failed`, repay.py the payments, expire.py the due date,
administer.py and life.py the giving up.
"""

from tectonics.domain import advance as adv
from tectonics.domain.advance import Advance
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.workflows.decision import Context, ticket
from tectonics.workflows.table import Machine

MACHINE = Machine("advance", adv.GRANTING, {
    (adv.GRANTING, "credited"): adv.OPEN,
    (adv.GRANTING, "refused"): adv.FAILED,
    (adv.GRANTING, "unsure"): adv.UNKNOWN,
    (adv.UNKNOWN, "credited"): adv.OPEN,
    (adv.UNKNOWN, "refused"): adv.FAILED,
    (adv.UNKNOWN, "not done"): adv.FAILED,
    (adv.OPEN, "due"): adv.OVERDUE,
    (adv.OPEN, "paid"): adv.REPAID,
    (adv.OVERDUE, "paid"): adv.REPAID,
    (adv.OPEN, "given up"): adv.WRITTEN_OFF,
    (adv.OVERDUE, "given up"): adv.WRITTEN_OFF,
    (adv.REPAID, "reopened"): adv.OPEN,
    (adv.REPAID, "reopened late"): adv.OVERDUE,
})


def ticket_of(kind: str, account: Account, advance: Advance, context: Context, **fields) -> Ticket:
    """A ticket about one advance; the policy is the one that made the offer."""
    offer = advance.offer
    described = {"channel": advance.channel, "trigger": advance.trigger, "service": "advance",
                     "advance": advance.id, "amount": context.money(offer.amount_minor),
                     "fee": context.money(offer.fee_minor), "currency": offer.currency, "tier": offer.tier,
                     "segment": offer.segment, "policy": offer.policy, "node": account.profile.node,
                     "billing_ref": advance.billing_ref or advance.op}
    return ticket(kind, account, context, **(described | fields))
