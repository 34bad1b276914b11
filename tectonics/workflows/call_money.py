"""The money of a call: what is held before it rings and while it goes on, and what is taken when it is over.

Prepaid: the price of the talk time is held first, and the call ends when that time does unless more could be held in
time.  What is taken is the price of what was talked, never more than is held.  Postpaid: nothing is held; a billing cycle's
allowance bounds the talk time, and the ticket is what the bill is made of.
All amounts are minor units, all arithmetic whole numbers (domain/tariff.py).
"""

from tectonics.domain.call import LOST, Call, Ended, Rate
from tectonics.domain.commands import Reserve, Settle
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.subscriber import Account
from tectonics.domain.tariff import affordable_s, charged_s, is_free, price_minor, seconds
from tectonics.domain.value import replace, value
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import Refusal


@value
class Held:
    """Talk time, and the money that is held for it."""

    talk_s: int
    amount_minor: int
    most_s: int


def first(account: Account, balance: Balance | Unavailable | None, rate: Rate, most_s: int,
          context: Context) -> Held | Refusal:
    """What is held before anybody rings."""
    if account.profile.kind == "postpaid":
        return _allowed(account, rate, most_s, context)
    if is_free(rate):
        return Held(most_s, 0, most_s)
    rules, least_s = context.policy.call_back, _least_s(most_s, context)
    if isinstance(balance, Unavailable):
        return Refusal("billing_unavailable")
    if balance is None:  # a billing system that does not tell balances: it refuses what is not covered
        return _held(rate, least_s, most_s)
    can_s = affordable_s(rate, balance.amount_minor, most_s)
    if can_s < least_s or balance.amount_minor < 1:
        return Refusal("credit", (("available", context.money(balance.amount_minor)),
                                  ("currency", context.policy.currency)))
    return _held(rate, min(can_s, max(least_s, rules.talk_first_s)), most_s)


def _held(rate: Rate, talk_s: int, most_s: int) -> Held:
    """Talk time to the end of its last increment, which costs the same."""
    return Held(min(charged_s(rate, talk_s), most_s), max(1, price_minor(rate, talk_s)), most_s)


def _least_s(most_s: int, context: Context) -> int:
    return min(context.policy.call_back.talk_least_s, most_s)


def _allowed(account: Account, rate: Rate, most_s: int, context: Context) -> Held | Refusal:
    left_s, left_minor = allowance_left(account, context)
    talk_s = most_s if left_s is None else min(most_s, left_s)
    if left_minor is not None:
        talk_s = affordable_s(rate, left_minor, talk_s)
    return Refusal("allowance") if talk_s < _least_s(most_s, context) else Held(talk_s, 0, talk_s)


def allowance_left(account: Account, context: Context) -> tuple[int | None, int | None]:
    """Seconds and money that the cycle still allows; None where there is no limit."""
    rules, standing = context.policy.call_back.postpaid, account.standing
    this = standing.call_cycle == rules.cycle(context.now, context.policy.utc_offset_minutes)
    used_s, used_minor = (standing.call_cycle_s, standing.call_cycle_minor) if this else (0, 0)
    return (None if rules.allowance_s is None else max(0, rules.allowance_s - used_s),
            None if rules.allowance_minor is None else max(0, rules.allowance_minor - used_minor))


def used(account: Account, talked_s: int, amount_minor: int, context: Context) -> Account:
    """The account when a call of a subscriber with a bill has been counted in its cycle."""
    policy, standing = context.policy, account.standing
    cycle = policy.call_back.postpaid.cycle(context.now, policy.utc_offset_minutes)
    if standing.call_cycle != cycle:
        standing = replace(standing, call_cycle=cycle, call_cycle_s=0, call_cycle_minor=0)
    return replace(account, standing=replace(
        standing, call_cycle_s=standing.call_cycle_s + talked_s,
        call_cycle_minor=standing.call_cycle_minor + amount_minor))


def asking(call: Call, held: Held, context: Context) -> Call:
    """The call when more is asked for, under a new operation."""
    return replace(call, op=context.new_op(), asks_s=held.talk_s, asks_minor=held.amount_minor)


def more(call: Call, context: Context, at_most_s: int | None = None) -> Held | None:
    """What to hold next while they talk; None: it may not be longer than it is."""
    rules = context.policy.call_back
    add_s = min(rules.talk_more_s if at_most_s is None else at_most_s, call.most_s - call.talk_s)
    if add_s < 1:
        return None
    whole = _held(call.rate, call.talk_s + add_s, call.most_s)
    return Held(whole.talk_s - call.talk_s, max(1, whole.amount_minor - call.reserved_minor), call.most_s)


def reserve(call: Call, account: Account, context: Context) -> Reserve:
    """The command for what `asking` noted."""
    return Reserve(call.op, account.msisdn, call.asks_minor, call.currency, account.profile.node, call.session,
                   call.id, context.policy.call_back.hold_s)


def granted(call: Call) -> Call:
    """The call when what it asked for is held."""
    talk_s = call.talk_s + call.asks_s
    until_at = call.b.answered_at + talk_s * 1000 if call.b.answered_at is not None else 0
    return replace(call, reserved_minor=call.reserved_minor + call.asks_minor, talk_s=talk_s, until_at=until_at,
                   op="", asks_minor=0, asks_s=0)


def talked_s(call: Call) -> int:
    """The seconds that were talked and can be proven; 0 where the two were never connected."""
    if call.ended is None or call.b.answered_at is None:
        return 0
    return seconds(min(_proven_end(call, call.ended), call.until_at) - call.b.answered_at)


def _proven_end(call: Call, ended: Ended) -> int:
    return max(call.seen_at, min(ended.seen_at, ended.at)) if ended.cause == LOST else ended.at


def owed_minor(call: Call) -> int:
    """What the call costs: never more than is held for it, where something is."""
    price = price_minor(call.rate, talked_s(call))
    return min(price, call.reserved_minor) if call.session else price


def settle(call: Call, account: Account) -> Settle:
    """The command that takes what it owes."""
    return Settle(call.op, account.msisdn, call.owes_minor, call.currency, account.profile.node, call.session, call.id)


def release(call: Call, account: Account, context: Context) -> Settle:
    """The command that gives back what may still be held for a call whose settlement came to nothing."""
    return settle(replace(call, op=context.new_op(), owes_minor=0), account)
