"""The life of a number: activated, SIM swapped, ported, recycled, prepaid or postpaid.

A number that is recycled or ported begins a new generation with a blank profile.  What its former
holder still owes cannot be taken from the new one; it is given up with a ticket once nothing of
his is under way.
"""


from tectonics.domain import advance as adv
from tectonics.domain import recharge as rec
from tectonics.domain.events import LifecycleSeen
from tectonics.domain.subscriber import Account, Profile, Standing
from tectonics.domain.value import replace
from tectonics.workflows import advances, call_end
from tectonics.workflows.decision import Context, Decision
from tectonics.workflows.recover import MACHINE as RECOVERY

CHANGES = ("activated", "sim_swapped", "ported", "recycled", "account_type")


def changed(account: Account, event: LifecycleSeen, context: Context) -> Decision:
    """Applies what the network tells of the number."""
    profile = account.profile
    match event.change:
        case "activated":
            kind = "prepaid" if profile.kind == "unknown" else profile.kind
            profile = replace(profile, kind=event.value or kind, activated_at=event.happened_at)
        case "sim_swapped":
            profile = replace(profile, sim_swapped_at=event.happened_at)
        case "account_type":
            profile = replace(profile, kind=event.value)
        case "recycled":
            return _begin_anew(account, Profile("prepaid", event.happened_at), event.change, context)
        case "ported":
            return _begin_anew(account, Profile("unknown"), event.change, context)
    return Decision(replace(account, profile=profile), f"number {event.change}")


def _begin_anew(account: Account, profile: Profile, why: str, context: Context) -> Decision:
    """A new generation; a call of the former holder is cut first."""
    cut = call_end.cut(account, context)
    begun = new_generation(cut.account, profile, why)
    return replace(cut.plus(begun), text=begun.text)


def new_generation(account: Account, profile: Profile, why: str) -> Decision:
    """The number begins anew with somebody else."""
    unsettled = Standing(call=account.standing.call)  # the former holder's, until it is paid
    fresh = replace(account, generation=account.generation + 1, profile=profile, standing=unsettled)
    return Decision(fresh, f"a new generation begins: {why}")


def settle_former(account: Account, context: Context) -> Decision:
    """Gives up what former holders owe, as soon as none of their operations is under way."""
    former = [r for r in account.recoveries if r.generation != account.generation]
    for recovery in former:
        if recovery.state == rec.WAITING:
            account = account.with_recovery(replace(
                recovery, state=RECOVERY.move(recovery.state, "nothing owed"), closed_at=context.now))
    decision = Decision(account, "")
    if any(r.state in rec.UNFINISHED and r.state != rec.WAITING for r in former):
        return decision
    for advance in account.advances:
        if advance.generation != account.generation and advance.state in adv.OUTSTANDING:
            closed = replace(advance, state=advances.MACHINE.move(advance.state, "given up"),
                             closed_at=context.now)
            account = decision.account.with_advance(closed)
            written = advances.ticket_of("advance.written_off", account, closed, context, reason="recycled",
                                         outstanding=context.money(closed.unpaid_minor))
            decision = decision.plus(Decision(account, "a former holder's debt is given up", (written,)))
    return decision
