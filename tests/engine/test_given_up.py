"""What is written off is added to the day of the service, once, so that bad debt can be told without the history."""

import pytest

from tectonics.domain.events import Trigger, WrittenOff
from tests.engine.world import build, run
from tests.workflows.world import MSISDN


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def test_a_debt_that_is_given_up_counts_in_the_day(node):
    for text in ("", "1", "1*1"):
        run(node.clock, node.dial(text))
    engine = node.core.engine
    day = engine.policies.current.day(engine.now())
    [lent] = run(node.clock, engine.store.load(MSISDN)).account.advances
    assert run(node.clock, engine.store.usage("written_off", day)) == (0, 0)
    run(node.clock, node.core.desk.decide(WrittenOff(MSISDN, engine.now(), lent.id, "ann", "goodwill", Trigger("admin", "w1"))))
    assert run(node.clock, engine.store.usage("written_off", day)) == (1, lent.offer.total_minor)
    assert run(node.clock, engine.store.usage("advance", day)) == (1, lent.offer.amount_minor)
