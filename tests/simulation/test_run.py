"""One run: the same seed is the same run to the byte, and what goes wrong is told so that it can be repeated."""

import os
import subprocess
import sys

import pytest

from tectonics.simulation import invariants, run
from tectonics.simulation.drawing import draw
from tectonics.simulation.invariants.invariant import Violation
from tectonics.simulation.many import run_seed, run_seeds
from tectonics.simulation.plan import Options
from tectonics.simulation.run import simulate

TINY = Options(days=0.1, subscribers=8)
FIRST = "33620000000"
DIGEST = """
from tectonics.simulation.drawing import draw
from tectonics.simulation.plan import Options
from tectonics.simulation.run import simulate
print(*(simulate(draw(seed, Options(days=0.1, subscribers=8))).digest for seed in (3, 4)))
"""


def digests(hash_seed):
    done = subprocess.run([sys.executable, "-c", DIGEST], capture_output=True, text=True, check=True,
                          env=os.environ | {"PYTHONHASHSEED": hash_seed})
    return done.stdout.split()


def test_the_same_seed_is_the_same_run_on_any_day_and_in_any_process():
    here = [simulate(draw(seed, TINY)).digest for seed in (3, 4)]
    assert here == digests("1") == digests("4711")
    assert len(set(here)) == 2
    assert draw(3, TINY).messaging.links and draw(3, TINY).messaging.dialect


def test_without_faults_nothing_strikes_and_everything_is_paid():
    verdict = simulate(draw(5, Options(days=0.5, subscribers=20, faults=False)))
    assert verdict.complaints == [] and not verdict.struck
    assert verdict.figures["advance.granted"] and verdict.figures["recovery.full"]


@pytest.fixture
def broken(monkeypatch):
    """A world in which it is forbidden to have borrowed."""

    def nobody_borrows(scene):
        for one in scene.books.latest():
            if one.advances:
                yield Violation("somebody borrowed", one.msisdn)

    plain = invariants.rules
    monkeypatch.setattr(run, "rules", lambda: plain() | {"nobody_borrows": nobody_borrows})


def test_a_failure_tells_seed_time_history_and_command(broken):
    report = run_seed(5, Options(days=0.5, subscribers=20, faults=False))
    text = report.failures[0].text()
    assert report.failed == 1 and text.startswith("seed 5 failed\n  day 0 ")
    assert "nobody_borrows: somebody borrowed" in text
    assert "history: 3362" in text and "dialled" in text and "ticket n1:" in text
    assert text.endswith("again: tectonics simulate --seed 5 --days 0.5 --subscribers 20 --no-faults")


def test_a_run_ends_at_the_first_violation(broken):
    verdict = simulate(draw(5, Options(days=0.5, subscribers=20, faults=False)))
    assert len({one.at_s for one in verdict.complaints}) == 1
    assert verdict.complaints[0].at_s < 0.5 * 86_400


def test_a_fault_of_the_simulation_itself_is_told(monkeypatch):
    def careless(person):
        raise LookupError("a person who cannot live")
        yield

    monkeypatch.setattr("tectonics.simulation.street.live", careless)
    complaints = simulate(draw(1, TINY)).complaints
    assert complaints[0].rule == "the_simulation_itself" and "cannot live" in complaints[0].text


def test_many_seeds_add_up_whoever_runs_them():
    alone, shared = (run_seeds(range(4), TINY, processes) for processes in (1, 2))
    assert alone.digests == shared.digests and alone.runs == shared.runs == 4
    record = alone.record()
    assert record["virtual_days"] == 0.4 and record["subscriber_days"] == 3.2
    assert set(record["moves_taken"]) | set(record["moves_missed"]) and record["failures"] == []
