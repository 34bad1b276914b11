"""A seed means one plan: bounded, valid, and nothing but what was asked for changes with an option."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.config.policy import decode_policy
from tectonics.simulation.drawing import draw
from tectonics.simulation.faults import FAULTS_MAX, KINDS
from tectonics.simulation.plan import PROMISES, Options

SEEDS = range(300)


@given(st.integers(0, 10**9))
def test_the_same_seed_is_the_same_plan(seed):
    assert draw(seed) == draw(seed)


def test_every_plan_is_bounded_and_its_policy_is_one():
    for seed in SEEDS:
        plan = draw(seed)
        assert decode_policy(plan.policy, 1).segments
        assert 4 <= len(plan.faults) <= FAULTS_MAX
        assert all(0 <= fault.at_s < plan.lasts_s and fault.kind in KINDS for fault in plan.faults)
        assert plan.nodes == 1 or plan.ledger == "process"
        assert len({person.msisdn for person in plan.people}) == len(plan.people)


def test_seeds_reach_every_layout_and_every_kind_of_fault():
    plans = [draw(seed) for seed in SEEDS]
    assert {(plan.nodes, plan.ledger) for plan in plans} == {(1, "embedded"), (1, "process"), (2, "process")}
    assert {plan.promises for plan in plans} == set(PROMISES)
    assert {fault.kind for plan in plans for fault in plan.faults} == set(KINDS)
    assert {(plan.gateway.mode, bool(plan.gateway.step_field)) for plan in plans} == {
        ("cumulative", False), ("cumulative", True), ("last", False), ("last", True)}


@pytest.mark.parametrize("asked", [{"subscribers": 7}, {"nodes": 2}, {"promises": "neither"}, {"ledger": "process"}])
def test_an_option_changes_nothing_else(asked):
    for seed in range(20):
        plain, plan = draw(seed), draw(seed, Options(**asked))
        assert plan.policy == plain.policy and plan.gateway == plain.gateway and plan.days == plain.days
        assert plan.people[:7] == plain.people[:7]


def test_the_command_repeats_the_plan():
    options = Options(days=0.25, subscribers=5, nodes=2, promises="readable", faults=False)
    plan = draw(9, options)
    assert plan.command == "tectonics simulate --seed 9 --days 0.25 --subscribers 5 --nodes 2 --promises readable" \
                           " --no-faults"
    assert not plan.faults and not plan.gateway.doubled
    assert replace(plan, seed=10).command.startswith("tectonics simulate --seed 10 ")
