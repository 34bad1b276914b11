"""A command waits in the outbox exactly as long as somebody waits for its outcome, and in one pair of hands.

The unit that asks writes the command; the unit that hears of its outcome takes it away.  So at every moment
what is granting, debiting or unknown has its row, and a money row has its owner.  A row goes from one life of
a process to the next, or to another process, and never back.
"""

from tectonics.simulation.books import Subscriber
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
    """At most one owner of a command at a time: it is never given back to who had lost it."""

    def __init__(self) -> None:
        self._owners: dict[str, list[tuple[str, int]]] = {}

    def __call__(self, scene: Scene) -> Wrong:
        for op, command in scene.books.commands.items():
            owners, now = self._owners.setdefault(op, []), (command.owner, command.epoch)
            if not owners or owners[-1] != now:
                if now in owners:
                    yield Violation(f"operation {op} came back to {now[0]} (life {now[1]})", command.msisdn)
                owners.append(now)
            _, epoch = scene.books.origins.get(command.owner, ("", 0))
            if command.epoch > epoch:
                yield Violation(f"operation {op} belongs to life {command.epoch} of {command.owner}, which has not"
                                f" begun ({epoch})", command.msisdn)
        for op in self._owners.keys() - scene.books.commands.keys():
            del self._owners[op]
