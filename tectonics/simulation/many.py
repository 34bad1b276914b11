"""Many seeds, one after the other or on several processors."""

from collections.abc import Callable, Iterable
from functools import partial
from multiprocessing import get_context

from tectonics.simulation.drawing import draw
from tectonics.simulation.plan import Options
from tectonics.simulation.report import Report, report_of
from tectonics.simulation.run import simulate

RUNS_PER_PROCESS = 200  # then a new one takes its place: what one leaks stays small


def run_seed(seed: int, options: Options, progress: Callable[[float], None] = lambda share: None) -> Report:
    """One seed."""
    plan = draw(seed, options)
    return report_of(plan, simulate(plan, progress))


def run_seeds(seeds: Iterable[int], options: Options, processes: int = 1,
              each: Callable[[Report], None] = lambda one: None) -> Report:
    """All of them; `each` hears of every run as it ends."""
    total = Report()
    for one in _reports(seeds, options, processes):
        total.take(one)
        each(one)
    return total


def _reports(seeds: Iterable[int], options: Options, processes: int) -> Iterable[Report]:
    work = partial(run_seed, options=options)
    if processes == 1:
        yield from map(work, seeds)
        return
    with get_context("spawn").Pool(processes, maxtasksperchild=RUNS_PER_PROCESS) as pool:
        yield from pool.imap_unordered(work, seeds)
