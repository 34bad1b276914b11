"""The network: partitions, connections that are reset, latency, segments of any size."""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import MONEY, Stage

LASTS_S = (5.0, 40.0, 300.0, 3000.0)


def _draw_pair(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    node = layout.node(chance)
    other = "ledger" if layout.ledger == "process" and chance.random() < 0.7 else "people"
    return f"{node} {other}", chance.choice(LASTS_S), 0.0


def _draw_latency(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    pair, lasts_s, _ = _draw_pair(chance, layout)
    return pair, lasts_s, chance.choice((0.2, 2.0, 9.0, 12.0))


def _draw_shredding(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    pair, lasts_s, _ = _draw_pair(chance, layout)
    return pair, lasts_s, chance.choice((0.1, 0.5, 1.0))


async def _partition(stage: Stage, fault: Fault) -> None:
    stage.world.network.partition(*fault.target.split())
    await stage.sleep(fault.lasts_s)
    stage.world.network.heal(*fault.target.split())


async def _cut(stage: Stage, fault: Fault) -> None:
    await stage.next(MONEY, fault.lasts_s)
    await stage.sleep(0.05)
    stage.world.network.cut(*fault.target.split())


async def _slow(stage: Stage, fault: Fault) -> None:
    stage.world.network.slow(*fault.target.split(), fault.size)
    await stage.sleep(fault.lasts_s)
    stage.world.network.slow(*fault.target.split(), 0.0)


async def _shred(stage: Stage, fault: Fault) -> None:
    stage.world.network.shred(*fault.target.split(), fault.size)
    await stage.sleep(fault.lasts_s)
    stage.world.network.shred(*fault.target.split(), 0.0)


KINDS = (
    Kind("partition", 5, _draw_pair, _partition),
    Kind("connections reset", 4, _draw_pair, _cut),
    Kind("slow network", 3, _draw_latency, _slow),
    Kind("shredded streams", 1, _draw_shredding, _shred),
)
