"""Each invariant about messages can fail: a healthy correspondence has no complaint, each way of being wrong is found."""

import pytest

from tectonics.simulation.invariants import rules
from tectonics.simulation.population.letters import advert, granted, offer
from tests.simulation.invariants.messages import ADVERT, GRANTED, SHOWN, TERMS, WRONG, corresponding


def complaints(scene):
    known = rules()
    return {name: [wrong.text for wrong in known[name](scene)] for name in WRONG}


def test_messages_are_read_by_their_words():
    assert offer(SHOWN) == TERMS and granted(GRANTED) == (200, 220) and advert(ADVERT) and not advert(SHOWN)


def test_a_healthy_correspondence_has_no_complaint():
    assert not any(complaints(corresponding()).values())


@pytest.mark.parametrize("rule, spoil", [(rule, spoil) for rule, all in WRONG.items() for spoil in all],
                         ids=lambda value: getattr(value, "__name__", value))
def test_each_way_of_being_wrong_is_found(rule, spoil):
    scene = corresponding()
    spoil(scene)
    assert complaints(scene)[rule], complaints(scene)
