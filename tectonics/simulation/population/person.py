"""One subscriber before anything happens: what the network knows of him, and how he lives."""

import random
from dataclasses import dataclass
from functools import cache

from tectonics.domain.recharge import RechargeMark
from tectonics.domain.subscriber import Account, Profile, Standing

DAY_MS = 86_400_000
SEED_MAX = 2**32
KINDS = (("prepaid", 92), ("postpaid", 3), ("unknown", 5))
RATES = ("borrows", "recharges", "spends", "rushes", "owes")  # of Habits, per day
BALANCES_MINOR = (0, 0, 0, 20, 40, 900)


@dataclass(frozen=True)
class Habits:
    """How often he does what, per day; the rest are shares."""

    borrows: float
    recharges: float
    spends: float
    rushes: float  # confirms in several sessions at the same moment
    owes: float  # asks what he owes
    reverses: float = 0.15  # of his recharges are taken back
    hurries: float = 0.2  # of his recharges are spent at once
    abandons: float = 0.1  # of his sessions
    errs: float = 0.1  # of his inputs are none that was offered
    backs: float = 0.05  # of his confirmations he goes back from
    alongside: float = 0.1  # of his sessions see a recharge in their middle


@dataclass(frozen=True)
class Person:
    """`seed` is where his own decisions begin."""

    msisdn: str
    seed: int
    kind: str
    activated_days: int
    recharges: int
    segment: str
    balance_minor: int
    habits: Habits

    def account(self, now: int) -> Account:
        """What the daemon has been told of him."""
        profile = Profile(self.kind, now - self.activated_days * DAY_MS, segment=self.segment)
        return Account(self.msisdn, profile=profile, standing=Standing(_marks(now, self.recharges)))


@cache
def _marks(now: int, count: int) -> tuple[RechargeMark, ...]:
    """One recharge a day until yesterday."""
    return tuple(RechargeMark(now - (age + 1) * DAY_MS, 500, "voucher", age) for age in reversed(range(count)))


def draw_person(chance: random.Random, msisdn: str, pace: float = 1.0) -> Person:
    """Most may borrow; some have a reason not to. `pace`: how much of everything they do."""
    words, weights = zip(*KINDS, strict=True)
    return Person(msisdn, chance.randrange(SEED_MAX), chance.choices(words, weights)[0],
                  chance.choice((400, 400, 400, 400, 10)), chance.choice((6, 6, 6, 1)),
                  chance.choice(("", "", "", "gold")), chance.choice(BALANCES_MINOR),
                  Habits(borrows=pace * chance.choice((2.0, 6.0, 12.0)), recharges=pace * chance.choice((3.0, 6.0, 12.0)),
                         spends=pace * chance.choice((0.0, 4.0, 10.0)), rushes=pace * chance.choice((0.0, 0.0, 2.0)),
                         owes=pace * 0.5))
