"""A call-back from the request to its ticket: what is done at each step, and that every end is the right one."""

import pytest

from tectonics.domain import call as calls
from tectonics.domain.call import Answered, Ended
from tectonics.domain.commands import Connect, Reserve, Ring, Settle, Talk
from tectonics.domain.errors import IllegalMove, TheirFault
from tectonics.domain.events import (
    LegAnswered,
    LifecycleSeen,
    ProfileChanged,
    ReserveAnswered,
    SettleAnswered,
    TalkEnded,
    TalkExtended,
    Trigger,
)
from tectonics.domain.outcome import Done, NotFound, Refused, Unknown
from tectonics.domain.trace import trace_of
from tectonics.workflows.call_moves import MACHINE
from tectonics.workflows.table import Machine
from tests.workflows.call_world import ASKED, FREE, RULES, Life, policy
from tests.workflows.world import MSISDN, NOW, subscriber


def test_prepaid_from_the_request_to_the_ticket():
    life = Life()
    asked = life.ask()
    assert [type(c) for c in asked.commands] == [Reserve] and asked.answer.text.startswith("callback.coming")
    held = asked.commands[0]
    assert (held.amount_minor, held.valid_s, held.session) == (5 + 24, 21_600, life.call.session)
    reserved = life.reserve()
    assert [type(c) for c in reserved.commands] == [Ring] and reserved.finished == (held.op,)
    ring = reserved.commands[0]
    assert (ring.op, ring.number, ring.caller, ring.ring_s) == (life.call.a.id, MSISDN, "33144", 45)
    up = life.a_answers()
    assert [type(c) for c in up.commands] == [Connect] and up.finished == (ring.op,)
    connect = up.commands[0]
    assert (connect.op, connect.number, connect.caller, connect.a_handle) == (life.call.b.id, "33612345678", MSISDN, "A")
    both = life.b_answers()
    talk, = both.commands
    assert isinstance(talk, Talk) and both.finished == (connect.op,)
    assert (talk.a_handle, talk.b_handle, talk.until_at) == ("A", "B", life.now + 120_000)
    over = life.ends(63.2)
    settle, = over.commands
    assert isinstance(settle, Settle) and over.finished == ("talk",) and over.tickets == ()
    assert (settle.amount_minor, settle.session) == (5 + 13, held.session)  # 64 s are 66, 13.2 rounded
    closed = life.settle()
    assert closed.finished == (settle.op,) and life.call is None and life.told == []
    assert [mark.charged_minor for mark in life.account.standing.calls] == [18]
    record, = (t.record() for t in closed.tickets)
    assert record == {
        "id": record["id"], "time": record["time"], "type": "callback.completed", "outcome": "done",
        "text": "talked 64 s, A hung up; 0.18 EUR", "trace": trace_of(ASKED.channel, ASKED.id), "msisdn": MSISDN, "channel": ASKED.channel, "trigger": ASKED.id,
        "service": "callback", "amount": "0.18", "currency": "EUR", "policy": 3, "billing_ref": "s9",
        "a_number": MSISDN, "b_number": "33612345678", "a_answered": "2026-09-21T14:13:25.000Z",
        "b_answered": "2026-09-21T14:13:30.000Z", "ended": "2026-09-21T14:14:33.200Z", "duration_s": 64, "cause": 16,
        "charged_party": "a", "destination": "france", "call": closed.tickets[0].fields["call"]}


def test_postpaid_reserves_nothing_and_the_ticket_is_what_is_charged():
    life = Life(subscriber(kind="postpaid", call_back=True))
    assert [type(c) for c in life.ask(balance=None).commands] == [Ring]
    life.a_answers()
    life.b_answers()
    assert life.of(Talk).until_at == life.now + 3_600_000
    closed = life.ends(31)
    assert life.types() == ["callback.completed"] and closed.finished == ("talk",)
    assert (closed.tickets[0].fields["amount"], closed.tickets[0].fields["duration_s"]) == ("0.12", 31)
    assert life.call is None and life.count(Reserve) == life.count(Settle) == 0
    assert (life.account.standing.call_cycle_s, life.account.standing.call_cycle_minor) == (31, 12)
    assert [mark.charged_minor for mark in life.account.standing.calls] == [12]


