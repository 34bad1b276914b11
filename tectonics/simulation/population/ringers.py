"""How one person rings, beside the life in which he dials (life.py): a generator as that is.

Out of credit he rings for some, and answers the offers by a message or dials; else he rings to be called back.
"""

import random
from collections.abc import Iterator

from tectonics.simulation.population.intents import Life, Ring, Spend, Wait
from tectonics.simulation.population.life import ALL_MINOR, DAY_S, borrow
from tectonics.simulation.population.person import SEED_MAX, Person
from tectonics.simulation.population.writing import converse
from tectonics.simulation.ringing import ASK, FAVOURITE, FIXED, LAST, LEND, Ringing

RINGS_A_DAY = 8.0
PACES = {"brisk": 4.0, "ordinary": 1.0, "seldom": 0.02}
CALLS = (LEND, LEND, LEND, LAST, FAVOURITE, FIXED, FIXED, ASK)


def ring(person: Person, pace: float, writes: bool, called: bool) -> Life:
    """All his rings. `writes`: messages reach him; `called`: people are called back."""
    chance = random.Random(f"{person.seed}:ringing")
    numbered = chance.random()
    while True:
        yield Wait(chance.expovariate(RINGS_A_DAY * pace / DAY_S))
        service = chance.choice(CALLS if called else (LEND,))
        if service == LEND and chance.random() < 0.6:
            yield Spend(ALL_MINOR)
        seen = ""
        for _ in range(chance.choice((1, 1, 1, 2))):
            seen = yield Ring(service, chance.randrange(SEED_MAX))
        if service == LEND and writes:
            if chance.random() < 0.6:
                yield from converse(seen, chance, numbered)
            elif chance.random() < 0.5:
                yield from borrow(person, chance)


def ringers(people: tuple[Person, ...], plan: Ringing, pace: str, writes: bool, called: bool) -> Iterator[tuple[Person, Life]]:
    """Those who ring, each with the life in which he does."""
    for person in people:
        if random.Random(f"{person.seed}:rings").random() < plan.callers:
            yield person, ring(person, PACES[pace], writes, called)
