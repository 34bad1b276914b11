"""What a recharge pays back, for every answer of the billing system and every order of events."""

from dataclasses import replace

import pytest

from tectonics.domain.commands import Credit, Debit
from tectonics.domain.errors import OurFault
from tectonics.domain.events import (
    AdvanceDue,
    CreditAnswered,
    DebitAnswered,
    LifecycleSeen,
    Recharged,
    RefundAnswered,
    Reversed,
)
from tectonics.domain.outcome import Balance, Done, NotFound, Refused, Unavailable, Unknown
from tectonics.domain.recharge import Recovery
from tectonics.workflows import repay
from tectonics.workflows.decide import decide
from tests.workflows.world import DAY, MSISDN, NOW, POLICY, confirm, context, subscriber


def types(decision):
    return [t.type for t in decision.tickets]


def keys(decision):
    return [c.key for c in decision.commands if hasattr(c, "key")]


def indebted(*numbers, account=None, ctx=None, **profile):
    """Somebody who has borrowed these tiers."""
    ctx = ctx or context()
    account = account or subscriber(**profile)
    for number in numbers or (2,):
        decision = decide(account, confirm(account, number, ctx), ctx)
        advance = decision.account.advances[-1]
        done = CreditAnswered(MSISDN, ctx.now, advance.id, advance.op, Done())
        account = decide(decision.account, done, ctx).account
    return account


def recharge(account, amount=500, id="r1", now=NOW + 1000, ctx=None, **more):
    event = Recharged(MSISDN, "tcp", id, now, more.pop("happened_at", now), amount, "EUR", **more)
    return decide(account, event, ctx or context(now))


def debit(decision):
    return next((c for c in decision.commands if isinstance(c, Debit)), None)


def answer(decision, outcome, available=None, ctx=None, **more):
    command = debit(decision)
    event = DebitAnswered(MSISDN, NOW + 2000, command.recovery, command.op, outcome, available, **more)
    return decide(decision.account, event, ctx or context(NOW + 2000))


def test_a_recharge_pays_everything_back():
    asked = recharge(indebted())
    assert debit(asked).amount_minor == 220 and asked.tickets == ()
    paid = answer(asked, Done("b1"))
    record = paid.tickets[0].record()
    assert (record["type"], record["amount"], record["principal_paid"], record["fee_paid"],
            record["outstanding"], record["recharge"]) == ("recovery.full", "2.20", "2.00", "0.20", "0.00", "r1")
    assert keys(paid) == ["sms.recovered_full"]
    assert paid.account.outstanding_minor == 0 and paid.finished == (debit(asked).op,)


@pytest.mark.parametrize("first, principal, fee", [("fee", "0.80", "0.20"), ("principal", "1.00", None)])
def test_a_small_recharge_pays_a_part(first, principal, fee):
    ctx = context(policy=replace(POLICY, recovery=replace(POLICY.recovery, first=first)))
    paid = answer(recharge(indebted(), 100), Done(), ctx=ctx)
    record = paid.tickets[0].record()
    assert record["type"] == "recovery.partial"
    assert record["principal_paid"] == principal and record.get("fee_paid") == (fee or "0.00")
    assert paid.account.outstanding_minor == 120
    rest = answer(recharge(paid.account, 500, "r2"), Done())
    assert types(rest) == ["recovery.full"]


def test_at_most_a_share_of_a_recharge_is_taken():
    half = replace(POLICY, recovery=replace(POLICY.recovery, share_percent=50))
    assert debit(recharge(indebted(), 301, ctx=context(NOW + 1000, half))).amount_minor == 150


def test_several_advances_oldest_first():
    account = indebted(4, 1, segment="gold")
    asked = recharge(account, 1100)
    paid = answer(asked, Done())
    assert types(paid) == ["recovery.full", "recovery.partial"]
    assert [t.fields["amount"] for t in paid.tickets] == ["10.80", "0.20"]


def test_the_balance_has_been_spent_meanwhile():
    asked = recharge(indebted())
    lower = answer(asked, Refused("insufficient"), Balance(150, NOW))
    assert debit(lower).amount_minor == 150 and debit(lower).op != debit(asked).op
    part = answer(lower, Done())
    assert types(part) == ["recovery.partial"] and part.account.outstanding_minor == 70
    nothing = answer(asked, Refused("insufficient"), Balance(0, NOW))
    assert types(nothing) == ["recovery.failed"] and nothing.tickets[0].fields["reason"] == "balance_spent"
    again = recharge(nothing.account, 500, "r2")
    assert debit(again).amount_minor == 220


