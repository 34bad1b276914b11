"""Coroutines are run to their end, whatever they await and however it ends."""

import gc

from twisted.internet.defer import Deferred, fail, succeed
from twisted.python.failure import Failure

from tectonics.engine.running import deferred, start


async def both(first, second):
    return await first, await second


def results(work):
    found = []
    start(work, found.append)
    return found


def test_what_is_there_already_needs_no_wait():
    assert results(both(succeed(1), succeed(2))) == [(1, 2)]


def test_it_goes_on_with_what_it_waited_for():
    first, second = Deferred(), Deferred()
    found = results(both(first, second))
    first.callback(1)
    assert found == []
    second.callback(2)
    assert found == [(1, 2)]


def test_a_failure_is_raised_where_it_is_awaited():
    async def careful(waiting):
        try:
            return await waiting
        except ZeroDivisionError:
            return "caught"

    waiting = Deferred()
    found = results(careful(waiting))
    waiting.errback(ZeroDivisionError())
    assert found == ["caught"]
    assert results(careful(fail(ZeroDivisionError()))) == ["caught"]


def test_what_it_raises_is_the_result():
    found = results(both(succeed(1), fail(ValueError("no"))))
    assert isinstance(found[0], Failure) and found[0].check(ValueError)


def test_a_deferred_that_waits_for_another():
    inner = Deferred()
    outer = succeed(None).addCallback(lambda _: inner)
    found = results(both(outer, succeed(2)))
    inner.callback(1)
    assert found == [(1, 2)]


def test_thousands_that_are_there_already_are_no_recursion():
    async def many():
        return sum([await succeed(1) for _ in range(10_000)])

    assert results(many()) == [10_000]


def test_as_a_deferred():
    assert deferred(both(succeed(1), succeed(2))).result == (1, 2)
    failed = []
    deferred(both(succeed(1), fail(ValueError()))).addErrback(lambda failure: failed.append(failure.type))
    assert failed == [ValueError]


def test_leaves_nothing_for_the_collector():
    gc.collect()
    gc.disable()
    try:
        for _ in range(100):
            first, second = Deferred(), Deferred()
            start(both(first, second), lambda result: None)
            first.callback(1)
            second.callback(2)
        del first, second
        assert gc.collect() < 10
    finally:
        gc.enable()
