"""A centre that does everything wrong at once, from a seed: each submit has one outcome, and the outcome is true."""

from collections import Counter

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import gatherResults

from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Unsent
from tectonics.simulators.smsc import faults as wrong
from tectonics.simulators.smsc.faults import Faults
from tectonics.wire.smpp.pdus import message_octets

PERCENT = {wrong.THROTTLE: 5, wrong.QUEUE_FULL: 2, wrong.REFUSE: 5, wrong.LOSE_REQUEST: 2, wrong.LOSE_ANSWER: 3,
           wrong.LATE: 3, wrong.CUT: 1, wrong.GARBAGE: 1, wrong.DOUBLE: 20}
SUBMITS, MESSAGES = 400, 60


@pytest.mark.parametrize("seed", range(4))
@pytest_twisted.ensureDeferred
async def test_what_is_told_is_true(make_loopback, seed):
    loopback = await make_loopback(faults=Faults(seed, late_s=0.15), retry_s=0.02)
    await loopback.up(loopback.account("a", sessions=2, window=10, response_s=0.1),
                      loopback.account("b", window=5, response_s=0.1))
    for kind, percent in PERCENT.items():
        loopback.centre.faults.order(kind, percent=percent)
    reactor.callLater(0.05, loopback.centre.cut_all)
    heard = gatherResults([loopback.centre.message(f"mo{n}", "33600000001") for n in range(MESSAGES)])
    outcomes = await gatherResults([loopback.send(f"{n}", priority=n % 3, wait_s=0.2 if n % 10 == 9 else 10.0)
                                    for n in range(SUBMITS)])
    taken = Counter(int(one.pdu.short_message) for one in loopback.centre.submitted)
    ids = {one.id: int(one.pdu.short_message) for one in loopback.centre.submitted}
    for number, outcome in enumerate(outcomes):
        match outcome:
            case Accepted(_, message_id):
                assert ids[message_id] == number and taken[number] == 1
            case Rejected() | Unsent():
                assert taken[number] == 0
            case Lost():
                assert taken[number] <= 1
    kinds = Counter(type(outcome).__name__ for outcome in outcomes)
    assert kinds["Accepted"] > SUBMITS / 2 and kinds["Rejected"] and kinds["Lost"]
    late = {int(request.short_message): message_id for request, _, message_id in loopback.late}
    assert all(isinstance(outcomes[number], Lost) and ids[id] == number for number, id in late.items())
    await heard
    texts = {message_octets(request) for _, request in loopback.heard}
    assert texts == {b"mo%d" % n for n in range(MESSAGES)}, "each at least once"
    assert loopback.alarmed() <= {"bind_down:a", "bind_down:b"}
