"""Timers in slots: never early, at most a slot late, none lost."""

import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.application.internet import ClientService
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import AlreadyCalled, AlreadyCancelled
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.internet.testing import MemoryReactorClock
from zope.interface.verify import verifyClass

from tectonics.daemon.clock import WallClock
from tectonics.daemon.wheel import SLOT_S, SlotCall, TimerWheel

DELAYS = st.lists(st.floats(0, 20), min_size=1, max_size=30)


def run_until(clock, end_s):
    """Steps the clock from timer to timer."""
    while clock.calls and clock.calls[0].getTime() <= end_s:
        clock.advance(max(0.0, clock.calls[0].getTime() - clock.seconds()))


@given(st.floats(0, 1e6), DELAYS)
def test_each_is_called_once_never_early_and_hardly_late(start_s, delays):
    clock, fired = Clock(), {}
    clock.rightNow = start_s
    wheel = TimerWheel(clock)
    for number, delay_s in enumerate(delays):
        wheel.call_later(delay_s, lambda n=number: fired.setdefault(n, []).append(clock.seconds()))
    run_until(clock, start_s + 30)
    assert sorted(fired) == list(range(len(delays)))
    for number, delay_s in enumerate(delays):
        [at_s] = fired[number]
        assert -1e-6 <= at_s - start_s - delay_s <= SLOT_S + 1e-6


def test_many_timers_cost_the_reactor_one():
    clock = Clock()
    wheel = TimerWheel(clock)
    for _ in range(1000):
        wheel.call_later(8, print).cancel()
    assert len(clock.getDelayedCalls()) == 1


def test_cancelled_is_not_called_and_says_so():
    clock, fired = Clock(), []
    wheel = TimerWheel(clock)
    kept, dropped = wheel.call_later(1, fired.append, "kept"), wheel.call_later(1, fired.append, "dropped")
    assert kept.active() and dropped.active() and kept.getTime() == 1
    dropped.cancel()
    assert not dropped.active()
    with pytest.raises(AlreadyCancelled):
        dropped.cancel()
    clock.advance(1 + SLOT_S)
    assert fired == ["kept"] and not kept.active()
    with pytest.raises(AlreadyCalled):
        kept.cancel()


def test_arguments_and_timers_set_by_timers():
    clock, fired = Clock(), []
    wheel = TimerWheel(clock)
    wheel.call_later(1, lambda *a, **k: (fired.append((a, k)), wheel.call_later(1, fired.append, "later")), 1, b=2)
    run_until(clock, 3)
    assert fired == [((1,), {"b": 2}), "later"]


def test_one_that_raises_does_not_take_its_neighbours_down():
    clock, fired = Clock(), []
    wheel = TimerWheel(clock)
    wheel.call_later(1, fired.append, "before")
    wheel.call_later(1, lambda: 1 / 0)
    wheel.call_later(1, fired.append, "after")
    with pytest.raises(ZeroDivisionError):
        clock.advance(1 + SLOT_S)
    clock.advance(0)
    assert fired == ["before", "after"]


def test_it_is_a_delayed_call():
    assert verifyClass(IDelayedCall, SlotCall)


def test_a_service_that_waits_for_its_peer_can_be_stopped():
    clock, peer = MemoryReactorClock(), Factory.forProtocol(Protocol)
    wall = WallClock(clock)
    service = ClientService(TCP4ClientEndpoint(clock, "127.0.0.1", 1), peer, lambda attempt: 5.0, wall)
    service.startService()
    clock.connectors[0].stopConnecting()
    assert service.stopService().called


def test_a_call_can_be_moved_as_twisted_web_moves_its_time_outs():
    clock, called = Clock(), []
    wheel = TimerWheel(clock)
    later, sooner = (wheel.call_later(10, called.append, name) for name in ("later", "sooner"))
    clock.advance(9)
    later.reset(10)
    sooner.delay(-0.5)
    clock.advance(0.6)
    assert called == ["sooner"]
    clock.advance(9.3)
    assert called == ["sooner"] and later.active()
    clock.pump([0.05] * 4)
    assert called == ["sooner", "later"]
    for call in (later, sooner):
        with pytest.raises(AlreadyCalled):
            call.reset(1)
    clock.pump([1] * 30)
    assert called == ["sooner", "later"]


def test_nothing_remains_of_a_cancelled_timer():
    class Held:
        def __call__(self):
            raise AssertionError("cancelled")

    wheel, held = TimerWheel(Clock()), Held()
    call, alive = wheel.call_later(8, held), weakref.ref(held)
    call.cancel()
    del held
    assert alive() is None and call not in call.slot
