"""How many may be under way: by itself, and in front of a modelled daemon that is offered five times what it can do."""

from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.engine.admission import LEAST, WINDOW_MS, Admission
from tectonics.engine.pace import Limits

TARGET_MS = 40
DEFAULT_MS = Limits().decide_ms_target


def windows(admission, count, took_s=None, turned_away=True, begin=0):
    """Lets so many windows pass, each with one decision of `took_s`; the moment after them."""
    for now in range(begin, begin + count * WINDOW_MS, WINDOW_MS):
        if took_s is not None:
            admission.decided(took_s, now)
        if turned_away:
            admission.admits(admission.allowed + 1, now)
    end = begin + count * WINDOW_MS
    admission.admits(0, end)
    return end


def test_it_admits_so_many_and_no_more():
    admission = Admission(600, TARGET_MS)
    assert admission.allowed == LEAST
    assert admission.admits(LEAST - 1, 0) and not admission.admits(LEAST, 0)
    assert Admission(3, TARGET_MS).allowed == 3


def test_slow_decisions_shrink_it_down_to_the_least():
    admission = Admission(600, TARGET_MS)
    end = windows(admission, 10, 0.01)
    grown = admission.allowed
    end = windows(admission, 3, 0.06, begin=end)
    assert LEAST < admission.allowed < grown
    windows(admission, 100, 0.06, begin=end)
    assert admission.allowed == LEAST


def test_one_slow_decision_among_many_is_not_slowness():
    admission = Admission(600, TARGET_MS)
    end = windows(admission, 10, 0.01)
    grown = admission.allowed
    for took_s in [0.01] * 9 + [0.3]:
        admission.decided(took_s, end)
    admission.admits(0, end + WINDOW_MS)
    assert admission.allowed == grown


def test_it_grows_only_while_somebody_is_turned_away():
    admission = Admission(600, TARGET_MS)
    end = windows(admission, 50, 0.01, turned_away=False)
    assert admission.allowed == LEAST
    windows(admission, 50, 0.01, begin=end)
    assert admission.allowed == 600


def test_who_only_waits_for_the_billing_system_makes_room_for_others():
    admission = Admission(600, TARGET_MS)
    windows(admission, 50)  # nothing decided, everybody waits
    assert admission.allowed == 600


@given(st.integers(1, 5000), st.lists(st.tuples(st.floats(0, 60), st.integers(0, 500), st.booleans()), max_size=200))
def test_it_never_leaves_its_bounds(most, events):
    admission, now = Admission(most, TARGET_MS), 0
    for took_s, later_ms, asks in events:
        now += later_ms
        if asks:
            admission.admits(admission.allowed, now)
        else:
            admission.decided(took_s, now)
        assert min(LEAST, most) <= admission.allowed <= most


class Modelled:
    """A daemon that does one thing after the other: a session takes `cost_ms`, turning somebody away a twentieth.

    A session is under way from its admission until its work is done, whose time in the queue is what a
    decision takes; `waits_ms` is the billing system, which works beside it.
    """

    def __init__(self, admission, cost_ms, waits_ms=0.0):
        self.admission, self._cost_ms, self._waits_ms = admission, cost_ms, waits_ms
        self._queue, self._away = deque(), deque()
        self._free_at = 0.0
        self.latencies_ms, self.busy = [], 0

    def run(self, per_second, seconds):
        """Arrivals at equal distances."""
        for n in range(round(per_second * seconds)):
            self._arrive(n * 1000 / per_second)

    def _arrive(self, now_ms):
        while self._queue and self._queue[0][1] <= now_ms:
            came_ms, done_ms = self._queue.popleft()
            self.admission.decided((done_ms - came_ms) / 1000, int(done_ms))
            self.latencies_ms.append(done_ms - came_ms)
            self._away.append(done_ms + self._waits_ms)
        while self._away and self._away[0] <= now_ms:
            self._away.popleft()
        admitted = self.admission.admits(len(self._queue) + len(self._away), int(now_ms))
        self._free_at = max(self._free_at, now_ms) + (self._cost_ms if admitted else self._cost_ms / 20)
        if admitted:
            self._queue.append((now_ms, self._free_at))
        else:
            self.busy += 1


@pytest.mark.parametrize("cost_ms", [0.1, 0.25, 0.75])
def test_at_five_times_the_load_who_is_admitted_does_not_wait_for_long(cost_ms):
    daemon = Modelled(Admission(600, DEFAULT_MS), cost_ms)
    daemon.run(5 * 1000 / cost_ms, 20)
    served = daemon.latencies_ms[len(daemon.latencies_ms) // 2:]
    assert max(served) < max(2 * DEFAULT_MS, 1.5 * LEAST * cost_ms)
    assert len(daemon.latencies_ms) / 20 > 0.5 * 1000 / cost_ms  # what it can do, less what turning away costs
    assert daemon.busy


@pytest.mark.parametrize("cost_ms", [0.25, 0.75])
def test_at_four_fifths_of_the_load_nobody_is_turned_away(cost_ms):
    daemon = Modelled(Admission(600, DEFAULT_MS), cost_ms)
    daemon.run(0.8 * 1000 / cost_ms, 20)
    assert daemon.busy == 0


def test_after_the_storm_everybody_is_served_again():
    daemon = Modelled(Admission(600, DEFAULT_MS), 3.0)
    daemon.run(5 * 333, 20)
    calm = Modelled(daemon.admission, 3.0)
    calm.run(0.8 * 333, 5)
    assert calm.busy == 0


def test_a_slow_billing_system_is_no_reason_to_turn_people_away():
    daemon = Modelled(Admission(600, DEFAULT_MS), 0.75, waits_ms=500.0)
    daemon.run(0.8 * 1333, 20)
    assert 0 < daemon.busy < 0.1 * 0.8 * 1333 * 20  # at first, until it has grown
    assert daemon.admission.allowed > 0.8 * 1333 * 0.5
