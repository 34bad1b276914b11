"""The lending policy: every rule of the operator as values, and the arithmetic of tiers and segments.

The database holds policies in numbered versions; each offer and ticket names the version that
made it.  Which rule refuses a subscriber is decided in workflows/borrow.py; here stands what the
rules are, what a tier costs, and which segment a subscriber belongs to.
"""

import zlib

from tectonics.domain.advertising import AdvertisingRules
from tectonics.domain.call_rules import CallBackRules
from tectonics.domain.money import percent_of
from tectonics.domain.msisdn import in_ranges
from tectonics.domain.subscriber import Account
from tectonics.domain.value import value

TIERS_MAX = 12
DAY_MS = 86_400_000
BALANCE_TYPES = ("main", "sms", "mms", "data", "voice_onnet", "voice_offnet")


@value
class FixedAmount:
    """A tier of one amount."""

    amount_minor: int


@value
class TypedAmount:
    """The subscriber types the amount: `min` to `max` in steps counted from `min`."""

    min_minor: int
    max_minor: int
    step_minor: int


@value
class ComputedAmount:
    """A share of what he recharged in the last 30 days, rounded down to a step, within limits."""

    percent_hundredths: int
    step_minor: int
    min_minor: int
    max_minor: int


@value
class FixedFee:
    """The same fee whatever the amount."""

    fee_minor: int


@value
class PercentFee:
    """A share of the amount, at least `min_minor`."""

    percent_hundredths: int
    min_minor: int = 0


@value
class SteppedFee:
    """(`up to this amount`, fee) in rising order; the last step serves everything above."""

    steps: tuple[tuple[int, int], ...]


@value
class Tier:
    """One line of the menu."""

    id: str
    amount: FixedAmount | TypedAmount | ComputedAmount
    fee: FixedFee | PercentFee | SteppedFee
    credit_valid_s: int  # the credit may be used this long
    due_s: int  # the debt is due then; expiry never forgives
    balance_type: str = "main"


@value
class Segment:
    """Whom a set of tiers is for. Without an explicit assignment the last segment that fits wins."""

    name: str
    tiers: tuple[Tier, ...]
    open_max: int = 1  # unfinished advances at a time
    ceiling_minor: int | None = None  # on all that is outstanding, fees included
    assigned_only: bool = False  # only by explicit assignment
    tenure_days_min: int = 0
    arpu_minor_min: int = 0  # recharged per 30 days, averaged over 90


@value
class RechargeRule:
    """At least `count` recharges of at least an amount, of certain classes, in a window."""

    count: int
    amount_minor_min: int
    days: int
    classes: tuple[str, ...]


@value
class Rollout:
    """Who has the service yet: a number in a range, or in the share (by a stable hash)."""

    ranges: tuple[tuple[str, str], ...] = ()
    share_percent: int = 100


@value
class LendingRules:
    """When credit may be lent. `None` switches a cap off; a pause of 0 is none."""

    accepting: bool = True  # the switch that stops new advances at once
    tenure_days_min: int = 0
    recharges: RechargeRule | None = None
    balance_minor_max: int | None = None
    day_count_max: int | None = None  # per subscriber and day
    day_minor_max: int | None = None
    service_day_count_max: int | None = None  # for the whole service and day
    service_day_minor_max: int | None = None
    pause_after_advance_s: int = 0
    pause_after_recovery_s: int = 0
    pause_after_sim_swap_s: int = 0
    white_list_skips: tuple[str, ...] = ("tenure", "recharges")
    rollout: Rollout = Rollout()


@value
class RecoveryRules:
    """How debt is taken back from recharges."""

    share_percent: int = 100  # of each recharge, at most
    first: str = "fee"  # fee or principal
    classes: tuple[str, ...] = ("voucher", "etopup", "transfer", "bonus")
    attempts_max: int = 4  # debits per recharge when the balance has been spent meanwhile
    skew_s: int = 300  # a recharge this much older than the advance still counts as later
    own_marks: tuple[str, ...] = ("TEC-",)  # ids and refs of our own credits on the feed


@value
class BarringRules:
    """When bad debt bars; 0 switches a rule off."""

    late_max: int = 0  # advances not repaid in time
    chances_max: int = 0  # recharges that passed without paying an advance back in full
    unbar_on_full_recovery: bool = True


@value
class Policy:
    """All of it. `notices` names the messages that are sent by SMS."""

    version: int
    currency: str
    segments: tuple[Segment, ...]
    lending: LendingRules = LendingRules()
    recovery: RecoveryRules = RecoveryRules()
    barring: BarringRules = BarringRules()
    notices: frozenset[str] = frozenset()
    utc_offset_minutes: int = 0  # where the operator's day begins
    advertising: AdvertisingRules = AdvertisingRules()
    call_back: CallBackRules = CallBackRules()

    def day(self, at: int) -> int:
        """The number of the operator's day that `at` falls in."""
        return (at + self.utc_offset_minutes * 60_000) // DAY_MS


def fee_minor(fee: FixedFee | PercentFee | SteppedFee, amount_minor: int) -> int:
    """The fee for lending `amount_minor`."""
    match fee:
        case FixedFee():
            return fee.fee_minor
        case PercentFee():
            return max(fee.min_minor, percent_of(amount_minor, fee.percent_hundredths))
        case SteppedFee():
            return next((f for limit, f in fee.steps if amount_minor <= limit), fee.steps[-1][1])


def recharged_minor(account: Account, now: int, days: int) -> int:
    """What the subscriber recharged in the last `days` days."""
    since = now - days * DAY_MS
    return sum(m.amount_minor for m in account.standing.recharges if m.at >= since)


def counted_recharges(account: Account, rule: RechargeRule, now: int) -> int:
    """How many recharges the rule counts."""
    since = now - rule.days * DAY_MS
    return sum(1 for m in account.standing.recharges
               if m.at >= since and m.amount_minor >= rule.amount_minor_min
               and m.kind in rule.classes)


def tenure_days(account: Account, now: int) -> int:
    """Whole days on the network; -1 when nobody told us."""
    activated = account.profile.activated_at
    return -1 if activated is None else max(0, now - activated) // DAY_MS


def segment_of(account: Account, policy: Policy, now: int) -> Segment:
    """The subscriber's segment: assigned explicitly, else the last that his tenure and ARPU fit."""
    assigned = next((s for s in policy.segments if s.name == account.profile.segment), None)
    if assigned is not None:
        return assigned
    tenure = tenure_days(account, now)
    arpu = recharged_minor(account, now, 90) // 3
    fitting = [s for s in policy.segments
               if not s.assigned_only and tenure >= s.tenure_days_min and arpu >= s.arpu_minor_min]
    return fitting[-1] if fitting else policy.segments[0]


def in_rollout(msisdn: str, rollout: Rollout) -> bool:
    """Whether the service has reached this number; the share is stable for a number."""
    if in_ranges(msisdn, rollout.ranges):
        return True
    return zlib.crc32(b"rollout:" + msisdn.encode()) % 100 < rollout.share_percent
