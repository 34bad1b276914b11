"""Borrowing: from a confirmed offer to credit on the prepaid account and a debt.

States     granting, unknown, open (recover.py and expire.py own what follows), failed
Events     BorrowAsked (dialogue), BorrowConfirmed (dialogue), CreditAnswered (outbox, look-up or
           a person), AnswerDue (the channel's budget is over)
Commands   Credit, and a notice by SMS

Consent: what was confirmed is lent exactly as shown or not at all.  The first answer that is
committed is the one the subscriber gets, on whatever node he asks again; a result that comes after
"you will get an SMS" goes out by SMS, whatever notices the operator wants.  Who asked by SMS has no screen: what
he is answered is a message, committed with what it tells of, and the result is told once.
"""


from tectonics.domain import advance as adv
from tectonics.domain.advance import Advance, Offer
from tectonics.domain.commands import Credit, Notify
from tectonics.domain.events import AnswerDue, BorrowAsked, BorrowConfirmed, CreditAnswered, Trigger
from tectonics.domain.outcome import Done, NotFound, Refused, Unknown
from tectonics.domain.policy import segment_of
from tectonics.domain.screens import Screen
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import REASONS
from tectonics.domain.value import replace
from tectonics.workflows import advances, lending, recover, replies
from tectonics.workflows.decision import Context, Decision, notice, ticket
from tectonics.workflows.lending import Refusal


def refusal_screen(refusal: Refusal, account: Account, context: Context) -> Screen:
    """The sentence of a refusal in the subscriber's language."""
    text = context.catalogue.text(f"refused.{refusal.reason}", account.profile.language,
                                  **dict(refusal.variables))
    return Screen(text, more=False)


def asked(account: Account, event: BorrowAsked, context: Context) -> Decision | None:
    """Leaves the ticket of a refusal; None when he may borrow after all (then a menu is shown)."""
    refused = lending.refusal(account, context, event.balance)
    if refused is None:
        return None
    return _refuse(account, refused, event.trigger, context)


def _refuse(account: Account, refused: Refusal, trigger: Trigger, context: Context, **fields) -> Decision:
    written = ticket("advance.refused", account, context, reason=refused.reason,
                     channel=trigger.channel, trigger=trigger.id, service="advance",
                     segment=segment_of(account, context.policy, context.now).name,
                     node=account.profile.node, **fields)
    answer = refusal_screen(refused, account, context)
    return Decision(account, f"refused: {REASONS[refused.reason]}", (written,),
                    replies.spoken(account, trigger.channel, context, f"refused.{refused.reason}", answer),
                    answer=answer)


def confirmed(account: Account, event: BorrowConfirmed, context: Context) -> Decision:
    """Asks the billing system for the credit if the offer still holds, else says why not."""
    offer = event.offer
    refused = _refused(offer, account, event, context)
    account = replies.closed(account)
    if refused is not None:
        return _refuse(account, refused, event.trigger, context, tier=offer.tier,
                       amount=context.money(offer.amount_minor), fee=context.money(offer.fee_minor),
                       currency=offer.currency)
    advance = _new_advance(account, event, context)
    credit = Credit(advance.op, account.msisdn, offer.amount_minor, offer.currency, account.profile.node,
                    advance=advance.id, balance_type=offer.balance_type, valid_s=offer.credit_valid_s)
    changed = _used(account.with_advance(advance), context, 1, offer.amount_minor)
    return Decision(changed, f"lends {context.money(offer.amount_minor)} {offer.currency}, "
                    f"asking the billing system", commands=(credit,),
                    lent_count=1, lent_minor=offer.amount_minor)


def _refused(offer: Offer, account: Account, event: BorrowConfirmed, context: Context) -> Refusal | None:
    examined = lending.examine(account, context)
    if isinstance(examined, Refusal):
        return examined
    refused = lending.too_rich(event.balance, context)
    agreed = replies.agreed(account, event.trigger.channel, offer)
    if refused is None and not (agreed and lending.still_holds(offer, examined, context)):
        refused = Refusal("offer_changed")
    return refused


def _new_advance(account: Account, event: BorrowConfirmed, context: Context) -> Advance:
    offer, now = event.offer, context.now
    return Advance(context.new_id(), account.generation, adv.GRANTING, offer, context.new_op(),
                   event.trigger.channel, event.trigger.id, requested_at=now,
                   due_at=now + offer.due_s * 1000, credit_expires_at=now + offer.credit_valid_s * 1000)


def _used(account: Account, context: Context, count: int, amount_minor: int) -> Account:
    standing, day = account.standing, context.policy.day(context.now)
    if standing.usage_day != day:
        standing = replace(standing, usage_day=day, usage_count=0, usage_minor=0)
    return replace(account, standing=replace(
        standing, usage_count=max(0, standing.usage_count + count),
        usage_minor=max(0, standing.usage_minor + amount_minor)))


def credited(account: Account, event: CreditAnswered, context: Context) -> Decision:
    """The billing system's word on an advance that is being granted, or was unknown."""
    advance = account.advance(event.advance)
    if advance is None or advance.op != event.op or advance.state not in adv.PENDING:
        return Decision(account, "an answer that was known already", finished=(event.op,))
    match event.outcome:
        case Done():
            decision = _granted(account, advance, event, context)
        case Refused():
            decision = _not_granted(account, advance, event, context, "refused")
        case NotFound():
            decision = _not_granted(account, advance, event, context, "not done")
        case Unknown():
            return _unsure(account, advance, event, context)
    if advance.state == adv.UNKNOWN:
        decision = _with_resolution(decision, advance, event, context)
    return decision


