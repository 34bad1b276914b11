"""The ten demo subscribers: one for each thing that a first try wants to see.

They are made from the policy in force, so that the eligible one stays eligible when somebody changes
the amounts.  Everything is a function of the policy and `now`; the same call gives the same values,
so inserting them twice changes nothing.
"""

import zlib
from dataclasses import dataclass, replace

from tectonics.domain import advance as adv
from tectonics.domain.advance import Advance, Offer
from tectonics.domain.commands import OP_MARK
from tectonics.domain.money import parse_minor
from tectonics.domain.policy import DAY_MS, FixedAmount, Policy, Segment, Tier, fee_minor
from tectonics.domain.recharge import RechargeMark
from tectonics.domain.subscriber import Account, Bar, Profile, Standing

FIRST_MSISDN = 33_600_000_001
_TENURE_DAYS = 400
_NEW_DAYS = 10


@dataclass(frozen=True, slots=True)
class DemoSubscriber:
    """An account of the store, the balance that the embedded billing opens for it, and why it is there."""

    account: Account
    balance_minor: int
    about: str


def demo_accounts(policy: Policy, now: int) -> list[DemoSubscriber]:
    """33600000001 to 33600000010, in order."""
    old = Profile("prepaid", activated_at=now - _TENURE_DAYS * DAY_MS)
    new = Profile("prepaid", activated_at=now - _NEW_DAYS * DAY_MS)
    active = Standing(recharges=_recharges(policy, now, every_days=10))
    eager = Standing(recharges=_recharges(policy, now, every_days=1))
    rich_minor = max(parse_minor("12.00", policy.currency), (policy.lending.balance_minor_max or 0) + 1)
    bar = Bar("admin", now - DAY_MS, "demo")
    members = [
        (old, active, 0, "may borrow, segment standard"),
        (new, eager, 0, f"on the network for {_NEW_DAYS} days"),
        (old, active, rich_minor, "has enough balance"),
        (replace(old, bar=bar), active, 0, "barred"),
        (old, replace(active, recharges=active.recharges[2:]), 0, "too few recharges"),
        (old, active, 0, "has one open advance"),
        (replace(old, kind="postpaid"), active, 0, "postpaid"),
        (replace(old, segment="gold"), active, 0, "may borrow, segment gold"),
        (replace(old, listed="black"), active, 0, "on the black list"),
        (replace(new, listed="white"), Standing(), 0, "on the white list although new"),
    ]
    demo = [DemoSubscriber(Account(str(FIRST_MSISDN + index), profile=profile, standing=standing), balance, about)
            for index, (profile, standing, balance, about) in enumerate(members)]
    demo[5] = replace(demo[5], account=_indebted(demo[5].account, policy, now))
    return demo


def _recharges(policy: Policy, now: int, every_days: int) -> tuple[RechargeMark, ...]:
    """One more than the rule asks for, one every so many days or as close as the rule's window asks."""
    rule = policy.lending.recharges
    count = rule.count + 1 if rule else 6
    amount_minor = rule.amount_minor_min if rule else parse_minor("5.00", policy.currency)
    window_ms = (rule.days if rule else 90) * DAY_MS
    every_ms = min(every_days * DAY_MS, window_ms // (count + 1))
    return tuple(RechargeMark(now - every_ms * age, amount_minor, rule.classes[0] if rule else "voucher",
                              zlib.crc32(f"demo:{age}".encode()))
                 for age in range(count, 0, -1))


def _indebted(account: Account, policy: Policy, now: int) -> Account:
    """With one advance granted yesterday, of 2.00 where there is such a tier."""
    segment = policy.segments[0]
    offer = _offer(segment, _tier(segment, parse_minor("2.00", policy.currency)), policy)
    granted_at = now - DAY_MS
    advance = Advance(
        f"{account.msisdn:0>24}D1", account.generation, adv.OPEN, offer, f"{OP_MARK}{account.msisdn:0>24}D2",
        "ussd_http", f"demo-{account.msisdn}", requested_at=granted_at, due_at=granted_at + offer.due_s * 1000,
        credit_expires_at=granted_at + offer.credit_valid_s * 1000, granted_at=granted_at)
    standing = replace(account.standing, last_advance_at=granted_at, advances_total=1)
    return replace(account.with_advance(advance), standing=standing)


def _tier(segment: Segment, amount_minor: int) -> Tier:
    wanted = FixedAmount(amount_minor)
    return next((tier for tier in segment.tiers if tier.amount == wanted), segment.tiers[0])


def _offer(segment: Segment, tier: Tier, policy: Policy) -> Offer:
    amount_minor = tier.amount.amount_minor if isinstance(tier.amount, FixedAmount) else tier.amount.min_minor
    return Offer(tier.id, segment.name, policy.version, amount_minor, fee_minor(tier.fee, amount_minor),
                 policy.currency, tier.balance_type, tier.credit_valid_s, tier.due_s)
