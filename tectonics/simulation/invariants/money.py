"""Every cent stands in three books: the ledger moves it, an advance or recovery owns it, a ticket tells it.

At any moment, also between a movement and the unit that learns of it:
- a balance is the sum of its movements, and no operation of ours moves money twice;
- each credit and debit of ours belongs to an advance or a recovery that asked for exactly that amount;
- it has its ticket, or its advance or recovery is still waiting for the answer;
- a ticket that tells of money names a movement of that amount.
"""

from collections import Counter

from tectonics.simulation.books import Books, Movement, Subscriber
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong

LENDING = "lending"
WAITING = {"granting", "unknown", "debiting", "refunding", "refund_unknown"}


def ledger_adds_up(scene: Scene) -> Wrong:
    """A balance is the sum of its movements, and an operation is done once."""
    for one in scene.books.latest():
        sums = Counter()
        for movement in one.movements:
            sums[movement.balance_type] += movement.amount_minor
        for name in sorted({*sums, *one.balances}):
            if sums[name] != one.balances.get(name, 0):
                yield Violation(f"{name} is {one.balances.get(name, 0)}, its movements make {sums[name]}", one.msisdn)
        done = Counter(movement.op for movement in one.movements if movement.op)
        for op, count in done.items():
            if count > 1:
                yield Violation(f"operation {op} was done {count} times", one.msisdn)


def every_movement_has_its_owner(scene: Scene) -> Wrong:
    """Each credit and debit of ours was asked for, and is told by tickets of its amount or awaited."""
    for one in scene.books.latest():
        told = _told(one)
        owners = _owners(one)
        for movement in one.movements:
            if movement.source == LENDING:
                yield from _owned(one, movement, told, owners)


def _told(one: Subscriber) -> Counter:
    """Reference of a movement -> what the tickets tell of it, in cents."""
    told = Counter()
    for ticket in one.tickets:
        if ticket.body["type"] in ("advance.granted", "recovery.full", "recovery.partial", "recovery.reversed"):
            told[ticket.body["billing_ref"]] += ticket.minor("amount")
    return told


def _owners(one: Subscriber) -> dict[str, tuple[str, int, str]]:
    """Operation -> (credit or debit, amount, state) of the advance or recovery that asked for it last."""
    owners = {}
    for advance in one.advances.values():
        owners[advance["op"]] = "credit", advance["offer"]["amount_minor"], advance["state"]
    for recovery in one.recoveries.values():
        if recovery["op"]:
            refund = recovery["state"].startswith("refund") or recovery["state"] == "reversed"
            owners[recovery["op"]] = "credit" if refund else "debit", recovery["amount_minor"], recovery["state"]
    return owners


def _owned(one: Subscriber, movement: Movement, told: Counter, owners: dict) -> Wrong:
    amount = abs(movement.amount_minor)
    kind, asked, state = owners.get(movement.op, ("", 0, ""))
    about = f"{movement.kind} {movement.name} of {amount} ({movement.op})"
    if told[movement.name] or told[movement.op]:
        if told[movement.name] + told[movement.op] != amount:
            yield Violation(f"{about}: tickets tell of {told[movement.name] + told[movement.op]}", one.msisdn)
    elif not kind:
        yield Violation(f"{about} belongs to nothing", one.msisdn)
    elif state not in WAITING:
        yield Violation(f"{about} has no ticket, and its owner is {state}", one.msisdn)
    if kind and (kind, asked) != (movement.kind, amount):
        yield Violation(f"{about} was asked for as a {kind} of {asked}", one.msisdn)


def every_ticket_has_its_money(scene: Scene) -> Wrong:
    """What tickets tell of one movement is what it moved, for this subscriber."""
    for one in scene.books.latest():
        by_op = {movement.op: movement for movement in one.movements if movement.op}
        for ref, amount in _told(one).items():
            movement = _movement(scene.books, by_op, ref)
            if movement is None or movement.msisdn != one.msisdn or movement.source != LENDING:
                yield Violation(f"tickets tell of {amount} by {ref}, which never moved", one.msisdn)
            elif abs(movement.amount_minor) != amount:
                yield Violation(f"tickets tell of {amount} by {ref}, which moved {movement.amount_minor}", one.msisdn)


def _movement(books: Books, by_op: dict[str, Movement], ref: str) -> Movement | None:
    return books.movements.get(ref) or by_op.get(ref)