def test_a_free_destination_reserves_nothing():
    life = Life().talking(b=FREE)
    life.ends(100)
    assert life.types() == ["callback.completed"] and life.tickets[0].fields["amount"] == "0.00"
    assert life.count(Reserve) == 0


# --- the reservation

@pytest.mark.parametrize(("outcome", "type_", "reason", "told"), [
    (Refused("insufficient"), "callback.refused", "credit", "sms.callback.credit"),
    (Refused("unknown_subscriber"), "callback.refused", "unknown_subscriber", "sms.callback.account"),
    (Refused("blocked", "account blocked"), "callback.refused", "billing_refused", "sms.callback.account"),
    (Refused("unreachable"), "callback.failed", "billing_unavailable", "sms.callback.failed"),
    (NotFound(), "callback.failed", "billing_unavailable", "sms.callback.failed"),
])
def test_without_a_reservation_nobody_is_rung_and_he_is_told_why(outcome, type_, reason, told):
    life = Life()
    life.ask()
    op = life.call.op
    closed = life.reserve(outcome)
    assert (life.types(), life.tickets[0].fields["reason"], life.told) == ([type_], reason, [told])
    assert closed.finished == (op,) and life.call is None and life.count(Ring) == life.count(Settle) == 0
    if reason == "billing_refused":
        assert life.tickets[0].fields["text"] == "the billing system refused: account blocked"


def test_an_unknown_reservation_rings_nobody_and_what_it_held_is_given_back():
    life = Life()
    life.ask()
    op = life.call.op
    unknown = life.reserve(Unknown("timed out"))
    assert (life.call.state, unknown.unresolved, unknown.finished) == (calls.UNRESERVED, (op,), ())
    assert (life.types(), life.told) == (["callback.unknown"], ["sms.callback.failed"])
    assert life.reserve(Unknown("still")).tickets == () and life.unresolved == [op, op]
    held = life.reserve(Done("late"), resolved_by="look-up")
    settle, = held.commands
    assert (settle.amount_minor, held.finished, life.call.state) == (0, (op,), calls.SETTLING)
    assert "look-up" in held.tickets[0].fields["text"] and "was done" in held.tickets[0].fields["text"]
    closed = life.settle()
    assert [t.type for t in closed.tickets] == ["callback.failed"]
    assert closed.tickets[0].fields["reason"] == "billing_unavailable"
    assert life.types() == ["callback.unknown", "reconcile.resolved", "callback.failed"]
    assert life.count(Ring) == 0 and life.told == ["sms.callback.failed"] and life.call is None


@pytest.mark.parametrize("outcome", [NotFound(), Refused("insufficient")])
def test_an_unknown_reservation_that_was_not_made_is_told_once(outcome):
    life = Life()
    life.ask()
    life.reserve(Unknown())
    life.reserve(outcome, resolved_by="Ann")
    assert life.types()[:2] == ["callback.unknown", "reconcile.resolved"] and len(life.tickets) == 3
    assert life.told == ["sms.callback.failed"] and life.call is None and life.count(Settle) == 0


def test_a_second_answer_to_a_reservation_changes_nothing():
    life = Life()
    life.ask()
    op, account = life.call.op, life.reserve().account
    for outcome in (Done("again"), Refused("insufficient"), Unknown(), NotFound()):
        assert life.reserve(outcome, op).finished == (op,) and life.account == account
    assert life.count(Ring) == 1 and life.tickets == []


# --- the legs

@pytest.mark.parametrize(("cause", "q850", "told"), [
    (calls.NO_ANSWER, 19, ["sms.callback.a_unreached"]), (calls.BUSY, 17, ["sms.callback.a_unreached"]),
    (calls.UNREACHABLE, 20, ["sms.callback.a_unreached"]), (calls.DECLINED, 21, []), (calls.CANCELLED, 0, []),
    (calls.CONGESTION, 42, ["sms.callback.failed"])])
