"""A seed means one plan: bounded, valid, and nothing but what was asked for changes with an option."""

from collections import Counter
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tectonics.config.policy import decode_policy
from tectonics.simulation.drawing import draw
from tectonics.simulation.faults import FAULTS_MAX, KINDS
from tectonics.simulation.plan import PROMISES, Options
from tectonics.simulation.population.person import RATES
from tectonics.simulation.themes import THEMES, TWINS

SEEDS = range(300)


@cache
def drawn():
    return [draw(seed) for seed in SEEDS]


@given(st.integers(0, 10**9))
def test_the_same_seed_is_the_same_plan(seed):
    assert draw(seed) == draw(seed)


def test_every_plan_is_bounded_and_its_policy_is_one():
    for plan in drawn():
        assert decode_policy(plan.policy, 1).segments
        assert 4 <= len(plan.faults) <= FAULTS_MAX
        assert all(0 <= fault.at_s < plan.lasts_s and fault.kind in KINDS for fault in plan.faults)
        assert plan.nodes == 1 or plan.ledger == "process"
        assert len({person.msisdn for person in plan.people}) == len(plan.people)


def test_seeds_reach_every_layout_and_every_kind_of_fault():
    plans = drawn()
    assert {(plan.nodes, plan.ledger) for plan in plans} == {(1, "embedded"), (1, "process"), (2, "process")}
    assert {plan.promises for plan in plans} == set(PROMISES)
    assert {fault.kind for plan in plans for fault in plan.faults} == set(KINDS)
    assert {(plan.gateway.mode, bool(plan.gateway.step_field)) for plan in plans} == {
        ("cumulative", False), ("cumulative", True), ("last", False), ("last", True)}


def test_every_theme_has_what_it_needs():
    plans = drawn()
    assert {plan.theme for plan in plans} == {theme.name for theme in (*THEMES, TWINS)}
    for theme in (*THEMES, TWINS):
        for plan in (one for one in plans if one.theme == theme.name):
            assert all(getattr(plan, name) == value for name, value in theme.wishes.items())
            assert all(getattr(person.habits, name) == value for person in plan.people
                       for name, value in theme.habits.items() if name not in RATES)
            struck = Counter(fault.kind for fault in plan.faults)
            assert all(struck[kind] >= count for kind, count in theme.faults)


def test_what_is_asked_for_goes_before_a_theme():
    for seed in range(60):
        plan = draw(seed, Options(nodes=1, promises="both", ledger="embedded", faults=False))
        assert (plan.nodes, plan.promises, plan.ledger, plan.faults) == (1, "both", "embedded", ())


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
