"""Groups: one of them in a batch, the longest waiting first, each in order, nobody forgotten."""

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from tectonics.database.batch import BatchQueue
from tectonics.database.executors import ClockExecutor
from tectonics.database.grouping import Groups
from tectonics.domain.errors import Busy


def _queue(batch_max=256, queue_max=10_000):
    """A queue of (group, number) and the batches that it has run."""
    clock, batches = Clock(), []

    def run(items):
        batches.append(list(items))
        return items

    line = Groups(lambda item: item[0])
    return clock, batches, BatchQueue(run, ClockExecutor(clock), batch_max, queue_max, line=line)


def _submit(queue, names):
    return [queue.submit((name, number)) for number, name in enumerate(names)]


def _names(batches):
    return ["".join(name for name, _ in batch) for batch in batches]


def test_a_batch_holds_one_group_and_the_longest_waiting_goes_first():
    clock, batches, queue = _queue()
    _submit(queue, "xbabcab")
    clock.pump([0] * 9)
    assert _names(batches) == ["x", "bbb", "aa", "c"]
    assert queue.depth == 0


def test_a_busy_group_does_not_starve_the_others():
    clock, batches, queue = _queue(batch_max=3)
    _submit(queue, "xaaaaabaaaa")
    clock.pump([0] * 9)
    assert _names(batches) == ["x", "aaa", "aaa", "b", "aaa"]


def test_what_comes_while_a_batch_is_under_way_joins_its_group():
    clock, batches, queue = _queue()
    _submit(queue, "xab")
    queue.submit(("x", 9)).addCallback(lambda _: queue.submit(("b", 10)))
    clock.advance(0)
    clock.pump([0] * 9)
    assert _names(batches) == ["x", "a", "b", "x", "b"]
    assert queue.depth == 0


def test_the_bound_is_that_of_all_groups_together():
    clock, batches, queue = _queue(queue_max=3)
    refused = []
    for deferred in _submit(queue, "xabcd"):
        deferred.addErrback(lambda failure: refused.append(failure.check(Busy)))
    assert refused == [Busy] and queue.depth == 4
    clock.pump([0] * 9)
    assert _names(batches) == ["x", "a", "b", "c"]


def test_closing_drains_every_group():
    clock, batches, queue = _queue()
    _submit(queue, "xabc")
    closed = []
    queue.close().addCallback(closed.append)
    clock.pump([0] * 9)
    assert len(batches) == 4 and closed == [None]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["a", "b", "c", None, "advance"]), max_size=60), st.integers(1, 5))
def test_it_is_what_a_list_searched_by_hand_gives(steps, batch_max):
    clock, batches, queue = _queue(batch_max)
    waiting, under_way, expected, answers = [], False, [], []

    def start():
        nonlocal waiting, under_way
        batch = [item for item in waiting if item[0] == waiting[0][0]][:batch_max]
        waiting = [item for item in waiting if item not in batch]
        expected.append(batch)
        under_way = True

    for number, step in enumerate([*steps, *["advance"] * 70]):
        if step != "advance":
            queue.submit((step, number)).addCallback(answers.append)
            waiting.append((step, number))
            if not under_way:
                start()
            continue
        clock.advance(0)
        while waiting:
            start()
        under_way = False
    assert batches == expected
    assert sorted(number for _, number in answers) == [n for n, step in enumerate(steps) if step != "advance"]
    assert queue.depth == 0
