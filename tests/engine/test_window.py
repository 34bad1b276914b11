"""A command is sent again only in the first half of what the billing system remembers: clocks may be wrong by the other."""

import json

import pytest
from twisted.internet.defer import succeed

from tectonics.billing.entries import CREDIT, DEBIT
from tectonics.domain.outcome import Refused, Unknown
from tectonics.ports import Capabilities
from tests.engine.world import build, run, settle
from tests.workflows.world import MSISDN


@pytest.mark.parametrize("deaf_s, state", [(40, "open"), (60, "unknown")])
def test_what_was_lost_is_sent_again_in_the_first_half(tmp_path, deaf_s, state):
    node = build(tmp_path, Capabilities(deduplicates=True, window_s=100))
    run(node.clock, node.ledger.billing.set_faults(lose_requests=1000))
    run(node.clock, node.dial("2"))
    assert run(node.clock, node.dial("2*1")).text.startswith("result.pending")
    settle(node, deaf_s - 10)  # ten it has waited for its answer
    run(node.clock, node.ledger.billing.set_faults(lose_requests=0))
    settle(node, 60)
    advance, = run(node.clock, node.files.store.load(MSISDN)).account.advances
    assert advance.state == state
    assert node.metrics.counts["tectonics_retries_total", ("credit",)] > 0


def test_a_refusal_of_a_repetition_says_nothing_of_what_is_still_on_its_way(tmp_path):
    node = build(tmp_path, Capabilities(deduplicates=True, window_s=86_400))
    for text in ("", "2", "2*1"):
        run(node.clock, node.dial(text))
    billing, asked = node.ledger.billing, []
    write = billing.debit

    def debit(command):
        asked.append(command.op)
        if len(asked) == 1:
            node.clock.callLater(8, write, command)
            return succeed(Unknown("the connection was given up"))
        return succeed(Refused("blocked")) if len(asked) < 4 else write(command)

    billing.debit = debit
    run(node.clock, node.recharge())
    settle(node, 300)
    lines = run(node.clock, node.files.tickets.read("n1", 0, 100))
    assert [json.loads(line.line)["type"] for line in lines] == [
        "advance.granted", "recovery.unknown", "reconcile.resolved", "recovery.full"]
    movements = run(node.clock, billing.movements(MSISDN, 100))
    assert [one.kind for one in reversed(movements)] == [CREDIT, "recharge", DEBIT]


def test_a_refusal_is_believed_when_nothing_can_be_on_its_way(tmp_path):
    node = build(tmp_path, Capabilities(deduplicates=True, window_s=86_400))
    for text in ("", "2", "2*1"):
        run(node.clock, node.dial(text))
    answers = iter([Unknown("lost")])
    node.ledger.billing.debit = lambda command: succeed(next(answers, Refused("blocked")))
    run(node.clock, node.recharge())
    settle(node, 300)
    lines = run(node.clock, node.files.tickets.read("n1", 0, 100))
    assert [json.loads(line.line)["type"] for line in lines][1:] == [
        "recovery.unknown", "reconcile.resolved", "recovery.failed"]
