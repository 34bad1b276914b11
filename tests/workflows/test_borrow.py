"""From a confirmation to a debt, for every answer of the billing system."""

from dataclasses import replace

import pytest

from tectonics.domain.commands import NOTICE, REPLY, Credit, Notify
from tectonics.domain.errors import IllegalMove
from tectonics.domain.events import AnswerDue, BorrowAsked, CreditAnswered, Recharged, Replied, Trigger
from tectonics.domain.outcome import Balance, Done, NotFound, Refused, Unavailable, Unknown
from tectonics.workflows.advances import MACHINE
from tectonics.workflows.decide import decide
from tectonics.workflows.replies import code_of
from tests.workflows.world import DAY, MSISDN, NOW, POLICY, confirm, context, empty, policy, subscriber

TRIGGER = Trigger("ussd_http", "s|1*1")


def granting(**profile):
    account = subscriber(**profile)
    decision = decide(account, confirm(account), context())
    return decision, decision.account.advances[-1]


def answered(account, advance, outcome, now=NOW + 100, **more):
    return decide(account, CreditAnswered(MSISDN, now, advance.id, advance.op, outcome, **more), context(now))


def types(decision):
    return [t.type for t in decision.tickets]


def test_a_confirmation_asks_for_the_credit_and_nothing_else_yet():
    decision, advance = granting()
    credit, = decision.commands
    assert isinstance(credit, Credit)
    assert (credit.amount_minor, credit.advance, credit.op) == (200, advance.id, advance.op)
    assert credit.op.startswith("TEC-")
    assert decision.tickets == () and decision.answer is None
    assert (decision.lent_count, decision.lent_minor) == (1, 200)
    assert decision.account.exposed_minor == 220 and decision.account.outstanding_minor == 0
    assert decision.account.standing.usage_minor == 200


def test_done_opens_the_debt_and_tells_him_twice():
    decision, advance = granting()
    decision = answered(decision.account, advance, Done("ref7"))
    assert types(decision) == ["advance.granted"]
    record = decision.tickets[0].record()
    assert (record["amount"], record["fee"], record["outstanding"], record["billing_ref"]) \
        == ("2.00", "0.20", "2.20", "ref7")
    assert decision.finished == (advance.op,)
    assert decision.answer_to == TRIGGER and decision.answer.text.startswith("result.granted")
    assert [c.key for c in decision.commands] == ["sms.granted"]
    assert decision.account.outstanding_minor == 220


@pytest.mark.parametrize("first, outcome, type_, reason", [
    (None, Refused("blocked", "account blocked"), "advance.refused", "billing_refused"),
    (Unknown("timed out"), NotFound(), "advance.failed", "not_done"),
])
def test_no_credit_no_debt(first, outcome, type_, reason):
    decision, advance = granting()
    if first:
        decision = answered(decision.account, advance, first)
    decision = answered(decision.account, advance, outcome)
    assert types(decision)[-1] == type_ and decision.tickets[-1].fields["reason"] == reason
    assert decision.account.exposed_minor == 0
    assert (decision.lent_count, decision.lent_minor) == (-1, -200)
    assert decision.account.standing.usage_count == 0
    assert decision.finished == (advance.op,)


def test_unknown_counts_as_open_until_it_is_resolved():
    decision, advance = granting()
    decision = answered(decision.account, advance, Unknown("timed out"))
    assert types(decision) == ["advance.unknown"]
    assert decision.unresolved == (advance.op,) and decision.finished == ()
    assert decision.answer.text.startswith("result.pending")
    account = decision.account
    assert account.exposed_minor == 220 and account.outstanding_minor == 0
    again = answered(account, advance, Unknown("still"))
    assert types(again) == [] and again.unresolved == (advance.op,)
    done = answered(account, advance, Done("late"), resolved_by="look-up")
    assert types(done) == ["reconcile.resolved", "advance.granted"]
    assert done.account.outstanding_minor == 220
    never = answered(account, advance, NotFound(), resolved_by="Ann")
    assert types(never) == ["reconcile.resolved", "advance.failed"]
    assert "Ann" in never.tickets[0].fields["text"]
    assert [c.key for c in never.commands] == ["sms.failed"]


def test_a_second_answer_changes_nothing():
    decision, advance = granting()
    opened = answered(decision.account, advance, Done())
    again = answered(opened.account, advance, Refused("blocked"))
    assert again.tickets == () and again.finished == (advance.op,)
    assert again.account == opened.account


