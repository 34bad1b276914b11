"""A recharge that is taken back after it has paid a debt in full: the debt is open again, to the cent."""

import json

import pytest

from tectonics.domain.events import Reversed
from tests.engine.world import build, run, settle
from tests.workflows.world import MSISDN


@pytest.mark.parametrize("fault", [{}, {"lose_answers": 1}, {"lose_requests": 1}], ids=str)
def test_a_debt_that_was_paid_in_full_is_reopened(tmp_path, fault):
    node = build(tmp_path)
    run(node.clock, node.dial("2"))
    run(node.clock, node.dial("2*1"))
    run(node.clock, node.recharge())
    settle(node, 3)
    account = run(node.clock, node.files.store.load(MSISDN)).account
    assert account.outstanding_minor == 0
    node.ledger.billing.set_faults(**fault)
    now = node.core.engine.now()
    assert run(node.clock, node.feed.feed(Reversed(MSISDN, "tcp", "v1", now, "r1"))) == "OK"
    settle(node, 120)
    account = run(node.clock, node.files.store.load(MSISDN)).account
    assert account.outstanding_minor == 220
    assert run(node.clock, node.ledger.billing.balance(MSISDN)).amount_minor == 200
    lines = run(node.clock, node.files.tickets.read("n1", 0, 100))
    newest = json.loads(lines[-1].line)
    assert (newest["type"], newest["amount"], newest["outstanding"]) == ("recovery.reversed", "2.20", "2.20")
    assert run(node.clock, node.recharge("r2")) == "OK"
    settle(node, 3)
    assert run(node.clock, node.files.store.load(MSISDN)).account.outstanding_minor == 0
    assert node.metrics.raised == {}
