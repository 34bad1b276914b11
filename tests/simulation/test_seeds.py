"""A few hundred short seeds, each with its layout, promises, policy and faults: no invariant is ever broken.

What a seed found is repeated by the command that a failure prints.  `scripts/soak --simulate` runs thousands.
"""

import pytest

from tectonics.simulation.coverage import all_moves, as_text
from tectonics.simulation.many import run_seeds
from tectonics.simulation.plan import Options
from tectonics.simulation.report import Report

SEEDS, EACH = 240, 20
SHORT = Options(days=0.25, subscribers=14)
# Moves that so few seeds may not reach; docs/simulation.md says why.
SELDOM = {("advance", "granting", "not done"), ("advance", "unknown", "refused"), ("recovery", "debiting", "not done"),
          ("recovery", "unknown", "refused"), ("recovery", "unknown", "nothing there"), ("recovery", "refunding", "refused"),
          ("recovery", "refunding", "not done"), ("recovery", "refund_unknown", "refused"),
          ("recovery", "refund_unknown", "not done"), ("recovery", "refund_unknown", "refunded")}
total = Report()


@pytest.mark.parametrize("first", range(0, SEEDS, EACH))
def test_nothing_is_wrong(first):
    report = run_seeds(range(first, first + EACH), SHORT)
    total.take(report)
    assert not report.failures, "\n\n".join(failure.text() for failure in report.failures)


def test_the_machines_made_their_moves_and_every_fault_struck():
    if total.runs < SEEDS:
        pytest.skip("not all seeds were run")
    missed = [as_text(move) for move in all_moves() if not total.moves[move] and move not in SELDOM]
    assert missed == []
    assert len(total.struck) > 15 and len(total.layouts) == 12