@pytest.mark.parametrize("prepaid", [True, False])
def test_a_does_not_answer(cause, q850, told, prepaid):
    life = Life(subscriber() if prepaid else subscriber(kind="postpaid", call_back=True))
    life.ask()
    if prepaid:
        life.reserve()
    a = life.call.a
    over = life.fails(a, cause, q850)
    assert over.finished == (a.id,) and life.hung_up == [] and life.told == told
    if prepaid:
        assert life.of(Settle).amount_minor == 0 and life.tickets == []
        life.settle()
    record, = (t.record() for t in life.tickets)
    assert (record["type"], record["reason"], record["amount"], record["duration_s"]) \
        == ("callback.failed", f"a_{cause}", "0.00", 0)
    assert record.get("cause", 0) == q850 and "a_answered" not in record and record["text"]
    assert life.call is None and life.told == told and life.count(Connect) == 0


@pytest.mark.parametrize(("cause", "told"), [
    (calls.BUSY, ["sms.callback.b_busy"]), (calls.NO_ANSWER, ["sms.callback.b_no_answer"]),
    (calls.UNREACHABLE, ["sms.callback.b_unreached"]), (calls.BAD_NUMBER, ["sms.callback.b_unreached"]),
    (calls.BY_A, []), (calls.CANCELLED, []), (calls.FAILED, ["sms.callback.failed"])])
def test_b_does_not_answer_and_a_is_hung_up(cause, told):
    life = Life()
    life.ask()
    life.reserve()
    life.a_answers()
    call = life.call
    life.fails(call.b, cause)
    legs, = life.hung_up
    assert legs[0] == (call.a.id, "A") and (len(legs) == 2) == (cause == calls.FAILED)
    assert life.of(Settle).amount_minor == 0
    life.settle()
    assert life.types() == ["callback.failed"] and life.told == told
    assert life.tickets[0].fields["reason"] == f"b_{cause}" and life.tickets[0].fields["a_answered"]
    assert life.account.standing.call is None


@pytest.mark.parametrize("cause", [calls.GONE, calls.FAILED, calls.LOST])
def test_a_leg_that_may_be_up_all_the_same_is_hung_up(cause):
    life = Life()
    life.ask()
    life.reserve()
    a = life.call.a
    life.fails(a, cause)
    assert life.hung_up == [((a.id, ""),)]


def late(life, leg, call):
    return life.decide(LegAnswered(MSISDN, life.now, call.id, leg.id, Answered(life.now, "late")))


def test_a_leg_that_answers_when_nobody_waits_for_it_is_hung_up_again():
    life = Life()
    life.ask()
    life.reserve()
    call = life.call
    life.fails(call.a, calls.NO_ANSWER)
    for closed in (False, True):
        decision = late(life, call.a, call)
        assert [c.legs for c in decision.commands] == [((call.a.id, "late"),)]
        assert decision.finished == (call.a.id,) and decision.tickets == ()
        assert (life.call is None) is closed
        if not closed:
            life.settle()
    assert life.types() == ["callback.failed"]


def test_another_calls_leg_is_no_leg_of_this_one():
    life = Life()
    life.ask()
    life.reserve()
    before = life.account
    decision = life.decide(LegAnswered(MSISDN, life.now, "other", "leg", Answered(life.now, "h")))
    assert [c.legs for c in decision.commands] == [(("leg", "h"),)] and decision.commands[0].call == "other"
    assert life.account == before


def test_an_answer_that_is_told_twice_is_one():
    life = Life().talking()
    call = life.call
    for leg in (call.a, call.b):
        again = late(life, leg, call)
        assert again.commands == () and again.finished == (leg.id,) and life.call == call
    life.fails(call.b, calls.GONE)
    assert life.call == call and life.hung_up == []


# --- the conversation

def test_more_is_held_before_the_time_ends():
    life = Life().talking()
    first = life.call
    asked = life.extend(first.until_at - 20_000)
    more, = asked.commands
    assert (more.amount_minor, more.session) == (12, first.session) and more.op != first.op
    assert life.extend() is None  # one at a time
    held = life.reserve()
    assert held.commands == () and held.finished == (more.op,)
    assert (life.call.until_at, life.call.reserved_minor) == (first.until_at + 60_000, 41)
    life.ends(cause="limit", after_s=80)
    assert life.of(Settle).amount_minor == 41
    life.settle()
    assert "the talk time was used up" in life.tickets[0].fields["text"]