def test_confirming_asks_the_rules_again_but_never_changes_the_price():
    account = subscriber()
    event = confirm(account)
    for balance, reason in ((Balance(51, NOW), "balance"), (Unavailable(), "billing_unavailable")):
        decision = decide(account, replace(event, balance=balance), context())
        assert types(decision) == ["advance.refused"] and decision.commands == ()
        assert decision.tickets[0].fields["reason"] == reason
    dearer = replace(POLICY.segments[0], tiers=tuple(
        replace(t, fee=replace(t.fee, fee_minor=t.fee.fee_minor + 1)) for t in POLICY.segments[0].tiers))
    ctx = context(policy=replace(POLICY, version=2, segments=(dearer,)))
    decision = decide(account, event, ctx)
    assert decision.tickets[0].fields["reason"] == "offer_changed"
    assert decision.tickets[0].fields["amount"] == "2.00"


def test_the_budget_commits_the_pending_screen_once():
    decision, _advance = granting()
    due = AnswerDue(MSISDN, NOW + 8000, "", TRIGGER)
    late = decide(decision.account, due, context(NOW + 8000))
    assert late.answer.text.startswith("result.pending") and late.answer_to == TRIGGER
    assert decide(late.account, due, context(NOW + 8000)) is None
    done = answered(late.account, late.account.advances[-1], Done())
    assert [c.key for c in done.commands] == ["sms.granted"]
    assert decide(done.account, due, context(NOW + 8000)) is None


def test_a_failure_after_the_pending_screen_is_told_by_sms():
    decision, _advance = granting()
    late = decide(decision.account, AnswerDue(MSISDN, NOW, "", TRIGGER), context())
    failed = answered(late.account, late.account.advances[-1], Refused("blocked"))
    assert [c.key for c in failed.commands] == ["sms.failed"]


def test_a_refused_dial_leaves_a_ticket_and_one_who_may_borrow_none():
    asked = BorrowAsked(MSISDN, TRIGGER, NOW, empty())
    decision = decide(subscriber(listed="black"), asked, context())
    record = decision.tickets[0].record()
    assert (record["type"], record["reason"], record["trigger"]) == ("advance.refused", "black_list", "s|1*1")
    assert record["text"] and decision.answer.text == "refused.black_list"
    assert decide(subscriber(), asked, context()) is None


def test_a_recharge_while_the_credit_is_under_way_waits_for_it():
    decision, advance = granting()
    recharge = Recharged(MSISDN, "tcp", "r1", NOW + 50, NOW + 50, 500, "EUR")
    waiting = decide(decision.account, recharge, context(NOW + 50))
    assert waiting.commands == () and waiting.account.recoveries[-1].state == "waiting"
    done = answered(waiting.account, advance, Done())
    debit = next(c for c in done.commands if type(c).__name__ == "Debit")
    assert debit.amount_minor == 220
    refused = answered(waiting.account, advance, Refused("blocked"))
    assert refused.account.recoveries[-1].state == "dropped"


def test_usage_is_given_back_only_on_the_same_day():
    decision, advance = granting()
    unknown = answered(decision.account, advance, Unknown("timed out"))
    later = answered(unknown.account, advance, NotFound(), now=NOW + 2 * DAY)
    assert later.lent_count == 0


def test_nobody_says_not_done_of_a_credit_that_is_being_sent():
    decision, advance = granting()
    with pytest.raises(IllegalMove, match="'not done' cannot happen in state 'granting'"):
        answered(decision.account, advance, NotFound())


def test_the_table_names_an_unlisted_move():
    with pytest.raises(IllegalMove, match="'credited' cannot happen in state 'repaid'"):
        MACHINE.move("repaid", "credited")
    assert "granting --> open: credited" in MACHINE.diagram()


def test_a_day_cap_counts_what_is_under_way():
    account = granting()[0].account
    account = replace(account, advances=())
    ctx = context(policy=policy(day_count_max=1))
    assert decide(account, BorrowAsked(MSISDN, TRIGGER, NOW, empty()), ctx).tickets[0].fields["reason"] == "limit"


QUIET = replace(POLICY, notices=frozenset())


def shown_by(channel, ctx, number=2):
    """Somebody who was shown an offer, and his agreement to offer `number`."""
    account = subscriber()
    agreed = replace(confirm(account, 2, ctx), trigger=Trigger(channel, "t"))
    shown = Replied(MSISDN, Trigger(channel, "s"), NOW, "reply.confirm", "x", NOW + DAY, offer=agreed.offer,
                    code=code_of(account, agreed.offer))
    account = decide(account, shown, ctx).account
    return account, replace(agreed, offer=confirm(account, number, ctx).offer)


