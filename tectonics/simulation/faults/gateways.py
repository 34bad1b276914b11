"""A gateway that asks again: the same confirmation comes once more, minutes later, at any node.

Of no weight of its own: a seed's theme (themes.py) orders it. What each gateway does wrong all the time is its traits' (plan.py).
"""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import Stage

LASTS_S = (3000.0, 9000.0)


def _draw(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), 0.0


async def _asks_again(stage: Stage, fault: Fault) -> None:
    stage.street.gateway.forgetful = True
    await stage.sleep(fault.lasts_s)
    stage.street.gateway.forgetful = False


KINDS = (Kind("gateway asks again", 0, _draw, _asks_again),)