@pytest.mark.parametrize("outcome", [Refused("blocked"), NotFound(), Refused("rejected")])
def test_when_no_more_is_held_the_call_ends_when_it_would_have(outcome):
    life = Life().talking()
    first = life.call
    life.extend(first.until_at - 20_000)
    op = life.call.op
    refused = life.reserve(outcome)
    assert refused.commands == () and refused.finished == (op,)
    assert (life.call.until_at, life.call.reserved_minor, life.call.op) == (first.until_at, first.reserved_minor, "")


def test_when_less_is_there_less_is_held():
    life = Life().talking()
    until = life.call.until_at
    life.extend(until - 20_000)
    asked = [life.of(Reserve)]
    while life.call.op:
        life.reserve(Refused("insufficient"))
        asked.append(life.of(Reserve))
    assert [r.amount_minor for r in asked[:-1]] == [12, 6, 4, 2, 1] and len({r.op for r in asked}) == 5
    assert life.call.until_at == until
    life.extend(until - 10_000)
    life.reserve(Refused("insufficient"))
    life.reserve()
    assert life.call.until_at == until + 30_000


def test_who_has_run_out_of_time_is_not_asked_for_less():
    life = Life().talking()
    life.extend(life.call.until_at - 20_000)
    life.now = life.call.until_at
    assert life.reserve(Refused("insufficient")).commands == ()
    assert life.extend() is None


def test_an_unknown_extension_is_used_only_if_it_is_known_in_time_and_goes_with_its_session():
    life = Life().talking()
    first = life.call
    life.extend(first.until_at - 20_000)
    op = life.call.op
    unknown = life.reserve(Unknown("timed out"))
    assert unknown.unresolved == (op,) and unknown.tickets == () and life.call.until_at == first.until_at
    over = life.ends(cause="limit", after_s=20)
    assert over.finished == ("talk", op) and life.of(Settle).amount_minor == first.reserved_minor
    call = life.call
    assert life.decide(ReserveAnswered(MSISDN, life.now, call.id, op, Done())).finished == (op,)
    assert life.call == call
    resolved = Life().talking()
    resolved.extend(resolved.call.until_at - 20_000)
    resolved.reserve(Unknown("timed out"))
    resolved.reserve(Done(), resolved_by="look-up")
    assert resolved.call.talk_s == 180


def test_a_call_never_becomes_longer_than_the_longest():
    life = Life(rules=policy(talk_most_s=150)).talking()
    life.extend(life.call.until_at - 20_000)
    life.reserve()
    assert life.call.until_at == life.call.b.answered_at + 150_000
    assert life.extend(life.call.until_at - 20_000) is None


def test_nothing_is_extended_that_is_not_talked():
    life = Life()
    life.ask()
    assert life.extend() is None
    assert life.decide(TalkExtended(MSISDN, NOW, "other")) is None
    postpaid = Life(subscriber(kind="postpaid", call_back=True)).talking(balance=None)
    assert postpaid.extend() is None


@pytest.mark.parametrize("cause", [calls.LOST, calls.GONE, calls.FAILED])
def test_when_nobody_saw_the_end_both_are_hung_up(cause):
    life = Life().talking()
    call = life.call
    life.ends(7000, cause=cause, q850=0)
    assert life.hung_up == [((call.a.id, "A"), (call.b.id, "B"))]


@pytest.mark.parametrize(("extended", "seen_ms", "charged_s"), [
    (False, 0, 0), (True, 0, 100), (False, 40_000, 40), (True, 40_000, 100), (False, 10**9, 120)])
def test_a_lost_end_is_charged_to_what_is_proven(extended, seen_ms, charged_s):
    life = Life().talking()
    began = life.call.b.answered_at
    if extended:
        life.extend(began + 100_000)
        life.reserve(Refused("blocked"))
    life.now = began + 7_000_000
    life.ends(cause=calls.LOST, q850=0, seen_at=began + seen_ms if seen_ms else 0)
    life.settle()
    record = life.tickets[0].record()
    assert (record["type"], record["reason"], record["duration_s"]) == ("callback.completed", "lost", charged_s)
    assert "nobody saw the end" in record["text"] and record["ended"]


