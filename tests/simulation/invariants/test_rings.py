"""The rules about rings can fail: a healthy moment has no complaint, each way of being wrong is found."""

from dataclasses import replace

import pytest

from tectonics.simulation.history import sentence
from tectonics.simulation.invariants import rules
from tests.simulation.invariants.calls import called, rings
from tests.simulation.invariants.rings import ID, NOW, WRONG, A, again_too_soon, no_end, ring, rung, tried

TOO_OFTEN = "a_caller_is_not_heard_too_often"


def complaints(scene, names=WRONG):
    known = rules()
    return {name: [wrong.text for wrong in known[name](scene)] for name in names}


def test_a_healthy_ring_has_no_complaint():
    assert not any(complaints(rung()).values()), complaints(rung())


@pytest.mark.parametrize("rule, spoil", [(rule, spoil) for rule, all in WRONG.items() for spoil in all],
                         ids=lambda value: getattr(value, "__name__", value))
def test_each_way_of_being_wrong_is_found(rule, spoil):
    scene = rung()
    spoil(scene)
    assert complaints(scene, [rule])[rule]


def test_what_was_lost_on_the_way_needs_no_end():
    scene = rung()
    no_end(scene)
    ring(scene).tries[0].clear = False
    assert not any(complaints(scene).values())


def test_where_clocks_jump_nobody_knows_how_soon_a_ring_came():
    scene = rung()
    again_too_soon(scene)
    assert not any(complaints(replace(scene, clocks_apart_ms=60_000)).values())


@pytest.mark.parametrize("rang_at, rang_life, wrong", [(68.0, 1, True), (71.0, 1, False), (68.0, 2, False)])
def test_an_invite_that_is_late_may_ring_again_by_its_time_or_in_the_nodes_next_life(rang_at, rang_life, wrong):
    scene = rung()
    again = tried(ring(scene), (rang_at, 180), (72.0, 480), begun_at=66.0, ended_at=72.0)
    again.clear, again.rang_life = False, rang_life
    assert bool(complaints(scene, [TOO_OFTEN])[TOO_OFTEN]) is wrong


def test_a_number_that_is_rung_for_may_ring_once_for_each_ring():
    scene = called()
    scene.journal.rings.rang(type(ring(rung()))("3@carrier1", A, A, "x", "call_last", "carrier1", 200.0, True))
    again = rings(scene)[1]
    rings(scene).append(type(again)(again.phone, A, "TEC-12", again.b, "c2"))
    assert not complaints(scene, ["nobody_is_rung_twice"])["nobody_is_rung_twice"]
    rings(scene).append(type(again)(again.phone, A, "TEC-13", again.b, "c3"))
    assert complaints(scene, ["nobody_is_rung_twice"])["nobody_is_rung_twice"]


def test_the_history_tells_of_rings():
    scene = rung()
    told = sentence(scene.books.of(A), scene.journal, NOW - 1_000_000)
    assert f"rang 33800133000 (lend) as {ID} at n1 and heard [100, 180, 480]" in told
