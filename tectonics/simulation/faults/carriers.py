"""The way to the carriers misbehaves, they flood us, and nodes end while it rings; only where a plan has rings.

Of no weight of their own: `draw` puts them on top of what a seed draws anyway.
"""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.faults.moments import dies_at_a_step, stops
from tectonics.simulation.plan import Fault
from tectonics.simulation.ringing import Ringing
from tectonics.simulation.stage import DECLINED, RUNG, Stage

LASTS_S = (60.0, 400.0, 2000.0)
DOWN_S = (0.0, 0.0, 3.0, 30.0, 600.0)
LATE_S = (0.3, 4.0)
STEPS_MAX = 60
A_DAY, MIN, MAX = 8, 2, 300
DAY_S = 86_400


def _draw_share(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice((10, 40, 80))


def _draw_late(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice(LATE_S)


def _draw_crash(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return f"{layout.node(chance)} {chance.choice((RUNG, DECLINED))}", chance.choice(DOWN_S), round(STEPS_MAX ** chance.random())


def _draw_stop(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice(DOWN_S), round(chance.uniform(0, 6), 2)


def _draw_flood(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", 0.0, chance.randint(1, 3)


def _weather(how: str):
    async def strike(stage: Stage, fault: Fault) -> None:
        stage.carriers.weather(**{how: fault.size})
        await stage.sleep(fault.lasts_s)
        stage.carriers.weather()

    return strike


async def _crash(stage: Stage, fault: Fault) -> None:
    """A node dies while it rings, or while what rang is told."""
    node, moment = fault.target.split(" ", 1)
    await dies_at_a_step(stage, node, moment, fault.size, fault.lasts_s)


async def _stopped(stage: Stage, fault: Fault) -> None:
    """A node is stopped in peace while it rings."""
    await stops(stage, fault.target, RUNG, fault.size, fault.lasts_s)


async def _flood(stage: Stage, fault: Fault) -> None:
    """Everybody rings at once, a few times."""
    for _ in range(int(fault.size)):
        if not stage.ending:
            stage.carriers.flood()
            await stage.sleep(1.0)


_DRAWN = {
    "carrier loses datagrams": (_draw_share, _weather("lose_percent")),
    "carrier doubles datagrams": (_draw_share, _weather("double_percent")), "carrier is late": (_draw_late, _weather("late_s")),
    "crash behind a ring": (_draw_crash, _crash), "stopped while it rings": (_draw_stop, _stopped),
    "flood of rings": (_draw_flood, _flood)}
KINDS = tuple(Kind(name, 0, *how) for name, how in _DRAWN.items())


def draw(chance: random.Random, layout: Layout, ringing: Ringing) -> list[Fault]:
    """Those of a plan; none where nobody rings."""
    if not ringing:
        return []
    count = min(MAX, max(MIN, round(chance.uniform(0.3, 1.7) * A_DAY * layout.lasts_s / DAY_S)))
    return [Fault(round(chance.uniform(0, layout.lasts_s * 0.95), 3), name, *_DRAWN[name][0](chance, layout))
            for name in chance.choices(list(_DRAWN), k=count)]
