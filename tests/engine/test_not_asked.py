"""A connector that refuses without having asked the billing system: nothing is lost, nothing is mistaken."""

from contextlib import closing

from twisted.internet.defer import succeed

from tectonics.billing.entries import CREDIT, DEBIT
from tectonics.database.sqlite import open_connection
from tectonics.ports import Capabilities
from tests.engine.world import FAR, UNREACHABLE, Node, borrow, build, drain, kinds, run, settle, types


class Away:
    """Stands before a write of the billing and refuses it the first so many times."""

    def __init__(self, write, times):
        self.write, self.times, self.asked = write, times, []

    def __call__(self, command):
        self.asked.append(command.op)
        if len(self.asked) <= self.times:
            return succeed(UNREACHABLE)
        return self.write(command)


def test_a_debit_waits_for_the_billing_to_come_back(tmp_path):
    node = build(tmp_path, Capabilities())
    borrow(node)
    billing = node.ledger.billing
    billing.debit = away = Away(billing.debit, 3)
    run(node.clock, node.recharge())
    settle(node, 20)
    assert len(set(away.asked)) == 1 and len(away.asked) == 4
    assert types(node) == ["advance.granted", "recovery.full"]
    assert kinds(node) == [CREDIT, "recharge", DEBIT]


def test_when_the_lease_is_over_it_was_certainly_not_done_and_is_asked_anew(tmp_path):
    node = build(tmp_path, Capabilities())
    borrow(node)
    billing = node.ledger.billing
    billing.debit = away = Away(billing.debit, 6)
    run(node.clock, node.recharge())
    settle(node, 120)
    assert len(set(away.asked)) == 2
    assert types(node) == ["advance.granted", "recovery.full"]


def test_what_another_node_has_taken_over_is_for_that_node_to_tell(tmp_path):
    node = build(tmp_path, Capabilities())
    borrow(node)
    billing = node.ledger.billing
    billing.debit = away = Away(billing.debit, 1_000_000)
    run(node.clock, node.recharge())
    settle(node, 20)
    with closing(open_connection(tmp_path / "store.db")) as store:
        store.execute("UPDATE outbox SET owner = 'n2', lease_until = ?", (FAR,))
        settle(node, 120)
        assert store.execute("SELECT op, owner FROM outbox").fetchall() == [(away.asked[0], "n2")]
    assert set(away.asked) == {away.asked[0]} and len(away.asked) < 10


def test_it_gives_up_in_the_end(tmp_path):
    node = build(tmp_path, Capabilities())
    borrow(node)
    billing = node.ledger.billing
    billing.debit = Away(billing.debit, 1_000_000)
    run(node.clock, node.recharge())
    settle(node, 3600, 20)
    assert types(node) == ["advance.granted"]
    settle(node, 90_000, 600)
    assert types(node) == ["advance.granted", "recovery.failed"]
    assert kinds(node) == [CREDIT, "recharge"]


def test_who_waits_for_credit_is_told_at_once(tmp_path):
    node = build(tmp_path)
    billing = node.ledger.billing
    billing.credit = away = Away(billing.credit, 1)
    assert borrow(node).text.startswith("refused.billing_refused")
    assert len(away.asked) == 1 and types(node) == ["advance.refused"]


def test_of_what_may_have_been_sent_before_it_says_nothing(tmp_path):
    node = build(tmp_path, Capabilities(deduplicates=True, window_s=86_400))
    billing, sent = node.ledger.billing, []
    credit = billing.credit
    billing.credit = lambda command: sent.append(command) or credit(command)
    for text in ("", "2"):
        run(node.clock, node.dial(text))
    node.dial("2*1")
    while not sent:
        node.clock.step()
    node.process.kill()
    drain(node.clock, node.clock.seconds() + 1)
    billing.credit = Away(credit, 2)
    node = Node(node.folder, node.clock, node.ledger, life=b"\2")
    run(node.clock, node.start())
    settle(node, 60)
    assert kinds(node) == [CREDIT]
    assert types(node) == ["advance.unknown", "reconcile.resolved", "advance.granted"]
