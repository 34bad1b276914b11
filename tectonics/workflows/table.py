"""A state machine is a table: (state, what happened) -> next state; anything else is a named error.

The table prints itself as a diagram for docs/machines.md, and tells its moves, so that a
simulation can ask which of them were never taken.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tectonics.domain.errors import IllegalMove


@dataclass(frozen=True)
class Machine:
    """`moves` maps (state, happening) to the next state. `watch` hears every move that is taken."""

    name: str
    first: str
    moves: dict[tuple[str, str], str]
    watchers: list[Callable[[str, str, str], None]] = field(default_factory=list)

    def move(self, state: str, happening: str) -> str:
        """The next state; IllegalMove when the table does not list it."""
        try:
            following = self.moves[state, happening]
        except KeyError:
            raise IllegalMove(f"{self.name}: {happening!r} cannot happen in state {state!r}") from None
        for watch in self.watchers:
            watch(self.name, state, happening)
        return following

    def allows(self, state: str, happening: str) -> bool:
        """Whether the table lists the move."""
        return (state, happening) in self.moves

    def diagram(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.first}"]
        lines += [f"    {state} --> {following}: {happening}"
                  for (state, happening), following in self.moves.items()]
        leaving = {state for state, _ in self.moves}
        lines += [f"    {state} --> [*]" for state in dict.fromkeys(self.moves.values())
                  if state not in leaving]
        return "\n".join(lines)
