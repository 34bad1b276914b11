"""The billing system: answers that are lost after the commit, requests that are lost, refusals, slowness, blocks."""

import random

from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault
from tectonics.simulation.stage import CONFIRMED, REVERSAL, Stage

LASTS_S = (120.0, 1200.0, 5000.0)
REVERSAL_WITHIN_S = 7200.0
LATE_S, ASKED_S = (8.1, 9.8), 0.008  # beyond the budget of a screen, within the deadline of a write; when it has been asked
PERCENTS = (20, 50, 100)
NOTHING = {"lose_answers_percent": 0, "lose_requests_percent": 0, "refuse_percent": 0, "delay_s": 0.0,
            "hang_balance": False}  # nothing is wrong


def _draw_share(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice(PERCENTS)


def _draw_delay(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), chance.choice((1.0, 7.0, 9.5, 15.0))


def _draw_silence(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), 1.0


def _ordered(name: str):
    async def strike(stage: Stage, fault: Fault) -> None:
        await stage.order(**{name: type(NOTHING[name])(fault.size)})
        await stage.sleep(fault.lasts_s)
        await stage.order(**{name: NOTHING[name]})

    return strike


async def _lost_then_refused(stage: Stage, fault: Fault) -> None:
    """What was lost is refused when it is asked again."""
    await stage.order(lose_requests_percent=int(fault.size))
    await stage.sleep(fault.lasts_s / 2)
    await stage.order(lose_requests_percent=0, refuse_percent=int(fault.size))
    await stage.sleep(fault.lasts_s / 2)
    await stage.order(refuse_percent=0)


async def _refuses_a_refund(stage: Stage, fault: Fault) -> None:
    """What a reversed recharge had paid cannot be returned at first."""
    await stage.next(frozenset({REVERSAL}), REVERSAL_WITHIN_S)
    if fault.size > PERCENTS[0]:
        await stage.order(lose_requests_percent=100)
        await stage.sleep(fault.lasts_s)
    await stage.order(lose_requests_percent=0, refuse_percent=100)
    await stage.sleep(fault.lasts_s)
    await stage.order(refuse_percent=0)


def _draw_late(chance: random.Random, layout: Layout) -> tuple[str, float, float]:
    return "", chance.choice(LASTS_S), round(chance.uniform(*LATE_S), 2)


async def _late_behind_a_confirmation(stage: Stage, fault: Fault) -> None:
    """It tells the balance at once, and of the credit only when the subscriber has been told to wait."""
    chance, until_s = stage.world.random(f"late {fault.at_s}"), stage.now_s + fault.lasts_s
    while stage.now_s < until_s and not stage.ending:
        await stage.next(frozenset({CONFIRMED}), until_s - stage.now_s)
        await stage.sleep(chance.uniform(0, ASKED_S))
        await stage.order(delay_s=fault.size)
        await stage.sleep(1.0)
        await stage.order(delay_s=0.0)


async def _block(stage: Stage, fault: Fault) -> None:
    """The prepaid system blocks some accounts for a while."""
    people = stage.world.random("blocks").sample(stage.plan.people, max(1, len(stage.plan.people) * int(fault.size) // 100))
    numbers = sorted(person.msisdn for person in people)
    stage.block(numbers, True)
    await stage.sleep(fault.lasts_s)
    stage.block(numbers, False)


KINDS = (
    Kind("billing answers lost", 6, _draw_share, _ordered("lose_answers_percent")),
    Kind("billing requests lost", 5, _draw_share, _ordered("lose_requests_percent")),
    Kind("billing refuses", 3, _draw_share, _ordered("refuse_percent")),
    Kind("slow billing", 4, _draw_delay, _ordered("delay_s")),
    Kind("silent enquiries", 2, _draw_silence, _ordered("hang_balance")),
    Kind("billing requests lost, then refused", 3, _draw_share, _lost_then_refused),
    Kind("refund refused", 3, _draw_share, _refuses_a_refund),
    Kind("late behind a confirmation", 0, _draw_late, _late_behind_a_confirmation),
    Kind("blocked accounts", 3, _draw_share, _block),
)
