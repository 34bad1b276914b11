"""The money of a call, to the minor unit: what is held covers what may be talked, what is taken was talked and held."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.call import LOST, Ended, Rate
from tectonics.domain.call_rules import PostpaidRules
from tectonics.domain.commands import Reserve, Settle
from tectonics.domain.outcome import Balance, Done, Refused
from tectonics.domain.tariff import Destination, price_minor
from tectonics.domain.value import replace
from tectonics.workflows import call_money
from tests.workflows.call_world import DEAR, FRANCE, Life, policy
from tests.workflows.world import DAY, NOW, context, subscriber

RATES = st.builds(Rate, st.just("r"), st.integers(0, 200), st.integers(1, 3000), st.integers(1, 120), st.integers(1, 60))


def of(rate, **rules):
    return policy(destinations=(Destination("r", ("",), rate),), **rules)


@pytest.mark.parametrize(("balance", "talk_s", "amount_minor"), [
    (1000, 120, 29), (29, 120, 29), (28, 114, 28), (20, 72, 19), (11, 30, 11)])
def test_what_is_held_first_is_what_the_balance_allows_up_to_the_first_reservation(balance, talk_s, amount_minor):
    life = Life()
    life.ask(balance=Balance(balance, NOW))
    assert (life.call.asks_s, life.call.asks_minor) == (talk_s, amount_minor)


def test_a_billing_system_that_tells_no_balance_is_asked_for_the_least():
    life = Life()
    life.ask(balance=None)
    assert (life.call.asks_s, life.of(Reserve).amount_minor) == (30, 11)


def test_increments_are_held_whole():
    life = Life()
    life.ask(b=DEAR, balance=Balance(100, NOW))  # 60 s each
    assert (life.call.asks_s, life.call.asks_minor) == (60, 90)
    life = Life(rules=of(Rate("r", 0, 1, 1, 1)))  # less than half a minor unit is still held as one
    life.ask(balance=Balance(1, NOW))
    assert life.call.asks_minor == 1 and life.call.asks_s == 89


@given(RATES, st.integers(1, 5000), st.lists(st.tuples(st.booleans(), st.integers(0, 3)), max_size=12),
       st.integers(0, 8000), st.integers(0, 5000))
def test_what_is_taken_was_talked_and_held(rate, balance, extensions, after_s, late_ms):
    """Any tariff, any credit, any number of extensions, any end: also one that is told later than it may be."""
    life = Life(rules=of(rate, talk_most_s=600))
    life.ask(balance=Balance(balance, NOW))
    if life.call is None:
        assert life.tickets[0].fields["reason"] == "credit" and price_minor(rate, 30) > balance
        return
    life.reserve()
    life.a_answers()
    life.b_answers()
    held = sum(c.amount_minor for c in life.commands if isinstance(c, Reserve))
    for granted, steps in extensions:
        if life.extend(life.call.until_at - 20_000) is None:
            break
        for _ in range(steps):
            if life.call.op:
                life.reserve(Refused("insufficient"))
        if life.call.op:
            asked = life.of(Reserve).amount_minor
            life.reserve(Done() if granted else Refused("blocked"))
            held += asked if granted else 0
        assert life.call.until_at == life.call.b.answered_at + life.call.talk_s * 1000
        assert life.call.reserved_minor == held and life.call.talk_s <= 600
        assert price_minor(rate, life.call.talk_s) <= held
    call = life.call
    life.now = min(call.b.answered_at + after_s * 1000, call.until_at) + late_ms
    life.ends()
    taken = life.of(Settle).amount_minor
    talked = -(-(min(life.now, call.until_at) - call.b.answered_at) // 1000)
    assert taken == price_minor(rate, talked) <= held
    life.settle()
    assert life.tickets[-1].fields["duration_s"] == talked


def test_what_is_owed_never_exceeds_what_is_held_even_if_it_should():
    life = Life().talking()
    call = replace(life.call, reserved_minor=7, ended=Ended(life.now + 60_000, "by_b"))
    assert call_money.owed_minor(call) == 7


@pytest.mark.parametrize(("seen_at", "ended_seen_at", "talked"), [(10, 0, 10), (10, 20, 20), (30, 20, 30), (10, 99, 50)])
def test_the_proven_end_of_a_lost_call(seen_at, ended_seen_at, talked):
    life = Life().talking()
    began = life.call.b.answered_at
    call = replace(life.call, seen_at=began + seen_at * 1000, ended=Ended(
        began + 50_000, LOST, seen_at=ended_seen_at and began + ended_seen_at * 1000))
    assert call_money.talked_s(call) == talked


# --- subscribers with a bill

BILLED = subscriber(kind="postpaid", call_back=True)


def used(talked_s, amount_minor, at=NOW, **postpaid):
    rules = policy(postpaid=PostpaidRules(**postpaid))
    return call_money.used(BILLED, talked_s, amount_minor, context(at, rules)), rules


@pytest.mark.parametrize(("postpaid", "used_s", "used_minor", "talk_s"), [
    ({"allowance_s": 600}, 500, 0, 100), ({"allowance_s": 600}, 570, 0, 30), ({"allowance_s": 600}, 571, 0, None),
    ({"allowance_s": None}, 10**9, 10**9, 3600), ({"allowance_s": None, "allowance_minor": 50}, 0, 20, 120 + 6),
    ({"allowance_s": 60, "allowance_minor": 1000}, 0, 0, 60), ({"allowance_s": None, "allowance_minor": 50}, 0, 50, None)])
def test_an_allowance_bounds_the_talk_time(postpaid, used_s, used_minor, talk_s):
    account, rules = used(used_s, used_minor, **postpaid)
    life = Life(account, rules)
    life.ask(balance=None)
    if talk_s is None:
        assert life.tickets[0].fields["reason"] == "allowance"
        return
    assert life.call.talk_s == life.call.most_s == talk_s and life.call.session == ""


def test_a_new_cycle_begins_with_nothing_used():
    account, rules = used(600, 70, allowance_s=600, cycle_day=1)
    assert call_money.allowance_left(account, context(NOW, rules)) == (0, None)
    assert call_money.allowance_left(account, context(NOW + 31 * DAY, rules)) == (600, None)
    later = call_money.used(account, 5, 1, context(NOW + 31 * DAY, rules)).standing
    assert (later.call_cycle_s, later.call_cycle_minor) == (5, 1)
    again = call_money.used(account, 5, 1, context(NOW, rules)).standing
    assert (again.call_cycle_s, again.call_cycle_minor) == (605, 71)


def test_the_price_is_the_tariffs():
    life = Life(BILLED).talking(balance=None)
    life.ends(3600.5, cause="limit")
    fields = life.tickets[0].fields
    assert (fields["amount"], fields["duration_s"]) == (f"{price_minor(FRANCE, 3600) / 100:.2f}", 3600)