def lent_by(channel, outcome, late=False, policy=QUIET):
    """Keys and priorities of the messages that one advance leads to."""
    ctx = context(policy=policy)
    account, asked = shown_by(channel, ctx)
    decisions = [decide(account, asked, ctx)]
    advance = decisions[-1].account.advances[0]
    if late:
        decisions.append(decide(decisions[-1].account, AnswerDue(MSISDN, NOW, advance.id, asked.trigger), ctx))
    event = CreditAnswered(MSISDN, NOW, advance.id, advance.op, outcome)
    decisions.append(decide(decisions[-1].account, event, ctx))
    return [(command.key, command.priority) for decision in decisions for command in decision.commands
            if isinstance(command, Notify)]


@pytest.mark.parametrize("channel, late, told", [
    ("ussd_http", False, []),
    ("ussd_http", True, [("sms.granted", REPLY)]),  # it was promised on the screen
    ("sms", False, [("sms.granted", REPLY)]),
    ("sms_smpp", True, [("result.pending", REPLY), ("sms.granted", REPLY)]),
])
def test_who_was_promised_a_message_gets_it_whatever_notices_are_wanted(channel, late, told):
    assert lent_by(channel, Done("r"), late) == told


@pytest.mark.parametrize("channel, late, told", [
    ("ussd_http", False, []), ("ussd_http", True, ["sms.failed"]), ("sms", False, ["sms.failed"])])
def test_who_reads_no_screen_is_told_what_was_not_given(channel, late, told):
    assert [key for key, _ in lent_by(channel, Refused("limit"), late, POLICY)] == told


def test_a_notice_of_what_was_shown_is_only_that():
    assert lent_by("ussd_http", Done("r"), policy=POLICY) == [("sms.granted", NOTICE)]


def test_a_stranger_who_has_the_number_now_is_told_nothing():
    ctx = context()
    account, asked = shown_by("sms", ctx)
    lent = decide(account, asked, ctx).account
    advance = lent.advances[0]
    recycled = replace(lent, generation=2)
    for outcome in (Done("r"), Refused("limit")):
        decision = decide(recycled, CreditAnswered(MSISDN, NOW, advance.id, advance.op, outcome), ctx)
        assert [command for command in decision.commands if isinstance(command, Notify)] == []


@pytest.mark.parametrize("channel, told", [("sms", ["refused.not_prepaid"]), ("email", ["refused.not_prepaid"]), ("ussd_http", [])])
def test_who_asks_where_no_screen_is_seen_is_told_by_short_message_that_he_may_not(channel, told):
    asked = BorrowAsked(MSISDN, Trigger(channel, "sos:<m1@example.com>"), NOW, Balance(0, NOW))
    refused = decide(subscriber(kind="postpaid"), asked, context())
    assert [command.key for command in refused.commands] == told and types(refused) == ["advance.refused"]


def test_by_message_only_what_was_shown_last_is_agreed_to_and_once():
    ctx = context()
    account, asked = shown_by("sms", ctx)
    lent = decide(account, asked, ctx)
    assert lent.lent_minor == 200 and lent.account.standing.shown is None
    for stale in (subscriber(), lent.account):
        gold = replace(stale, profile=replace(stale.profile, segment="gold"))
        agreed = replace(asked, offer=replace(asked.offer, segment="gold"))
        decision = decide(gold, agreed, ctx)
        assert decision.tickets[0].fields["reason"] == "offer_changed" and decision.lent_minor == 0
        assert [command.key for command in decision.commands] == ["refused.offer_changed"]
    account, asked = shown_by("sms", ctx, number=3)
    assert decide(account, asked, ctx).tickets[0].fields["reason"] == "offer_changed"


@pytest.mark.parametrize("closes, left", [(True, False), (False, True)])
def test_an_answer_says_whether_the_offer_is_still_open(closes, left):
    ctx = context()
    account, _ = shown_by("sms", ctx)
    decision = decide(account, Replied(MSISDN, Trigger("sms", "u"), NOW, "owe.none", "x", closes=closes), ctx)
    assert (decision.account.standing.shown is not None) is left
    assert [(c.key, c.text, c.priority) for c in decision.commands] == [("owe.none", "x", REPLY)]


def test_an_offer_that_was_shown_is_closed_by_an_advance_from_anywhere():
    ctx = context()
    account, asked = shown_by("sms", ctx)
    decision = decide(account, replace(asked, trigger=Trigger("ussd_http", "s|1*1")), ctx)
    assert decision.lent_minor == 200 and decision.account.standing.shown is None
