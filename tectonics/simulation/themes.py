"""What a seed is about: rare things that meet, as they do on a bad day.

Drawn at random, two rare faults hardly ever strike the same subscriber at the same moment.  About half of the
seeds therefore have a theme: people who do one thing much more often, a world in which it can go wrong, and
faults that wait for just that (faults/overlaps.py).  They come on top of what the seed draws anyway.
"""

import random
from dataclasses import dataclass, field

from tectonics.simulation import faults
from tectonics.simulation.faults.kind import Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.population.person import RATES

UNTIL = 0.7  # of the plan's time they begin


@dataclass(frozen=True)
class Theme:
    """One of them.

    `habits` replace everybody's own (population/person.py; the rates only those of people in a hurry), `wishes`
    what is drawn and was not asked for.
    """

    name: str
    weight: int
    habits: dict[str, float] = field(default_factory=dict)
    wishes: dict[str, object] = field(default_factory=dict)
    faults: tuple[tuple[str, int], ...] = ()  # kind, how many

    @property
    def shares(self) -> dict[str, float]:
        """The habits that are no rates."""
        return {name: value for name, value in self.habits.items() if name not in RATES}

    def draw_faults(self, chance: random.Random, layout: Layout) -> list[Fault]:
        """Those that it adds."""
        found = []
        for name, count in self.faults:
            for _ in range(count):
                at_s = round(chance.uniform(0, layout.lasts_s * UNTIL), 3)
                found.append(Fault(at_s, name, *faults.KINDS[name].draw(chance, layout)))
        return found


OFTEN = {"borrows": 16.0, "recharges": 16.0}
THEMES = (
    Theme("none", 6),
    Theme("reversals of a sick ledger", 2, OFTEN | {"reverses": 0.8}, {}, (("billing sick behind a payment", 6),)),
    Theme("outages", 2, OFTEN | {"reverses": 0.6}, {"ledger": "process"}, (("ledger gone behind a payment", 6),)),
    Theme("spenders", 1, OFTEN | {"hurries": 0.8}, {"promises": "deduplicates"}, (("billing sick behind a payment", 6),)),
    Theme("late arrivals", 1, OFTEN, {"ledger": "process", "promises": "readable"}, (("connections given up", 4),)),
    Theme("overtaken", 1, {}, {"nodes": 2, "promises": "neither"},
          (("clocks step behind a confirmation", 3), ("gateway asks again", 2), ("late behind a confirmation", 3))),
)
TWINS = Theme("twins", 0, OFTEN, {"ledger": "process"}, (("two machines of one name", 5),))
TWINS_SHARE = 0.15  # of the seeds that have no other theme


def draw(chance: random.Random, twins: random.Random) -> Theme:
    """The theme of a seed; who is one of twins draws by itself, so that the others keep theirs."""
    theme = chance.choices(THEMES, [theme.weight for theme in THEMES])[0]
    return TWINS if theme is THEMES[0] and twins.random() < TWINS_SHARE else theme
