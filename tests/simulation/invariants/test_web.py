"""The rules about self-care can fail: a healthy moment has no complaint, each way of being wrong is found."""

import pytest

from tectonics.simulation.invariants import rules
from tectonics.simulation.webbook import Page, code_in
from tests.simulation.invariants.web import CODE, WRONG, A, visited, web_of


def complaints(scene, names=WRONG):
    known = rules()
    return {name: [wrong.text for wrong in known[name](scene)] for name in names}


def test_a_healthy_visit_has_no_complaint():
    names = [*WRONG, "nothing_is_lent_that_was_not_agreed_to"]
    assert not any(complaints(visited(), names).values()), complaints(visited(), names)


@pytest.mark.parametrize("rule, spoil", [(rule, spoil) for rule, all in WRONG.items() for spoil in all],
                         ids=lambda value: getattr(value, "__name__", value))
def test_each_way_of_being_wrong_is_found(rule, spoil):
    scene = visited()
    spoil(scene)
    assert complaints(scene, [rule])[rule]


def test_a_balance_that_moves_meanwhile_may_be_either():
    scene = visited()
    web_of(scene).pages.append(Page(A, "/me", 30.0, frozenset({A}), (580, 80, 80)))
    assert not any(complaints(scene).values())


def test_a_code_is_read_in_its_message_alone():
    assert code_in(f"{CODE} is your code. It is good for 5 minutes.") == CODE and code_in("You owe 123456") == ""
