"""One run of the simulation with a deliberate fault in force, and what was recorded of such runs.

`seeds.json` has the first seeds that saw each mutation, and the invariant that spoke. A seed is the same day only as long
as nothing is drawn otherwise and the product takes the same steps: `scripts/soak --mutations --record` looks for them anew.
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
    """Name of the mutation -> seeds and rule."""
    return json.loads(SEEDS.read_text()) if SEEDS.exists() else {}
