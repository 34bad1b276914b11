"""The rules of lending: who may borrow, and how much of what.

`examine` goes through the rules in a fixed order and names the first that refuses, or the choices: the
tiers that still fit under the ceiling and the day's caps.  It needs no question to the billing system, so
that most refusals cost it nothing; `too_rich` is the one rule that does, and `refusal` is both.
"""


from tectonics.domain import policy as rules
from tectonics.domain.advance import Offer
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.policy import (
    ComputedAmount,
    FixedAmount,
    Policy,
    Segment,
    Tier,
    TypedAmount,
    fee_minor,
    segment_of,
)
from tectonics.domain.subscriber import Account
from tectonics.domain.value import value
from tectonics.workflows.decision import Context


@value
class Refusal:
    """A stable reason, and the values its sentence to the subscriber needs."""

    reason: str
    variables: tuple[tuple[str, str], ...] = ()


@value
class Choice:
    """One line of the menu: an offer, or a range in which the subscriber types the amount."""

    number: int  # the tier's place in its segment: the key that chooses it
    tier: Tier
    segment: str
    offer: Offer | None
    min_minor: int = 0
    max_minor: int = 0


def examine(account: Account, context: Context) -> "Refusal | tuple[Choice, ...]":
    """Why this subscriber may not borrow whatever his balance, or what he may choose from."""
    for rule in (_service, _person, _history, _open, _pauses, _day):
        found = rule(account, context)
        if found is not None:
            return found
    return choices(account, context) or Refusal("ceiling")


def refusal(account: Account, context: Context, balance: Balance | Unavailable | None) -> Refusal | None:
    """Why this subscriber may not borrow now; None when he may. With `balance` None it is not looked at."""
    examined = examine(account, context)
    if isinstance(examined, Refusal):
        return examined
    return None if balance is None else too_rich(balance, context)


def _service(account: Account, context: Context) -> Refusal | None:
    return None if context.policy.lending.accepting else Refusal("stopped")


def _person(account: Account, context: Context) -> Refusal | None:
    profile = account.profile
    if profile.kind == "unknown":
        return Refusal("unknown_subscriber")
    if profile.kind != "prepaid":
        return Refusal("not_prepaid")
    if profile.bar is not None:
        return Refusal("barred")
    if profile.listed == "black":
        return Refusal("black_list")
    if not rules.in_rollout(account.msisdn, context.policy.lending.rollout):
        return Refusal("rollout")
    return None


def _history(account: Account, context: Context) -> Refusal | None:
    lending = context.policy.lending
    skips = lending.white_list_skips if account.profile.listed == "white" else ()
    if "tenure" not in skips and rules.tenure_days(account, context.now) < lending.tenure_days_min:
        return Refusal("tenure", (("days", str(lending.tenure_days_min)),))
    rule = lending.recharges
    if rule is not None and "recharges" not in skips \
            and rules.counted_recharges(account, rule, context.now) < rule.count:
        return Refusal("recharges", (("count", str(rule.count)), ("days", str(rule.days))))
    return None


def _open(account: Account, context: Context) -> Refusal | None:
    segment = segment_of(account, context.policy, context.now)
    if len(account.mine) < segment.open_max:
        return None
    return Refusal("open_advance", (("outstanding", context.money(account.exposed_minor)),
                                    ("currency", context.policy.currency)))


def _pauses(account: Account, context: Context) -> Refusal | None:
    lending, standing = context.policy.lending, account.standing
    pauses = ((standing.last_advance_at, lending.pause_after_advance_s),
              (standing.last_recovery_at, lending.pause_after_recovery_s),
              (account.profile.sim_swapped_at, lending.pause_after_sim_swap_s))
    if any(at is not None and context.now < at + pause_s * 1000 for at, pause_s in pauses):
        return Refusal("cooling_off")
    return None


def _day(account: Account, context: Context) -> Refusal | None:
    left_count, left_minor = day_left(account, context)
    if left_count is not None and left_count < 1 or left_minor is not None and left_minor < 1:
        return Refusal("limit")
    return None


def too_rich(balance: Balance | Unavailable, context: Context) -> Refusal | None:
    """Why the balance, or the billing system's silence, forbids it."""
    most = context.policy.lending.balance_minor_max
    if isinstance(balance, Unavailable):
        return Refusal("billing_unavailable")
    if most is not None and balance.amount_minor > most:
        return Refusal("balance", (("max", context.money(most)),))
    return None


def day_left(account: Account, context: Context) -> tuple[int | None, int | None]:
    """How many advances and how much money the day still allows, the tighter of subscriber and
    service; None where there is no cap."""
    lending, standing = context.policy.lending, account.standing
    today = standing.usage_day == context.policy.day(context.now)
    count, minor = (standing.usage_count, standing.usage_minor) if today else (0, 0)
    return (_least(lending.day_count_max, count, lending.service_day_count_max, context.service_count),
            _least(lending.day_minor_max, minor, lending.service_day_minor_max, context.service_minor))


