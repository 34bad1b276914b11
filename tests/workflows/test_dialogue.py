"""Menus: what is shown, what an input leads to, and that nothing is agreed to unseen."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.domain.policy import TypedAmount
from tectonics.domain.screens import Style
from tectonics.domain.text import fits
from tectonics.workflows import lending
from tectonics.workflows.dialogue import Menus
from tests.workflows.test_recover import indebted
from tests.workflows.world import POLICY, STANDARD, context, subscriber, tier

LONG = Style(septets_max=2000, ucs2_max=900)


def opened(style=LONG, policy=POLICY, account=None):
    ctx = context(policy=policy)
    account = account or subscriber()
    menus = Menus(ctx, style)
    return menus, menus.open(account, lending.choices(account, ctx))


def test_the_first_screen_offers_what_the_rules_allow():
    _, move = opened()
    assert move.screen.more
    lines = move.screen.text.split("\n")
    assert lines[0] == "menu.title" and lines[-1] == "menu.owe 0"
    assert lines[1:4] == ["menu.offer 1.00 0.10 1", "menu.offer 2.00 0.20 2", "menu.offer 5.00 0.50 3"]


def test_choice_then_confirmation_then_yes():
    menus, move = opened()
    move = menus.enter(move.snapshot, "2")
    assert move.screen.text.startswith("confirm 2.00") and "2.20" in move.screen.text
    move = menus.enter(move.snapshot, "1")
    assert move.confirmed.total_minor == 220 and move.screen is None


def test_back_returns_to_the_offers():
    menus, move = opened()
    move = menus.enter(menus.enter(move.snapshot, "3").snapshot, "2")
    assert move.screen.text.startswith("menu.title") and move.snapshot.offer is None


def test_a_wrong_input_is_asked_again_twice_and_then_ended():
    menus, move = opened()
    for _ in range(2):
        move = menus.enter(move.snapshot, "7")
        assert move.screen.text.startswith("wrong.again\n") and move.screen.more
    assert menus.enter(move.snapshot, "2").snapshot.wrong == 0
    move = menus.enter(move.snapshot, "")
    assert move.screen.text == "wrong.end" and not move.screen.more


def test_inputs_that_come_together_never_pass_the_confirmation():
    menus, move = opened()
    for inputs in (["1"], ["1", "1"], ["1", "1", "1", "1"]):
        replayed = menus.replay(move, inputs)
        assert replayed.confirmed is None and replayed.screen.text.startswith("confirm 1.00")


def test_what_i_owe():
    menus, move = opened()
    assert menus.enter(move.snapshot, "0").screen.text == "owe.none"
    owing = menus.owed(indebted())
    assert owing.text.startswith("owe.total") and "2.20" in owing.text and not owing.more


def test_typed_amounts():
    typed = replace(tier(1, 0, 10), amount=TypedAmount(100, 1000, 50))
    policy = replace(POLICY, segments=(replace(STANDARD, tiers=(typed,)),))
    menus, move = opened(policy=policy)
    assert "1. 1.00-10.00" in move.screen.text
    asking = menus.enter(move.snapshot, "1")
    assert asking.screen.text.startswith("amount.ask")
    assert menus.enter(asking.snapshot, "2.50").screen.text.startswith("confirm 2.50")
    for wrong in ("2.51", "0.50", "11", "x", "-1", "1e2", "2,5"):
        assert menus.enter(asking.snapshot, wrong).screen.text.startswith("wrong.again")
    assert menus.enter(asking.snapshot, "0").screen.text.startswith("menu.title")


def test_where_a_retry_cannot_be_told_the_key_that_confirms_never_chooses():
    menus, move = opened(replace(LONG, mode="last"))
    confirm = menus.enter(move.snapshot, "1")
    assert menus.enter(confirm.snapshot, "1").confirmed is None
    assert menus.enter(confirm.snapshot, "99").confirmed is not None
    assert menus.enter(move.snapshot, "99").confirmed is None


def test_twelve_tiers_are_paged_and_each_can_be_chosen():
    tiers = tuple(tier(n, 100 * n, 10) for n in range(1, 13))
    policy = replace(POLICY, segments=(replace(STANDARD, tiers=tiers),))
    style = Style(septets_max=130)
    menus, move = opened(style, policy)
    seen = set()
    for _ in range(12):
        assert fits(move.screen.text, style)
        seen |= {line.rsplit(" ", 1)[-1] for line in move.screen.text.split("\n") if "menu.offer" in line}
        move = menus.enter(move.snapshot, "98")
    assert seen == {str(n) for n in range(1, 13)}
    assert menus.enter(move.snapshot, "12").screen.text.startswith("confirm 12.00")


@given(st.lists(st.text(max_size=6), max_size=12), st.sampled_from(["cumulative", "last"]))
def test_any_input_is_answered_and_only_yes_on_a_confirmation_confirms(inputs, mode):
    menus, move = opened(replace(LONG, mode=mode))
    for text in inputs:
        before = move.snapshot
        move = menus.enter(before, text)
        if move.confirmed is not None:
            assert before.place == "confirm" and move.confirmed == before.offer
        if move.snapshot is None:
            break
        assert move.screen is not None


@pytest.mark.parametrize("mode", ["cumulative", "last"])
def test_the_menu_is_the_same_for_the_same_snapshot(mode):
    menus, move = opened(replace(LONG, mode=mode))
    assert menus.enter(move.snapshot, "1") == menus.enter(move.snapshot, "1")
