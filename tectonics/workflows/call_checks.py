"""May this subscriber be called back and connected there, and for how long?

`examine` goes through the rules in a fixed order and names the first that refuses, or gives the plan of the call.  An
emergency number is refused before anything else is looked at: who wants help must be told to dial it.
"""

from tectonics.domain import call as calls
from tectonics.domain import numbers
from tectonics.domain.call_rules import CallBackRules
from tectonics.domain.events import CallAsked
from tectonics.domain.policy import DAY_MS
from tectonics.domain.subscriber import Account
from tectonics.domain.tariff import Destination, destination_of
from tectonics.domain.value import value
from tectonics.workflows import call_money, call_words
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import Refusal

HOUR_MS = 3_600_000


@value
class Plan:
    """A call that may be made: where to, how long it may ever be, and what is held before anybody rings."""

    destination: Destination
    most_s: int
    first_s: int
    first_minor: int  # 0: nothing is held


def examine(account: Account, event: CallAsked, context: Context) -> Refusal | Plan:
    """Why he may not be called back, or the plan."""
    for rule in (_emergency, _service, _person, _number, _open, _often, _often_there):
        found = rule(account, event, context)
        if found is not None:
            return found
    rules, destination = context.policy.call_back, _destination(event, context)
    most_s = min(rules.talk_most_s, rules.high_cost.talk_most_s) if destination.high_cost else rules.talk_most_s
    held = call_money.first(account, event.balance, destination.rate, most_s, context)
    return held if isinstance(held, Refusal) else Plan(destination, held.most_s, held.talk_s, held.amount_minor)


def _emergency(account: Account, event: CallAsked, context: Context) -> Refusal | None:
    if event.b is not None and event.b.kind == numbers.EMERGENCY:
        return Refusal("emergency", (("number", event.b.digits),))
    return None


def _service(account: Account, event: CallAsked, context: Context) -> Refusal | None:
    if event.refused:
        return Refusal(event.refused)
    return None if context.policy.call_back.enabled else Refusal("not_offered")


def _person(account: Account, event: CallAsked, context: Context) -> Refusal | None:
    profile = account.profile
    if profile.kind not in ("prepaid", "postpaid"):
        return Refusal("unknown_subscriber")
    if profile.listed == "black":
        return Refusal("black_list")
    return None if subscribed(account, context.policy.call_back) else Refusal("not_subscribed")


def subscribed(account: Account, rules: CallBackRules) -> bool:
    """What was said last decides; of whom nothing was said, whether his kind of account must subscribe."""
    said = account.profile.call_back
    return account.profile.kind not in rules.subscription if said is None else said


def _number(account: Account, event: CallAsked, context: Context) -> Refusal | None:
    b = event.b
    if b is None:
        return Refusal("bad_number")
    if b.digits == account.msisdn:
        return Refusal("own_number")
    if b.kind == numbers.SHORT or b.kind in context.policy.call_back.refused_kinds \
            or _destination(event, context) is None:
        return Refusal("destination", (("number", b.digits if b.kind == numbers.SHORT else call_words.shown(b.digits)),))
    return None


def _destination(event: CallAsked, context: Context) -> Destination | None:
    return destination_of(event.b.digits, context.policy.call_back.destinations)


def _open(account: Account, event: CallAsked, context: Context) -> Refusal | None:
    return None if account.standing.call is None else Refusal("call_in_progress")


def _often(account: Account, event: CallAsked, context: Context) -> Refusal | None:
    rules, now = context.policy.call_back, context.now
    marks = account.standing.calls
    dear = _destination(event, context).high_cost
    counted = ((sum(m.at > now - HOUR_MS for m in marks), rules.limits.hour_max),
               (sum(m.at > now - DAY_MS for m in marks), rules.limits.day_max),
               (sum(m.at > now - DAY_MS and m.high_cost for m in marks), rules.high_cost.day_max if dear else None))
    return Refusal("call_limit") if any(most is not None and count >= most for count, most in counted) else None


def _often_there(account: Account, event: CallAsked, context: Context) -> Refusal | None:
    limits = context.policy.call_back.limits
    counted = ((event.b_recent, limits.b_hour_max), (event.range_recent, limits.range_hour_max))
    if any(most is not None and count >= most for count, most in counted):
        return Refusal("destination_limit", (("number", call_words.shown(event.b.digits)),))
    return None


def last_number(account: Account) -> str:
    """Where he was connected last; empty: nowhere yet."""
    marks = account.standing.calls
    return marks[-1].number if marks else ""


def favourite_number(account: Account) -> str:
    """Where he is connected most often, of several the one that was last; empty: nowhere yet."""
    counts: dict[str, int] = {}
    for mark in account.standing.calls:
        counts[mark.number] = counts.pop(mark.number, 0) + 1
    return max(reversed(counts), key=counts.__getitem__, default="")


def under_way(account: Account) -> bool:
    """Whether a call is set up, talked or not settled yet."""
    call = account.standing.call
    return call is not None and call.state != calls.CLOSED
