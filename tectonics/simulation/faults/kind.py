"""A kind of fault: how it is drawn for a plan, and how it strikes the world at its moment."""

import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Layout:
    """What a fault may hit."""

    nodes: int
    ledger: str  # embedded or process
    lasts_s: float

    def node(self, chance: random.Random) -> str:
        """One of the nodes."""
        return f"n{chance.randint(1, self.nodes)}"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault: how it is drawn, and how it strikes.

    `draw(chance, layout)` answers (target, lasts_s, size); `strike(stage, fault)` begins it, waits, and ends it.
    """

    name: str
    weight: int
    draw: Callable[[random.Random, Layout], tuple[str, float, float]]
    strike: Callable[..., Coroutine]
