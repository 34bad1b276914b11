"""Inputs that came together lead to the place where they led one by one, as long as nothing is agreed to.

A gateway that sends a step to two nodes at once shows only one of the answers: both must be the same.
"""

import pytest

from tectonics.domain.screens import Style
from tectonics.workflows import lending
from tectonics.workflows.dialogue import Menus
from tests.workflows.world import context, subscriber

STYLE = Style(septets_max=2000, ucs2_max=900)


def opened():
    menus = Menus(context(), STYLE)
    return menus, menus.open(subscriber(), lending.choices(subscriber(), context()))


@pytest.mark.parametrize("inputs", ["2", "2*2", "2*2*3", "7*2", "2*2*3*2*1", "7*2*2*7*3"])
def test_together_is_as_one_by_one(inputs):
    menus, move = opened()
    together = menus.replay(move, inputs.split("*"))
    for text in inputs.split("*"):
        move = menus.enter(move.snapshot, text)
    assert (together.snapshot, together.screen) == (move.snapshot, move.screen)


def test_it_ends_before_what_would_agree():
    menus, move = opened()
    for inputs in ("2*1", "2*7*1", "2*2*2*1*1"):
        replayed = menus.replay(move, inputs.split("*"))
        assert replayed.confirmed is None and replayed.screen.text.startswith("confirm 2.00")
