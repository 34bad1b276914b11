"""The operator's rules of call-backs: who may call where, how often, for how long, and what he is charged.

A part of the policy.  Which rule refuses somebody is decided in workflows/call_checks.py, what is reserved and charged
in workflows/call_money.py.  `None` switches a limit off.
"""

from datetime import UTC, datetime

from tectonics.domain import numbers
from tectonics.domain.tariff import Destination
from tectonics.domain.value import value

REFUSED_KINDS = (numbers.PREMIUM, numbers.SHARED_COST, numbers.PERSONAL, numbers.PAGER, numbers.SATELLITE,
                 numbers.UNKNOWN)
HOLD_S_MAX = 7 * 86_400  # the embedded ledger holds nothing for longer
LIMIT_MAX = 1000  # calls to a number or range in an hour that a limit may allow
A_SEES, B_SEES = ("service", "b", "none"), ("a", "service", "none")


@value
class CallLimits:
    """How many calls may be begun: of one subscriber, and to one number or range by all together."""

    hour_max: int | None = 10
    day_max: int | None = 30
    b_hour_max: int | None = 10
    range_hour_max: int | None = 30


@value
class HighCost:
    """Tighter caps for destinations that are dear."""

    talk_most_s: int = 600
    day_max: int | None = 3


@value
class PostpaidRules:
    """What a subscriber with a bill may use in a billing cycle, which begins on a day of the month (1 to 28)."""

    allowance_s: int | None = 36_000
    allowance_minor: int | None = None
    cycle_day: int = 1

    def cycle(self, at: int, utc_offset_minutes: int) -> int:
        """The number of the cycle that `at` (ms) falls in; it rises by one a month."""
        day = datetime.fromtimestamp(at // 1000 + utc_offset_minutes * 60, UTC)
        return day.year * 12 + day.month - (day.day < self.cycle_day)


@value
class CallBackRules:
    """All of it."""

    enabled: bool = True
    destinations: tuple[Destination, ...] = ()
    refused_kinds: tuple[str, ...] = REFUSED_KINDS
    limits: CallLimits = CallLimits()
    high_cost: HighCost = HighCost()
    ring_a_s: int = 45
    ring_b_s: int = 60
    talk_least_s: int = 30  # less is not worth ringing for
    talk_first_s: int = 120  # that is reserved before anybody rings
    talk_more_s: int = 60  # that is reserved again and again while they talk
    extend_before_s: int = 20  # how long before the reserved time ends more is asked for
    talk_most_s: int = 3600
    hold_s: int = 21_600  # what is not settled by then is the subscriber's again
    service_number: str = ""
    a_sees: str = "service"  # the number that rings him: one of A_SEES
    b_sees: str = "a"  # one of B_SEES
    subscription: tuple[str, ...] = ("postpaid",)  # kinds of account that must have subscribed
    postpaid: PostpaidRules = PostpaidRules()
    marketed_as: str = "money"  # or minutes: how a balance is told
    minutes_of: str = ""  # the destination whose minutes are told; empty: the first