def test_a_second_end_changes_nothing():
    life = Life().talking()
    life.ends(30)
    account = life.account
    assert life.ends(60).finished == ("talk",) and life.account == account
    assert life.count(Settle) == 1


# --- the settlement

def settling(after_s=30):
    life = Life().talking()
    life.ends(after_s)
    return life


def test_an_unknown_settlement_stays_until_it_is_resolved():
    life = settling()
    op = life.call.op
    unknown = life.settle(Unknown("timed out"))
    assert unknown.unresolved == (op,) and unknown.finished == () and life.types() == ["callback.unknown"]
    assert life.tickets[0].fields["amount"] == "0.11"
    assert life.settle(Unknown("still")).tickets == () and life.call.state == calls.SETTLING
    done = life.settle(Done("late"), resolved_by="Ann")
    assert [t.type for t in done.tickets] == ["reconcile.resolved", "callback.completed"]
    assert "settlement was done, resolved by Ann" in done.tickets[0].fields["text"]
    assert done.finished == (op,) and life.call is None and life.told == []


def test_what_was_certainly_not_settled_is_settled_again():
    life = settling()
    first = life.of(Settle)
    life.settle(Unknown())
    again = life.settle(NotFound(), resolved_by="look-up")
    second, = again.commands
    assert second.op != first.op and again.finished == (first.op,)
    assert (second.amount_minor, second.session) == (first.amount_minor, first.session)
    assert life.settle(Done(), first.op).finished == (first.op,) and life.call.op == second.op
    life.settle()
    assert life.types() == ["callback.unknown", "reconcile.resolved", "callback.completed"]
    assert life.tickets[1].fields["text"] == "the settlement was done, resolved by another attempt"


def test_it_is_tried_for_as_long_as_the_money_may_be_held():
    life = settling()
    held_until = life.call.until_at + RULES.hold_s * 1000
    for _ in range(100):  # one unknown outcome is told once, however often it comes
        life.now = held_until - 1
        life.settle(Unknown())
        life.settle(NotFound(), resolved_by="look-up")
    assert life.call.state == calls.SETTLING and life.count(Settle) == 101 and life.types() == ["callback.unknown"]
    life.now = held_until
    life.settle(NotFound(), resolved_by="look-up")
    assert life.call is None and life.count(Settle) == 102  # the last gives the rest back
    assert life.types() == ["callback.unknown", "reconcile.resolved", "callback.failed"]
    assert life.tickets[2].fields["reason"] == "not_charged"


def test_a_refused_settlement_is_a_call_that_was_not_charged():
    life = settling()
    life.settle(Refused("rejected", "no such session"))
    record = life.tickets[0].record()
    assert (record["type"], record["reason"], record["amount"], record["duration_s"]) \
        == ("callback.failed", "not_charged", "0.00", 30)
    assert life.commands[-1].amount_minor == 0 and life.commands[-1].session
    assert "0.11 EUR for 30 s" in record["text"] and life.call is None and life.told == []
    assert [mark.charged_minor for mark in life.account.standing.calls] == [None]


def test_nothing_to_take_and_nothing_held_is_no_failure_of_its_own():
    life = Life()
    life.ask()
    life.reserve()
    life.fails(life.call.a, calls.NO_ANSWER)
    life.settle(Refused("rejected"))
    assert life.tickets[0].fields["reason"] == "a_no_answer"


def test_nothing_to_take_is_not_said_to_have_been_talked_when_letting_go_is_given_up():
    life = Life()
    life.ask()
    life.reserve()
    life.fails(life.call.a, calls.NO_ANSWER)
    life.settle(NotFound())
    life.now = life.call.asked_at + RULES.hold_s * 1000
    life.settle(NotFound())
    assert life.call is None and life.tickets[0].fields["reason"] == "a_no_answer"
    assert life.count(Settle) == 3  # the last lets go once more


def test_a_settlement_of_no_call_of_his_is_known_already():
    life = Life()
    for outcome, finished, unresolved in ((Done(), ("x",), ()), (Unknown(), (), ("x",))):
        decision = life.decide(SettleAnswered(MSISDN, NOW, "gone", "x", outcome))
        assert (decision.finished, decision.unresolved, decision.tickets) == (finished, unresolved, ())


