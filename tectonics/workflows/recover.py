"""Recovery: taking the debt back from recharges, exactly once each, and returning it when a recharge
is taken back.

States     waiting, debiting, unknown, done, failed, dropped; refunding, refund_unknown, reversed,
           refund_failed
Events     Recharged, Reversed (feed), DebitAnswered, RefundAnswered (outbox, look-up or a person)
Commands   Debit; Credit of a refund; notices by SMS

One debit per subscriber is under way at a time.  An Unknown debit holds its amount back but lets
later recharges pay the rest, so that what is taken can never exceed what is owed.  A debit that
the balance does not cover steps down to what is there, under a new operation id each time.
Recharges that arrive while credit is being granted wait for it.
"""

import zlib

from tectonics.domain import advance as adv
from tectonics.domain import recharge as rec
from tectonics.domain.advance import Advance
from tectonics.domain.commands import Credit, Debit
from tectonics.domain.events import DebitAnswered, Recharged, RefundAnswered, Reversed, Trigger
from tectonics.domain.outcome import Balance, Done, NotFound, Refused, Unknown
from tectonics.domain.recharge import RechargeMark, Recovery
from tectonics.domain.subscriber import RECHARGE_MARKS_MAX, Account
from tectonics.domain.ticket import Ticket
from tectonics.domain.value import replace
from tectonics.workflows import barring, repay
from tectonics.workflows.decision import Context, Decision, notice, ticket
from tectonics.workflows.table import Machine

PATIENCE_S = 86_400  # how long a recharge is tried while the billing system does nothing
UNFINISHED_MAX = 16  # recharges of one subscriber at work; a further one takes nothing this time

MACHINE = Machine("recovery", rec.WAITING, {
    (rec.WAITING, "debit"): rec.DEBITING,
    (rec.WAITING, "nothing owed"): rec.DROPPED,
    (rec.WAITING, "taken back"): rec.DROPPED,
    (rec.DEBITING, "debited"): rec.DONE,
    (rec.DEBITING, "step down"): rec.DEBITING,
    (rec.DEBITING, "nothing there"): rec.FAILED,
    (rec.DEBITING, "refused"): rec.FAILED,
    (rec.DEBITING, "unsure"): rec.UNKNOWN,
    (rec.DEBITING, "not done"): rec.WAITING,
    (rec.UNKNOWN, "debited"): rec.DONE,
    (rec.UNKNOWN, "not done"): rec.WAITING,
    (rec.UNKNOWN, "refused"): rec.FAILED,
    (rec.UNKNOWN, "nothing there"): rec.FAILED,
    (rec.DONE, "taken back"): rec.REFUNDING,
    (rec.REFUNDING, "refunded"): rec.REVERSED,
    (rec.REFUNDING, "refused"): rec.REFUND_FAILED,
    (rec.REFUNDING, "unsure"): rec.REFUND_UNKNOWN,
    (rec.REFUNDING, "not done"): rec.REFUNDING,
    (rec.REFUND_UNKNOWN, "refunded"): rec.REVERSED,
    (rec.REFUND_UNKNOWN, "refused"): rec.REFUND_FAILED,
    (rec.REFUND_UNKNOWN, "not done"): rec.REFUNDING,
})


def feed_channel(feed: str) -> str:
    """The trigger channel under which a feed's records are seen once."""
    return f"feed:{feed}"


def reversal_mark(feed: str, recharge: str) -> Trigger:
    """Remembers that a recharge was taken back, also before it arrives."""
    return Trigger(feed_channel(feed), f"reversal-of:{recharge}")


def _check(feed: str, recharge: str) -> int:
    return zlib.crc32(f"{feed}:{recharge}".encode())


