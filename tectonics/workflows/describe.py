"""docs/machines.md: every state machine of the house as a diagram, drawn from its table.

Run as a program it writes the document to standard output.
"""

import sys

from tectonics.workflows import advances, call_moves, recover

MACHINES = (advances.MACHINE, recover.MACHINE, call_moves.MACHINE)


def describe() -> str:
    """The document."""
    parts = ["# State machines\n", ("Drawn from the tables by `python -m tectonics.workflows.describe`; a move that is "
             "not listed is an error of\nours, not a surprise of the money.\n")]
    for machine in MACHINES:
        parts.append(f"## {machine.name}\n\n```mermaid\n{machine.diagram()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    sys.stdout.write(describe())
