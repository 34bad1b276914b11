"""The account: one subscriber as the daemon knows him, the unit of every decision and transaction.

`Profile` is what we were told about him, `Standing` what he has done.  A number that is recycled
or ported starts a new `generation`: profile and standing begin afresh and nobody inherits a
stranger's debt, black list or bar.  `version` counts units; the store writes by compare-and-set.
"""


from tectonics.domain import advance as adv
from tectonics.domain.advance import Advance, Offer
from tectonics.domain.call import Call, CallMark
from tectonics.domain.login import LoginCode
from tectonics.domain.recharge import RechargeMark, Recovery
from tectonics.domain.value import replace, value

RECHARGE_MARKS_MAX = 100  # the newest recharges kept; rules may ask for at most this many
CALL_MARKS_MAX = 30  # the newest call-backs kept; limits may be at most this high


@value
class Bar:
    """Why a subscriber may not borrow: `bad_debt` (lifted by full recovery) or `admin`."""

    reason: str
    since_at: int
    text: str = ""


@value
class Profile:
    """What we were told: by import, life-cycle events, operators and the subscriber himself."""

    kind: str = "unknown"  # prepaid, postpaid, unknown
    activated_at: int | None = None
    language: str = ""  # empty: the default
    node: str = ""  # the prepaid node that serves him, empty: the default
    segment: str = ""  # assigned explicitly; empty: by tenure and ARPU
    listed: str = ""  # black, white
    bar: Bar | None = None
    sim_swapped_at: int | None = None
    adverts_stopped_at: int | None = None  # he wrote STOP; kept as long as the number is this person's
    call_back: bool | None = None  # subscribed to call-backs; None: nobody ever said
    collect_refused_at: int | None = None  # since when he takes no collect calls


@value
class Shown:
    """An offer that was shown to him by short message, for as long as a YES with its code agrees to it."""

    offer: Offer
    until_at: int
    code: str


@value
class Standing:
    """What he has done: recharges, chances used, today's use of the service."""

    recharges: tuple[RechargeMark, ...] = ()  # oldest first, at most RECHARGE_MARKS_MAX
    late_count: int = 0  # advances not repaid in time since the last clean slate
    usage_day: int = 0  # the day (of the policy's time zone) that the two next belong to
    usage_count: int = 0
    usage_minor: int = 0
    last_advance_at: int | None = None
    last_recovery_at: int | None = None
    advances_total: int = 0  # granted since the beginning of this generation
    adverts: tuple[int, ...] = ()  # when he was sent advertising, in the last seven days
    shown: Shown | None = None  # by short message, not agreed to yet
    shown_count: int = 0  # offers that were shown so since the beginning of this generation; each gets another code
    call: Call | None = None  # the call-back that is not closed
    calls: tuple[CallMark, ...] = ()  # call-backs begun, oldest first, at most CALL_MARKS_MAX
    call_cycle: int = 0  # the billing cycle that the two next belong to (postpaid)
    call_cycle_s: int = 0
    call_cycle_minor: int = 0
    login: LoginCode | None = None  # the newest one-time code of his pages
    codes: tuple[int, ...] = ()  # when codes were sent, in the last day


@value
class Account:
    """One subscriber; `advances` and `recoveries` hold those that are not finished."""

    msisdn: str
    generation: int = 1
    version: int = 0  # 0: not stored yet
    profile: Profile = Profile()
    standing: Standing = Standing()
    advances: tuple[Advance, ...] = ()  # oldest first, any generation
    recoveries: tuple[Recovery, ...] = ()  # oldest first, any generation

    @property
    def mine(self) -> tuple[Advance, ...]:
        """The unfinished advances of the person who has the number now."""
        return tuple(a for a in self.advances
                     if a.generation == self.generation and a.state in adv.UNFINISHED)

    @property
    def outstanding_minor(self) -> int:
        """What he owes now."""
        return sum(a.outstanding_minor for a in self.mine)

    @property
    def exposed_minor(self) -> int:
        """What he owes or may be about to owe."""
        return sum(a.exposed_minor for a in self.mine)

    def advance(self, advance_id: str) -> Advance | None:
        """The unfinished (or just finished) advance of that id."""
        return next((a for a in self.advances if a.id == advance_id), None)

    def recovery(self, recovery_id: str) -> Recovery | None:
        """The unfinished (or just finished) recovery of that id."""
        return next((r for r in self.recoveries if r.id == recovery_id), None)

    def with_advance(self, advance: Advance) -> "Account":
        """This account with `advance` added, or put in the place of its older self."""
        return replace(self, advances=_put(self.advances, advance))

    def with_recovery(self, recovery: Recovery) -> "Account":
        """This account with `recovery` added, or put in the place of its older self."""
        return replace(self, recoveries=_put(self.recoveries, recovery))


def _put(items: tuple, item) -> tuple:
    if any(old.id == item.id for old in items):
        return tuple(item if old.id == item.id else old for old in items)
    return (*items, item)
