"""No queue grows beyond its bound, and nothing goes wrong that nobody expected."""

import re

from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong

TWINS = "two machines of one name"  # of faults/overlaps.py
_FENCED = re.compile(r"Fenced: another process has taken over the origin")
_DISK = re.compile(r"OurFault: .*(disk I/O error|database or disk is full)|OSError: .Errno 28.")


def no_queue_is_beyond_its_bound(scene: Scene) -> Wrong:
    """Each queue of each process at this moment."""
    for name, depth, bound in scene.loads:
        if depth > bound:
            yield Violation(f"{name} holds {depth}, its bound is {bound}")


def nobody_logs_a_fault_of_ours(scene: Scene) -> Wrong:
    """An exception that nobody expected is a bug, whatever became of it; a broken disk is none.

    Nor is it one to be fenced when there are two machines of one name.  What says "see the log" follows from what
    the log has already.
    """
    twins = any(kind == TWINS for _, kind, _ in scene.journal.faults)
    for line in scene.journal.logged:
        if not _DISK.search(line) and "failed, see the log" not in line and not (twins and _FENCED.search(line)):
            yield Violation(f"a process logged: {line}")
