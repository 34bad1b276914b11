"""A few hundred short seeds, each with its layout, promises, policy and faults: no invariant is ever broken,
and together they take every move of every state machine.

What a seed found is repeated by the command that a failure prints.  `scripts/soak --simulate` runs thousands.
"""

import pytest

from tectonics.simulation.coverage import all_moves, as_text
from tectonics.simulation.faults import KINDS
from tectonics.simulation.many import run_seeds
from tectonics.simulation.plan import Options
from tectonics.simulation.report import Report

SEEDS, EACH = 240, 20
SHORT = Options(days=0.25, subscribers=14)
total = Report()


@pytest.mark.parametrize("first", range(0, SEEDS, EACH))
def test_nothing_is_wrong(first):
    report = run_seeds(range(first, first + EACH), SHORT)
    total.take(report)
    assert not report.failures, "\n\n".join(failure.text() for failure in report.failures)


def test_every_machine_made_each_of_its_moves():
    if total.runs < SEEDS:
        pytest.skip("not all seeds were run")
    assert [as_text(move) for move in all_moves() if not total.moves[move]] == []


def test_every_layout_was_there_and_every_fault_struck():
    if total.runs < SEEDS:
        pytest.skip("not all seeds were run")
    assert len(total.layouts) == 12
    assert set(total.struck) == set(KINDS)
