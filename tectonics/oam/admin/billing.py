"""The billing system as people see it: balances, and what only the embedded one can do.

A till books recharges and a shop spends (embedded billing, demo); faults are ordered here so that
Unknown can be watched in a running daemon.  A booked recharge comes back on the feed like any other.
"""

from dataclasses import asdict
from functools import partial
from typing import Protocol

from twisted.internet.defer import Deferred

from tectonics.domain.errors import TheirFault
from tectonics.domain.money import format_minor
from tectonics.domain.outcome import Balance, Done, Outcome, Refused
from tectonics.oam.admin import parameters as take
from tectonics.oam.admin.method import Method, Offices

DELAY_S_MAX = 3600.0
_NEXT = ("refuse", "lose_requests", "lose_answers")
_REFUSALS = {
    "insufficient": "the balance is too small",
    "unknown_subscriber": "the billing system knows no such subscriber",
    "blocked": "the account is blocked in the billing system",
}


class Faults(Protocol):
    """A frozen dataclass whose fields are the faults that can be ordered."""


class LedgerAccount(Protocol):
    """An account of the embedded ledger."""

    held_minor: int


class Till(Protocol):
    """What the embedded billing does besides the port Billing."""

    def balances(self, msisdn: str) -> Deferred[LedgerAccount | None]: ...

    def recharge(self, msisdn: str, amount_minor: int, kind: str, id: str) -> Deferred[Outcome]: ...

    def spend(self, msisdn: str, amount_minor: int) -> Deferred[Outcome]: ...

    def faults(self) -> Deferred[Faults]: ...

    def set_faults(self, **changes) -> Deferred[Faults]: ...


def methods(offices: Offices) -> dict[str, Method]:
    """The methods of this topic; those of the till only where there is one."""
    number, amount = take.msisdn(offices.country_code), take.amount(lambda: offices.policies.current.currency)
    table = {"billing.balance": Method(partial(_balance, offices), {"msisdn": number},
                                       "what is available of the main balance, and what calls hold of it")}
    if offices.till is None:
        return table
    return table | {
        "recharge": Method(partial(_recharge, offices), {
            "msisdn": number, "amount": amount,
            "id": take.text("an id of your own, so that a repetition moves nothing", "", take.ID_MAX)},
            "books a recharge at the till (embedded billing)", changes=True),
        "billing.spend": Method(partial(_spend, offices), {"msisdn": number, "amount": amount},
                                "spends from the main balance (demo)", changes=True),
        "billing.faults": Method(partial(_faults, offices), _fault_parameters(),
                                 "shows or orders faults of the embedded billing", changes=True),
    }


async def _balance(offices: Offices, who: str, msisdn: str) -> dict:
    if offices.billing is None:
        raise TheirFault("there is no billing system to ask")
    found = await offices.billing.balance(msisdn)
    if not isinstance(found, Balance):
        raise TheirFault(f"the billing system gave no balance: {found.text or 'no reason given'}")
    currency = offices.policies.current.currency
    told = {"msisdn": msisdn, "balance": format_minor(found.amount_minor, currency), "currency": currency}
    account = await offices.till.balances(msisdn) if offices.till is not None else None
    return told if account is None else told | {"held": format_minor(account.held_minor, currency)}


async def _recharge(offices: Offices, who: str, msisdn: str, amount: int, id: str) -> dict:
    id = id or offices.ids.new(offices.now())
    outcome = await offices.till.recharge(msisdn, amount, "voucher", id)
    return {"id": id, **await _booked(offices, outcome, msisdn, amount, "recharged")}


async def _spend(offices: Offices, who: str, msisdn: str, amount: int) -> dict:
    outcome = await offices.till.spend(msisdn, amount)
    return await _booked(offices, outcome, msisdn, amount, "spent")


async def _booked(offices: Offices, outcome: Outcome, msisdn: str, amount: int, done: str) -> dict:
    if isinstance(outcome, Refused):
        raise TheirFault(outcome.text or _REFUSALS.get(outcome.reason, outcome.reason))
    if not isinstance(outcome, Done):
        raise TheirFault(f"nobody can say whether it was {done} ({outcome.text}); look at the balance")
    currency = offices.policies.current.currency
    left = None if outcome.balance_minor is None else format_minor(outcome.balance_minor, currency)
    text = f"{format_minor(amount, currency)} {currency} {done}" + (f", balance {left}" if left else "")
    return {"text": text, "msisdn": msisdn, "balance": left, "currency": currency}


def _fault_parameters() -> dict[str, take.Parameter]:
    counts = {name: take.whole("how many of the next writes", 0, take.COUNT_MAX, None) for name in _NEXT}
    share = take.whole("a share of all writes, in percent", 0, 100, None)
    shares = {f"{name}_percent": share for name in _NEXT}
    return {"delay_s": take.number("seconds before every answer", DELAY_S_MAX, None), **counts,
            "hang_balance": take.flag("balance enquiries get no answer", None), **shares,
            "seed": take.whole("of the shares", 0, take.COUNT_MAX, None)}


async def _faults(offices: Offices, who: str, **changes) -> dict:
    ordered = {name: value for name, value in changes.items() if value is not None}
    if ordered:
        await offices.till.set_faults(**ordered)
    return asdict(await offices.till.faults())