def test_stepping_down_is_bounded():
    decision, steps = recharge(indebted()), 0
    while debit(decision):
        decision, steps = answer(decision, Refused("insufficient"), Unavailable()), steps + 1
    assert steps == POLICY.recovery.attempts_max
    assert types(decision) == ["recovery.failed"]


def test_an_unknown_debit_holds_its_amount_back():
    account = indebted(4, 1, segment="gold")  # owes 10.80 + 1.10
    unknown = answer(recharge(account, 1000), Unknown("timed out"))
    assert types(unknown) == ["recovery.unknown"] and len(unknown.unresolved) == 1
    held = unknown.account.recoveries[-1]
    second = recharge(unknown.account, 1000, "r2")
    assert debit(second).amount_minor == 190
    paid = answer(second, Done())
    resolved = DebitAnswered(MSISDN, NOW + 9000, held.id, held.op, Done(), None, "look-up")
    cleared = decide(paid.account, resolved, context(NOW + 9000))
    assert types(cleared)[0] == "reconcile.resolved" and cleared.account.outstanding_minor == 0


def test_an_unknown_debit_that_never_happened_is_asked_again_as_a_new_operation():
    unknown = answer(recharge(indebted()), Unknown())
    held = unknown.account.recoveries[-1]
    event = DebitAnswered(MSISDN, NOW + 9000, held.id, held.op, NotFound(), None, "look-up")
    again = decide(unknown.account, event, context(NOW + 9000))
    assert types(again) == ["reconcile.resolved"]
    assert debit(again).amount_minor == 220 and debit(again).op != held.op


def test_one_debit_at_a_time():
    first = recharge(indebted(4, 1, segment="gold"), 500)
    second = recharge(first.account, 500, "r2")
    assert debit(second) is None
    paid = answer(replace(first, account=second.account), Done())
    assert debit(paid).amount_minor == 500


def test_our_own_credit_on_the_feed_is_never_recovered():
    account = indebted()
    for seen in (recharge(account, id="TEC-1"), recharge(account, ref="TEC-1")):
        assert seen.commands == () and seen.account == account


def test_classes_that_do_not_pay_and_recharges_that_were_there_before():
    assert debit(recharge(indebted(), kind="refund")) is None
    assert debit(recharge(indebted(), happened_at=NOW - 301_000)) is None
    assert debit(recharge(indebted(), happened_at=NOW - 299_000)) is not None


def test_a_recharge_makes_an_unknown_number_a_subscriber():
    from tectonics.domain.subscriber import Account
    seen = recharge(Account(MSISDN))
    assert seen.account.profile.kind == "prepaid" and seen.account.profile.activated_at == NOW + 1000


def test_a_reversal_returns_the_money_and_reopens_the_debt():
    paid = answer(recharge(indebted()), Done())
    taken = decide(paid.account, Reversed(MSISDN, "tcp", "x1", NOW + 3000, "r1"), context(NOW + 3000))
    refund, = (c for c in taken.commands if isinstance(c, Credit))
    assert (refund.amount_minor, refund.advance) == (220, "")
    assert taken.account.outstanding_minor == 0 and len(taken.marks) == 1
    returned = RefundAnswered(MSISDN, NOW + 3100, refund.recovery, refund.op, Done())
    open_again = decide(taken.account, returned, context(NOW + 3100))
    record = open_again.tickets[0].record()
    assert (record["type"], record["amount"], record["outstanding"]) == ("recovery.reversed", "2.20", "2.20")
    assert open_again.account.outstanding_minor == 220
    assert open_again.account.advances[-1].state == "open"


