"""What goes wrong, one file a family; a new kind is a `Kind` in one of them, a new family a file and a line in KINDS.

A plan has about A_DAY faults a day, at least FAULTS_MIN and at most FAULTS_MAX, each at a random moment: several
may strike at once.
"""

import random

from tectonics.simulation.faults import (
    billing,
    carriers,
    consumers,
    crashes,
    gateways,
    machines,
    mails,
    messages,
    network,
    overlaps,
    registers,
    telephones,
    visitors,
)
from tectonics.simulation.faults.kind import Kind, Layout
from tectonics.simulation.plan import Fault

KINDS: dict[str, Kind] = {kind.name: kind for family in (crashes, network, machines, billing, consumers, overlaps, gateways, messages, registers,
                                                         telephones, carriers, mails, visitors) for kind in family.KINDS}
A_DAY, FAULTS_MIN, FAULTS_MAX = 16, 4, 2000
DAY_S = 86_400


def draw(chance: random.Random, layout: Layout) -> tuple[Fault, ...]:
    """The faults of a plan, in their order."""
    days = layout.lasts_s / DAY_S
    count = min(FAULTS_MAX, max(FAULTS_MIN, round(chance.uniform(0.3, 1.7) * A_DAY * days)))
    names, weights = zip(*((kind.name, kind.weight) for kind in KINDS.values()), strict=True)
    faults = []
    for name in chance.choices(names, weights, k=count):
        at_s = chance.uniform(0, layout.lasts_s * 0.95)
        faults.append(Fault(round(at_s, 3), name, *KINDS[name].draw(chance, layout)))
    return tuple(sorted(faults, key=lambda fault: (fault.at_s, fault.kind)))
