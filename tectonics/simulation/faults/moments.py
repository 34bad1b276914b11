"""A node ends at a moment that is waited for: somebody asks, a telephone rings, a mail or a form comes."""

from tectonics.simulation.stage import Stage

WITHIN_S = 7200.0  # what waits for a moment waits at most so long
LATEST_S = 2.0  # by when it dies, where it does not come to the step or statement


async def dies_at_a_step(stage: Stage, node: str, moment: str, steps: float, down_s: float) -> None:
    """It dies so many steps behind the moment, and comes again."""
    await stage.next(frozenset({moment}), WITHIN_S)
    stage.world.kill_at(node, steps=int(steps))
    await stage.sleep(LATEST_S)
    await dies(stage, node, down_s)


async def dies_at_a_statement(stage: Stage, node: str, moment: str, size: float, most: int, down_s: float) -> None:
    """It dies within a transaction behind the moment: `size` says before or after which of `most` statements."""
    await stage.next(frozenset({moment}), WITHIN_S)
    stage.world.kill_at(node, statements=1 + int(size) % most, after=int(size) % 2 == 0)
    await stage.sleep(LATEST_S)
    await dies(stage, node, down_s)


async def dies(stage: Stage, node: str, down_s: float) -> None:
    """It dies now, and comes again."""
    stage.world.kill(node, power=False)
    stage.world.call_later(0, stage.look)
    await stage.sleep(down_s)
    stage.world.restart(node)


async def stops(stage: Stage, node: str, moment: str, behind_s: float, down_s: float) -> None:
    """It is stopped in peace some time behind the moment, and comes again."""
    await stage.next(frozenset({moment}), WITHIN_S)
    await stage.sleep(behind_s)
    if not stage.ending:
        stage.world.stop(node)
        await stage.sleep(30.0 + down_s)
        stage.world.restart(node)
