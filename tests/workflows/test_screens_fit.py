"""Every screen that the dialogue composes fits its channel, in every language that is shipped."""

from dataclasses import replace
from pathlib import Path

import pytest

from tectonics.config import load
from tectonics.domain.policy import FixedAmount, FixedFee, Segment, TypedAmount
from tectonics.domain.screens import Style
from tectonics.domain.text import fits, septets, shown, sms_style
from tectonics.workflows import lending
from tectonics.workflows.decision import Context
from tectonics.workflows.dialogue import Menus
from tests.workflows.world import NOW, POLICY, subscriber, tier

CATALOGUE = load(Path(__file__).parents[2] / "etc" / "tectonics.yaml").catalogue
STYLES = [Style(), Style(septets_max=182, ucs2_max=80), Style(mode="last"),
          sms_style(6), sms_style(3), sms_style(2, "ucs2"), sms_style(2, "gsm")]


def policy(tiers):
    return replace(POLICY, segments=(Segment("standard", tuple(tiers), open_max=9, ceiling_minor=10**7),))


def dear(count):
    return [replace(tier(n, 0, 0), amount=FixedAmount(99_900 + 100 * n), fee=FixedFee(9_900 + n))
            for n in range(1, count + 1)]


TYPED = [replace(tier(1, 0, 0), amount=TypedAmount(10_000, 150_000, 10_000), fee=FixedFee(15_000))]


@pytest.mark.parametrize("style", STYLES, ids=str)
@pytest.mark.parametrize("language", CATALOGUE.languages)
@pytest.mark.parametrize("tiers", [dear(1), dear(3), dear(12), TYPED], ids=["one", "three", "twelve", "typed"])
def test_every_screen_of_a_session_fits(language, style, tiers):
    account = subscriber(language=language)
    context = Context(policy(tiers), CATALOGUE, NOW, lambda: "id")
    menus = Menus(context, style, account)
    move = menus.open(account, lending.choices(account, context))
    screens, chosen = [move.screen], set()
    for _ in range(14):  # through all pages
        page = menus.enter(move.snapshot, "98")
        screens.append(page.screen)
        move = page if page.snapshot.wrong == 0 else move
    for number in range(1, len(tiers) + 1):
        confirm = menus.enter(move.snapshot, str(number))
        if confirm.snapshot.place == "amount":
            screens += [confirm.screen, menus.enter(confirm.snapshot, "x").screen]
            confirm = menus.enter(confirm.snapshot, "1500")
        chosen.add(confirm.snapshot.offer.tier)
        screens += [confirm.screen, menus.enter(confirm.snapshot, "7").screen]
    for screen in screens:
        assert fits(screen.text, style), f"{language}: {screen.text!r}"
        text = shown(screen.text, style)
        limit = style.septets_max if septets(text) is not None else style.ucs2_max
        assert (septets(text) or len(text)) <= limit
    assert len(chosen) == len(tiers)
