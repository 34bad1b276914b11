"""A recharge has one effect, and no recharge that could pay a debt passes it by.

What was owed is read from the books by a witness who stands beside them: when the record was sent for the
first time, and when it was answered.  What was owed at both moments, by the same holder of the number, asked
for before the recharge, must find a recovery.
"""

from collections import Counter

from tectonics.domain.policy import RecoveryRules
from tectonics.simulation.books import Subscriber
from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong
from tectonics.simulation.journal import Record

TAKEN = ("OK", "DUP")


def a_recharge_has_one_effect(scene: Scene) -> Wrong:
    """Booked once, decided once, one recovery; what was answered is booked and decided, nothing else is."""
    for one in scene.books.latest():
        booked = Counter(m.op.partition(":")[2] for m in one.movements if m.source.startswith("feed:"))
        recovering = Counter(recovery["recharge"] for recovery in one.recoveries.values())
        for what, counts in (("booked", booked), ("recovered", recovering)):
            for id, count in counts.items():
                if count > 1:
                    yield Violation(f"record {id} was {what} {count} times", one.msisdn)
                if id not in scene.journal.records:
                    yield Violation(f"record {id} was {what}, but nobody sent it", one.msisdn)
        for record in _records(scene, one):
            yield from _settled(record, one, booked)


def _settled(record: Record, one: Subscriber, booked: Counter) -> Wrong:
    if record.answer not in TAKEN or record.type == "balance":
        return  # a balance that leads to nothing leaves nothing
    if record.id not in one.fed:
        yield Violation(f"record {record.id} was answered {record.answer}, but never decided", one.msisdn)
    if record.type == "recharge":
        movement = next((m for m in one.movements if m.op.endswith(f":{record.id}")), None)
        if movement is None or movement.amount_minor != record.amount_minor:
            yield Violation(f"recharge {record.id} of {record.amount_minor} stands in the ledger as {movement}",
                            one.msisdn)
    if record.type == "reversal" and not booked[record.id]:
        yield Violation(f"reversal {record.id} was answered {record.answer}, but never booked", one.msisdn)


def a_reversal_returns_the_payment(scene: Scene) -> Wrong:
    """In the end nothing stands as paid by a recharge that was taken back, except for who has gone."""
    if not scene.over:
        return
    for one in scene.books.latest():
        reversed_ = {record.ref for record in _records(scene, one) if record.type == "reversal"
                     and record.answer in TAKEN}
        for recovery in one.recoveries.values():
            if recovery["recharge"] in reversed_ and recovery["state"] == "done" \
                    and recovery["generation"] == one.generation:
                yield Violation(f"recharge {recovery['recharge']} was taken back, its payment was not returned",
                                one.msisdn)


def no_recovery_is_lost(scene: Scene) -> Wrong:
    """A recharge that found a debt has its recovery."""
    rules = scene.policies[max(scene.policies)].recovery
    for one in scene.books.latest():
        found = {recovery["recharge"] for recovery in one.recoveries.values()}
        found |= {ticket.body.get("recharge", "") for ticket in one.tickets
                  if ticket.body["type"] == "recovery.failed"}
        if any(ticket.body["type"] == "recovery.reversed" for ticket in one.tickets):
            continue  # a debt may have been paid in between and opened again
        reversed_ = {record.ref for record in _records(scene, one) if record.type == "reversal"}
        for record in _records(scene, one):
            if record.type == "recharge" and record.answer in TAKEN and record.kind in rules.classes \
                    and record.id not in found | reversed_ and _could_pay(record, rules):
                yield Violation(f"recharge {record.id} of {record.amount_minor} found {len(record.owed_before)}"
                                " debts and paid nothing", one.msisdn)


def _could_pay(record: Record, rules: RecoveryRules) -> bool:
    if record.amount_minor * rules.share_percent // 100 < 1:
        return False
    both = record.owed_before.items() & record.owed_after.items()
    generation = record.generation_after
    return any(requested_at <= record.happened_at + rules.skew_s * 1000 and mine == generation
               for _, (requested_at, mine) in both)


def _records(scene: Scene, one: Subscriber) -> list[Record]:
    return [entry for entry in scene.journal.by_subscriber.get(one.msisdn, ()) if isinstance(entry, Record)]
