"""What nobody can be sending any more is told by a clock that nobody sets."""

from contextlib import closing

import pytest
from twisted.internet.defer import succeed

from tectonics.billing.entries import CREDIT
from tectonics.database.sqlite import open_connection
from tectonics.domain.outcome import Unknown
from tectonics.engine import ages
from tectonics.engine.ages import Ages
from tectonics.ports import Capabilities
from tests.engine.world import FAR, UNREACHABLE, Node, borrow, build, kinds, run, settle, types

READABLE = Capabilities(deduplicates=False, readable_back=True)


@pytest.fixture
def moment():
    return [100.0]


def test_an_age_begins_with_its_row_and_again_when_the_row_does(moment):
    known = Ages(lambda: moment[0])
    known.begin("op")
    moment[0] += 5
    assert known.age_s("op") == 5
    known.begin("op")
    assert known.age_s("op") == 0


def test_what_was_not_known_counts_from_the_first_question(moment):
    known = Ages(lambda: moment[0])
    assert known.age_s("op") == 0
    moment[0] += 7
    assert known.age_s("op") == 7
    known.end("op")
    known.end("op")
    assert known.age_s("op") == 0


def test_the_oldest_are_forgotten(moment, monkeypatch):
    monkeypatch.setattr(ages, "COMMANDS_MAX", 3)
    known = Ages(lambda: moment[0])
    for op in ("a", "b", "c", "a", "d"):  # "a" is the youngest but one
        known.begin(op)
    moment[0] += 1
    assert [known.age_s(op) for op in ("c", "a", "d")] == [1, 1, 1]
    assert known.age_s("b") == 0


def late(node, name, after_s):
    """The write gets no answer, and arrives after so long."""
    billing = node.ledger.billing
    write = getattr(billing, name)

    def lost(command):
        node.clock.callLater(after_s, write, command)
        return succeed(Unknown("no answer"))

    setattr(billing, name, lost)


def test_a_node_whose_clock_is_ahead_does_not_take_what_is_on_its_way_for_not_done(tmp_path):
    one = build(tmp_path, READABLE)
    late(one, "credit", after_s=9)
    borrow(one)
    two = Node(tmp_path, one.clock, one.ledger, origin="n2", life=b"\2", ahead_s=1800)
    run(two.clock, two.start())
    settle(two, 120)
    assert types(two, "n1") == ["advance.unknown"]
    assert types(two, "n2") == ["reconcile.resolved", "advance.granted"]
    assert kinds(two) == [CREDIT]


def test_a_clock_that_is_set_forward_meanwhile_makes_nothing_certain(tmp_path):
    node = build(tmp_path, READABLE)
    late(node, "credit", after_s=9)
    borrow(node)
    node.process.ahead_s = 1800
    settle(node, 120)
    assert types(node, "n1") == ["advance.unknown", "reconcile.resolved", "advance.granted"]
    assert kinds(node) == [CREDIT]


def test_a_clock_that_is_set_back_lengthens_no_lease(tmp_path):
    node, asked_s = build(tmp_path, READABLE), []
    borrow(node)
    node.ledger.billing.debit = lambda command: asked_s.append(node.clock.seconds()) or succeed(UNREACHABLE)
    run(node.clock, node.recharge())
    node.process.ahead_s = -600
    with closing(open_connection(tmp_path / "store.db")) as store:
        store.execute("UPDATE outbox SET owner = 'n2', lease_until = ?", (FAR,))
    settle(node, 300)
    assert 4 < len(asked_s) < 7 and asked_s[-1] - asked_s[0] <= 31
