"""The order in which things happen, and the end of a process."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.error import AlreadyCalled, AlreadyCancelled

from tectonics.simulation.machine.timeline import Killed, Timeline
from tests.simulation.machine.machines import Pair


@given(st.lists(st.integers(0, 5), max_size=30))
def test_calls_happen_in_the_order_of_their_times_then_of_their_asking(delays):
    timeline, happened = Timeline(), []
    for number, delay in enumerate(delays):
        timeline.call(delay, timeline.nature, happened.append, (delay, number))
    timeline.run_until(10)
    assert happened == sorted((delay, number) for number, delay in enumerate(delays))
    assert timeline.now_s == 10 and timeline.steps == len(delays)


def test_a_call_can_be_cancelled_moved_and_asked_about():
    timeline, happened = Timeline(), []
    first, second, third = (timeline.call(1, timeline.nature, happened.append, n) for n in range(3))
    first.cancel()
    second.delay(2)
    third.reset(2)
    assert not first.active() and second.getTime() == 3 and third.getTime() == 2
    timeline.run_until(2)
    assert happened == [2]
    with pytest.raises(AlreadyCalled):
        third.cancel()
    with pytest.raises(AlreadyCancelled):
        first.reset(1)
    timeline.run_until(3)
    assert happened == [2, 1] and not timeline.step()


def test_nothing_happens_between_two_steps():
    timeline, happened = Timeline(), []
    timeline.call(1, timeline.nature, lambda: timeline.call(0, timeline.nature, happened.append, "second"))
    assert timeline.step() and happened == []
    assert timeline.step() and happened == ["second"]


def test_a_dead_process_does_nothing_more():
    pair, happened = Pair(), []
    pair.a.call(1, happened.append, "a")
    pair.b.call(1, happened.append, "b")
    pair.a.kill()
    assert not pair.a.reactor.callLater(1, happened.append, "too late").active()
    pair.run(5)
    assert happened == ["b"] and not pair.a.alive


def test_a_process_dies_just_before_its_so_many_th_step():
    pair, happened = Pair(), []
    for number in range(5):
        pair.a.call(number, happened.append, number)
    pair.a.last_step = pair.a.steps + 3
    pair.run(10)
    assert happened == [0, 1] and not pair.a.alive


def test_a_process_that_kills_itself_finishes_its_step():
    pair, happened = Pair(), []

    def last():
        pair.a.kill()
        happened.append("still this")

    pair.a.call(1, last)
    pair.a.call(2, happened.append, "not this")
    pair.run(5)
    assert happened == ["still this"]


def test_who_is_killed_in_a_step_stops_there():
    pair, happened = Pair(), []

    def dies():
        raise Killed

    pair.a.call(1, dies)
    pair.a.call(2, happened.append, "not this")
    pair.run(5)
    assert happened == [] and not pair.a.alive


def test_a_fault_is_told_and_the_world_goes_on():
    timeline, told, happened = Timeline(), [], []
    timeline.on_fault = lambda process, failure: told.append(failure.type)
    timeline.call(1, timeline.nature, lambda: 1 / 0)
    timeline.call(2, timeline.nature, happened.append, "later")
    timeline.run_until(5)
    assert told == [ZeroDivisionError] and happened == ["later"]


def test_work_and_its_answer_are_two_steps():
    pair, happened = Pair(), []
    executor = pair.a.host(None).executor()
    executor.run(lambda argument: happened.append(argument), "work", lambda *answer: happened.append(answer))
    assert pair.timeline.step() and happened == ["work"]
    assert pair.timeline.step() and happened == ["work", (None, None)]
    executor.run(lambda argument: 1 / argument, 0, lambda result, error: happened.append(type(error)))
    pair.run(1)
    assert happened[-1] is ZeroDivisionError


def test_a_thread_answers_in_a_step_of_its_own():
    pair, happened = Pair(), []
    pair.a.in_thread(divmod, 7, 2).addCallback(happened.append)
    pair.a.in_thread(divmod, 7, 0).addErrback(lambda failure: happened.append(failure.type))
    pair.run(1)
    assert sorted(happened, key=str) == [(3, 1), ZeroDivisionError]


def test_a_machines_time_of_day_jumps_and_its_clock_follows():
    pair = Pair()
    clock = pair.a.host(None).clock
    before_s, called = clock.seconds(), []
    pair.machines["a"].jumped_s += 3600
    clock.callLater(10, called.append, 1)
    pair.run(11)
    assert called == [1]
    assert round(clock.seconds() - before_s) == 3611
    assert round(pair.b.host(None).clock.seconds() - before_s) == 11


def test_ids_differ_between_machines_and_lives():
    pair = Pair()
    pair.a.life = 2
    made = {process.host(None).ids.new(5) for process in (pair.a, pair.b, Pair().a)}
    assert len(made) == 3
