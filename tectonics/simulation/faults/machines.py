"""Disks and clocks: a full disk, a slow one, a COMMIT that fails, a wall clock that jumps, and jumps back."""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import MONEY, Stage

JUMPS_S = (-1800.0, -60.0, -3.0, 3.0, 45.0, 1800.0)
COMMITS = ("before", "after")


def _host(chance: random.Random, layout: Layout) -> str:
    return "ledger" if layout.ledger == "process" and chance.random() < 0.3 else layout.node(chance)


def _draw_jump(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice((30.0, 600.0, 5000.0)), chance.choice(JUMPS_S)


def _draw_full(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return _host(chance, layout), chance.choice((30.0, 600.0, 5000.0)), 0.0


def _draw_slow(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return _host(chance, layout), chance.choice((60.0, 600.0)), chance.choice((0.3, 3.0, 11.0))


def _draw_commit(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return _host(chance, layout), 300.0, chance.randrange(len(COMMITS))


async def _jump(stage: Stage, fault: Fault) -> None:
    stage.world.jump(fault.target, fault.size)
    await stage.sleep(fault.lasts_s)
    if not stage.ending:  # else it has been set right
        stage.world.jump(fault.target, -fault.size)


async def _full(stage: Stage, fault: Fault) -> None:
    stage.world.disks[fault.target].full = True
    await stage.sleep(fault.lasts_s)
    stage.world.disks[fault.target].full = False


async def _slow(stage: Stage, fault: Fault) -> None:
    stage.world.disks[fault.target].delay_s = fault.size
    await stage.sleep(fault.lasts_s)
    stage.world.disks[fault.target].delay_s = 0.0


async def _commit_fails(stage: Stage, fault: Fault) -> None:
    await stage.next(MONEY, 3600.0)
    stage.world.disks[fault.target].commit_fails = COMMITS[int(fault.size)]
    await stage.sleep(fault.lasts_s)
    stage.world.disks[fault.target].commit_fails = ""


KINDS = (
    Kind("clock jump", 2, _draw_jump, _jump),
    Kind("disk full", 2, _draw_full, _full),
    Kind("slow disk", 2, _draw_slow, _slow),
    Kind("failing COMMIT", 3, _draw_commit, _commit_fails),
)
