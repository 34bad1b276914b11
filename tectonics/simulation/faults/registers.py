"""The home location register, its switch and what lies between them and us misbehave; only where a plan has them.

Of no weight of their own: `draw` puts them on top of what a seed draws anyway.  What the simulator can do wrong is told in
simulators/ussd_gsup/register.py; here it is ordered for a while, or for the next messages.
"""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import CONFIRMED, Stage
from tectonics.simulation.switching import Switching, name_of
from tectonics.simulators.smsc import faults as wrong

LASTS_S = (60.0, 400.0, 2000.0)
LONG_S = (2000.0, 8000.0)  # what a second copy can do needs somebody who is between two screens
DOWN_S = (0.0, 5.0, 60.0, 900.0)
WITHIN_S = 7200.0  # a fault that waits for a confirmation waits at most so long
SOONER_S = (0.5, 4.0, 12.0)
NOBODY = "nobody"
A_DAY, MIN, MAX = 24, 3, 500
DAY_S = 86_400


def _draw_share(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice((20, 60, 100))


def _draw_long_share(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LONG_S), chance.choice((20, 60, 100))


def _draw_stranger(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice(LASTS_S), 0.0


def _draw_times(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", 0.0, chance.randint(1, 4)


def _draw_moment(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(DOWN_S), chance.choice((0.0, 0.001, 0.01, 2.0))


def _draw_guard(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice(SOONER_S)


def _draw_route(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return chance.choice((layout.node(chance), NOBODY)), chance.choice(LASTS_S), 0.0


def _for_a_while(kind: str):
    """In a share of all cases."""

    async def strike(stage: Stage, fault: Fault) -> None:
        faults = stage.switch.register.faults
        faults.order(kind, percent=fault.size)
        await stage.sleep(fault.lasts_s)
        faults.order(kind)

    return strike


async def _breaks(stage: Stage, fault: Fault) -> None:
    """The connection breaks in the middle of what the entity is told next."""
    await stage.next(frozenset({CONFIRMED}), WITHIN_S)
    if not stage.ending:
        stage.switch.register.faults.order(wrong.CUT, times=int(fault.size))


async def _hangs_up(stage: Stage, fault: Fault) -> None:
    """All connections of entities, while a confirmation is on its way."""
    await stage.next(frozenset({CONFIRMED}), WITHIN_S)
    await stage.sleep(fault.size)
    stage.switch.register.cut_all()


async def _restarts(stage: Stage, fault: Fault) -> None:
    """The register, with all that it knew of sessions."""
    await stage.next(frozenset({CONFIRMED}), WITHIN_S)
    await stage.sleep(fault.size)
    if not stage.ending:
        stage.switch.register.restart()
        await stage.sleep(fault.lasts_s)
        stage.switch.register.begin()


async def _switch_restarts(stage: Stage, fault: Fault) -> None:
    """Handsets are left alone, and numbers of sessions come again."""
    await stage.next(frozenset({CONFIRMED}), WITHIN_S)
    await stage.sleep(fault.size)
    stage.switch.register.restart_switch()


async def _guard_ends_sooner(stage: Stage, fault: Fault) -> None:
    """The register forgets sessions before we were told that it would."""
    register = stage.switch.register
    register.guard_s = fault.size
    await stage.sleep(fault.lasts_s)
    register.guard_s = stage.plan.switching.session_s


async def _route_moves(stage: Stage, fault: Fault) -> None:
    """For a while the code leads to another name, perhaps to one that nobody has."""
    switch = stage.switch
    before = dict(switch.register.routes)
    switch.route(fault.target)
    await stage.sleep(fault.lasts_s)
    if not stage.ending:
        switch.register.routes.update(before)


async def _name_taken(stage: Stage, fault: Fault) -> None:
    """For a while another connection has a node's name, and that one is routed to: the next in the queue is never promoted."""
    register, name = stage.switch.register, name_of(fault.target)
    register.occupy(name)
    await stage.sleep(fault.lasts_s)
    register.vacate(name)


_DRAWN = {
    "GSUP loses what we say": (_draw_share, _for_a_while(wrong.LOSE_REQUEST)),
    "GSUP loses what we are told": (_draw_share, _for_a_while(wrong.LOSE_ANSWER)),
    "GSUP says all twice": (_draw_long_share, _for_a_while(wrong.DOUBLE)), "GSUP is late": (_draw_share, _for_a_while(wrong.LATE)),
    "GSUP breaks within a message": (_draw_times, _breaks), "GSUP hangs up": (_draw_moment, _hangs_up),
    "register restarts": (_draw_moment, _restarts), "switch restarts": (_draw_moment, _switch_restarts),
    "control port silent": (_draw_share, _for_a_while(wrong.SILENT)), "guard timer ends sooner": (_draw_guard, _guard_ends_sooner),
    "route moves": (_draw_route, _route_moves), "name taken by another": (_draw_stranger, _name_taken)}
KINDS = tuple(Kind(name, 0, *how) for name, how in _DRAWN.items())


def draw(chance: random.Random, layout: Layout, switching: Switching) -> list[Fault]:
    """Those of a plan; none where nothing goes over GSUP."""
    if not switching:
        return []
    count = min(MAX, max(MIN, round(chance.uniform(0.3, 1.7) * A_DAY * layout.lasts_s / DAY_S)))
    return [Fault(round(chance.uniform(0, layout.lasts_s * 0.95), 3), name, *_DRAWN[name][0](chance, layout))
            for name in chance.choices(list(_DRAWN), k=count)]