def _granted(account: Account, advance: Advance, event: CreditAnswered, context: Context) -> Decision:
    offer = advance.offer
    opened = replace(advance, state=advances.MACHINE.move(advance.state, "credited"), granted_at=context.now,
                     billing_ref=event.outcome.ref or None)
    mine = advance.generation == account.generation
    account = account.with_advance(opened)
    if mine:
        account = replace(account, standing=replace(
            account.standing, last_advance_at=context.now, advances_total=account.standing.advances_total + 1))
    written = advances.ticket_of("advance.granted", account, opened, context,
                             outstanding=context.money(opened.outstanding_minor),
                             text=f"{context.money(offer.amount_minor)} {offer.currency} lent, "
                                  f"{context.money(offer.total_minor)} owed by {context.date(advance.due_at)}")
    words = {"amount": context.money(offer.amount_minor), "total": context.money(offer.total_minor),
                 "due": context.date(advance.due_at), "currency": offer.currency}
    told = _result(account, advance, context, "granted", fee=context.money(offer.fee_minor), **words)
    decision = Decision(account, f"granted {context.money(offer.amount_minor)} {offer.currency}",
                        (written,), told, finished=(event.op,),
                        **_answer(account, advance, context, "result.granted", **words))
    return decision.plus(recover.start(account, context))


def _promised(advance: Advance) -> bool:
    """Whether the result must be told by short message."""
    return advance.answer_late or replies.by_message(advance.channel)


def _result(account: Account, advance: Advance, context: Context, key: str, **words: str) -> tuple[Notify, ...]:
    """The short message that tells the result; none to a stranger who has the number by now."""
    if advance.generation != account.generation:
        return ()
    if not _promised(advance):
        return notice(account, context, key, **words)
    text = replies.wording(account, context, f"sms.{key}", **words)
    return (replies.reply(account, context, f"sms.{key}", text),)


def _answer(account: Account, advance: Advance, context: Context, key: str, **words: str) -> dict:
    screen = Screen(context.catalogue.text(key, account.profile.language, **words), more=False)
    return {"answer": screen, "answer_to": Trigger(advance.channel, advance.trigger)}


def _not_granted(account: Account, advance: Advance, event: CreditAnswered, context: Context,
                 how: str) -> Decision:
    failed = replace(advance, state=advances.MACHINE.move(advance.state, how), closed_at=context.now)
    account = account.with_advance(failed)
    lent_count = lent_minor = 0
    if context.policy.day(advance.requested_at) == context.policy.day(context.now) \
            and advance.generation == account.generation:
        lent_count, lent_minor = -1, -advance.offer.amount_minor
        account = _used(account, context, lent_count, lent_minor)
    if how == "refused":
        written = advances.ticket_of("advance.refused", account, failed, context, reason="billing_refused",
                                 text=_said(event.outcome))
        answer = _answer(account, advance, context, "refused.billing_refused")
    else:
        written = advances.ticket_of("advance.failed", account, failed, context, reason="not_done")
        answer = _answer(account, advance, context, "result.failed")
    told = _result(account, advance, context, "failed") if _promised(advance) else ()
    decision = Decision(account, f"not granted: {written.fields['reason']}", (written,), told,
                        finished=(event.op,), lent_count=lent_count, lent_minor=lent_minor, **answer)
    return decision.plus(recover.start(account, context))


def _said(outcome: Refused) -> str:
    return f"the billing system refused: {outcome.text or outcome.reason}"[:200]


def _unsure(account: Account, advance: Advance, event: CreditAnswered, context: Context) -> Decision:
    if advance.state == adv.UNKNOWN:
        return Decision(account, "still unknown", unresolved=(event.op,))
    unknown = replace(advance, state=advances.MACHINE.move(advance.state, "unsure"), answer_late=True)
    account = account.with_advance(unknown)
    written = advances.ticket_of("advance.unknown", account, unknown, context,
                             text=event.outcome.text[:200] or "the billing system's answer is missing")
    return _pending(Decision(account, "the credit's outcome is unknown, to be looked up", (written,),
                             unresolved=(event.op,)), unknown, context)


def _pending(decision: Decision, advance: Advance, context: Context) -> Decision:
    """Answers "you will get an SMS"."""
    account, key = decision.account, "result.pending"
    answer = _answer(account, advance, context, key)
    return replace(decision, commands=replies.spoken(account, advance.channel, context, key, answer["answer"]),
                   **answer)


def _with_resolution(decision: Decision, advance: Advance, event: CreditAnswered,
                     context: Context) -> Decision:
    account = decision.account
    resolved = advances.ticket_of("reconcile.resolved", account, account.advance(advance.id), context,
                              text=f"the credit was {'done' if isinstance(event.outcome, Done) else 'not done'}"
                                   f", resolved by {event.resolved_by or 'a late answer'}")
    return replace(decision, tickets=(resolved, *decision.tickets))


def answer_due(account: Account, event: AnswerDue, context: Context) -> Decision | None:
    """Commits "you will get an SMS" as the answer, unless there is one by now."""
    advance = account.advance(event.advance)
    if advance is None:
        advance = next((a for a in account.advances if (a.channel, a.trigger)
                        == (event.trigger.channel, event.trigger.id)), None)
    if advance is None or advance.state != adv.GRANTING or advance.answer_late:
        return None
    account = account.with_advance(replace(advance, answer_late=True))
    return _pending(Decision(account, "the answer goes out by SMS"), advance, context)
