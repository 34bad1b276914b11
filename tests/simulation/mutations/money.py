"""Money: what is unknown taken for certain, a cent too little, a share too much."""

from tectonics.domain import recharge as rec
from tectonics.domain.outcome import NotFound
from tectonics.domain.value import replace
from tectonics.workflows import advances, borrow, recover, repay
from tests.simulation.mutations.mutation import Mutation, Patch, mutation

MUTATIONS: list[Mutation] = []


@mutation(MUTATIONS, "an unknown credit counts as not given")
def an_unknown_credit_is_not_given(patch: Patch) -> None:
    def unsure(account, advance, event, context):
        return borrow._not_granted(account, advance, replace(event, outcome=NotFound()), context, "not done")

    patch.put(borrow, "_unsure", unsure)


@mutation(MUTATIONS, "an unknown debit counts as not done")
def an_unknown_debit_is_not_done(patch: Patch) -> None:
    def unsure(account, recovery, event, context):
        decision = recover._debit_not_done(account, recovery, replace(event, outcome=NotFound()), context)
        decision = replace(decision, finished=(event.op,))
        return decision.plus(recover.start(decision.account, context))

    patch.put(recover, "_debit_unsure", unsure)


@mutation(MUTATIONS, "an unknown debit does not hold its amount back")
def an_unknown_debit_holds_nothing(patch: Patch) -> None:
    def start(plain, account, context):
        unknown = [one for one in account.recoveries if one.state == rec.UNKNOWN]
        for one in unknown:
            account = account.with_recovery(replace(one, amount_minor=0))
        decision = plain(account, context)
        for one in unknown:
            decision = replace(decision, account=decision.account.with_recovery(one))
        return decision

    patch.around(recover, "start", start)


@mutation(MUTATIONS, "a payment in part leaves a cent out")
def a_payment_in_part_leaves_a_cent(patch: Patch) -> None:
    def split(plain, advance, amount_minor, first):
        principal, fee = plain(advance, amount_minor, first)
        if amount_minor == advance.unpaid_minor:
            return principal, fee
        return (principal - 1, fee) if principal else (principal, fee - 1)

    patch.around(repay, "split", split)


@mutation(MUTATIONS, "an advance is repaid when its principal is, whatever is left of the fee")
def the_fee_is_not_booked(patch: Patch) -> None:
    def pay(plain, advance, paid, context):
        paid_one, share = plain(advance, paid, context)
        if paid_one.unpaid_minor and paid_one.principal_paid_minor == paid_one.offer.amount_minor:
            state = advances.MACHINE.move(paid_one.state, "paid")
            paid_one = replace(paid_one, state=state, closed_at=context.now)
        return paid_one, share

    patch.around(repay, "_pay", pay)


@mutation(MUTATIONS, "a recharge pays with all of it, not with the operator's share")
def the_share_is_the_whole(patch: Patch) -> None:
    def recharged(plain, account, event, context, taken_back=False):
        rules = replace(context.policy.recovery, share_percent=100)
        return plain(account, event, replace(context, policy=replace(context.policy, recovery=rules)), taken_back)

    patch.around(recover, "recharged", recharged)


@mutation(MUTATIONS, "a debt that was returned stays paid")
def what_was_returned_stays_paid(patch: Patch) -> None:
    patch.put(repay, "_unpay", lambda advance, share, context: advance)
