"""The simulation sees each deliberate fault on a day that was recorded, and nothing on that day without it.

A change of the product makes another day of many a seed, so up to three were recorded: one must still see the fault.
"""

from functools import cache
from pathlib import Path

import pytest

from tectonics.engine.outbox import OutboxRunner
from tests.simulation.mutations import ALL, FAMILIES
from tests.simulation.mutations.watching import plainly, recorded, watch

MUTATIONS_MIN = 22
AGAIN = "scripts/soak --mutations [NAME ...] --record looks for the seeds anew"
DOCUMENT = Path(__file__).parents[3] / "docs/simulation.md"
SEEDS = {name: one["seeds"] for name, one in recorded().items()}
without = cache(plainly)


@pytest.mark.parametrize("name", ALL)
def test_the_simulation_sees(name):
    seeds = SEEDS.get(name, [])
    seen = next((seed for seed in seeds if watch(name, seed) is not None), None)
    again = f"scripts/soak --mutations {name} --record looks for others"
    assert seen is not None, f"none of {seeds} sees any more that {ALL[name].text}; {again}"
    assert without(seen) is None, f"seed {seen} complains without a fault"


def test_there_are_enough_of_every_family():
    assert len(ALL) >= MUTATIONS_MIN
    assert sum(len(family.MUTATIONS) for family in FAMILIES.values()) == len(ALL) == len({m.text for m in ALL.values()})
    assert SEEDS.keys() == ALL.keys(), AGAIN


def test_the_documentation_tells_of_each():
    text = DOCUMENT.read_text()
    assert [name for name, one in ALL.items() if f"| {one.text} | {SEEDS[name][0]} |" not in text] == [], AGAIN


@pytest.mark.parametrize("name", ALL)
def test_afterwards_the_product_is_whole_again(name):
    def names():
        return [(owner, name, value) for owner in (OutboxRunner, *_modules()) for name, value in vars(owner).items()]

    before = names()
    with ALL[name].in_force():
        pass
    assert [one[:2] for one, other in zip(before, names(), strict=True) if one[2] is not other[2]] == []


def _modules() -> list:
    return [value for family in FAMILIES.values() for value in vars(family).values()
            if getattr(value, "__name__", "").startswith("tectonics.")]