def test_a_reversal_while_the_debit_is_under_way_or_waiting():
    asked = recharge(indebted())
    event = Reversed(MSISDN, "tcp", "x1", NOW + 1500, "r1")
    taken = decide(asked.account, event, context(NOW + 1500))
    paid = answer(replace(asked, account=taken.account), Done())
    assert any(isinstance(c, Credit) for c in paid.commands)
    failed = answer(replace(asked, account=taken.account), Refused("insufficient"), Balance(100, NOW))
    assert debit(failed) is None
    waiting = recharge(asked.account, 500, "r2")
    gone = decide(waiting.account, Reversed(MSISDN, "tcp", "x2", NOW, "r2"), context())
    assert gone.account.recoveries[-1].state == "dropped"


def test_a_reversal_before_its_recharge():
    event = Recharged(MSISDN, "tcp", "r1", NOW, NOW, 500, "EUR")
    seen = decide(indebted(), event, context(), taken_back=True)
    assert seen.commands == () and len(seen.account.standing.recharges) == 6


def test_the_refund_is_refused_unknown_or_never_happened():
    paid = answer(recharge(indebted()), Done())
    taken = decide(paid.account, Reversed(MSISDN, "tcp", "x1", NOW, "r1"), context())
    refund = next(c for c in taken.commands if isinstance(c, Credit))

    def refunded(account, outcome):
        return decide(account, RefundAnswered(MSISDN, NOW, refund.recovery, refund.op, outcome), context())

    assert types(refunded(taken.account, Refused("blocked"))) == ["recovery.failed"]
    unknown = refunded(taken.account, Unknown("?"))
    assert types(unknown) == ["recovery.unknown"] and unknown.account.outstanding_minor == 0
    again = refunded(unknown.account, NotFound())
    assert types(again) == ["reconcile.resolved"]
    assert next(c for c in again.commands if isinstance(c, Credit)).op != refund.op
    assert types(refunded(unknown.account, Done())) == ["reconcile.resolved", "recovery.reversed"]


def test_overdue_bars_after_n_and_full_recovery_unbars():
    rules = replace(POLICY, barring=replace(POLICY.barring, late_max=1))
    late = NOW + 8 * DAY
    account = indebted()
    assert decide(account, AdvanceDue(MSISDN, NOW, account.advances[0].id), context()) is None
    due = decide(account, AdvanceDue(MSISDN, late, account.advances[0].id), context(late, rules))
    assert types(due) == ["advance.overdue", "subscriber.barred"]
    assert keys(due) == ["sms.overdue", "sms.barred"]
    assert due.account.outstanding_minor == 220
    asked = recharge(due.account, now=late, ctx=context(late, rules))
    paid = answer(asked, Done(), ctx=context(late, rules))
    assert types(paid) == ["recovery.full", "subscriber.unbarred"]
    assert paid.account.profile.bar is None and paid.account.standing.late_count == 0


def test_chances_used_bar():
    rules = replace(POLICY, barring=replace(POLICY.barring, chances_max=2))
    one = answer(recharge(indebted(), 50), Done(), ctx=context(policy=rules))
    assert one.account.profile.bar is None
    two = answer(recharge(one.account, 50, "r2"), Refused("insufficient"), Balance(0, NOW),
                 ctx=context(policy=rules))
    assert types(two) == ["recovery.failed", "subscriber.barred"]


def test_a_recycled_number_inherits_nothing():
    account = indebted(listed="white")
    event = LifecycleSeen(MSISDN, "tcp", "l1", NOW, NOW, "recycled")
    fresh = decide(account, event, context())
    assert types(fresh) == ["advance.written_off"] and fresh.tickets[0].fields["reason"] == "recycled"
    assert (fresh.account.generation, fresh.account.exposed_minor, fresh.account.profile.listed) == (2, 0, "")
    assert debit(recharge(fresh.account)) is None


def test_a_debit_under_way_when_the_number_is_recycled_still_pays_the_former_debt():
    asked = recharge(indebted())
    fresh = decide(asked.account, LifecycleSeen(MSISDN, "tcp", "l1", NOW, NOW, "recycled"), context())
    assert types(fresh) == []
    paid = answer(replace(asked, account=fresh.account), Done())
    assert types(paid) == ["recovery.full"] and keys(paid) == []


def test_taking_more_than_is_owed_is_our_fault():
    wrong = Recovery("x", 1, "debiting", "tcp", "r", NOW, 999, NOW, amount_minor=999)
    with pytest.raises(OurFault, match="more than was owed"):
        repay.allocate(indebted(), wrong, context(), "ref")
