"""scripts/soak --mutations: does the simulation see each deliberate fault, and on which day first?

Every mutation of tests/simulation/mutations is put into the product, and the seeds 1 to SEEDS are played until one of
them complains, some on each processor. The exit code is 1 when a mutation was never seen. With --record the seeds go
into tests/simulation/mutations/seeds.json, and into the table of docs/simulation.md.
"""

import json
import os
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
AT_ONCE = 2  # seeds of one mutation that each processor has before it; more are played in vain
RUNS_PER_PROCESS = 200
SAID_EACH_S = 10.0
DOCUMENT = Path(__file__).parents[2] / "docs/simulation.md"
HEAD = ("| what was broken | first seed that saw it | the invariant that spoke |", "|---|---|---|")


@dataclass(frozen=True)
class Seen:
    """What became of one mutation; `seed` None: nobody has seen it."""

    name: str
    tried: int
    seed: int | None = None
    rule: str = ""
    text: str = ""

    def __str__(self) -> str:
        seen = f"{self.seed:>6}  {self.rule}: {self.text}" if self.seed else "  never seen"
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
        for one in _search(pool, names or list(ALL), seeds, processes * AT_ONCE):
            found.append(one)
            print(one, flush=True)
            if record:
                _record([one])
    missing = [one.name for one in found if one.seed is None]
    print(f"{len(found) - len(missing)} of {len(found)} were seen")
    return 1 if missing else 0


def _search(pool, names: list[str], seeds: int, together: int) -> Iterator[Seen]:
    progress = _Progress(len(names))
    for number, name in enumerate(names, 1):
        yield _first(pool, name, seeds, together, partial(progress.say, number, name))


def _first(pool, name: str, seeds: int, together: int, say) -> Seen:
    """The lowest seed that sees it, however many processors look for it."""
    coming = iter(range(1, seeds + 1))
    while some := list(islice(coming, together)):
        for seed, complaint in zip(some, pool.imap(partial(_noticed, name), some), strict=True):
            if complaint is not None:
                return Seen(name, seed, seed, complaint.rule, complaint.text.splitlines()[-1])
        say(some[-1])
    return Seen(name, seeds)


def _noticed(name: str, seed: int) -> Complaint | None:
    """What is said of a day because of the fault: of one that is bad without it, nothing."""
    complaint = watch(name, seed)
    return complaint if complaint is None or plainly(seed) is None else None


def _record(found: list[Seen]) -> None:
    """What was seen replaces what was recorded of it; what is no mutation any more goes."""
    known = {name: one for name, one in recorded().items() if name in ALL}
    known |= {one.name: {"seed": one.seed, "rule": one.rule} for one in found if one.seed is not None}
    ordered = {name: known[name] for name in ALL if name in known}
    SEEDS.write_text(json.dumps(ordered, indent=1) + "\n")
    lines = DOCUMENT.read_text().splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(HEAD[0][:18]))
    end = next((number for number in range(begin, len(lines)) if not lines[number].startswith("|")), len(lines))
    rows = [f"| {ALL[name].text} | {one['seed']} | `{one['rule']}` |" for name, one in ordered.items()]
    DOCUMENT.write_text("\n".join([*lines[:begin], *HEAD, *rows, *lines[end:]]) + "\n")


class _Progress:
    """Says on standard error how far it is, each SAID_EACH_S."""

    def __init__(self, mutations: int) -> None:
        self._mutations, self._said_s = mutations, time.monotonic()

    def say(self, number: int, name: str, seed: int) -> None:
        """So many seeds of one mutation have seen nothing."""
        now_s = time.monotonic()
        if now_s - self._said_s >= SAID_EACH_S:
            self._said_s = now_s
            print(f"mutation {number} of {self._mutations}, {name}: not seen by {seed} seeds", file=sys.stderr, flush=True)
