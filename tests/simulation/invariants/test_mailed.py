"""The rules about e-mail can fail: a healthy moment has no complaint, each way of being wrong is found."""

from dataclasses import replace

import pytest

from tectonics.simulation.history import sentence
from tectonics.simulation.invariants import rules
from tests.simulation.invariants.healthy import NOW, A
from tests.simulation.invariants.mailed import (
    WRONG,
    a_mail_is_left,
    an_answer_waits,
    an_owner_is_refused,
    letter,
    mailed,
    taken_and_forgotten,
    too_many_answers,
    wrote,
)


def complaints(scene, names):
    known = rules()
    return {name: [wrong.text for wrong in known[name](scene)] for name in names}


def test_a_healthy_day_of_mails_has_no_complaint():
    assert not any(complaints(mailed(), rules()).values()), complaints(mailed(), rules())


@pytest.mark.parametrize("rule, spoil", [(rule, spoil) for rule, all in WRONG.items() for spoil in all],
                         ids=lambda value: getattr(value, "__name__", value))
def test_each_way_of_being_wrong_is_found(rule, spoil):
    scene = mailed()
    spoil(scene)
    assert complaints(scene, [rule])[rule]


def test_the_end_is_not_asked_for_before_it():
    scene = mailed()
    an_answer_waits(scene)
    a_mail_is_left(scene)
    object.__setattr__(scene, "over", False)
    assert not any(complaints(scene, WRONG).values())


def test_who_writes_too_much_may_be_refused_and_may_wait_for_his_answer():
    scene = mailed()
    an_owner_is_refused(scene)
    wrote(scene, "call", "automatic", 8000.0, (250, True))
    assert not complaints(scene, WRONG)["who_is_registered_is_heard"]
    taken_and_forgotten(scene)
    assert complaints(scene, WRONG)["a_mail_that_was_taken_has_its_effect"]
    for second in range(12):
        wrote(scene, "sos", "", 110.0 + second, (250, True)).attempts[0] = replace(letter(scene, 0).attempts[1])
    assert not complaints(scene, WRONG)["a_mail_that_was_taken_has_its_effect"]


def test_where_clocks_jump_or_the_way_was_bad_hours_are_not_counted():
    for spoil in (an_owner_is_refused, too_many_answers):
        scene = mailed()
        spoil(scene)
        letter(scene, 2).attempts.extend([letter(scene, 2).attempts[1]] * 2)
        object.__setattr__(scene, "clocks_apart_ms", 1)
        assert not any(complaints(scene, WRONG).values())


def test_the_history_tells_of_mails():
    told = sentence(mailed().books.of(A), mailed().journal, NOW - 9_000_000)
    assert "wrote to sos@ (<m1@signed.example>)" in told and "<m3@signed.example> was brought to n1 (life 1) and answered 451" in told
    assert "wrote to balance@ automatic" in told and "was answered by mail: 'You owe 2.20 EUR.'" in told
