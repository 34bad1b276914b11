"""A command is sent again only in the first half of what the billing system remembers: clocks may be wrong by the other."""

import pytest

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
