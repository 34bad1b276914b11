"""What an invariant is given, and what it answers.

Each looks at one moment: the books of both databases, what the world outside saw, and whether all should
be settled by now.  It yields a sentence for whatever is wrong, with the subscriber concerned, or nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tectonics.domain.policy import Policy
from tectonics.simulation.books import Books
from tectonics.simulation.journal import Journal


@dataclass(frozen=True, slots=True)
class Violation:
    """Something is wrong; `msisdn` empty: it concerns nobody alone."""

    text: str
    msisdn: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """One moment of the world."""

    books: Books
    journal: Journal
    policies: dict[int, Policy]  # by version
    now: int  # ms, the world's own clock
    nodes: int = 1
    over: bool = False  # faults have stopped and everything has had time to settle
    loads: tuple[tuple[str, int, int], ...] = ()  # (queue, depth, bound)
    at_s: float = 0.0  # virtual seconds since the beginning
    clocks_apart_ms: int = 0  # how far the machines' clocks have ever been apart


Wrong = Iterator[Violation]
