"""The switch that calls back, its telephones and the way to it misbehave; only where a plan has them.

Of no weight of their own: `draw` puts them on top of what a seed draws anyway.  A node, or the switch, dies at the moments of a
call: when it has been asked for, when a telephone rings, is picked up, is hung up.
"""

import random

from tectonics.simulation.calling import Calling
from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.faults.moments import WITHIN_S, dies, dies_at_a_statement, dies_at_a_step, stops
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import ASKED, HUNG_UP, PICKED_UP, RINGS, Stage

LASTS_S = (60.0, 400.0, 2000.0)
DOWN_S = (0.0, 0.0, 3.0, 30.0, 300.0, 1800.0)
LATE_S = (0.3, 4.0, 12.0)
STEPS_MAX, STATEMENTS_MAX, TALK_S_MAX = 150, 30, 100.0
SICK = ("lose_answers_percent", "lose_requests_percent", "refuse_percent")
GIVEN_AWAY_S = (0.0, 40.0)  # after it was asked for; a reservation is given up after 10
CALLS = (ASKED, RINGS, PICKED_UP, HUNG_UP)
A_DAY, MIN, MAX = 12, 3, 500
DAY_S = 86_400


def _draw_share(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice((10, 40, 80))


def _draw_late(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice(LATE_S)


def _draw_while(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), 0.0


def _draw_restart(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return chance.choice(CALLS), chance.choice((0.0, 3.0, 60.0)), chance.choice((0.0, 0.01, TALK_S_MAX))


def _draw_crash(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return f"{layout.node(chance)} {chance.choice(CALLS)}", chance.choice(DOWN_S), round(STEPS_MAX ** chance.random())


def _draw_talk(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice(DOWN_S), round(chance.uniform(0, TALK_S_MAX), 2)


def _draw_sick(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return f"{chance.choice(SICK)} {chance.choice((ASKED, ASKED, PICKED_UP, HUNG_UP))}", chance.choice((5.0, 60.0, 400.0)), 100.0


def _weather(how: str):
    async def strike(stage: Stage, fault: Fault) -> None:
        stage.telephones.line.weather(**{how: fault.size})
        await stage.sleep(fault.lasts_s)
        stage.telephones.line.weather()

    return strike


async def _away(stage: Stage, fault: Fault) -> None:
    """It answers nothing; its telephones go on."""
    stage.telephones.switch.away = True
    await stage.sleep(fault.lasts_s)
    stage.telephones.switch.away = False


async def _restarts(stage: Stage, fault: Fault) -> None:
    """All calls are gone, and nobody is told."""
    await stage.next(frozenset({fault.target}), WITHIN_S)
    await stage.sleep(fault.size)
    if not stage.ending:
        stage.telephones.restart()
        await _away(stage, fault)


async def _crash(stage: Stage, fault: Fault) -> None:
    """A node dies while a call is set up or ends, and comes again."""
    node, moment = fault.target.split(" ", 1)
    await dies_at_a_step(stage, node, moment, fault.size, fault.lasts_s)


async def _crash_at_sql(stage: Stage, fault: Fault) -> None:
    """It dies within a transaction then."""
    node, moment = fault.target.split(" ", 1)
    await dies_at_a_statement(stage, node, moment, fault.size, STATEMENTS_MAX, fault.lasts_s)


async def _crash_while_they_talk(stage: Stage, fault: Fault) -> None:
    await stage.next(frozenset({PICKED_UP}), WITHIN_S)
    await stage.sleep(fault.size)
    if not stage.ending:
        await dies(stage, fault.target, fault.lasts_s)


async def _stopped(stage: Stage, fault: Fault) -> None:
    """A node is stopped in peace while they talk."""
    await stops(stage, fault.target, PICKED_UP, fault.size, fault.lasts_s)


async def _billing_sick(stage: Stage, fault: Fault) -> None:
    """The billing system loses or refuses what is to be held, held longer, or settled."""
    what, moment = fault.target.split(" ", 1)
    await stage.next(frozenset({moment}), WITHIN_S)
    await stage.order(**{what: int(fault.size)})
    await stage.sleep(fault.lasts_s)
    await stage.order(**{what: 0})


def _draw_given_away(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return chance.choice(SICK[:2]), chance.choice((60.0, 400.0)), round(chance.uniform(*GIVEN_AWAY_S), 2)


async def _given_away(stage: Stage, fault: Fault) -> None:
    """Nobody knows whether anything is held for his call, and his number is somebody else's."""
    await stage.next(frozenset({ASKED}), WITHIN_S)
    msisdn = stage.telephones.newest
    if stage.ending or not msisdn:  # nobody has asked for a call yet
        return
    await stage.order(**{fault.target: 100})
    await stage.sleep(fault.size)
    if not stage.ending:
        stage.feed.tell("lifecycle", msisdn, kind="recycled", ref="")
        stage.feed.tell("lifecycle", msisdn, kind="activated", ref="prepaid")
    await stage.sleep(fault.lasts_s)
    await stage.order(**{fault.target: 0})


_DRAWN = {
    "switch loses datagrams": (_draw_share, _weather("lose_percent")), "switch doubles datagrams": (_draw_share, _weather("double_percent")),
    "switch is late": (_draw_late, _weather("late_s")), "call server away": (_draw_while, _away),
    "call server restarts": (_draw_restart, _restarts), "crash behind a call": (_draw_crash, _crash),
    "crash within a call's transaction": (_draw_crash, _crash_at_sql), "crash while they talk": (_draw_talk, _crash_while_they_talk),
    "stopped while they talk": (_draw_talk, _stopped), "billing sick behind a call": (_draw_sick, _billing_sick),
    "number given away behind a call": (_draw_given_away, _given_away)}
KINDS = tuple(Kind(name, 0, *how) for name, how in _DRAWN.items())


def draw(chance: random.Random, layout: Layout, calling: Calling) -> list[Fault]:
    """Those of a plan; none where nobody is called back."""
    if not calling:
        return []
    count = min(MAX, max(MIN, round(chance.uniform(0.3, 1.7) * A_DAY * layout.lasts_s / DAY_S)))
    return [Fault(round(chance.uniform(0, layout.lasts_s * 0.95), 3), name, *_DRAWN[name][0](chance, layout))
            for name in chance.choices(list(_DRAWN), k=count)]
