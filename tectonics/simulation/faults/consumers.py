"""Consumers of tickets that read slowly, or not at all: nobody else may notice."""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import Stage


def _draw(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice((300.0, 3000.0)), chance.choice((0.5, 10.0))


async def _slow(stage: Stage, fault: Fault) -> None:
    consumer = stage.consumers.add(f"slow-{fault.at_s:.0f}", fault.target, fault.target, delay_s=fault.size)
    await stage.sleep(fault.lasts_s)
    consumer.delay_s = 0.0


async def _deaf(stage: Stage, fault: Fault) -> None:
    consumer = stage.consumers.add(f"deaf-{fault.at_s:.0f}", fault.target, fault.target, deaf=True)
    await stage.sleep(fault.lasts_s)
    consumer.deaf = False
    if consumer.protocol is not None:
        consumer.protocol.transport.resumeProducing()


KINDS = (Kind("slow consumer", 2, _draw, _slow), Kind("deaf consumer", 1, _draw, _deaf))
