"""Who may ring on, and whose ringing counts: a switch gives up where we could not be heard, and a late copy rings in vain."""

import pytest

from tests.simulation.invariants.calls import (
    A,
    again,
    called,
    he_rings_until_the_switch_gives_up,
    phone,
    rings,
)
from tests.simulation.invariants.test_calls import complaints

LEFT, TWICE = "nobody_is_left_ringing", "nobody_is_rung_twice"


@pytest.mark.parametrize("at_s, kind, missed, wrong", [
    (90.0, "crash behind a call", 0, False), (90.0, "partition", 0, False), (90.0, "switch is late", 0, True),
    (301.0, "partition", 0, True), (90.0, "switch loses datagrams", 0, True), (90.0, "switch loses datagrams", 1, False)])
def test_a_telephone_may_ring_on_where_nobody_could_cancel_it(at_s, kind, missed, wrong):
    scene = called()
    he_rings_until_the_switch_gives_up(scene)
    rings(scene)[-1].phone.missed = missed
    scene.journal.fault(at_s, kind, "")
    assert bool(complaints(scene, [LEFT])[LEFT]) is wrong


def test_a_copy_rings_until_its_switch_gives_up():
    scene = called()
    he_rings_until_the_switch_gives_up(scene)
    rings(scene)[-1].phone.copy_of = rings(scene)[0].phone
    assert not complaints(scene, [LEFT])[LEFT]


def test_a_copy_that_came_behind_its_call_rings_for_nobody():
    scene = called()
    again(scene, 0)
    assert complaints(scene, [TWICE])[TWICE]
    rings(scene)[-1].phone = phone(A, 200.0, 0.0, 215.0, copy_of=rings(scene)[0].phone)
    assert not complaints(scene, [TWICE])[TWICE]
