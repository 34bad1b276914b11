"""The timer, on a clock whose calls run by another time, as those of a real process do."""

from types import SimpleNamespace

from twisted.internet.task import Clock

from tectonics.daemon.clock import WallClock
from tectonics.links.smpp.timer import Timer


def test_a_time_may_be_moved_earlier_and_later_costs_nothing():
    reactor, rung = Clock(), []
    clock = WallClock(reactor, SimpleNamespace(time=lambda: 1e9 + reactor.seconds(), monotonic=reactor.seconds))
    timer = Timer(clock, lambda: rung.append(reactor.seconds()))
    timer.by(clock.seconds() + 3)
    timer.by(clock.seconds() + 0.3)
    timer.by(clock.seconds() + 9)
    reactor.advance(0.4)
    assert len(rung) == 1
    timer.by(clock.seconds() + 1)
    timer.stop()
    reactor.advance(20)
    assert len(rung) == 1
