"""The network: partitions, connections that are reset or given up, latency, segments of any size."""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import MONEY, Stage

LASTS_S = (5.0, 40.0, 300.0, 3000.0)
STRANDED_S = (300.0, 3000.0)
STRANDED_LATENCY_S = (1.0, 4.9)  # what was said arrives within the 10 s for which the ledger takes it


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


def _draw_stranding(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    node = layout.node(chance)
    pair = f"{node} ledger" if layout.ledger == "process" else f"people {node}"
    return pair, chance.choice(STRANDED_S), round(chance.uniform(*STRANDED_LATENCY_S), 2)


async def _strand(stage: Stage, fault: Fault) -> None:
    """Again and again: what was said a moment ago is still on its way when it is asked for over a new connection."""
    chance, until_s = stage.world.random(f"stranding {fault.at_s}"), stage.now_s + fault.lasts_s
    while stage.now_s < until_s and not stage.ending:
        await stage.next(MONEY, until_s - stage.now_s)
        await stage.sleep(chance.uniform(0, 0.01))
        stage.world.network.strand(*fault.target.split(), fault.size, chance.uniform(0.1, 1.0))


async def _shred(stage: Stage, fault: Fault) -> None:
    stage.world.network.shred(*fault.target.split(), fault.size)
    await stage.sleep(fault.lasts_s)
    stage.world.network.shred(*fault.target.split(), 0.0)


KINDS = (
    Kind("partition", 5, _draw_pair, _partition),
    Kind("connections reset", 4, _draw_pair, _cut),
    Kind("slow network", 3, _draw_latency, _slow),
    Kind("connections given up", 4, _draw_stranding, _strand),
    Kind("shredded streams", 1, _draw_shredding, _shred),
)
