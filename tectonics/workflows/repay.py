"""Where a payment goes: oldest advance first, within it fee or principal first; and its undoing.

Each advance that a debit touches gets a ticket of its own, so that the sum of the tickets is the
debit to the cent.  A debit never exceeds the debt: only one is under way at a time, an unknown one
holds its amount back, and a debt is not given up while one is unfinished.
"""


from tectonics.domain import advance as adv
from tectonics.domain.advance import Advance
from tectonics.domain.commands import Notify
from tectonics.domain.errors import OurFault
from tectonics.domain.recharge import Recovery, Share
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.domain.value import replace, value
from tectonics.workflows import advances
from tectonics.workflows.decision import Context, Decision, notice


@value
class Payment:
    """The account after a payment, and what it leaves."""

    account: Account
    shares: tuple[Share, ...]
    tickets: tuple[Ticket, ...]
    notices: tuple[Notify, ...]


def split(advance: Advance, amount_minor: int, first: str) -> tuple[int, int]:
    """(principal, fee) of a payment on one advance."""
    principal_left = advance.offer.amount_minor - advance.principal_paid_minor
    fee_left = advance.offer.fee_minor - advance.fee_paid_minor
    if first == "fee":
        fee = min(fee_left, amount_minor)
        return amount_minor - fee, fee
    principal = min(principal_left, amount_minor)
    return principal, amount_minor - principal


def allocate(account: Account, recovery: Recovery, context: Context, ref: str) -> Payment:
    """Spreads the recovery's amount over the debts of its generation, oldest first."""
    left, shares, tickets, notices = recovery.amount_minor, [], [], []
    for advance in account.advances:
        if not left or advance.generation != recovery.generation or advance.state not in adv.OUTSTANDING:
            continue
        paid = min(left, advance.outstanding_minor)
        left -= paid
        advance, share = _pay(advance, paid, context)
        account = account.with_advance(advance)
        shares.append(share)
        tickets.append(_paid_ticket(account, advance, share, recovery, context, ref))
        notices += _paid_notice(account, advance, paid, context)
    if left:
        raise OurFault(f"recovery {recovery.id} took {left} minor units more than was owed")
    return Payment(account, tuple(shares), tuple(tickets), tuple(notices))


def _pay(advance: Advance, paid: int, context: Context) -> tuple[Advance, Share]:
    principal, fee = split(advance, paid, context.policy.recovery.first)
    advance = replace(advance, principal_paid_minor=advance.principal_paid_minor + principal,
                      fee_paid_minor=advance.fee_paid_minor + fee)
    if advance.unpaid_minor == 0:
        advance = replace(advance, state=advances.MACHINE.move(advance.state, "paid"), closed_at=context.now)
    else:
        advance = replace(advance, chances=advance.chances + 1)
    return advance, Share(advance.id, principal, fee)


def _paid_ticket(account: Account, advance: Advance, share: Share, recovery: Recovery, context: Context,
                 ref: str) -> Ticket:
    kind = "recovery.full" if advance.state == adv.REPAID else "recovery.partial"
    paid, left = context.money(share.principal_minor + share.fee_minor), context.money(advance.outstanding_minor)
    text = f"{paid} {advance.offer.currency} paid back, {left} still owed" if advance.outstanding_minor \
        else f"{paid} {advance.offer.currency} paid back, nothing owed any more"
    return advances.ticket_of(
        kind, account, advance, context, text=text, amount=context.money(share.principal_minor + share.fee_minor),
        principal_paid=context.money(share.principal_minor), fee_paid=context.money(share.fee_minor),
        outstanding=context.money(advance.outstanding_minor), recharge=recovery.recharge,
        billing_ref=ref, channel=f"feed:{recovery.feed}", trigger=recovery.recharge)


def _paid_notice(account: Account, advance: Advance, paid: int, context: Context) -> tuple[Notify, ...]:
    if advance.generation != account.generation:
        return ()
    words = {"paid": context.money(paid), "currency": advance.offer.currency}
    if advance.state == adv.REPAID:
        return notice(account, context, "recovered_full", **words)
    return notice(account, context, "recovered_partial",
                  outstanding=context.money(advance.outstanding_minor), **words)


def chance_used(account: Account, recovery: Recovery, context: Context) -> Account:
    """A recharge passed without paying anything: every debt it might have paid has used a chance."""
    for advance in account.advances:
        if advance.generation == recovery.generation and advance.state in adv.OUTSTANDING:
            account = account.with_advance(replace(advance, chances=advance.chances + 1))
    return account


def reopen(account: Account, recovery: Recovery, context: Context) -> Decision:
    """Takes the shares of a returned payment back: the debts are what they were before it."""
    tickets = []
    for share in recovery.shares:
        advance = account.advance(share.advance)
        if advance is None:
            raise OurFault(f"recovery {recovery.id} paid an advance that is not there to be reopened")
        advance = _unpay(advance, share, context)
        account = account.with_advance(advance)
        tickets.append(advances.ticket_of(
            "recovery.reversed", account, advance, context,
            amount=context.money(share.principal_minor + share.fee_minor),
            principal_paid=context.money(-share.principal_minor), fee_paid=context.money(-share.fee_minor),
            outstanding=context.money(advance.outstanding_minor), recharge=recovery.recharge,
            reason="reversed", billing_ref=recovery.op, channel=f"feed:{recovery.feed}"))
    told = notice(account, context, "reversed", paid=context.money(recovery.amount_minor),
                  outstanding=context.money(account.outstanding_minor), currency=context.policy.currency)
    return Decision(account, "the payment was returned and the debt is open again", tuple(tickets), told)


def _unpay(advance: Advance, share: Share, context: Context) -> Advance:
    advance = replace(advance, principal_paid_minor=advance.principal_paid_minor - share.principal_minor,
                      fee_paid_minor=advance.fee_paid_minor - share.fee_minor)
    if advance.state == adv.REPAID:
        how = "reopened late" if advance.due_at <= context.now else "reopened"
        advance = replace(advance, state=advances.MACHINE.move(advance.state, how), closed_at=None)
    return advance
