"""The open loop on the virtual clock: who arrives does not wait for who came before, and everybody is counted once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.simulators.load import Counted, Marks
from tectonics.simulators.load_offered import LAST_S, OfferedLoad, arrivals

MARKS = Marks(b"You have", b"Busy.")


class Lines:
    """A pool whose answers come when the test says so."""

    def __init__(self):
        self.asked, self.closed = [], False

    def post(self, path, body, result):
        self.asked.append((body, result))

    def answer(self, body, status=200):
        """Answers the oldest request."""
        self.asked.pop(0)[1](status, body)

    def close(self):
        self.closed = True
        while self.asked:
            self.answer(b"cut off", 0)


class World:
    def __init__(self, people=100, under_way_max=10, begin_s=0.0, end_s=100.0):
        self.clock, self.lines, self.over = Clock(), Lines(), []
        self.counted = Counted(begin_s, end_s)
        numbers = (f"3370000{n:04}" for n in range(people))
        self.load = OfferedLoad(self.clock, self.clock.seconds, self.lines, numbers, self.counted, MARKS, "T",
                                under_way_max)

    def offer(self, *due):
        self.load.run(iter(due)).addCallback(self.over.append)


def test_who_arrives_does_not_wait_for_who_came_before():
    world = World()
    world.offer(1.0, 2.0, 3.0)
    world.clock.advance(1.5)
    assert len(world.lines.asked) == 1
    world.clock.pump([0.5, 1.0])
    assert len(world.lines.asked) == 3
    for body in [b"CON choose"] * 3 + [b"CON sure?"] * 3 + [b"END You have it."] * 3:
        world.lines.answer(body)
    assert world.counted.outcomes == {"granted": 3}
    assert len(world.load.granted) == 3 and world.over == [None]
    assert not world.clock.getDelayedCalls()


def test_a_dial_is_as_old_as_it_was_due():
    world = World()
    world.offer(1.0)
    world.clock.advance(1.5)  # the generator comes half a second late
    world.clock.advance(0.25)
    world.lines.answer(b"END Busy. Dial again.")
    assert world.counted.latencies_ms["busy"].tolist() == [750.0]
    assert world.counted.latencies_ms["late"].tolist() == [500.0]


def test_above_the_bound_nothing_is_sent_and_it_is_counted():
    world = World(under_way_max=2)
    world.offer(1.0, 1.0, 1.0, 2.0)
    world.clock.advance(1.0)
    assert (len(world.lines.asked), world.counted.outcomes) == (2, {"unsent": 1})
    world.lines.answer(b"END Busy.")
    world.clock.advance(1.0)
    assert len(world.lines.asked) == 2


def test_who_was_told_busy_dials_again_in_another_session():
    world = World(people=1)
    world.offer(1.0, 2.0)
    world.clock.advance(1.0)
    first = world.lines.asked[0][0]
    world.lines.answer(b"END Busy.")
    world.clock.advance(1.0)
    again = world.lines.asked[0][0]
    assert again == first.replace(b"T1", b"T2") != first
    assert not world.load.exhausted


def test_without_anybody_left_it_says_so():
    world = World(people=1)
    world.offer(1.0, 2.0)
    world.clock.advance(1.0)
    world.clock.advance(1.0)
    assert world.load.exhausted and len(world.lines.asked) == 1


def test_what_is_never_answered_is_cut_off_and_counted():
    world = World()
    world.offer(1.0)
    world.clock.advance(1.0)
    world.clock.advance(LAST_S - 0.1)
    assert world.over == []
    world.clock.advance(0.1)
    assert world.lines.closed and world.counted.outcomes == {"nothing": 1} and world.over == [None]


@pytest.mark.parametrize("due, counted", [(0.5, {}), (1.0, {"granted": 1}), (2.0, {})])
def test_a_session_counts_when_it_was_due(due, counted):
    world = World(begin_s=1.0, end_s=2.0)
    world.offer(due)
    world.clock.advance(due)
    world.clock.advance(5.0)
    for body in (b"CON choose", b"CON sure?", b"END You have it."):
        world.lines.answer(body)
    assert world.counted.outcomes == counted


@given(st.floats(1, 500), st.integers(0, 2**32))
def test_arrivals_rise_and_are_repeated_by_their_seed(per_second, seed):
    found = list(arrivals(per_second, 10.0, 20.0, seed))
    assert found == list(arrivals(per_second, 10.0, 20.0, seed)) == sorted(found)
    assert all(10.0 < moment_s < 20.0 for moment_s in found)


def test_arrivals_have_the_rate_and_are_not_regular():
    found = list(arrivals(100.0, 0.0, 100.0, 1))
    assert 9_600 < len(found) < 10_400  # four standard deviations
    seconds = [sum(int(moment_s) == second for moment_s in found) for second in range(100)]
    mean = sum(seconds) / 100
    assert 60 < sum((count - mean) ** 2 for count in seconds) / 100 < 150  # the variance of a Poisson process is its mean