# --- the number goes to somebody else

def recycled(life):
    return life.decide(LifecycleSeen(MSISDN, "tcp", "l1", life.now, life.now, "recycled"))


def test_a_call_that_is_set_up_is_cut_when_the_number_is_somebody_elses():
    life = Life()
    life.ask()
    reserve = life.call.op
    assert recycled(life).finished == (reserve,)
    assert life.hung_up == [] and life.of(Settle).amount_minor == 0
    ringing = Life()
    ringing.ask()
    ringing.reserve()
    a = ringing.call.a
    recycled(ringing)
    assert ringing.hung_up == [((a.id, ""),)]
    ringing.settle()
    assert ringing.types() == ["callback.failed"] and ringing.tickets[0].fields["reason"] == "recycled"
    assert ringing.call is None and ringing.account.standing.calls == ()


def test_what_a_former_holder_talked_is_charged():
    life = Life().talking()
    call = life.call
    life.now += 30_000
    recycled(life)
    assert life.hung_up == [((call.a.id, "A"), (call.b.id, "B"))] and life.of(Settle).amount_minor == 11
    account = life.account
    assert (account.generation, account.profile.kind) == (2, "prepaid")
    life.decide(TalkEnded(MSISDN, life.now, call.id, "talk", Ended(life.now, "by_b")))
    assert life.account.standing == account.standing
    life.settle()
    assert life.types() == ["callback.completed"] and life.call is None


def test_nobody_is_forgotten_while_he_talks():
    life = Life().talking()
    with pytest.raises(TheirFault, match="a call-back is under way"):
        life.decide(ProfileChanged(MSISDN, NOW, "forget", "", "Ann", Trigger("api", "f1")))


# --- who sees what

@pytest.mark.parametrize(("a_sees", "b_sees", "ring", "connect"), [
    ("service", "a", "33144", MSISDN), ("b", "service", "33612345678", "33144"), ("none", "none", "", "")])
def test_caller_numbers(a_sees, b_sees, ring, connect):
    life = Life(subscriber(language="fr"), policy(a_sees=a_sees, b_sees=b_sees)).talking()
    assert (life.of(Ring).caller, life.of(Connect).caller, life.of(Ring).language) == (ring, connect, "fr")


# --- the machine

def test_every_move_of_the_table_was_made(monkeypatch):
    """Walks all of it once more, and looks which moves were taken."""
    made = set()
    move = Machine.move
    monkeypatch.setattr(Machine, "move", lambda self, state, happening: made.add((state, happening))
                        or move(self, state, happening))
    test_prepaid_from_the_request_to_the_ticket()
    test_postpaid_reserves_nothing_and_the_ticket_is_what_is_charged()
    test_an_unknown_reservation_rings_nobody_and_what_it_held_is_given_back()
    test_an_unknown_reservation_that_was_not_made_is_told_once(NotFound())
    test_without_a_reservation_nobody_is_rung_and_he_is_told_why(NotFound(), "callback.failed", "billing_unavailable",
                                                                 "sms.callback.failed")
    for prepaid in (True, False):
        test_a_does_not_answer(calls.BUSY, 17, ["sms.callback.a_unreached"], prepaid)
    test_b_does_not_answer_and_a_is_hung_up(calls.BUSY, ["sms.callback.b_busy"])
    life = Life(subscriber(kind="postpaid", call_back=True))
    life.ask(balance=None)
    life.a_answers()
    life.fails(life.call.b, calls.BUSY)
    test_more_is_held_before_the_time_ends()
    test_what_was_certainly_not_settled_is_settled_again()
    test_a_refused_settlement_is_a_call_that_was_not_charged()
    test_a_call_that_is_set_up_is_cut_when_the_number_is_somebody_elses()
    unsure = Life()
    unsure.ask()
    unsure.reserve(Unknown())
    recycled(unsure)
    assert {(s, h) for s, h in made if (s, h) in MACHINE.moves} == set(MACHINE.moves)


def test_an_unlisted_move_is_an_error_of_ours():
    with pytest.raises(IllegalMove, match="call-back: 'B answered' cannot happen in state 'ringing'"):
        MACHINE.move(calls.RINGING, "B answered")
