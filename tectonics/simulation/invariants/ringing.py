"""Nobody is left ringing: who is not wanted any more, or has rung for long enough, is told so by us, not by his switch.

A switch stops ringing by itself after minutes (RFC 3261, sections 16.6 and 16.8).  Where all was heard it never has to, but for
a copy of an INVITE that comes behind its call: that call was answered for good, so there is nothing left to cancel (section 9.1).
"""

from tectonics.simulation.callbook import Rung
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulators.phones.phone import TIME

GONE = ("crash", "stop", "partition", "two machines")  # how the kinds of faults begin after which nobody may be there to cancel
GONE_S = 9000.0  # a fault of a call waits for one for two hours; a node comes again within half an hour


def nobody_is_left_ringing(scene: Scene) -> Wrong:
    """A telephone rings until its switch gives up only where a message of its call was lost, or a node was not there."""
    for msisdn, rings in scene.journal.calls.rung.items():
        for one in rings:
            if one.phone.ended_by == TIME and not one.phone.copy_of and not one.phone.missed and not _gone(scene, one):
                yield Violation(f"the telephone {one.phone.number} rang until its switch gave up", msisdn)


def _gone(scene: Scene, one: Rung) -> bool:
    from_s, until_s = one.phone.rung_at - one.boot_s - GONE_S, one.phone.over_at - one.boot_s
    return any(from_s <= at_s <= until_s and kind.startswith(GONE) for at_s, kind, _ in scene.journal.faults)
