"""A recharge pays back at most the share of it that the operator's policy takes.

The policies of a run differ in fees alone, so the largest share of any version is the share.
"""

from tectonics.simulation.invariants.invariant import Scene, Violation, Wrong


def a_recharge_pays_its_share(scene: Scene) -> Wrong:
    """What is taken because of a recharge, done or asked for."""
    share = max(policy.recovery.share_percent for policy in scene.policies.values())
    for one in scene.books.latest():
        for recovery in one.recoveries.values():
            record = scene.journal.records.get(recovery["recharge"])
            if record is not None and recovery["amount_minor"] > record.amount_minor * share // 100:
                yield Violation(f"{recovery['amount_minor']} are taken of the recharge {record.id} of"
                                f" {record.amount_minor}, the share is {share} %", one.msisdn)
