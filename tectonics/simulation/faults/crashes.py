"""Processes die, rather soon after money begins to move than late: between two awaits, within a transaction, with or without the power; and are started again."""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import MONEY, REVERSAL, Stage

BUSY_WITHIN_S = 3600.0  # a crash waits at most so long for money to move
STEPS_MAX, STATEMENTS_MAX = 120, 30
LEDGER = "ledger"
UNTIL_S = 120.0  # for so many seconds the steps are counted; then it dies anyway


def _downtime_s(chance: random.Random) -> float:
    return chance.choice((0.0, 1.0, 20.0, 90.0, 1800.0))


def _victim(chance: random.Random, layout: Layout) -> str:
    return LEDGER if layout.ledger == "process" and chance.random() < 0.3 else layout.node(chance)


def _draw_steps(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return _victim(chance, layout), _downtime_s(chance), round(STEPS_MAX ** chance.random())


def _draw_statements(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return _victim(chance, layout), _downtime_s(chance), round(STATEMENTS_MAX ** chance.random())


def _draw_moment(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return _victim(chance, layout), _downtime_s(chance), 0.0


async def _between_steps(stage: Stage, fault: Fault) -> None:
    await stage.next(MONEY, BUSY_WITHIN_S)
    stage.world.kill_at(fault.target, steps=int(fault.size))
    await _die(stage, fault)


async def _within_a_transaction(stage: Stage, fault: Fault) -> None:
    await stage.next(MONEY, BUSY_WITHIN_S)
    stage.world.kill_at(fault.target, statements=int(fault.size), after=int(fault.size) % 2 == 0)
    await _die(stage, fault)


def _draw_behind(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return LEDGER if layout.ledger == "process" else layout.node(chance), 400.0, chance.uniform(0.001, 0.01)


async def _behind_a_reversal(stage: Stage, fault: Fault) -> None:
    """It books the reversal, and is gone when the payment is to be returned."""
    await stage.next(frozenset({REVERSAL}), BUSY_WITHIN_S)
    await stage.sleep(fault.size)
    stage.world.kill(fault.target, power=False)
    await _die(stage, fault)


async def _any_time(stage: Stage, fault: Fault) -> None:
    stage.world.kill(fault.target, power=False)
    await _die(stage, fault)


async def _die(stage: Stage, fault: Fault) -> None:
    process, waited_s = stage.world.processes[fault.target], 0.0
    while process.alive and waited_s < UNTIL_S:
        waited_s += 2.0
        await stage.sleep(2.0)
    stage.world.kill(fault.target)
    stage.world.call_later(0, stage.look)
    await stage.sleep(fault.lasts_s)
    stage.world.restart(fault.target)


async def _stopped(stage: Stage, fault: Fault) -> None:
    stage.world.stop(fault.target)
    await stage.sleep(30.0 + fault.lasts_s)
    stage.world.restart(fault.target)


KINDS = (
    Kind("crash between two steps", 12, _draw_steps, _between_steps),
    Kind("crash within a transaction", 6, _draw_statements, _within_a_transaction),
    Kind("crash behind a reversal", 3, _draw_behind, _behind_a_reversal),
    Kind("crash at any time", 2, _draw_moment, _any_time),
    Kind("stop and start", 1, _draw_moment, _stopped),
)
