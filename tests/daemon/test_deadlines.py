"""Deadlines: never early, at most a slot late, cancelled for nothing, and few calls of the reactor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import Clock
from zope.interface.verify import verifyObject

from tectonics.daemon.deadlines import COARSE_S, SLOT_S, Deadlines


def fresh():
    clock = Clock()
    return clock, Deadlines(clock, clock.seconds)


@given(st.lists(st.floats(0, 30), max_size=40))
def test_never_early_and_at_most_a_slot_late(delays):
    clock, deadlines = fresh()
    came = {}
    for number, delay_s in enumerate(delays):
        deadlines.call_later(delay_s, lambda number=number: came.setdefault(number, clock.seconds()))
    for _ in range(31 * 250):
        clock.advance(0.004)
    assert len(came) == len(delays)
    for number, delay_s in enumerate(delays):
        assert delay_s - 1e-6 <= came[number] <= delay_s + SLOT_S + 0.0041


def test_a_thousand_about_the_same_moment_are_one_call_of_the_reactor():
    clock, deadlines = fresh()
    calls = [deadlines.call_later(2.0, lambda: None) for _ in range(1000)]
    assert len(clock.getDelayedCalls()) == 1
    for call in calls:
        call.cancel()
    clock.advance(3)
    assert not clock.getDelayedCalls()


def test_what_is_due_soon_is_exact():
    clock, deadlines = fresh()
    came = []
    deadlines.call_later(COARSE_S / 2, came.append, 1)
    clock.advance(COARSE_S / 2)
    assert came == [1]


def test_cancelled_is_not_called_and_not_active():
    clock, deadlines = fresh()
    came = []
    call = deadlines.call_later(1.0, came.append, 1)
    assert call.active() and call.getTime() == 1.0
    call.cancel()
    assert not call.active()
    with pytest.raises(AlreadyCancelled):
        call.cancel()
    clock.advance(2)
    assert came == []


def test_one_may_cancel_the_next_of_its_slot():
    clock, deadlines = fresh()
    came = []
    calls = []
    deadlines.call_later(1.0, lambda: calls[0].cancel())
    calls.append(deadlines.call_later(1.0, came.append, 1))
    clock.pump([0.5] * 4)
    assert came == []


def test_a_fault_in_one_stops_no_other():
    clock, deadlines = fresh()
    came = []
    deadlines.call_later(1.0, lambda: 1 / 0)
    done = deadlines.call_later(1.0, came.append, 1)
    with pytest.raises(ZeroDivisionError):
        clock.advance(1.1)
    clock.advance(0)
    assert came == [1]
    with pytest.raises(AlreadyCalled):
        done.cancel()


def test_it_can_be_put_off_and_brought_forward():
    clock, deadlines = fresh()
    came = []
    call = deadlines.call_later(1.0, lambda: came.append(clock.seconds()))
    clock.advance(0.9)
    call.reset(1.0)
    call.delay(0.5)
    clock.pump([0.01] * 145)
    assert came == [] and call.active()
    call.reset(0.005)
    clock.pump([0.01] * 5)
    assert len(came) == 1
    with pytest.raises(AlreadyCalled):
        call.reset(1)


def test_it_is_what_twisted_wants_of_a_delayed_call():
    assert verifyObject(IDelayedCall, fresh()[1].call_later(1.0, list))
