"""Deliberate faults, one file a family: each breaks the product in one way, and the simulation must see it.

`scripts/soak --mutations` looks for the first seed that sees each of them; with `--record` it writes seeds.json,
which test_mutations.py repeats, and the table in docs/simulation.md.
"""

from tests.simulation.mutations import (
    calls,
    dialogue,
    email,
    feeds,
    gsup,
    limits,
    me,
    messages,
    money,
    outbox,
    rings,
    store,
    tickets,
    units,
)
from tests.simulation.mutations.mutation import Mutation

FAMILIES = {"outbox": outbox, "units": units, "store": store, "tickets": tickets, "feeds": feeds,
            "dialogue": dialogue, "limits": limits, "money": money, "messages": messages, "gsup": gsup,
            "calls": calls, "rings": rings, "email": email, "me": me}
ALL: dict[str, Mutation] = {one.name: one for family in FAMILIES.values() for one in family.MUTATIONS}
