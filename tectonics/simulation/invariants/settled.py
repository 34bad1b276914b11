"""When faults stop, everything that waits is settled, and everybody who owed and recharged has paid.

In the peace after the faults everyone who owes recharges enough, operators resolve by hand what no machine can
tell, and time passes.  After that nothing waits, nothing is unknown, nothing is owed.
"""

from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong

WAITING = ("granting", "unknown", "waiting", "debiting", "refunding", "refund_unknown")
OWED = ("open", "overdue")


def everything_is_settled(scene: Scene) -> Wrong:
    """Nothing is under way any more."""
    if not scene.over:
        return
    for op, command in sorted(scene.books.commands.items()):
        yield Violation(f"{command.kind} {op} is still in the outbox ({command.state})", command.msisdn)
    for msisdn, one in sorted(scene.books.subscribers.items()):
        for what, items in (("advance", one.advances), ("recovery", one.recoveries)):
            for id, item in items.items():
                if item["state"] in WAITING:
                    yield Violation(f"{what} {id} is still {item['state']}", msisdn)
    for record in scene.journal.records.values():
        if not record.answer:
            yield Violation(f"the record {record.id} has not been answered", record.msisdn)


def everything_is_paid_back(scene: Scene) -> Wrong:
    """Who owed recharged more than that, and time has passed."""
    if not scene.over:
        return
    for msisdn, one in sorted(scene.books.subscribers.items()):
        for id, advance in one.advances.items():
            if advance["state"] in OWED:
                yield Violation(f"advance {id} is {advance['state']} though he recharged enough", msisdn)
