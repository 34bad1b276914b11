"""Each invariant about messages can fail: a healthy correspondence has no complaint, each way of being wrong is found."""

import pytest

from tectonics.simulation.invariants import rules
from tectonics.simulation.population.letters import advert, granted, offer
from tests.simulation.invariants.healthy import A
from tests.simulation.invariants.messages import (
    ADVERT,
    GRANTED,
    SHOWN,
    TERMS,
    WRONG,
    corresponding,
    of,
    post,
    wrote,
)


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


@pytest.mark.parametrize("apart_s, numbered, heard", [(59, False, False), (61, False, True), (59, True, True)])
def test_nobody_can_tell_a_second_stop_within_a_minute_from_a_copy_of_the_first(apart_s, numbered, heard):
    """The first was of the number's former holder, so that nothing of it is in force."""
    scene = corresponding()
    first, second = wrote("STOP", 20.0), wrote("STOP", 20.0 + apart_s, generation=2)
    first.numbered = second.numbered = numbered
    post(scene).written[A] += [first, second]
    of(scene).generation = 2
    assert any("is not known" in text for text in complaints(scene)["a_stop_is_kept"]) == heard
