"""How one person writes mails, beside the life in which he dials (life.py): a generator as that is.

He asks for offers, perhaps for one of them, and agrees by short message with its code where he can write one; now and then he
writes YES into a mail, which agrees to nothing.  He asks what he owes, and to be called back.  Machines answer in his name, others
write in his name, and a few give their number to somebody else.
"""

import random
from collections.abc import Iterator

from tectonics.simulation.envelopes import BY_ANYBODY, FATES, PLAIN
from tectonics.simulation.mailbook import HEARD
from tectonics.simulation.mailing import Mailing, Owner, owners
from tectonics.simulation.population import letters, screens
from tectonics.simulation.population.intents import (
    Enrol,
    Happens,
    Life,
    Listen,
    Mail,
    Spend,
    Subscribe,
    Wait,
    Write,
)
from tectonics.simulation.population.life import ALL_MINOR, DAY_S
from tectonics.simulation.population.person import SEED_MAX, Person

MAILS_A_DAY = 9.0
PACES = {"brisk": 4.0, "ordinary": 1.0, "seldom": 0.02}
SERVICES = ("sos", "sos", "balance", "call")
SUBJECTS = ("", "SOS", "1", "SOS 2", "please", "Re: 2", "YES", "99")
WRONG = tuple(manner for manner, fate in FATES.items() if fate != HEARD)
GIVEN_AWAY = 0.03  # of the occasions
IMPATIENT, MORE = 0.05, 5  # of those who ask what they owe ask so many times more
LISTENS = 2


class Writer:
    """One person at his mails. `by_sms`: he can write short messages too; `calls`: there is somebody who calls back."""

    def __init__(self, person: Person, owner: Owner, by_sms: bool, calls: bool) -> None:
        self.chance = random.Random(f"{person.seed}:mailing")
        self._owner, self._by_sms, self._calls = owner, by_sms, calls
        self._numbered = self.chance.random()

    def live(self, pace: float) -> Life:
        """His whole life."""
        chance, mean_s = self.chance, DAY_S / MAILS_A_DAY / pace
        if self._calls:
            yield Subscribe("on")
        while True:
            yield Wait(chance.expovariate(1 / mean_s))
            luck = chance.random()
            if luck < GIVEN_AWAY:
                yield from self._give_away()
            elif luck < 0.45:
                yield from self._borrow()
            elif luck < 0.65:
                yield from self._ask()
            elif luck < 0.75 and self._calls:
                yield self._mail("call")
            else:
                service = chance.choice(SERVICES if self._calls else SERVICES[:3])
                yield self._mail(service, chance.choice(WRONG))

    def _mail(self, service: str, manner: str = PLAIN, subject: str | None = None) -> Mail:
        chance = self.chance
        if manner == PLAIN and self._owner.pin and chance.random() < 0.4:
            manner = BY_ANYBODY
        drawn = chance.choice(SUBJECTS) if service == "sos" else ""
        return Mail(service, manner, drawn if subject is None else subject, chance.randrange(SEED_MAX))

    def _ask(self) -> Life:
        yield self._mail("balance")
        if self.chance.random() < IMPATIENT:
            for _ in range(MORE):
                yield Wait(self.chance.uniform(1, 60))
                yield self._mail("balance")

    def _give_away(self) -> Life:
        yield Happens("recycled")
        yield Happens("activated", "prepaid")
        yield Wait(self.chance.uniform(0, 600))
        yield self._mail(self.chance.choice(SERVICES[:3]))  # it is not his any more
        if self.chance.random() < 0.6:
            yield Enrol()
            yield Wait(60.0)

    def _borrow(self) -> Life:
        chance = self.chance
        if chance.random() < 0.6:
            yield Spend(ALL_MINOR)
        yield self._mail("sos")
        if not self._by_sms:
            return
        for _ in range(LISTENS):
            seen = yield Listen()
            offer, keys = letters.offer(seen), screens.offers(seen)
            if not offer and not keys:
                continue
            yield Wait(chance.uniform(4, 40))
            said = offer.yes if offer else chance.choice(keys)
            if chance.random() < 0.25:
                yield self._mail("sos", subject=said)
            else:
                yield Write(said, self._numbered)
            if offer:
                return


def correspondents(people: tuple[Person, ...], plan: Mailing, pace: str, by_sms: bool, calls: bool) -> Iterator[tuple[Person, Life]]:
    """Those who have an address, each with the life in which he writes."""
    for person, owner in owners(people, plan):
        yield person, Writer(person, owner, by_sms, calls).live(PACES[pace])
