"""Lanes, usage and duties, each by itself."""

import pytest
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import Clock

from tectonics.domain.commands import Notify
from tectonics.domain.errors import BadPolicy, Busy, OurFault
from tectonics.domain.outcome import Refused, Unknown
from tectonics.engine import outbox
from tectonics.engine.lanes import WAITING_MAX, Lanes
from tectonics.engine.outbox import MESSAGE_TRIES_MAX
from tectonics.engine.timers import Duty
from tectonics.engine.usage import ServiceUsage
from tests.engine.world import Counted, build, run, settle


def test_a_lane_is_one_at_a_time_in_order():
    lanes, order = Lanes(), []
    assert lanes.enter("a") is None
    for name in "xyz":
        lanes.enter("a").addCallback(lambda _, name=name: order.append(name))
    assert lanes.enter("b") is None
    for _ in range(4):
        lanes.leave("a")
    assert order == ["x", "y", "z"] and len(lanes) == 1


def test_a_lane_has_a_bound():
    lanes = Lanes()
    lanes.enter("a")
    for _ in range(WAITING_MAX):
        lanes.enter("a")
    with pytest.raises(Busy):
        lanes.enter("a")


class Stored:
    def __init__(self):
        self.answer = (0, 0)

    def usage(self, service, day):
        return succeed(self.answer)


def test_usage_counts_what_is_reserved_written_and_given_back():
    store = Stored()
    usage = ServiceUsage(store, lambda now: now // 100)
    run(Clock(), Deferred.fromCoroutine(usage.refresh(50)))
    usage.reserve(1, 200)
    assert usage.now(50) == (1, 200)
    usage.settle(1, 200, written=True)
    assert usage.now(50) == (1, 200)
    usage.reserve(1, 300)
    usage.settle(1, 300, written=False)
    assert usage.now(50) == (1, 200)
    store.answer = (5, 900)
    run(Clock(), Deferred.fromCoroutine(usage.refresh(60)))
    assert usage.now(60) == (5, 900)
    assert usage.now(160) == (0, 0)


def test_a_day_that_comes_again_has_had_its_share():
    store = Stored()
    usage = ServiceUsage(store, lambda now: now // 100)
    store.answer = (12, 900)
    run(Clock(), Deferred.fromCoroutine(usage.refresh(199)))
    store.answer = (0, 0)
    run(Clock(), Deferred.fromCoroutine(usage.refresh(200)))
    usage.reserve(1, 50)
    assert usage.now(201) == (1, 50)
    assert usage.now(150) == (13, 950)  # the clock was put back over midnight
    usage.settle(1, 50, written=True)
    assert usage.now(150) == (13, 950) and usage.now(50) == (0, 0)


def test_a_duty_runs_on_survives_a_failure_and_stops():
    clock, alarms, turns = Clock(), Counted(), []

    async def work():
        turns.append(len(turns))
        if len(turns) == 2:
            raise OurFault("no disk")

    duty = Duty("work", 5, work, clock, alarms)
    duty.start()
    clock.pump([5, 5])
    assert turns == [0, 1] and ("store_fault", "work") in alarms.raised
    clock.advance(5)
    assert turns == [0, 1, 2] and not alarms.raised
    stopped = duty.stop()
    clock.advance(50)
    assert stopped.called and turns == [0, 1, 2]


def test_a_duty_never_runs_twice_at_once_and_stop_waits_for_it():
    clock, pending = Clock(), []

    async def work():
        pending.append(Deferred())
        await pending[-1]

    duty = Duty("work", 1, work, clock, Counted())
    duty.start()
    clock.pump([1, 1, 1])
    assert len(pending) == 1
    stopped = duty.stop()
    assert not stopped.called
    pending[0].callback(None)
    assert stopped.called


class Unwilling:
    """A messenger that answers what it is told."""

    def __init__(self, outcome):
        self.outcome, self.sent = outcome, []

    def send(self, command: Notify):
        self.sent.append(command.op)
        return succeed(self.outcome)


@pytest.mark.parametrize("outcome, times", [(Unknown("?"), MESSAGE_TRIES_MAX), (Refused("rejected"), 1)])
def test_a_message_is_repeated_a_bounded_number_of_times(tmp_path, outcome, times):
    node = build(tmp_path)
    messenger = Unwilling(outcome)
    node.core.outbox._messenger = messenger
    run(node.clock, node.dial("2"))
    run(node.clock, node.dial("2*1"))
    settle(node, 3000, 10)
    assert len(messenger.sent) == times
    assert run(node.clock, node.files.outbox.due(2**50, 10)) == []
    assert node.metrics.counts["tectonics_messages_total", ("given_up",)] == 1


def test_a_message_that_finds_no_centre_waits_longer_and_not_for_ever(tmp_path, monkeypatch):
    monkeypatch.setattr(outbox, "MESSAGE_WAITS_MAX", MESSAGE_TRIES_MAX + 3)
    node = build(tmp_path)
    messenger = node.core.outbox._messenger = Unwilling(Refused("unreachable"))
    run(node.clock, node.dial("2"))
    run(node.clock, node.dial("2*1"))
    settle(node, 600, 10)
    assert MESSAGE_TRIES_MAX < len(messenger.sent) < MESSAGE_TRIES_MAX + 3
    assert len(run(node.clock, node.files.outbox.due(2**50, 10))) == 1
    settle(node, 900, 10)
    assert len(messenger.sent) == MESSAGE_TRIES_MAX + 3
    assert node.metrics.counts["tectonics_messages_total", ("given_up",)] == 1


def test_two_who_change_the_policy_at_once_do_not_overwrite_each_other(tmp_path):
    from tests.engine.world import Node
    one = build(tmp_path)
    two = Node(tmp_path, one.clock, one.ledger, origin="n2", life=b"\2")
    run(two.clock, two.start())
    assert run(one.clock, one.core.policies.replace({"a": 1}, "Ann", "first")).version == 2
    with pytest.raises(Exception, match="somebody else"):
        run(two.clock, two.core.policies.replace({"b": 1}, "Bob", "second"))
    assert run(two.clock, two.core.policies.replace({"b": 1}, "Bob", "again")).version == 3


def test_a_bad_policy_is_refused_and_the_old_one_stays(tmp_path):
    node = build(tmp_path)
    before = node.core.policies.current

    def refuse(document, version):
        raise BadPolicy("no segments")

    node.core.policies._decode = refuse
    with pytest.raises(BadPolicy):
        run(node.clock, node.core.policies.replace({}, "Ann", "oops"))
    assert node.core.policies.current is before
