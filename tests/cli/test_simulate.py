"""`tectonics simulate`: what it prints, and its exit codes."""

import json

import pytest

from tectonics.simulation import run
from tectonics.simulation.invariants.invariant import Violation

TINY = ["simulate", "--seed", "3", "--days", "0.05", "--subscribers", "5", "--nodes", "1"]


def test_a_seed_that_holds_is_told_in_figures(type_in):
    done = type_in(*TINY)
    assert done.exit_code == 0, done.stdout
    assert "subscriber days" in done.stdout and "moves of the state machines were taken" in done.stdout
    assert "digest " in done.stdout


def test_json_for_programs_and_several_seeds(type_in):
    done = type_in(*TINY, "--seeds", "2", "--json")
    record = json.loads(done.stdout)
    assert (done.exit_code, record["runs"], record["failed"]) == (0, 2, 0)
    assert set(record["digests"]) == {"3", "4"} and record["moves_missed"]


def test_a_violation_is_told_with_its_command_and_exit_code_1(type_in, monkeypatch):
    monkeypatch.setattr(run, "rules", lambda: {"never": lambda scene: iter([Violation("it is never right")])})
    done = type_in(*TINY)
    assert done.exit_code == 1
    assert "seed 3 failed" in done.stdout and "never: it is never right" in done.stdout
    assert "again: tectonics simulate --seed 3 --days 0.05 --subscribers 5 --nodes 1" in done.stdout


@pytest.mark.parametrize("wrong", [["--nodes", "3"], ["--days", "0"], ["--nodes", "2", "--ledger", "embedded"]])
def test_wrong_usage(type_in, wrong):
    assert type_in("simulate", "--seed", "1", *wrong).exit_code == 2
