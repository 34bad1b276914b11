"""The batch queue: grouping, bounds, isolation of answers, on the virtual clock and in a thread."""

import threading

import pytest_twisted
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.database.batch import BatchQueue, Lane, Relief
from tectonics.database.executors import ClockExecutor, ThreadExecutor
from tectonics.domain.errors import Busy, OurFault


class Recorder:
    """A `run` that remembers its batches and answers each item with itself, tripled."""

    def __init__(self):
        self.batches = []

    def __call__(self, items):
        self.batches.append(list(items))
        return [item * 3 for item in items]


def _queue(run, **options):
    clock = Clock()
    return clock, BatchQueue(run, ClockExecutor(clock), **options)


def _outcomes(deferreds):
    got = []
    for deferred in deferreds:
        deferred.addBoth(got.append)
    return got


def test_an_idle_queue_starts_at_once_and_the_rest_forms_one_batch():
    run = Recorder()
    clock, queue = _queue(run)
    got = _outcomes([queue.submit(n) for n in range(5)])
    assert queue.depth == 5
    assert run.batches == []
    clock.advance(0)
    assert run.batches == [[0], [1, 2, 3, 4]]
    assert got == [0, 3, 6, 9, 12]
    assert queue.depth == 0


class Slow:
    """A lane whose work takes a second of the clock."""

    def __init__(self, clock, name, batches):
        self.lane = Lane(lambda items: batches.append((name, clock.seconds(), list(items))) or items, Late(clock))


class Late:
    """An executor that answers a second later; it works on one thing at a time."""

    def __init__(self, clock):
        self.clock, self.busy, self.closed = clock, False, False

    def run(self, work, argument, done):
        assert not self.busy
        self.busy = True
        self.clock.callLater(1.0, self._done, work(argument), done)

    def _done(self, result, done):
        self.busy = False
        done(result, None)

    def close(self):
        self.closed = True


def relieved(after_s=0.2):
    clock, batches = Clock(), []
    first, second = Slow(clock, "first", batches).lane, Slow(clock, "second", batches).lane
    queue = BatchQueue(first.run, first.executor, 2, 9, relief=Relief(second, clock, after_s))
    return clock, batches, queue, (first, second)


def test_who_waits_long_is_relieved():
    clock, batches, queue, _ = relieved()
    got = _outcomes([queue.submit(n) for n in range(3)])
    clock.advance(0.19)
    assert batches == [("first", 0.0, [0])]
    clock.advance(0.01)
    assert batches[1:] == [("second", 0.2, [1, 2])] and queue.depth == 3
    clock.advance(0.8)
    assert got == [0]
    got += _outcomes([queue.submit(3)])  # the second is at work: the first takes it when it has waited long enough
    clock.pump([0.19, 0.01])
    assert batches[2:] == [("first", 1.2, [3])]
    clock.pump([0.5, 0.5])
    assert got[1:] == [] or queue.depth == 0


def test_nobody_is_relieved_who_does_not_wait():
    clock, batches, queue, lanes = relieved()
    for n in range(3):
        queue.submit(n)
        clock.pump([0.5, 0.5, 0.5])
    assert [name for name, *_ in batches] == ["first"] * 3
    queue.submit(3)
    queue.submit(4)
    closed = _outcomes([queue.close()])
    clock.pump([0.2, 0.2, 0.2, 0.3, 0.2])
    assert batches[3:] == [("first", 4.5, [3]), ("second", 4.7, [4])]
    assert closed == [] and not lanes[0].executor.closed
    clock.pump([0.2])
    assert closed == [None] and all(lane.executor.closed for lane in lanes) and clock.getDelayedCalls() == []


def test_a_batch_is_bounded_and_so_is_the_queue():
    run = Recorder()
    clock, queue = _queue(run, batch_max=2, queue_max=3)
    taken = [queue.submit(n) for n in range(4)]
    refused = []
    queue.submit(4).addErrback(lambda failure: refused.append(failure.check(Busy)))
    assert refused == [Busy]
    got = _outcomes(taken)
    clock.pump([0] * 5)
    assert run.batches == [[0], [1, 2], [3]]
    assert got == [0, 3, 6, 9]


def test_an_exception_as_a_result_fails_only_its_own():
    clock, queue = _queue(lambda items: [ValueError("no") if n == 2 else n for n in items])
    got = _outcomes([queue.submit(n) for n in range(4)])
    clock.pump([0] * 3)
    assert [got[0], got[1], got[3]] == [0, 1, 3]
    assert got[2].check(ValueError)


def test_a_callback_that_raises_does_not_drop_its_neighbours():
    clock, queue = _queue(Recorder())
    deferreds = [queue.submit(n) for n in range(4)]
    deferreds[1].addCallback(lambda _: 1 / 0)
    got = _outcomes(deferreds)
    clock.pump([0] * 3)
    assert got[1].check(ZeroDivisionError)
    assert [got[0], got[2], got[3]] == [0, 6, 9]


