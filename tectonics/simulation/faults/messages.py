"""The message centre and the USSD gateway over SMPP misbehave; only where a plan has them.

Of no weight of their own: `draw` puts them on top of what a seed draws anyway.  What the simulators can do wrong is
told in simulators/smsc/faults.py; here it is ordered for a while, or for the next message.
"""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.messaging import Messaging
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import CONFIRMED, WRITTEN, Stage
from tectonics.simulators.smsc import faults as wrong

LASTS_S = (60.0, 400.0, 2000.0)
WITHIN_S = 7200.0  # a fault that waits for a message waits at most so long
NEVER_S, EARLY_S = 1e8, 0.0
STEPS_MAX, AGAIN_S = 40, (0.0, 1.0, 90.0)
CENTRE, GATEWAY = "sms", "ussd"
A_DAY, MIN, MAX = 24, 3, 500
DAY_S = 86_400


def _draw_share(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice((20, 60, 100))


def _draw_times(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.randint(1, 4)


def _draw_receipts(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice((EARLY_S, NEVER_S))


def _draw_crash(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice(AGAIN_S), round(STEPS_MAX ** chance.random())


def _factory(stage: Stage, fault: Fault):
    """The simulator that it is about; None where there is none."""
    peer = stage.ussd if fault.target == GATEWAY else stage.centre
    return peer and (peer.gateway if fault.target == GATEWAY else peer.centre)


def _for_a_while(kind: str):
    """In a share of all cases."""

    async def strike(stage: Stage, fault: Fault) -> None:
        factory = _factory(stage, fault)
        factory.faults.order(kind, percent=fault.size)
        await stage.sleep(fault.lasts_s)
        factory.faults.order(kind)

    return strike


def _next_times(kind: str):
    """The next few times, from the next message on."""

    async def strike(stage: Stage, fault: Fault) -> None:
        await stage.next(frozenset({WRITTEN, CONFIRMED}), WITHIN_S)
        if not stage.ending:
            _factory(stage, fault).faults.order(kind, times=int(fault.size))

    return strike


async def _receipts(stage: Stage, fault: Fault) -> None:
    """Receipts come before the answer to the submit is on its way, or not at all."""
    centre = stage.centre.centre
    usual_s, centre.receipt_s = centre.receipt_s, fault.size
    await stage.sleep(fault.lasts_s)
    centre.receipt_s = usual_s


async def _unbound(stage: Stage, fault: Fault) -> None:
    """Every connection breaks, in the middle of whatever is said."""
    await stage.next(frozenset({WRITTEN, CONFIRMED}), WITHIN_S)
    await stage.sleep(0.001 * fault.size)
    _factory(stage, fault).cut_all()


async def _crash(stage: Stage, fault: Fault) -> None:
    """A node dies while it answers a message, and comes again."""
    await stage.next(frozenset({WRITTEN, CONFIRMED}), WITHIN_S)
    stage.world.kill_at(fault.target, steps=int(fault.size))
    await stage.sleep(2.0)
    stage.world.kill(fault.target)
    stage.world.call_later(0, stage.look)
    await stage.sleep(fault.lasts_s)
    stage.world.restart(fault.target)


_BOTH = {  # of either simulator
    "throttles": (_draw_share, _for_a_while(wrong.THROTTLE)), "has a full queue": (_draw_share, _for_a_while(wrong.QUEUE_FULL)),
    "loses answers": (_draw_share, _for_a_while(wrong.LOSE_ANSWER)), "loses requests": (_draw_share, _for_a_while(wrong.LOSE_REQUEST)),
    "answers late": (_draw_share, _for_a_while(wrong.LATE)), "breaks within a PDU": (_draw_times, _next_times(wrong.CUT)),
    "is silent": (_draw_times, _next_times(wrong.SILENT)), "hangs up": (_draw_times, _unbound)}
_OF_CENTRE = {f"centre {name}": how for name, how in _BOTH.items()} | {
    "receipts early or never": (_draw_receipts, _receipts), "crash behind a message": (_draw_crash, _crash)}
_OF_GATEWAY = {f"gateway {name}": how for name, how in _BOTH.items()} | {
    "gateway says all twice": (_draw_share, _for_a_while(wrong.DOUBLE))}
KINDS = tuple(Kind(name, 0, *how) for name, how in (_OF_CENTRE | _OF_GATEWAY).items())


def draw(chance: random.Random, layout: Layout, messaging: Messaging) -> list[Fault]:
    """Those of a plan; none where nothing goes over SMPP."""
    names = [*(_OF_CENTRE if messaging.links else ()), *(_OF_GATEWAY if messaging.dialect else ())]
    days = layout.lasts_s / DAY_S
    count = min(MAX, max(MIN, round(chance.uniform(0.3, 1.7) * A_DAY * days))) if names else 0
    return [_drawn(name, chance, layout) for name in chance.choices(names, k=count)] if names else []


def _drawn(name: str, chance: random.Random, layout: Layout) -> Fault:
    target, lasts_s, size = (_OF_CENTRE | _OF_GATEWAY)[name][0](chance, layout)
    place = GATEWAY if name in _OF_GATEWAY else CENTRE
    return Fault(round(chance.uniform(0, layout.lasts_s * 0.95), 3), name, target or place, lasts_s, size)
