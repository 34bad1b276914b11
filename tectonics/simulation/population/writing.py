"""How one person writes short messages, beside the life in which he dials (life.py): a generator as that is.

He asks for the offers, chooses, reads what it costs, agrees or not; asks what he owes, wants no more offers, or wants
them again, errs, and now and then writes YES although nobody has asked him.  Who gets no answer writes again, later.

Bounds: STEPS_MAX messages a conversation.
"""

import random
from collections.abc import Iterator

from tectonics.simulation.population import letters, screens
from tectonics.simulation.population.intents import Happens, Life, Listen, Recharge, Spend, Wait, Write
from tectonics.simulation.population.life import ALL_MINOR, DAY_S, RECHARGES_MINOR
from tectonics.simulation.population.person import Person

STEPS_MAX = 6
RATES = (("borrows", 9.0), ("blind", 3.0), ("owes", 0.7), ("stops", 1.2), ("starts", 0.7), ("errs", 1.5), ("speaks", 0.5),
         ("is out of credit", 5.0))  # a day
RECYCLED = 0.25  # of those who wrote STOP give their number to somebody else
HURRIED = 0.15  # of the answers come at once
ASKS = ("SOS", "SOS", "sos", "LOAN", "SOS 1", "SOS 2", "Sos please")
ERRS = ("hello", "YES please", "SOS 99", "7", "0", "-1", "", "NO", "HELP", "CALL 33620000009", "YESSOS", "4.75")


def write(person: Person, pace: float) -> Life:
    """His whole life at the keys."""
    chance = random.Random(f"{person.seed}:writing")
    numbered = chance.random()
    doing = {"borrows": _borrow, "blind": _blind, "owes": _say("DEBT", "owed"), "stops": _stop,
             "starts": _say("START", "unstop"), "errs": _say(*ERRS), "speaks": _say("LANG en", "LANG xx", "language English"),
             "is out of credit": _spend}
    names, weights = zip(*RATES, strict=True)
    mean_s = DAY_S / sum(weights) / pace
    while True:
        yield Wait(chance.expovariate(1 / mean_s))
        yield from doing[chance.choices(names, weights)[0]](chance, numbered)


def writers(people: tuple[Person, ...], share: float, pace: float) -> Iterator[tuple[Person, Life]]:
    """Those who write, each with the life in which he does."""
    for person in people:
        chance = random.Random(f"{person.seed}:writes")
        if chance.random() < share:
            yield person, write(person, pace)


def _say(*words: str):
    def say(chance: random.Random, numbered: float) -> Life:
        yield Write(chance.choice(words), numbered)

    return say


def _spend(chance: random.Random, numbered: float) -> Life:
    yield Spend(chance.choice((50, 120, ALL_MINOR)))


def _blind(chance: random.Random, numbered: float) -> Life:
    """YES, although he has not read anything that he could agree to."""
    if chance.random() < 0.5:
        yield Write(chance.choice(("SOS", "SOS 1")), numbered)
        yield Wait(chance.uniform(1, 10))
    yield Write(chance.choice(letters.AGREES), numbered)


def _stop(chance: random.Random, numbered: float) -> Life:
    yield Write(chance.choice(("STOP", "stop", "STOP it now", "UNSUBSCRIBE")), numbered)
    if chance.random() < RECYCLED:
        yield Wait(chance.uniform(1, 600))
        yield Happens("recycled")
        yield Happens("activated", "prepaid")


def _borrow(chance: random.Random, numbered: float) -> Life:
    if chance.random() < 0.6:
        yield Spend(ALL_MINOR)
    seen = yield Write(chance.choice(ASKS), numbered)
    yield from converse(seen, chance, numbered)


def converse(seen: str, chance: random.Random, numbered: float) -> Life:
    """Reads what was sent, answers it, and so on, until there is nothing to answer."""
    for _ in range(STEPS_MAX):
        for _ in range(2):
            if not (letters.offer(seen) or screens.offers(seen) or screens.amounts(seen)):
                seen = yield Listen()  # it was of something else
        answer = _answer(seen, chance)
        if not answer:
            return
        yield Wait(chance.uniform(0, 2.5) if chance.random() < HURRIED else chance.uniform(4, 40))
        if chance.random() < 0.05:
            yield Recharge(chance.choice(RECHARGES_MINOR))
        seen = yield Write(answer, numbered)


def _answer(text: str, chance: random.Random) -> str:
    """What he answers; empty: nothing."""
    if chance.random() < 0.05:
        return chance.choice(ERRS)
    offer = letters.offer(text)
    if offer:
        code = offer.yes.split()[-1]
        return chance.choice((offer.yes, offer.yes, f"yes {code}", f"Ok {code}.", offer.yes, "YES", code, "NO", "1", "0", ""))
    amounts = screens.amounts(text)
    if amounts:
        least, most, step = amounts
        minor = least + step * chance.randint(0, (most - least) // step)
        return f"{minor // 100}.{minor % 100:02d}"
    keys = screens.offers(text)
    return chance.choice(keys) if keys else ""
