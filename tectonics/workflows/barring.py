"""Bad debt bars, full recovery unbars.

A subscriber is barred after so many advances not repaid in time, or when recharges have passed so
many times (chances) without paying an advance back in full.  An operator's own bar is never
touched here.
"""


from tectonics.domain.subscriber import Account, Bar
from tectonics.domain.value import replace
from tectonics.workflows.decision import Context, Decision, notice, ticket

BAD_DEBT = "bad_debt"


def check(account: Account, context: Context) -> Decision:
    """Bars when a rule says so."""
    rules, standing = context.policy.barring, account.standing
    if account.profile.bar is not None:
        return Decision(account, "")
    chances = max((a.chances for a in account.mine), default=0)
    if rules.late_max and standing.late_count >= rules.late_max:
        why = f"{standing.late_count} advances were not repaid in time"
    elif rules.chances_max and chances >= rules.chances_max:
        why = f"{chances} recharges passed without paying an advance back in full"
    else:
        return Decision(account, "")
    profile = replace(account.profile, bar=Bar(BAD_DEBT, context.now, why))
    account = replace(account, profile=profile)
    written = ticket("subscriber.barred", account, context, reason=BAD_DEBT, text=why, service="advance",
                     outstanding=context.money(account.outstanding_minor), currency=context.policy.currency)
    return Decision(account, f"barred: {why}", (written,), notice(account, context, "barred"))


def after_recovery(account: Account, context: Context, generation: int) -> Decision:
    """After a payment or a failed one: a clean slate when nothing is owed, else the rules again."""
    if generation != account.generation:
        return Decision(account, "")
    if account.exposed_minor:
        return check(account, context)
    account = replace(account, standing=replace(account.standing, late_count=0))
    bar = account.profile.bar
    if bar is None or bar.reason != BAD_DEBT or not context.policy.barring.unbar_on_full_recovery:
        return Decision(account, "")
    account = replace(account, profile=replace(account.profile, bar=None))
    written = ticket("subscriber.unbarred", account, context, reason=BAD_DEBT, service="advance",
                     text="all debt has been paid back")
    return Decision(account, "unbarred", (written,), notice(account, context, "unbarred"))
