"""Two rare things at once: what goes wrong just when a debt is paid, returned, or made.

Of no weight of their own: a seed's theme (themes.py) orders them.  Each waits for its moment, so that a
subscriber's recharge or reversal meets the very system that has just broken down.  An outage lasts longer than
the lease of a command: its owner has given up before the system is there again, or another node has taken over.
"""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import CONFIRMED, MONEY, PAYMENT, REFUND, Stage

WITHIN_S = 7200.0  # it waits at most so long for its moment
LEDGER = "ledger"
LEASES = 2.5  # so many leases an outage lasts
NOTICED_S, LOOK_S = 1.0, 0.0005  # a booking is waited for so long, and looked for so often
SLOW_DISK_S, STEP_AFTER_S, STEP_LEASES = 3.0, 2.0, 1.3  # the clocks step while the disks are at work
WAYS = (("refuse_percent",), ("lose_requests_percent", "refuse_percent"), ("lose_requests_percent",),
        ("lose_answers_percent",))  # what the billing system does, one after the other


def _moment(chance: random.Random) -> str:
    return chance.choice((PAYMENT, REFUND))


def _draw_outage(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return _moment(chance), 0.0, chance.uniform(0.0002, 0.0015)


def _draw_sickness(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return _moment(chance), chance.choice((60.0, 400.0)), chance.randrange(len(WAYS))


def _draw_step(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice((600.0, 5000.0)), 0.0


async def _outage(stage: Stage, fault: Fault) -> None:
    """The ledger books the recharge, and is gone when the debt is to be taken."""
    victim = LEDGER if LEDGER in stage.world.processes else stage.nodes[0]
    await stage.next(frozenset({fault.target}), WITHIN_S)
    before, waited_s = stage.auditor.position(), 0.0
    while stage.auditor.position() == before and waited_s < NOTICED_S:
        waited_s += LOOK_S
        await stage.sleep(LOOK_S)
    await stage.sleep(fault.size)
    stage.world.kill(victim, power=False)
    await stage.sleep(stage.lease_s * LEASES)
    stage.world.restart(victim)


async def _sickness(stage: Stage, fault: Fault) -> None:
    """It books the recharge, and does all else wrong in one way after the other."""
    await stage.next(frozenset({fault.target}), WITHIN_S)
    for order in WAYS[int(fault.size)]:
        await stage.order(**{order: 100})
        await stage.sleep(fault.lasts_s)
        await stage.order(**{order: 0})


async def _step(stage: Stage, fault: Fault) -> None:
    """The time service sets all clocks forward while slow disks write a credit: the lease of its command is over."""
    await stage.next(frozenset({CONFIRMED}), WITHIN_S)
    for name in stage.nodes:
        stage.world.disks[name].delay_s = SLOW_DISK_S
    await stage.sleep(STEP_AFTER_S)
    ahead_s = stage.lease_s * STEP_LEASES
    for name in stage.nodes:
        stage.world.disks[name].delay_s = 0.0
        stage.world.jump(name, ahead_s)
    await stage.sleep(fault.lasts_s)
    if not stage.ending:  # else they have been set right
        for name in stage.nodes:
            stage.world.jump(name, -ahead_s)


def _draw_twin(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice((3.0, 20.0, 60.0)), chance.choice((0.0, 0.01, 2.0))


async def _twin(stage: Stage, fault: Fault) -> None:
    """A second machine takes a node's name while that one has money on its way: only one of them may write."""
    if LEDGER not in stage.world.processes:
        return
    await stage.next(MONEY, WITHIN_S)
    await stage.sleep(fault.size)
    if not stage.ending:
        stage.world.twin(fault.target)
        await stage.sleep(fault.lasts_s)
        stage.world.end_twin(fault.target)


KINDS = (
    Kind("ledger gone behind a payment", 0, _draw_outage, _outage),
    Kind("billing sick behind a payment", 0, _draw_sickness, _sickness),
    Kind("clocks step behind a confirmation", 0, _draw_step, _step),
    Kind("two machines of one name", 0, _draw_twin, _twin),
)
