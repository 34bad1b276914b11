"""Many seeds, one after the other or on several processors; a process that is killed ends all with an error."""

from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from itertools import islice
from multiprocessing import get_context

from twisted.logger import globalLogBeginner

from tectonics.domain.errors import TheirFault
from tectonics.simulation.drawing import draw
from tectonics.simulation.plan import Options
from tectonics.simulation.report import Report, report_of
from tectonics.simulation.run import simulate

RUNS_PER_PROCESS = 200  # then new ones take their places: what one leaks stays small


def hush() -> None:
    """Nothing that daemons log is printed: the rules hear the living, and what the dying say concerns nobody."""
    globalLogBeginner.beginLoggingTo([lambda event: None], discardBuffer=True, redirectStandardIO=False)


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
    left = iter(seeds)
    while share := list(islice(left, RUNS_PER_PROCESS * processes)):
        with ProcessPoolExecutor(processes, get_context("spawn"), initializer=hush) as pool:
            try:
                for done in as_completed([pool.submit(work, seed) for seed in share]):
                    yield done.result()
            except BrokenProcessPool as broken:
                raise TheirFault("a process that played seeds was killed; begin again") from broken
