"""Coroutines on the virtual clock: they wait for Deferreds and for time, and their ends are told once."""

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from tectonics.simulation.tasks import Sleep, start


def ran(work):
    told = []
    start(work, told.append)
    return told


def test_it_waits_for_time_and_for_an_answer():
    clock, answer = Clock(), Deferred()

    async def work():
        await Sleep(clock.callLater, 5.0)
        return clock.seconds(), await answer

    told = ran(work())
    clock.advance(4.5)
    answer.callback("there")
    assert told == []
    clock.advance(0.5)
    assert told == [(5.0, "there")]


def test_a_failed_answer_is_raised_where_it_is_awaited():
    answer = Deferred()

    async def work():
        try:
            await answer
        except LookupError as error:
            return f"caught {error}"

    told = ran(work())
    answer.errback(Failure(LookupError("nothing")))
    assert told == ["caught nothing"]


def test_what_it_raises_is_told_as_a_failure():
    async def work():
        raise LookupError("nothing")

    told, = ran(work())
    assert isinstance(told, Failure) and told.check(LookupError)
