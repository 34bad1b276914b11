"""The mail servers and the way to them misbehave; only where a plan has them.

Of no weight of their own: `draw` puts them on top of what a seed draws anyway.  What goes wrong at a mail server is told in
simulators/mailbox/faults.py; here it is ordered for a while, or for the next mails.  A node dies, its disk is full, or the sender's
number is given away, while a mail is brought.
"""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.faults.moments import WITHIN_S, dies_at_a_statement, dies_at_a_step
from tectonics.simulation.mailing import RELAY, Mailing
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import MAILED, Stage
from tectonics.simulators.mailbox import faults as wrong

LASTS_S = (60.0, 400.0, 2000.0)
DOWN_S = (0.0, 0.0, 3.0, 30.0, 300.0, 1800.0)
EVERY_TIME = 10**9
STEPS_MAX, STATEMENTS_MAX, WITHIN_A_MAIL_S = 150, 12, 0.03
AFTER_S = 60.0  # how long the way is bad when it is good again
A_DAY, MIN, MAX = 12, 3, 500
DAY_S = 86_400


def _draw_while(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), 0.0


def _draw_share(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice((0.5, 1.0))


def _draw_times(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", 0.0, chance.randint(1, 4)


def _draw_slow(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice((2.0, 20.0, 70.0))


def _draw_node(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice((5.0, 60.0, 400.0, 2000.0)), round(chance.uniform(0, WITHIN_A_MAIL_S), 4)


def _draw_latency(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice(LASTS_S), chance.choice((0.2, 2.0, 9.0))


def _draw_crash(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return layout.node(chance), chance.choice(DOWN_S), round(STEPS_MAX ** chance.random())


def _next_times(kind: str):
    """The next few mails."""

    async def strike(stage: Stage, fault: Fault) -> None:
        stage.mail.sending.order(kind, int(fault.size))

    return strike


def _smarthost(kind: str):
    """Every time, for a while."""

    async def strike(stage: Stage, fault: Fault) -> None:
        ordered = stage.mail.smarthost.faults
        ordered.slow_s = fault.size
        ordered.order(kind, EVERY_TIME)
        stage.mail.trouble(fault.lasts_s + AFTER_S, kind == wrong.REFUSE)
        await stage.sleep(fault.lasts_s)
        ordered.order(kind, 0)

    return strike


async def _doubled(stage: Stage, fault: Fault) -> None:
    usual, stage.mail.doubled = stage.mail.doubled, fault.size
    await stage.sleep(fault.lasts_s)
    stage.mail.doubled = usual if not stage.ending else 0.0


async def _delayed(stage: Stage, fault: Fault) -> None:
    stage.mail.delayed = True
    await stage.sleep(fault.lasts_s)
    stage.mail.delayed = False


async def _parted(stage: Stage, fault: Fault) -> None:
    """While a mail is brought the way breaks, and is whole again later."""
    await stage.next(frozenset({MAILED}), WITHIN_S)
    await stage.sleep(fault.size)
    if stage.ending:
        return
    stage.mail.trouble(fault.lasts_s + AFTER_S)
    stage.world.network.partition(fault.target, RELAY)
    await stage.sleep(fault.lasts_s)
    stage.world.network.heal(fault.target, RELAY)


async def _reset(stage: Stage, fault: Fault) -> None:
    """Every connection of mail breaks."""
    await stage.next(frozenset({MAILED}), WITHIN_S)
    await stage.sleep(fault.size)
    stage.mail.trouble(AFTER_S)
    stage.world.network.cut(fault.target, RELAY)


async def _slow(stage: Stage, fault: Fault) -> None:
    stage.mail.trouble(fault.lasts_s + AFTER_S)
    stage.world.network.slow(fault.target, RELAY, fault.size)
    await stage.sleep(fault.lasts_s)
    stage.world.network.slow(fault.target, RELAY)


async def _crash(stage: Stage, fault: Fault) -> None:
    """A node dies while a mail is brought, and comes again."""
    await dies_at_a_step(stage, fault.target, MAILED, fault.size, fault.lasts_s)


async def _crash_at_sql(stage: Stage, fault: Fault) -> None:
    """It dies within a transaction then."""
    await dies_at_a_statement(stage, fault.target, MAILED, fault.size, STATEMENTS_MAX, fault.lasts_s)


async def _disk_full(stage: Stage, fault: Fault) -> None:
    await stage.next(frozenset({MAILED}), WITHIN_S)
    stage.world.disks[fault.target].full = not stage.ending
    await stage.sleep(fault.lasts_s)
    stage.world.disks[fault.target].full = False


async def _given_away(stage: Stage, fault: Fault) -> None:
    """The mail is on its way, and the number is somebody else's."""
    await stage.next(frozenset({MAILED}), WITHIN_S)
    msisdn = stage.mail.newest
    await stage.sleep(fault.size)
    if msisdn and not stage.ending:  # else nobody has written yet
        stage.feed.tell("lifecycle", msisdn, kind="recycled", ref="")
        stage.feed.tell("lifecycle", msisdn, kind="activated", ref="prepaid")


_BROUGHT = {
    "mails cut in DATA": (_draw_times, _next_times(wrong.PART)), "mails cut before the answer": (_draw_times, _next_times(wrong.LEAVE)),
    "relay doubles mails": (_draw_share, _doubled), "relay delays mails": (_draw_while, _delayed),
    "relay parted": (_draw_node, _parted), "connections of mail reset": (_draw_node, _reset), "way to the relay is slow": (_draw_latency, _slow),
    "crash behind a mail": (_draw_crash, _crash), "crash within a mail's transaction": (_draw_crash, _crash_at_sql),
    "disk full behind a mail": (_draw_node, _disk_full), "number given away behind a mail": (_draw_node, _given_away)}
_ANSWERED = {
    f"smarthost {name}": (draw, _smarthost(kind)) for name, draw, kind in (
        ("is away", _draw_while, wrong.BUSY), ("says later", _draw_while, wrong.LATER), ("refuses", _draw_while, wrong.REFUSE),
        ("is slow", _draw_slow, wrong.SLOW), ("loses its answer", _draw_while, wrong.LOSE), ("cuts", _draw_while, wrong.CUT),
        ("is mute", _draw_while, wrong.MUTE))}
KINDS = tuple(Kind(name, 0, *how) for name, how in (_BROUGHT | _ANSWERED).items())


def draw(chance: random.Random, layout: Layout, mailing: Mailing) -> list[Fault]:
    """Those of a plan; none where nobody writes mails."""
    if not mailing:
        return []
    there = _BROUGHT | (_ANSWERED if mailing.answered else {})
    count = min(MAX, max(MIN, round(chance.uniform(0.3, 1.7) * A_DAY * layout.lasts_s / DAY_S)))
    return [Fault(round(chance.uniform(0, layout.lasts_s * 0.95), 3), name, *there[name][0](chance, layout))
            for name in chance.choices(list(there), k=count)]
