"""A state machine is a table: (state, what happened) -> next state; anything else is a named error.

The table prints itself as a diagram for docs/machines.md.
"""

from dataclasses import dataclass

from tectonics.domain.errors import IllegalMove


@dataclass(frozen=True)
class Machine:
    """`moves` maps (state, happening) to the next state."""

    name: str
    first: str
    moves: dict[tuple[str, str], str]

    def move(self, state: str, happening: str) -> str:
        """The next state; IllegalMove when the table does not list it."""
        try:
            return self.moves[state, happening]
        except KeyError:
            raise IllegalMove(f"{self.name}: {happening!r} cannot happen in state {state!r}") from None

    def diagram(self) -> str:
        """The table as a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.first}"]
        lines += [f"    {state} --> {following}: {happening}"
                  for (state, happening), following in self.moves.items()]
        leaving = {state for state, _ in self.moves}
        lines += [f"    {state} --> [*]" for state in dict.fromkeys(self.moves.values())
                  if state not in leaving]
        return "\n".join(lines)
