"""The rules about GSUP can fail: a healthy moment has no complaint, each way of being wrong is found."""

import pytest

from tectonics.simulation.invariants import rules
from tests.simulation.invariants.switched import WRONG, a_session_is_left, nobody_is_served, switched


def complaints(scene, names):
    known = rules()
    return {name: [wrong.text for wrong in known[name](scene)] for name in names}


def test_a_healthy_day_over_gsup_has_no_complaint():
    names = [*WRONG, "nothing_is_lent_that_was_not_agreed_to", "people_are_told_the_truth", "no_queue_is_beyond_its_bound"]
    assert not any(complaints(switched(), names).values()), complaints(switched(), names)


@pytest.mark.parametrize("rule, spoil", [(rule, spoil) for rule, all in WRONG.items() for spoil in all],
                         ids=lambda value: getattr(value, "__name__", value))
def test_each_way_of_being_wrong_is_found(rule, spoil):
    scene = switched()
    spoil(scene)
    assert complaints(scene, [rule])[rule]


def test_the_end_is_not_asked_for_before_it():
    scene = switched()
    a_session_is_left(scene)
    nobody_is_served(scene)
    object.__setattr__(scene, "over", False)
    assert not any(complaints(scene, WRONG).values())
