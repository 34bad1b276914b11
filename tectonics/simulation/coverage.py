"""Which moves of the state machines a run has taken.

The tables of workflows/ are the list of what must be reached; while a `Coverage` is entered every move that
any of them makes is counted, also one that loses its compare-and-set afterwards and is decided again.
"""

from collections import Counter
from typing import Self

from tectonics.workflows.describe import MACHINES
from tectonics.workflows.table import Machine

Move = tuple[str, str, str]  # machine, state, happening


def all_moves() -> list[Move]:
    """Every move of every machine, in the order of the tables."""
    return [(machine.name, state, happening) for machine in MACHINES for state, happening in machine.moves]


def as_text(move: Move) -> str:
    """`advance: open --paid-->`."""
    machine, state, happening = move
    return f"{machine}: {state} --{happening}-->"


class Coverage:
    """Counts moves; `with Coverage() as coverage: ...`."""

    def __init__(self) -> None:
        self.taken: Counter[Move] = Counter()
        self._plain = Machine.move

    def __enter__(self) -> Self:
        plain, taken = self._plain, self.taken

        def counted(machine: Machine, state: str, happening: str) -> str:
            following = plain(machine, state, happening)
            taken[machine.name, state, happening] += 1
            return following

        Machine.move = counted
        return self

    def __exit__(self, *_) -> None:
        Machine.move = self._plain

    def missed(self) -> list[Move]:
        """Moves that were not taken."""
        return [move for move in all_moves() if not self.taken[move]]
