"""A small world for the pure workflows: one account, a policy, a context that counts ids."""

from dataclasses import replace
from itertools import count

from tectonics.domain.events import BorrowConfirmed, Trigger
from tectonics.domain.messages import MESSAGES, NOTICES, Catalogue
from tectonics.domain.outcome import Balance
from tectonics.domain.policy import (
    BarringRules,
    FixedAmount,
    FixedFee,
    LendingRules,
    Policy,
    RechargeRule,
    RecoveryRules,
    Segment,
    Tier,
)
from tectonics.domain.recharge import RechargeMark
from tectonics.domain.subscriber import Account, Profile, Standing
from tectonics.workflows import lending
from tectonics.workflows.decision import Context

DAY = 86_400_000
NOW = 1_790_000_000_000
MSISDN = "33600000001"
TEXTS = {key: " ".join([key.removeprefix("word."), *(f"${name}" for name in sorted(names))])
         for key, names in MESSAGES.items()}
CATALOGUE = Catalogue({"en": TEXTS}, "en")


def tier(number: int, amount_minor: int, fee_minor: int) -> Tier:
    return Tier(str(number), FixedAmount(amount_minor), FixedFee(fee_minor), 7 * 86400, 7 * 86400)


STANDARD = Segment("standard", (tier(1, 100, 10), tier(2, 200, 20), tier(3, 500, 50)))
GOLD = Segment("gold", (*STANDARD.tiers, tier(4, 1000, 80)), open_max=10, ceiling_minor=1500,
               assigned_only=True)
LENDING = LendingRules(tenure_days_min=90, balance_minor_max=50,
                       recharges=RechargeRule(5, 500, 90, ("voucher", "etopup")))
POLICY = Policy(1, "EUR", (STANDARD, GOLD), LENDING, RecoveryRules(), BarringRules(), frozenset(NOTICES))


def marks(how_many: int = 6, amount_minor: int = 500, now: int = NOW) -> tuple[RechargeMark, ...]:
    return tuple(RechargeMark(now - (60 - 9 * n) * DAY, amount_minor, "voucher", n) for n in range(how_many))


def subscriber(**profile) -> Account:
    """Somebody who may borrow, unless `profile` says otherwise."""
    told = Profile(**({"kind": "prepaid", "activated_at": NOW - 400 * DAY} | profile))
    return Account(MSISDN, version=1, profile=told, standing=Standing(marks()))


_numbers = count(1)


def context(now: int = NOW, policy: Policy = POLICY, **service) -> Context:
    return Context(policy, CATALOGUE, now, lambda: f"id{next(_numbers)}", **service)


def policy(**rules) -> Policy:
    """The policy with some lending rules changed."""
    return replace(POLICY, lending=replace(LENDING, **rules))


def empty(now: int = NOW) -> Balance:
    return Balance(0, now)


def offer(account: Account, number: int = 2, ctx: Context | None = None):
    return next(c.offer for c in lending.choices(account, ctx or context()) if c.number == number)


def confirm(account: Account, number: int = 2, ctx: Context | None = None, trigger: str = "s|1*1",
            balance: Balance | None = None) -> BorrowConfirmed:
    ctx = ctx or context()
    return BorrowConfirmed(account.msisdn, Trigger("ussd_http", trigger), ctx.now, offer(account, number, ctx),
                           balance or empty(ctx.now))
