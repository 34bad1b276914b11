"""Nobody inherits a stranger's debt: a number that is recycled or ported begins a new generation, each time.

An operator may begin a generation too (`forget`), so there are at least as many as the network has told of.
"""

from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.journal import Record

FIRST = 1
ANOTHER = ("recycled", "ported")
TAKEN = ("OK", "DUP")


def a_new_holder_is_a_new_generation(scene: Scene) -> Wrong:
    """Each recycling and porting that was answered."""
    for one in scene.books.latest():
        told = sum(isinstance(entry, Record) and entry.type == "lifecycle" and entry.kind in ANOTHER
                   and entry.answer in TAKEN for entry in scene.journal.by_subscriber.get(one.msisdn, ()))
        if one.version and one.generation < FIRST + told:
            yield Violation(f"the number has had {told + 1} holders, its generation is {one.generation}", one.msisdn)
