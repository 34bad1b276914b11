"""One run of the simulation with a deliberate fault in force, and what was recorded of such runs.

`seeds.json` has the seed that saw each mutation first, and the invariant that spoke. A seed is a day only as long as
nothing is drawn otherwise: `scripts/soak --mutations --record` looks for the seeds anew.
"""

import json
from pathlib import Path

from tectonics.simulation.drawing import draw
from tectonics.simulation.run import Complaint, simulate
from tests.simulation.mutations import ALL

SEEDS = Path(__file__).with_name("seeds.json")


def watch(name: str, seed: int) -> Complaint | None:
    """The first complaint about a day with this fault; None: nobody has noticed."""
    with ALL[name].in_force():
        return plainly(seed)


def plainly(seed: int) -> Complaint | None:
    """The same of the product as it is."""
    complaints = simulate(draw(seed)).complaints
    return complaints[0] if complaints else None


def recorded() -> dict[str, dict]:
    """Name of the mutation -> seed and rule."""
    return json.loads(SEEDS.read_text()) if SEEDS.exists() else {}