def _least(cap: int | None, used: int, service_cap: int | None, service_used: int) -> int | None:
    left = [c - u for c, u in ((cap, used), (service_cap, service_used)) if c is not None]
    return min(left) if left else None


@value
class Room:
    """What one more advance may be at most; None where there is no limit."""

    amount_minor: int | None  # left of the day
    total_minor: int | None  # with its fee, under the ceiling

    def holds(self, tier: Tier, amount_minor: int) -> bool:
        """Whether an advance of this amount fits."""
        if self.amount_minor is not None and amount_minor > self.amount_minor:
            return False
        return amount_minor > 0 and (
            self.total_minor is None or amount_minor + fee_minor(tier.fee, amount_minor) <= self.total_minor)


def choices(account: Account, context: Context) -> tuple[Choice, ...]:
    """The tiers that this subscriber may still take, with what they cost."""
    segment = segment_of(account, context.policy, context.now)
    ceiling = segment.ceiling_minor
    room = Room(day_left(account, context)[1], None if ceiling is None else ceiling - account.exposed_minor)
    found = [_choice(number, tier, segment, account, context, room)
             for number, tier in enumerate(segment.tiers, 1)]
    return tuple([choice for choice in found if choice is not None])


def _choice(number: int, tier: Tier, segment: Segment, account: Account, context: Context,
            room: Room) -> Choice | None:
    match tier.amount:
        case FixedAmount():
            amount = tier.amount.amount_minor
        case ComputedAmount():
            amount = _computed(tier.amount, account, context.now)
            while amount >= tier.amount.min_minor and not room.holds(tier, amount):
                amount -= tier.amount.step_minor
            if amount < tier.amount.min_minor:
                return None
        case TypedAmount():
            return _typed(number, tier, segment, room)
    if not room.holds(tier, amount):
        return None
    return Choice(number, tier, segment.name, offer_of(tier, segment.name, context.policy, amount))


def _computed(rule: ComputedAmount, account: Account, now: int) -> int:
    share = rules.recharged_minor(account, now, 30) * rule.percent_hundredths // 10_000
    return min(share // rule.step_minor * rule.step_minor, rule.max_minor)


def _typed(number: int, tier: Tier, segment: Segment, room: Room) -> Choice | None:
    low, step = tier.amount.min_minor, tier.amount.step_minor
    # The cost rises with the amount, so the largest amount that fits is found by halving.
    fitting, failing = -1, (tier.amount.max_minor - low) // step + 1
    while failing - fitting > 1:
        middle = (fitting + failing) // 2
        fitting, failing = (middle, failing) if room.holds(tier, low + middle * step) \
            else (fitting, middle)
    if fitting < 0:
        return None
    return Choice(number, tier, segment.name, None, low, low + fitting * step)


def offer_of(tier: Tier, segment: str, policy: Policy, amount_minor: int) -> Offer:
    """What the tier means for an amount, under this policy."""
    return Offer(tier.id, segment, policy.version, amount_minor, fee_minor(tier.fee, amount_minor),
                 policy.currency, tier.balance_type, tier.credit_valid_s, tier.due_s)


def typed_offer(choice: Choice, amount_minor: int, policy: Policy) -> Offer | None:
    """The offer for an amount that the subscriber typed; None when it is outside the range."""
    rule = choice.tier.amount
    inside = choice.min_minor <= amount_minor <= choice.max_minor
    if not isinstance(rule, TypedAmount) or not inside or (amount_minor - rule.min_minor) % rule.step_minor:
        return None
    return offer_of(choice.tier, choice.segment, policy, amount_minor)


def still_holds(offer: Offer, among: tuple[Choice, ...], context: Context) -> bool:
    """Whether the offer that was shown could be shown again now, `among` the choices of now."""
    for choice in among:
        if choice.tier.id == offer.tier and choice.segment == offer.segment:
            again = choice.offer or typed_offer(choice, offer.amount_minor, context.policy)
            if isinstance(choice.tier.amount, ComputedAmount) and again is not None \
                    and offer.amount_minor <= again.amount_minor:
                again = offer_of(choice.tier, choice.segment, context.policy, offer.amount_minor)
            return again is not None and _same(again, offer)
    return False


def _same(one: Offer, other: Offer) -> bool:
    return (one.amount_minor, one.fee_minor, one.currency, one.balance_type, one.due_s, one.credit_valid_s) \
        == (other.amount_minor, other.fee_minor, other.currency, other.balance_type, other.due_s,
            other.credit_valid_s)
