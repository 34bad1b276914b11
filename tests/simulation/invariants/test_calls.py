"""The rules about call-backs can fail: a healthy moment has no complaint, each way of being wrong is found."""

from dataclasses import replace

import pytest

from tectonics.domain.call import Rate
from tectonics.domain.tariff import price_minor as priced
from tectonics.simulation.callbook import Rung
from tectonics.simulation.calling import FAR, FREE, NEAR
from tectonics.simulation.history import sentence
from tectonics.simulation.invariants import rules
from tectonics.simulation.invariants.callmoney import price_minor
from tests.simulation.invariants.calls import (
    NOW,
    WRONG,
    A,
    B,
    call,
    called,
    given_up,
    held_for_nobody,
    phone,
    rings,
    talking,
    two_ends,
)
from tests.simulation.invariants.healthy import command
from tests.simulation.invariants.messages import wrote

RATES = {NEAR: Rate(NEAR, 3, 7, 30, 6), FAR: Rate(FAR, 0, 40, 60, 60), FREE: Rate(FREE, 0, 0, 1, 1)}


def complaints(scene, names):
    known = rules()
    return {name: [wrong.text for wrong in known[name](scene)] for name in names}


@pytest.mark.parametrize("moment", [called, talking])
def test_a_healthy_call_has_no_complaint(moment):
    names = [*WRONG, "every_movement_has_its_owner", "everything_is_settled"]
    assert not any(complaints(moment(), names).values()), complaints(moment(), names)


@pytest.mark.parametrize("rule, spoil", [(rule, spoil) for rule, all in WRONG.items() for spoil in all],
                         ids=lambda value: getattr(value, "__name__", value))
def test_each_way_of_being_wrong_is_found(rule, spoil):
    scene = called()
    spoil(scene)
    assert complaints(scene, [rule])[rule]


def test_what_a_billing_system_does_not_let_go_is_let_go_by_time():
    scene = called()
    held_for_nobody(scene)
    scene.journal.fault(1.0, "billing refuses", "")
    assert not any(complaints(scene, WRONG).values())


@pytest.mark.parametrize("again_s, life, wrong", [(4000.0, 1, False), (20.0, 2, False), (20.0, 1, True)])
def test_a_message_that_nobody_can_recognise_may_have_an_end_of_its_own(again_s, life, wrong):
    scene = called()
    two_ends(scene)
    scene.journal.calls.requests[B].way = "sms"
    written = wrote("CALL 00" + B, 100.0)
    written.tries.append((100.0 + again_s, ("n1", life), 1))
    scene.journal.post.written[A] = [wrote("CALL 0170000102", 90.0), written, wrote("DEBT", 95.0)]
    assert bool(complaints(scene, WRONG)["a_request_has_one_end"]) is wrong


def test_who_was_rung_by_two_trunks_talks_where_he_picked_up():
    scene = called()
    rings(scene).append(Rung(phone(A, 110.5, 0.0, 110.6), A, "TEC-7", call="c1", trunk="spare"))
    assert not any(complaints(scene, ["a_call_costs_what_was_talked"]).values())
    rings(scene)[0].phone.answered_at = 0.0
    assert any(complaints(scene, ["a_call_costs_what_was_talked"]).values())


@pytest.mark.parametrize("number, who, leg, b", [(0, A, "TEC-7", ""), (1, B, "TEC-8", B)])
@pytest.mark.parametrize("answered_at", [0.0, 111.5])
def test_a_second_ring_of_a_telephone_takes_nothing_from_its_call(number, who, leg, b, answered_at):
    scene = called()
    rings(scene).insert(number + 1, Rung(phone(who, 111.0, answered_at, 111.6), A, leg, b, "c1", trunk="spare"))
    rule = "a_call_costs_what_was_talked"
    assert not any(complaints(scene, [rule]).values())
    scene.books.of(A).tickets[-1].body.update(duration_s=84, amount="0.13")
    assert complaints(scene, [rule])[rule]  # nor does it add to that


def test_who_is_never_told_that_it_is_over_may_charge_a_little_more():
    scene = called()
    scene.books.of(A).tickets[-1].body.update(duration_s=84, amount="0.13")
    assert complaints(scene, WRONG)["a_call_costs_what_was_talked"]
    rings(scene)[1].phone.farewell_at = 0.0
    assert not any(complaints(scene, ["a_call_costs_what_was_talked"]).values())


def test_whose_end_was_lost_on_the_way_is_missed_at_the_next_refresh():
    scene = called()
    scene.books.of(A).tickets[-1].body.update(duration_s=180, amount=f"{price_minor('near', 180) / 100:.2f}")
    b = rings(scene)[1].phone
    b.farewell_at = 0.0
    assert complaints(scene, WRONG)["a_call_costs_what_was_talked"]
    b.missed = 7
    assert not any(complaints(scene, ["a_call_costs_what_was_talked"]).values())
    b.farewell_at = 190.1
    assert complaints(scene, WRONG)["a_call_costs_what_was_talked"], "it was heard"


def test_a_node_may_still_watch_over_a_call_that_another_one_has_ended():
    scene = called()
    for ended, wrong in (("c1", False), ("c2", True)):
        scene.books.of(A).commands = [replace(command("TEC-11", "talk"), body={"call": ended})]
        assert bool(complaints(scene, WRONG)["a_call_has_its_command"]) is wrong


def test_what_a_given_up_settlement_may_hold_is_let_go_also_while_the_next_call_is_settled():
    scene = called()
    given_up(scene, "TEC-11")
    assert not any(complaints(scene, WRONG).values())
    scene.books.of(A).standing = {"call": call("settling", id="c2", op="TEC-12", session="TEC-13")}
    scene.books.of(A).commands.append(command("TEC-12", "settle"))
    assert not complaints(scene, WRONG)["a_call_has_its_command"]


def test_they_talk_until_now_and_no_longer_than_they_may():
    scene = talking()
    for rung in rings(scene):
        rung.until_at = NOW - 300_000
        rung.phone.rung_at, rung.phone.answered_at = 1.0, 1.0
    object.__setattr__(scene, "at_s", 600.0)
    assert complaints(scene, ["calls_end_in_time"])["calls_end_in_time"]


def test_the_history_tells_of_telephones():
    scene = called()
    told = sentence(scene.books.of(A), scene.journal, NOW - 1_000_000)
    assert "his telephone rang for c1 (TEC-7)" in told and "33170000101 was over, by us" in told


def test_the_price_is_that_of_the_product_reckoned_anew():
    for name, rate in RATES.items():
        assert [price_minor(name, seconds) for seconds in range(1, 700)] == [priced(rate, seconds) for seconds in range(1, 700)]
        assert price_minor(name, 0) == 0
