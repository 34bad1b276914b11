"""Each rule refuses under its own reason, in its order, and offers never exceed what is left."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.advance import OPEN, Advance
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.policy import ComputedAmount, PercentFee, Rollout, SteppedFee, TypedAmount, fee_minor
from tectonics.domain.subscriber import Bar, Standing
from tectonics.workflows import lending
from tests.workflows.world import (
    CATALOGUE,
    DAY,
    GOLD,
    NOW,
    POLICY,
    STANDARD,
    context,
    empty,
    marks,
    offer,
    policy,
    subscriber,
    tier,
)


def reason(account, ctx=None, balance=None):
    refused = lending.refusal(account, ctx or context(), balance or empty())
    return refused.reason if refused else None


def holds(shown, ctx):
    return lending.still_holds(shown, lending.choices(subscriber(), ctx), ctx)


def owing(account, amount=200, fee=20, **changes):
    shown = replace(offer(subscriber()), amount_minor=amount, fee_minor=fee)
    debt = Advance("a1", account.generation, OPEN, shown, "op", "ussd_http", "t", NOW, NOW + DAY, NOW + DAY)
    return account.with_advance(replace(debt, **changes))


def test_somebody_who_fits_may_borrow():
    assert reason(subscriber()) is None


@pytest.mark.parametrize("expected, profile", [
    ("unknown_subscriber", {"kind": "unknown"}),
    ("not_prepaid", {"kind": "postpaid"}),
    ("barred", {"bar": Bar("admin", NOW)}),
    ("black_list", {"listed": "black"}),
    ("tenure", {"activated_at": NOW - 89 * DAY}),
    ("tenure", {"activated_at": None}),
])
def test_the_profile_refuses(expected, profile):
    assert reason(subscriber(**profile)) == expected


def test_recharges_count_only_when_recent_large_and_of_a_counted_class():
    account = subscriber()
    assert reason(replace(account, standing=Standing(marks(4)))) == "recharges"
    assert reason(replace(account, standing=Standing(marks(6, 499)))) == "recharges"
    bonus = tuple(replace(m, kind="bonus") for m in marks())
    assert reason(replace(account, standing=Standing(bonus))) == "recharges"
    old = tuple(replace(m, at=NOW - 91 * DAY) for m in marks())
    assert reason(replace(account, standing=Standing(old))) == "recharges"
    assert reason(replace(account, standing=Standing(marks(5)))) is None


def test_the_white_list_skips_tenure_and_recharges_only():
    account = replace(subscriber(activated_at=NOW, listed="white"), standing=Standing())
    assert reason(account) is None
    assert reason(account, balance=Balance(51, NOW)) == "balance"
    assert reason(owing(account)) == "open_advance"


def test_balance_and_an_unavailable_billing_system():
    assert reason(subscriber(), balance=Balance(50, NOW)) is None
    assert reason(subscriber(), balance=Balance(51, NOW)) == "balance"
    assert reason(subscriber(), balance=Unavailable()) == "billing_unavailable"


def test_open_advances_and_the_ceiling():
    assert reason(owing(subscriber())) == "open_advance"
    gold = subscriber(segment="gold")
    assert reason(owing(gold)) is None
    assert reason(owing(gold, 1300, 100)) == "ceiling"
    assert [c.number for c in lending.choices(owing(gold, 1000, 80), context())] == [1, 2]


def test_an_advance_that_is_not_granted_yet_counts_as_open():
    for state in ("granting", "unknown"):
        assert reason(owing(subscriber(), state=state)) == "open_advance"
    assert reason(owing(subscriber(), generation=0)) is None


@pytest.mark.parametrize("pause, standing", [
    ("pause_after_advance_s", {"last_advance_at": NOW - 59_000}),
    ("pause_after_recovery_s", {"last_recovery_at": NOW - 59_000}),
])
def test_pauses(pause, standing):
    account = subscriber()
    account = replace(account, standing=replace(account.standing, **standing))
    assert reason(account, context(policy=policy(**{pause: 60}))) == "cooling_off"
    assert reason(account, context(policy=policy(**{pause: 59}))) is None


def test_a_pause_after_a_sim_swap():
    account = subscriber(sim_swapped_at=NOW - 1000)
    assert reason(account, context(policy=policy(pause_after_sim_swap_s=60))) == "cooling_off"


def test_caps_of_the_day_for_the_subscriber():
    account = subscriber()
    today = POLICY.day(NOW)
    used = replace(account, standing=replace(account.standing, usage_day=today, usage_count=2, usage_minor=300))
    assert reason(used, context(policy=policy(day_count_max=2))) == "limit"
    assert reason(used, context(policy=policy(day_minor_max=300))) == "limit"
    yesterday = replace(used, standing=replace(used.standing, usage_day=today - 1))
    assert reason(yesterday, context(policy=policy(day_count_max=2))) is None
    left = lending.choices(used, context(policy=policy(day_minor_max=500)))
    assert [c.offer.amount_minor for c in left] == [100, 200]


def test_caps_of_the_day_for_the_service():
    rules = policy(service_day_count_max=10, service_day_minor_max=1000)
    assert reason(subscriber(), context(policy=rules, service_count=10)) == "limit"
    assert reason(subscriber(), context(policy=rules, service_minor=1000)) == "limit"
    left = lending.choices(subscriber(), context(policy=rules, service_minor=850))
    assert [c.offer.amount_minor for c in left] == [100]


def test_the_switch_stops_everybody_at_once():
    assert reason(subscriber(listed="white"), context(policy=policy(accepting=False))) == "stopped"


def test_rollout_by_range_and_by_share():
    ranged = policy(rollout=Rollout((("33600000000", "33600000009"),), 0))
    assert reason(subscriber(), context(policy=ranged)) is None
    assert reason(subscriber(), context(policy=policy(rollout=Rollout((), 0)))) == "rollout"
    assert reason(subscriber(), context(policy=policy(rollout=Rollout((), 100)))) is None


def test_every_refusal_has_a_screen():
    from tectonics.workflows.borrow import refusal_screen
    for account, ctx in ((owing(subscriber()), context()), (subscriber(activated_at=NOW), context()),
                         (replace(subscriber(), standing=Standing()), context())):
        refused = lending.refusal(account, ctx, empty())
        assert refusal_screen(refused, account, ctx).text.startswith(f"refused.{refused.reason}")
    assert CATALOGUE.default == "en"


def test_segments_by_assignment_tenure_and_arpu():
    loyal = replace(STANDARD, name="loyal", tenure_days_min=365)
    rich = replace(STANDARD, name="rich", arpu_minor_min=2000)
    ctx = context(policy=replace(POLICY, segments=(STANDARD, loyal, rich, GOLD)))

    def name(account):
        return lending.choices(account, ctx)[0].segment

    assert name(subscriber(activated_at=NOW - 100 * DAY)) == "standard"
    assert name(subscriber()) == "loyal"
    rich_one = replace(subscriber(), standing=Standing(marks(6, 1000)))
    assert name(rich_one) == "rich"
    assert name(subscriber(segment="gold")) == "gold"
    assert name(subscriber(segment="no such")) == "loyal"


def _with_tier(rule, fee=None):
    special = replace(tier(1, 100, 10), amount=rule, **({"fee": fee} if fee else {}))
    return replace(POLICY, segments=(replace(STANDARD, tiers=(special,), ceiling_minor=1000, open_max=9),))


def test_a_typed_amount_is_offered_up_to_what_is_left():
    ctx = context(policy=_with_tier(TypedAmount(100, 2000, 50), PercentFee(1000)))
    choice, = lending.choices(subscriber(), ctx)
    assert (choice.min_minor, choice.max_minor) == (100, 900)  # 900 and its fee of 90 fit under 1000
    assert lending.typed_offer(choice, 250, ctx.policy).fee_minor == 25
    for wrong in (99, 120, 950, 0, -100):
        assert lending.typed_offer(choice, wrong, ctx.policy) is None
    assert holds(lending.typed_offer(choice, 250, ctx.policy), ctx)


def test_a_computed_amount_follows_what_was_recharged():
    account = replace(subscriber(), standing=Standing(marks(6, 1000)))
    ctx = context(policy=_with_tier(ComputedAmount(2500, 100, 100, 900)))
    choice, = lending.choices(account, ctx)
    assert choice.offer.amount_minor == 500  # a quarter of two recharges of 10.00 in 30 days
    assert not lending.choices(replace(account, standing=Standing()), ctx)


def test_fees_in_steps():
    fee = SteppedFee(((100, 5), (500, 20), (1000, 30)))
    assert [fee_minor(fee, amount) for amount in (1, 100, 101, 500, 1000, 5000)] == [5, 5, 20, 20, 30, 30]


def test_an_offer_holds_only_while_its_price_does():
    shown = offer(subscriber())
    assert holds(shown, context())
    dearer = replace(POLICY, version=2, segments=(replace(STANDARD, tiers=(tier(2, 200, 21),)),))
    assert not holds(replace(shown, tier="2"), context(policy=dearer))
    same = replace(POLICY, version=2)
    assert holds(shown, context(policy=same))


@given(st.integers(0, 2000), st.integers(0, 2000), st.integers(1, 500), st.integers(0, 500))
def test_no_choice_ever_exceeds_ceiling_or_cap(owed, cap, low, fee):
    segment = replace(GOLD, tiers=(*GOLD.tiers, replace(tier(5, 0, fee), amount=TypedAmount(low, 3000, 7))))
    rules = replace(POLICY, segments=(segment,), lending=replace(POLICY.lending, day_minor_max=cap))
    account = subscriber(segment="gold")
    account = owing(account, owed, 0) if owed else account
    for choice in lending.choices(account, context(policy=rules)):
        worst = choice.offer.amount_minor if choice.offer else choice.max_minor
        total = worst + fee_minor(choice.tier.fee, worst)
        assert worst <= cap
        assert owed + total <= segment.ceiling_minor