def recharged(account: Account, event: Recharged, context: Context, taken_back: bool = False) -> Decision:
    """Remembers a recharge, and lets it pay what is owed."""
    rules = context.policy.recovery
    if event.id.startswith(rules.own_marks) or event.ref.startswith(rules.own_marks):
        return Decision(account, "our own credit, seen on the feed")
    if taken_back:
        return Decision(account, "a recharge that had been taken back before it arrived")
    account = _remember(account, event)
    owed = _payable(account, event.happened_at, context)
    if event.kind not in rules.classes or not owed:
        return Decision(account, "recharge noted")
    if sum(r.state in rec.UNFINISHED for r in account.recoveries) >= UNFINISHED_MAX:
        written = ticket("recovery.failed", account, context, reason="limit", recharge=event.id,
                         currency=event.currency, text="too many recharges are waiting; the next one pays")
        return Decision(account, "recharge noted, too many are waiting", (written,))
    recovery = Recovery(context.new_id(), account.generation, rec.WAITING, event.feed, event.id,
                        event.happened_at, event.amount_minor * rules.share_percent // 100, context.now)
    account = account.with_recovery(recovery)
    return Decision(account, "recharge noted").plus(start(account, context))


def _remember(account: Account, event: Recharged) -> Account:
    profile, standing = account.profile, account.standing
    if profile.kind == "unknown":
        profile = replace(profile, kind="prepaid", activated_at=event.happened_at)
    if not profile.node and event.node:
        profile = replace(profile, node=event.node)
    mark = RechargeMark(event.happened_at, event.amount_minor, event.kind, _check(event.feed, event.id))
    marks = sorted((*standing.recharges, mark), key=lambda m: m.at)[-RECHARGE_MARKS_MAX:]
    return replace(account, profile=profile, standing=replace(standing, recharges=tuple(marks)))


def _payable(account: Account, recharge_at: int, context: Context) -> tuple[Advance, ...]:
    """The advances that a recharge of that time may pay, oldest first; one made before the advance
    was asked for had already been part of the balance then."""
    skew = context.policy.recovery.skew_s * 1000
    return tuple(a for a in account.mine if a.requested_at <= recharge_at + skew)


def start(account: Account, context: Context) -> Decision:
    """Starts the next debit, if one is possible and none is under way."""
    mine = [r for r in account.recoveries if r.generation == account.generation]
    if any(r.state == rec.DEBITING for r in mine):
        return Decision(account, "")
    held = sum(r.amount_minor for r in mine if r.state == rec.UNKNOWN)
    for recovery in (r for r in mine if r.state == rec.WAITING):
        payable = _payable(account, recovery.recharge_at, context)
        owed = min(sum(a.outstanding_minor for a in payable), account.outstanding_minor - held)
        amount = min(recovery.budget_minor, owed)
        if amount > 0:
            return _debit(account, recovery, amount, context, "debit")
        if held or any(a.state in adv.PENDING for a in payable):
            continue
        account = account.with_recovery(replace(
            recovery, state=MACHINE.move(recovery.state, "nothing owed"), closed_at=context.now))
    return Decision(account, "")


def _debit(account: Account, recovery: Recovery, amount_minor: int, context: Context, how: str) -> Decision:
    debiting = replace(recovery, state=MACHINE.move(recovery.state, how), amount_minor=amount_minor,
                       attempt=recovery.attempt + 1, op=context.new_op())
    command = Debit(debiting.op, account.msisdn, amount_minor, context.policy.currency,
                    account.profile.node, recovery.id)
    return Decision(account.with_recovery(debiting),
                    f"takes {context.money(amount_minor)} {context.policy.currency} back", commands=(command,))


def debited(account: Account, event: DebitAnswered, context: Context) -> Decision:
    """The billing system's word on a debit."""
    recovery = account.recovery(event.recovery)
    if recovery is None or recovery.op != event.op or recovery.state not in (rec.DEBITING, rec.UNKNOWN):
        return Decision(account, "an answer that was known already", finished=(event.op,))
    match event.outcome:
        case Done():
            decision = _taken(account, recovery, event, context)
        case Unknown():
            return _debit_unsure(account, recovery, event, context)
        case NotFound():
            decision = _debit_not_done(account, recovery, event, context)
        case Refused(reason="insufficient") if recovery.state == rec.DEBITING:
            decision = _step_down(account, recovery, event, context)
        case Refused():
            how = "nothing there" if event.outcome.reason == "insufficient" else "refused"
            decision = _debit_failed(account, recovery, event, context, how)
    decision = replace(decision, finished=(*decision.finished, event.op))
    if recovery.state == rec.UNKNOWN:
        decision = replace(decision, tickets=(_resolution(recovery, event, decision.account, context),
                                              *decision.tickets))
    return decision.plus(start(decision.account, context))


def _taken(account: Account, recovery: Recovery, event: DebitAnswered, context: Context) -> Decision:
    ref = event.outcome.ref or recovery.op
    payment = repay.allocate(account, recovery, context, ref)
    closed = replace(recovery, state=MACHINE.move(recovery.state, "debited"), shares=payment.shares,
                     closed_at=context.now, billing_ref=event.outcome.ref or None)
    account = payment.account.with_recovery(closed)
    if closed.generation == account.generation:
        account = replace(account, standing=replace(account.standing, last_recovery_at=context.now))
    decision = Decision(account, f"took {context.money(recovery.amount_minor)} back",
                        payment.tickets, payment.notices)
    decision = decision.plus(barring.after_recovery(decision.account, context, closed.generation))
    if recovery.reverse:
        decision = decision.plus(_refund(decision.account, closed, context))
    return decision


def _step_down(account: Account, recovery: Recovery, event: DebitAnswered, context: Context) -> Decision:
    """The balance has been spent meanwhile: asks for what is there, or gives this recharge up."""
    there = event.available
    amount = min(there.amount_minor, recovery.amount_minor) if isinstance(there, Balance) \
        else recovery.amount_minor // 2
    if amount < 1 or recovery.reverse or recovery.attempt >= context.policy.recovery.attempts_max:
        return _debit_failed(account, recovery, event, context, "nothing there")
    return _debit(account, recovery, amount, context, "step down")


def _debit_failed(account: Account, recovery: Recovery, event: DebitAnswered, context: Context,
                  how: str) -> Decision:
    closed = replace(recovery, state=MACHINE.move(recovery.state, how), closed_at=context.now)
    reason = "balance_spent" if how == "nothing there" else "billing_refused"
    if isinstance(event.outcome, NotFound):
        reason = "not_done"
    account = repay.chance_used(account.with_recovery(closed), recovery, context)
    written = recovery_ticket("recovery.failed", account, closed, context, reason=reason,
                              outstanding=context.money(account.outstanding_minor))
    told = notice(account, context, "recovery_failed", outstanding=context.money(account.outstanding_minor),
                  currency=context.policy.currency)
    decision = Decision(account, "this recharge pays nothing; the next one is tried", (written,), told)
    return decision.plus(barring.after_recovery(account, context, recovery.generation))


def _debit_not_done(account: Account, recovery: Recovery, event: DebitAnswered, context: Context) -> Decision:
    """It certainly did not happen, so it is asked again, as a new operation, for a day at most; an
    outage of the billing system uses up none of the attempts to step down."""
    if context.now > recovery.created_at + PATIENCE_S * 1000:
        return _debit_failed(account, recovery, event, context, "refused")
    waiting = replace(recovery, state=MACHINE.move(recovery.state, "not done"), attempt=0)
    if recovery.reverse:
        waiting = replace(waiting, state=MACHINE.move(waiting.state, "taken back"), closed_at=context.now)
    return Decision(account.with_recovery(waiting), "the debit was not done")


def _debit_unsure(account: Account, recovery: Recovery, event: DebitAnswered, context: Context) -> Decision:
    if recovery.state == rec.UNKNOWN:
        return Decision(account, "still unknown", unresolved=(event.op,))
    unknown = replace(recovery, state=MACHINE.move(recovery.state, "unsure"))
    account = account.with_recovery(unknown)
    written = recovery_ticket("recovery.unknown", account, unknown, context, text=event.outcome.text[:200])
    decision = Decision(account, "the debit's outcome is unknown, to be looked up", (written,),
                        unresolved=(event.op,))
    return decision.plus(start(account, context))


def recovery_ticket(kind: str, account: Account, recovery: Recovery, context: Context, **fields) -> Ticket:
    """A ticket about a recovery as a whole."""
    described = {"channel": feed_channel(recovery.feed), "service": "advance",
                     "amount": context.money(recovery.amount_minor), "currency": context.policy.currency,
                     "node": account.profile.node, "billing_ref": recovery.billing_ref or recovery.op,
                     "recharge": recovery.recharge}
    return ticket(kind, account, context, **(described | fields))


def _resolution(recovery: Recovery, event: DebitAnswered | RefundAnswered, account: Account,
                context: Context) -> Ticket:
    what = "refund" if isinstance(event, RefundAnswered) else "debit"
    done = "done" if isinstance(event.outcome, Done) else "not done"
    return recovery_ticket("reconcile.resolved", account, recovery, context,
                           text=f"the {what} was {done}, resolved by {event.resolved_by or 'a late answer'}")


def reversed_(account: Account, event: Reversed, context: Context) -> Decision:
    """A recharge was taken back: what it paid is returned, and the debt is open again."""
    check = _check(event.feed, event.ref)
    marks = tuple(m for m in account.standing.recharges if m.check != check)
    account = replace(account, standing=replace(account.standing, recharges=marks))
    decision = Decision(account, "the recharge was taken back",
                        marks=(reversal_mark(event.feed, event.ref),))
    concerned = [r for r in account.recoveries if (r.feed, r.recharge) == (event.feed, event.ref)
                 and r.generation == account.generation]
    for recovery in concerned:
        account = decision.account
        if recovery.state == rec.WAITING:
            dropped = replace(recovery, state=MACHINE.move(recovery.state, "taken back"),
                              closed_at=context.now)
            decision = replace(decision, account=account.with_recovery(dropped))
        elif recovery.state in (rec.DEBITING, rec.UNKNOWN):
            decision = replace(decision, account=account.with_recovery(replace(recovery, reverse=True)))
        elif recovery.state == rec.DONE:
            decision = decision.plus(_refund(account, recovery, context))
    return decision


def _refund(account: Account, recovery: Recovery, context: Context) -> Decision:
    refunding = replace(recovery, state=MACHINE.move(recovery.state, "taken back"), op=context.new_op())
    return _send_refund(account, refunding, context)


def _send_refund(account: Account, refunding: Recovery, context: Context) -> Decision:
    command = Credit(refunding.op, account.msisdn, refunding.amount_minor, context.policy.currency,
                     account.profile.node, recovery=refunding.id)
    return Decision(account.with_recovery(refunding),
                    f"returns {context.money(refunding.amount_minor)}", commands=(command,))


def refunded(account: Account, event: RefundAnswered, context: Context) -> Decision:
    """The billing system's word on a refund."""
    recovery = account.recovery(event.recovery)
    if recovery is None or recovery.op != event.op \
            or recovery.state not in (rec.REFUNDING, rec.REFUND_UNKNOWN):
        return Decision(account, "an answer that was known already", finished=(event.op,))
    match event.outcome:
        case Unknown():
            return _refund_unsure(account, recovery, event, context)
        case Done():
            closed = replace(recovery, state=MACHINE.move(recovery.state, "refunded"))
            decision = repay.reopen(account.with_recovery(closed), closed, context)
        case Refused():
            closed = replace(recovery, state=MACHINE.move(recovery.state, "refused"))
            account = account.with_recovery(closed)
            written = recovery_ticket("recovery.failed", account, closed, context, reason="billing_refused",
                                      text="the payment of a recharge that was taken back could not be returned")
            decision = Decision(account, "the refund was refused", (written,))
        case NotFound():
            again = replace(recovery, state=MACHINE.move(recovery.state, "not done"), op=context.new_op())
            decision = _send_refund(account, again, context)  # each round takes a look-up, so it is slow
    decision = replace(decision, finished=(*decision.finished, event.op))
    if recovery.state == rec.REFUND_UNKNOWN:
        decision = replace(decision, tickets=(_resolution(recovery, event, decision.account, context),
                                              *decision.tickets))
    return decision.plus(start(decision.account, context))


def _refund_unsure(account: Account, recovery: Recovery, event: RefundAnswered, context: Context) -> Decision:
    if recovery.state == rec.REFUND_UNKNOWN:
        return Decision(account, "still unknown", unresolved=(event.op,))
    unknown = replace(recovery, state=MACHINE.move(recovery.state, "unsure"))
    account = account.with_recovery(unknown)
    written = recovery_ticket("recovery.unknown", account, unknown, context, reason="reversed",
                              text=event.outcome.text[:200])
    return Decision(account, "the refund's outcome is unknown, to be looked up", (written,),
                    unresolved=(event.op,))
