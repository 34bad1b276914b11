"""scripts/soak --mutations: does the simulation see each deliberate fault, and on which day first?

Every mutation of tests/simulation/mutations is put into the product, and the seeds 1 to SEEDS are played until one of
them complains, some on each processor. The exit code is 1 when a mutation was never seen. With --record the search goes
on for up to KEPT seeds, since each change of the product makes another day of some; they go into
tests/simulation/mutations/seeds.json, and the first into the table of docs/simulation.md.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from tectonics.simulation.run import Complaint
from tests.simulation.mutations import ALL
from tests.simulation.mutations.watching import SEEDS, plainly, recorded, watch

SEEDS_MAX = 400
KEPT, FURTHER, FURTHER_MIN = 3, 4, 150  # seeds that are kept, looked for until so many times the first
AT_ONCE = 2  # seeds of one mutation that each processor has before it; more are played in vain
RUNS_PER_PROCESS = 200
RUN_S_MAX = 60  # of this machine's time; a day takes less than a second
SAID_EACH_S = 10.0
DOCUMENT = Path(__file__).parents[2] / "docs/simulation.md"
HEAD = ("| what was broken | first seed that saw it | the invariant that spoke |", "|---|---|---|")


class EndlessError(BaseException):
    """A day with a fault may never end; passes whoever catches exceptions."""


@dataclass(frozen=True)
class Seen:
    """What became of one mutation: the seeds that saw it, and what the first of them said."""

    name: str
    tried: int
    seeds: tuple[int, ...] = ()
    rule: str = ""
    text: str = ""

    def __str__(self) -> str:
        seen = f"{self.seeds[0]:>6}  {self.rule}: {self.text}" if self.seeds else "  never seen"
        return f"{self.name:<40}{self.tried:>6}{seen[:140]}"


def mutate(names: list[str], seeds: int, record: bool) -> int:
    """Plays them; the exit code."""
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"no such mutation: {', '.join(unknown)}; there are {', '.join(ALL)}", file=sys.stderr)
        return 2
    print(f"{'mutation':<40}{'seeds':>6}{'first':>6}  what the simulation said", flush=True)
    found = []
    processes = os.cpu_count() or 1
    with get_context("spawn").Pool(processes, maxtasksperchild=RUNS_PER_PROCESS) as pool:
        for one in _search(pool, names or list(ALL), seeds, processes * AT_ONCE, KEPT if record else 1):
            found.append(one)
            print(one, flush=True)
            if record:
                _record([one])
    missing = [one.name for one in found if not one.seeds]
    print(f"{len(found) - len(missing)} of {len(found)} were seen")
    return 1 if missing else 0


def _search(pool, names: list[str], seeds: int, together: int, wanted: int) -> Iterator[Seen]:
    progress = _Progress(len(names))
    for number, name in enumerate(names, 1):
        yield _lowest(_noticed_by(pool, name, seeds, together), name, seeds, wanted, partial(progress.say, number, name))


def _lowest(said: Iterator[tuple[int, Complaint | None]], name: str, most: int, wanted: int, say) -> Seen:
    """The lowest seeds that see it, however many processors look for them."""
    seeds, first = [], None
    for seed, complaint in said:
        if complaint is not None:
            seeds.append(seed)
            first = first or complaint
        if len(seeds) == wanted or seeds and seed >= max(FURTHER_MIN, FURTHER * seeds[0]):
            break
        say(seed)
    if first is None:
        return Seen(name, most)
    return Seen(name, seeds[0], tuple(seeds), first.rule, first.text.splitlines()[-1])


def _noticed_by(pool, name: str, seeds: int, together: int) -> Iterator[tuple[int, Complaint | None]]:
    """Each seed, and what it says; some at once."""
    coming = iter(range(1, seeds + 1))
    while some := list(islice(coming, together)):
        yield from zip(some, pool.imap(partial(_noticed, name), some), strict=True)


def _noticed(name: str, seed: int) -> Complaint | None:
    """What is said of a day because of the fault: nothing of one that is bad without it, or of one without end."""
    signal.signal(signal.SIGALRM, _endless)
    signal.alarm(RUN_S_MAX)
    try:
        complaint = watch(name, seed)
        return complaint if complaint is None or plainly(seed) is None else None
    except EndlessError:
        return None
    finally:
        signal.alarm(0)


def _endless(*signalled) -> None:
    raise EndlessError


def _record(found: list[Seen]) -> None:
    """What was seen replaces what was recorded of it; what is no mutation any more goes."""
    known = {name: one for name, one in recorded().items() if name in ALL}
    known |= {one.name: {"seeds": one.seeds, "rule": one.rule} for one in found if one.seeds}
    ordered = {name: known[name] for name in ALL if name in known}
    SEEDS.write_text("{\n" + ",\n".join(f"{json.dumps(name)}: {json.dumps(one)}" for name, one in ordered.items()) + "\n}\n")
    lines = DOCUMENT.read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(HEAD[0][:18]))
    end = next((number for number in range(begin, len(lines)) if not lines[number].startswith("|")), len(lines))
    rows = [f"| {ALL[name].text} | {one['seeds'][0]} | `{one['rule']}` |" for name, one in ordered.items()]
    DOCUMENT.write_text("\n".join([*lines[:begin], *HEAD, *rows, *lines[end:]]) + "\n")


class _Progress:
    """Says on standard error how far it is, each SAID_EACH_S."""

    def __init__(self, mutations: int) -> None:
        self._mutations, self._said_s = mutations, time.monotonic()

    def say(self, number: int, name: str, seed: int) -> None:
        """So far the seeds of one mutation have been played."""
        now_s = time.monotonic()
        if now_s - self._said_s >= SAID_EACH_S:
            self._said_s = now_s
            print(f"mutation {number} of {self._mutations}, {name}: seed {seed}", file=sys.stderr, flush=True)
