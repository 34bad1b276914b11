"""A command waits in the outbox exactly as long as somebody waits for its outcome, and in one pair of hands.

The unit that asks writes the command; the unit that hears of its outcome takes it away.  So at every moment
what is granting, debiting or unknown has its row, and a money row has its owner.  A row goes from one life of
a process to the next, and to another process only when its owner's lease is over.
"""

from tectonics.simulation.books import Command, Subscriber
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong

WAITING = ("granting", "debiting", "unknown", "refunding", "refund_unknown")
UNKNOWN = ("unknown", "refund_unknown")
KINDS = ("credit", "debit")


def what_waits_has_its_command(scene: Scene) -> Wrong:
    """Nothing waits for an answer that nobody is asking for, and nothing is asked that nobody waits for."""
    for one in scene.books.latest():
        waiting = _waiting(one)
        asked = {command.op: command for command in one.commands if command.kind in KINDS}
        for op in sorted(waiting.keys() - asked.keys()):
            yield Violation(f"{waiting[op]} waits for operation {op}, which is not in the outbox", one.msisdn)
        for op in sorted(asked.keys() - waiting.keys()):
            yield Violation(f"{asked[op].kind} {op} is in the outbox, and nothing waits for it", one.msisdn)
        for op in sorted(asked.keys() & waiting.keys()):
            if (asked[op].state == "look_up") != (waiting[op] in UNKNOWN):
                yield Violation(f"{asked[op].kind} {op} is to be {asked[op].state}, its owner is {waiting[op]}",
                                one.msisdn)


def _waiting(one: Subscriber) -> dict[str, str]:
    """Operation -> state of what waits for its answer."""
    found = [*one.advances.values(), *one.recoveries.values()]
    return {item["op"]: item["state"] for item in found if item["state"] in WAITING}


class OnePairOfHands:
    """At most one owner of a command at a time.

    Another node takes it only when its owner's lease is over, by its own clock; the same node only in a later
    life, which has ended the earlier one.
    """

    def __init__(self) -> None:
        self._seen: dict[str, Command] = {}

    def __call__(self, scene: Scene) -> Wrong:
        for op, command in scene.books.commands.items():
            before = self._seen.get(op)
            if before is not None:
                yield from _handed_over(before, command, scene)
            _, epoch = scene.books.origins.get(command.owner, ("", 0))
            if command.epoch > epoch:
                yield Violation(f"operation {op} belongs to life {command.epoch} of {command.owner}, which has not"
                                f" begun ({epoch})", command.msisdn)
        self._seen = dict(scene.books.commands)


def _handed_over(before: Command, command: Command, scene: Scene) -> Wrong:
    op, owner = command.op, command.owner
    if owner == before.owner:
        if command.epoch < before.epoch:
            yield Violation(f"operation {op} came back to life {command.epoch} of {owner} from life {before.epoch}",
                            command.msisdn)
        return
    early_ms = before.lease_until - scene.now - scene.clocks_apart_ms
    if early_ms > 0:
        yield Violation(f"operation {op} of {before.owner} was taken by {owner}, its lease lasts {early_ms} ms more",
                        command.msisdn)