def test_a_cancelled_request_does_not_drop_its_neighbours():
    clock, queue = _queue(Recorder())
    deferreds = [queue.submit(n) for n in range(3)]
    got = _outcomes(deferreds)
    deferreds[1].cancel()
    clock.pump([0] * 3)
    assert got[1:] == [0, 6]


def test_a_batch_that_raises_fails_whole_and_the_next_goes_on():
    def run(items):
        if 1 in items:
            raise RuntimeError("disk on fire")
        return items

    clock, queue = _queue(run)
    got = _outcomes([queue.submit(n) for n in range(3)])
    clock.pump([0] * 3)
    assert got[0] == 0
    assert got[1].check(OurFault) and got[2].check(OurFault)
    later = _outcomes([queue.submit(7)])
    clock.advance(0)
    assert later == [7]


def test_too_few_answers_are_our_fault_for_all():
    clock, queue = _queue(lambda items: [])
    got = _outcomes([queue.submit(1)])
    clock.advance(0)
    assert got[0].check(OurFault)


def test_after_sees_each_batch_in_order_before_its_answers():
    seen = []

    def after(result):
        seen.append(("after", result))
        return result

    clock, queue = _queue(lambda items: items, after=after)
    for n in range(3):
        queue.submit(n).addCallback(lambda value: seen.append(value))
    clock.pump([0] * 3)
    assert seen == [("after", [0]), 0, ("after", [1, 2]), 1, 2]


def test_close_drains_and_then_refuses():
    run = Recorder()
    clock, queue = _queue(run)
    got = _outcomes([queue.submit(n) for n in range(3)])
    closed = _outcomes([queue.close()])
    refused = _outcomes([queue.submit(9)])
    assert refused[0].check(Busy) and closed == []
    clock.pump([0] * 3)
    assert got == [0, 3, 6]
    assert closed == [None]


def test_what_a_callback_submits_while_closing_is_refused_but_never_forgotten():
    clock, queue = _queue(Recorder())
    second = []
    queue.submit(1).addCallback(lambda _: queue.submit(2).addBoth(second.append))
    queue.close()
    clock.pump([0] * 3)
    assert second[0].check(Busy)


def test_closing_from_a_callback_waits_for_the_neighbours():
    clock, queue = _queue(Recorder())
    order = []
    queue.submit(1)
    queue.submit(2).addCallback(lambda _: queue.close().addCallback(lambda _: order.append("closed")))
    queue.submit(3).addCallback(lambda _: order.append("answered"))
    clock.pump([0] * 3)
    assert order == ["answered", "closed"]


def test_the_clock_executor_delays():
    clock = Clock()
    queue = BatchQueue(Recorder(), ClockExecutor(clock, delay_s=0.5))
    got = _outcomes([queue.submit(1)])
    clock.advance(0.4)
    assert got == []
    clock.advance(0.1)
    assert got == [3]


@pytest_twisted.ensureDeferred
async def test_a_thread_works_and_the_reactor_gets_the_answers():
    from twisted.internet import reactor

    threads = []

    def run(items):
        threads.append(threading.current_thread())
        return [item + 1 for item in items]

    queue = BatchQueue(run, ThreadExecutor(reactor), batch_max=10)
    deferreds = [queue.submit(n) for n in range(95)]
    for deferred in deferreds:
        deferred.addCallback(lambda value: (value, threading.current_thread()))
    got = [await deferred for deferred in deferreds]
    assert [value for value, _ in got] == list(range(1, 96))
    assert {thread for _, thread in got} == {threading.main_thread()}
    assert len(set(threads)) == 1 and threads[0] is not threading.main_thread()
    await queue.close()
    threads[0].join(5)
    assert not threads[0].is_alive()


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from(["submit", "fail", "advance"]), max_size=60),
       st.integers(1, 5), st.integers(1, 8))
def test_every_submitted_item_gets_exactly_one_answer(steps, batch_max, queue_max):
    clock = Clock()
    queue = BatchQueue(lambda items: [KeyError(n) if bad else n for n, bad in items],
                       ClockExecutor(clock), batch_max, queue_max)
    answers = {}
    for number, step in enumerate(steps):
        if step == "advance":
            clock.advance(0)
            continue
        answers[number] = []
        queue.submit((number, step == "fail")).addBoth(answers[number].append)
    queue.close()
    clock.pump([0] * 70)
    for number, got in answers.items():
        assert len(got) == 1
        failed = not isinstance(got[0], int)
        assert got[0].check(Busy, KeyError) if failed else got[0] == number


def test_closing_twice_is_harmless():
    _, queue = _queue(Recorder())
    assert _outcomes([queue.close(), queue.close()]) == [None, None]
