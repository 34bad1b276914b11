"""Who is told what when his balance falls, and who is left in peace."""

from dataclasses import replace

import pytest

from tectonics.domain.advertising import AdvertisingRules, Campaign
from tectonics.domain.commands import ADVERT
from tectonics.domain.events import BalanceSeen, LifecycleSeen
from tectonics.domain.policy import ComputedAmount, FixedFee, Segment, Tier, TypedAmount
from tectonics.domain.subscriber import Bar
from tectonics.workflows.advertise import Silence, concerns
from tectonics.workflows.decide import decide
from tests.workflows.world import DAY, MSISDN, NOW, POLICY, STANDARD, context, subscriber

NOON = NOW - NOW % DAY + DAY // 2
RULES = AdvertisingRules(True, (Campaign("low", 50),), code="*133#")


def world(now=NOON, **changes):
    rules = {name: changes.pop(name) for name in list(changes) if name in AdvertisingRules.__slots__}
    return context(now, replace(POLICY, advertising=replace(RULES, **rules), **changes))


def seen(balance_minor=20, now=NOON, id="b1"):
    return BalanceSeen(MSISDN, "tcp", id, now, balance_minor)


def test_he_is_offered_the_most_that_he_could_borrow():
    decision = decide(subscriber(), seen(), world())
    message, = decision.commands
    assert (message.priority, message.key, message.msisdn) == (ADVERT, "advert.offer", MSISDN)
    assert message.text == "advert.offer 5.00 0.20 *133# EUR 0.50 5.50"
    assert message.expires_at == NOON + 3_600_000
    written, = decision.tickets
    assert written.type == "advert.sent"
    assert (written.fields["amount"], written.fields["campaign"], written.fields["trigger"]) == ("5.00", "low", "b1")
    assert decision.account.standing.adverts == (NOON,)


def test_the_campaigns_own_text_speaks_his_language():
    texts = (("fr", "Plus que $balance: $amount pour $fee, $code"),)
    ctx = world(campaigns=(Campaign("own", 50, texts=texts),))
    assert decide(subscriber(language="fr"), seen(), ctx).commands[0].text == "Plus que 0.20: 5.00 pour 0.50, *133#"
    assert decide(subscriber(language="en"), seen(), ctx).commands[0].text.startswith("advert.offer")


@pytest.mark.parametrize("amount, offered", [
    (TypedAmount(step_minor=50, min_minor=50, max_minor=250), "2.50"),
    (ComputedAmount(percent_hundredths=5000, step_minor=100, min_minor=100, max_minor=400), "4.00")])
def test_typed_and_computed_tiers_are_offered_at_their_most(amount, offered):
    segment = Segment("standard", (Tier("t", amount, FixedFee(10), 7 * 86400, 7 * 86400),))
    decision = decide(subscriber(), seen(), world(segments=(segment,)))
    assert decision.tickets[0].fields["amount"] == offered


@pytest.mark.parametrize("reason, account, ctx, event", [
    ("stopped", {}, {"sending": False}, {}),
    ("opted_out", {"adverts_stopped_at": 1}, {}, {}),
    ("no_campaign", {}, {}, {"balance_minor": 51}),
    ("no_campaign", {}, {"campaigns": (Campaign("g", 50, ("gold",)),)}, {}),
    ("no_campaign", {}, {"campaigns": (Campaign("g", 50, (), (("33700000000", "33799999999"),)),)}, {}),
    ("quiet_hours", {}, {"now": NOON + DAY * 10 // 24}, {}),
    ("barred", {"bar": Bar("admin", NOW)}, {}, {}),
    ("not_prepaid", {"kind": "postpaid"}, {}, {}),
    ("balance", {}, {"campaigns": (Campaign("rich", 500),)}, {"balance_minor": 60}),
])
def test_who_is_left_in_peace(reason, account, ctx, event):
    assert decide(subscriber(**account), seen(**event), world(**ctx)) == Silence(reason)


def test_often_enough_is_enough():
    account, told, silent = subscriber(), 0, set()
    for day in range(14):
        for hour in (0, 1):
            now = NOON + day * DAY + hour * 3_600_000
            decision = decide(account, seen(now=now, id=f"{day}-{hour}"), world(now))
            if isinstance(decision, Silence):
                silent.add(decision.reason)
            else:
                account, told = decision.account, told + 1
    assert (told, silent) == (6, {"often_enough"})
    assert len(account.standing.adverts) <= 4


def test_a_new_holder_of_the_number_starts_afresh():
    account = subscriber(adverts_stopped_at=NOW)
    event = LifecycleSeen(MSISDN, "tcp", "l1", NOON, NOON, "recycled")
    assert decide(account, event, world()).account.profile.adverts_stopped_at is None


def test_what_concerns_nobody_is_not_even_loaded():
    policy = replace(POLICY, advertising=RULES)
    assert concerns(seen(50), policy) and not concerns(seen(51), policy)
    assert not concerns(seen(0), replace(policy, advertising=replace(RULES, sending=False)))
    assert STANDARD in POLICY.segments
