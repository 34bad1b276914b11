"""How one person lives: a generator that asks for one thing after the other and is told what was seen.

It draws from a random generator of its own, so that what one person does never hangs on another's luck.
What he types depends on what stands on the screen.  Who sees nothing, because the network gave up, or is
told "busy", dials anew.

Bounds: STEPS_MAX inputs a session, REDIALS_MAX sessions for one wish.
"""

import random

from tectonics.simulation.population import screens
from tectonics.simulation.population.intents import (
    Dial,
    HangUp,
    Happens,
    Life,
    Recharge,
    Rush,
    Screen,
    Spend,
    TakeBack,
    Type,
    Wait,
)
from tectonics.simulation.population.person import Person

STEPS_MAX, REDIALS_MAX, RUSHED_MAX = 8, 3, 4
ALL_MINOR = 100_000  # more than anybody has
DAY_S = 86_400
RECHARGES_MINOR = (50, 100, 110, 230, 500, 1000)
SPENT_MINOR = (10, 50, 120, 400, 2000)
KINDS = (("voucher", 70), ("etopup", 15), ("transfer", 5), ("bonus", 5), ("adjustment", 5))
CHANGES = (("sim_swapped", ""), ("recycled", ""), ("ported", ""), ("account_type", "postpaid"),
           ("account_type", "prepaid"))
CHANGES_A_DAY = 0.05


def live(person: Person) -> Life:
    """His whole life; whoever drives it ends it."""
    chance = random.Random(person.seed)
    habits = person.habits
    wishes = ((borrow, habits.borrows), (_recharge, habits.recharges), (_spend, habits.spends),
              (_rush, habits.rushes), (_ask, habits.owes), (_change, CHANGES_A_DAY))
    doing, weights = zip(*wishes, strict=True)
    mean_s = DAY_S / sum(weights)
    while True:
        yield Wait(chance.expovariate(1 / mean_s))
        yield from chance.choices(doing, weights)[0](person, chance)


def _spend(person: Person, chance: random.Random) -> Life:
    yield Spend(chance.choice(SPENT_MINOR))


def _change(person: Person, chance: random.Random) -> Life:
    yield Happens(*chance.choice(CHANGES))
    yield Wait(chance.uniform(10, 600))
    yield Happens("activated", "prepaid")


def _rush(person: Person, chance: random.Random) -> Life:
    yield Spend(ALL_MINOR)
    yield Rush(chance.randint(2, RUSHED_MAX))


def _ask(person: Person, chance: random.Random) -> Life:
    if chance.random() < 0.5:
        yield Dial("0")
    else:
        screen = yield Dial()
        if screen.more:
            yield Wait(chance.uniform(1, 10))
            yield Type("0")


def _recharge(person: Person, chance: random.Random) -> Life:
    words, weights = zip(*KINDS, strict=True)
    recharge = yield Recharge(chance.choice(RECHARGES_MINOR), chance.choices(words, weights)[0])
    if chance.random() < person.habits.hurries:
        yield Wait(chance.choice((0.0, 0.003, 0.01, 0.3, 30.0)))
        yield Spend(chance.choice((*SPENT_MINOR, ALL_MINOR)))  # before the debt can be taken
    if chance.random() < person.habits.reverses:
        yield Wait(chance.choice((0.0, 0.5, 5.0, 600.0, 20_000.0)))
        yield TakeBack(recharge)


def borrow(person: Person, chance: random.Random) -> Life:
    """He dials, chooses and agrees, or errs."""
    if chance.random() < 0.6:
        yield Spend(ALL_MINOR)  # he is out of credit: that is why he borrows
    for _ in range(REDIALS_MAX):
        screen = yield Dial(chance.choice(("", "", "", "1", "2", "1*1")))
        screen = yield from _session(screen, person, chance)
        if screen.text and not screens.busy(screen.text):
            return
        yield Wait(chance.uniform(2, 120))


def _session(screen: Screen, person: Person, chance: random.Random) -> Life:
    """Types until the session ends; what the last screen showed."""
    habits = person.habits
    alongside = chance.random() < habits.alongside
    for _ in range(STEPS_MAX):
        if not screen.more:
            return screen
        if chance.random() < habits.abandons / 2:
            yield HangUp()
            return screen
        yield Wait(_hesitation_s(chance))
        if alongside and screens.consent(screen.text):
            alongside = False
            yield Recharge(chance.choice(RECHARGES_MINOR))
        screen = yield Type(_input(screen.text, habits, chance))
    yield HangUp()
    return screen


def _hesitation_s(chance: random.Random) -> float:
    """Seconds as a rule; now and then so long that the session is forgotten."""
    return chance.uniform(1, 15) if chance.random() < 0.97 else chance.uniform(120, 400)


def _input(text: str, habits, chance: random.Random) -> str:
    if chance.random() < habits.errs / 2:
        return chance.choice(("7", "11", "", "abc", "#", "98"))
    asked = screens.consent(text)
    if asked:
        return asked.back if chance.random() < habits.backs else asked.yes
    amounts = screens.amounts(text)
    if amounts:
        least, most, step = amounts
        minor = least + step * chance.randint(0, (most - least) // step)
        return f"{minor // 100}.{minor % 100:02d}"
    return chance.choice(screens.offers(text) or ["1"])
