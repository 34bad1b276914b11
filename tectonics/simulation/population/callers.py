"""How one person is called back, beside the life in which he dials (life.py): a generator as that is.

He asks with credit or without, again when nobody came, now and then twice at once; a few give their number to
somebody else while it is set up or talked.
"""

import random
from collections.abc import Iterator

from tectonics.simulation.calling import Calling
from tectonics.simulation.population.intents import CallMe, Happens, Life, Recharge, Spend, Subscribe, Wait
from tectonics.simulation.population.life import ALL_MINOR, DAY_S
from tectonics.simulation.population.person import SEED_MAX, Person

CALLS_A_DAY = 4.5
PACES = {"brisk": 4.0, "ordinary": 1.0, "seldom": 0.02}
RECHARGES_MINOR = (100, 200, 500, 1000)


def call(person: Person, plan: Calling, pace: float, writes: bool) -> Life:
    """His whole life on the telephone."""
    chance = random.Random(f"{person.seed}:calling")
    numbered = chance.random()
    mean_s = DAY_S / CALLS_A_DAY / pace
    if person.kind == "postpaid" or chance.random() < 0.8:
        yield Subscribe("on")
    while True:
        yield Wait(chance.expovariate(1 / mean_s))
        luck = chance.random()
        if luck < 0.05:
            yield Subscribe(chance.choice(("on", "on", "off")))
        elif luck < 0.6:
            yield Recharge(chance.choice(RECHARGES_MINOR))
            yield Wait(chance.choice((0.5, 5.0, 60.0)))
        elif luck < 0.7:
            yield Spend(ALL_MINOR)
        for _ in range(chance.choice((1, 1, 1, 1, 2))):
            written = writes and chance.random() < plan.written
            yield CallMe(chance.randrange(SEED_MAX), written, numbered)
            luck = chance.random()
            if luck < 0.05:
                yield Wait(chance.choice((0.0, 0.05, 1.0, 6.0, 20.0, 60.0)))
                yield Happens("recycled")
                yield Happens("activated", "prepaid")
            elif luck < 0.15:
                yield Wait(chance.uniform(10, 60))
                yield Spend(ALL_MINOR)  # while they talk
            else:
                yield Wait(chance.choice((0.0, 2.0, 30.0)))


def callers(people: tuple[Person, ...], plan: Calling, pace: str, writes: bool) -> Iterator[tuple[Person, Life]]:
    """Those who want to be called back, each with the life in which he does."""
    for person in people:
        if random.Random(f"{person.seed}:calls").random() < plan.callers:
            yield person, call(person, plan, PACES[pace], writes)
