"""Nodes end behind forms, and strangers ask for codes and guess them; only where a plan has pages.

Of no weight of their own: `draw` puts them on top of what a seed draws anyway.  What a visitor's own network does is in the
plan's shares (peers/visitors.py).
"""

import random

from tectonics.simulation.browsing import Browsing
from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.faults.moments import dies_at_a_statement, dies_at_a_step, stops
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import SENT, Stage

DOWN_S = (0.0, 0.0, 3.0, 30.0, 600.0)
STEPS_MAX, STATEMENTS_MAX = 60, 20
CODES, GUESSES = (5, 40), (5, 20)  # of a stranger at once
A_DAY, MIN, MAX = 8, 2, 300
DAY_S = 86_400


def _draw_crash(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice(DOWN_S), round(STEPS_MAX ** chance.random())


def _draw_stop(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice(DOWN_S), round(chance.uniform(0, 30), 2)


def _draw_count(least: int, most: int):
    def drawn(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
        return "", 0.0, chance.randint(least, most)

    return drawn


async def _crash(stage: Stage, fault: Fault) -> None:
    """A node dies behind a form, and comes again: everybody is signed out."""
    await dies_at_a_step(stage, fault.target, SENT, fault.size, fault.lasts_s)


async def _crash_at_sql(stage: Stage, fault: Fault) -> None:
    """It dies within a transaction then."""
    await dies_at_a_statement(stage, fault.target, SENT, fault.size, STATEMENTS_MAX, fault.lasts_s)


async def _stopped(stage: Stage, fault: Fault) -> None:
    """A node is stopped in peace while somebody is signed in."""
    await stops(stage, fault.target, SENT, fault.size, fault.lasts_s)


async def _codes(stage: Stage, fault: Fault) -> None:
    await stage.visitors.asks_for_codes(int(fault.size))


async def _guesses(stage: Stage, fault: Fault) -> None:
    await stage.visitors.guesses(int(fault.size))


_DRAWN = {
    "crash behind a form": (_draw_crash, _crash), "crash within a form's transaction": (_draw_crash, _crash_at_sql),
    "stopped behind a form": (_draw_stop, _stopped), "a stranger asks for codes": (_draw_count(*CODES), _codes),
    "a stranger guesses codes": (_draw_count(*GUESSES), _guesses)}
KINDS = tuple(Kind(name, 0, *how) for name, how in _DRAWN.items())


def draw(chance: random.Random, layout: Layout, browsing: Browsing) -> list[Fault]:
    """Those of a plan; none where nobody has a browser."""
    if not browsing:
        return []
    count = min(MAX, max(MIN, round(chance.uniform(0.3, 1.7) * A_DAY * layout.lasts_s / DAY_S)))
    return [Fault(round(chance.uniform(0, layout.lasts_s * 0.95), 3), name, *_DRAWN[name][0](chance, layout))
            for name in chance.choices(list(_DRAWN), k=count)]
