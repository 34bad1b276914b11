"""How one person uses his browser, beside the life in which he dials (life.py): a generator as that is."""

import random
from collections.abc import Iterator

from tectonics.simulation.browsing import Browsing
from tectonics.simulation.population.intents import Browse, Life, Spend, Wait
from tectonics.simulation.population.life import ALL_MINOR, DAY_S
from tectonics.simulation.population.person import SEED_MAX, Person

VISITS_A_DAY = 10.0
PACES = {"brisk": 4.0, "ordinary": 1.0, "seldom": 0.02}


def browse(person: Person, pace: float) -> Life:
    """All his visits; often when he is out of credit, now and then again at once."""
    chance = random.Random(f"{person.seed}:browsing")
    while True:
        yield Wait(chance.expovariate(VISITS_A_DAY * pace / DAY_S))
        if chance.random() < 0.6:
            yield Spend(ALL_MINOR)
        for _ in range(chance.choice((1, 1, 2))):
            yield Browse(chance.randrange(SEED_MAX))
            yield Wait(chance.choice((0.0, 30.0, 300.0)))


def visitors(people: tuple[Person, ...], plan: Browsing, pace: str) -> Iterator[tuple[Person, Life]]:
    """Those who have a browser, each with the life in which he uses it."""
    for person in people:
        if random.Random(f"{person.seed}:pages").random() < plan.visitors:
            yield person, browse(person, PACES[pace])
