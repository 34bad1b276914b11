"""Accounts that were seen a moment ago, so that they need not be read again.

The account that a menu was made from is the one that the confirmation starts from, and the one that a
unit has written is the one that the billing system's answer meets.  Deciding on it without reading is
right because the unit is written by compare-and-set on its version: where anybody else has written in
between, on this node or another, the unit is a Conflict and is decided again on what the store holds.
Only events that need nothing else from the store start so (`STARTS`); their trigger, where they have
one, is checked in the unit's transaction.  What was resolved by a look-up or a person never starts so:
another node may have moved the account on long ago, and a decision on the old one would be about a state
that nobody is in.  What a unit has written is kept only while it waits for the
billing system: whoever's session is over would fill the memory for nothing.

Losing it costs a read, never money.  Bound: KNOWN_MAX accounts (3 kB each as a rule); beyond it the one
that was seen longest ago is forgotten.
"""

from collections import OrderedDict
from collections.abc import Iterable

from tectonics.domain import advance as adv
from tectonics.domain import recharge as rec
from tectonics.domain.commands import Command, MoneyCommand
from tectonics.domain.events import (
    BorrowAsked,
    BorrowConfirmed,
    CreditAnswered,
    DebitAnswered,
    Event,
    ReserveAnswered,
    SettleAnswered,
)
from tectonics.domain.subscriber import Account
from tectonics.domain.value import replace

KNOWN_MAX = 10_000
STARTS = (BorrowAsked, BorrowConfirmed, CreditAnswered, DebitAnswered, ReserveAnswered, SettleAnswered)


def starts(event: Event) -> bool:
    """Whether it may be decided on what is known."""
    return isinstance(event, STARTS) and not getattr(event, "resolved_by", "")


class KnownAccounts:
    """The newest state of an account that this process has read or written."""

    def __init__(self, known_max: int = KNOWN_MAX) -> None:
        self._known_max = known_max
        self._accounts: OrderedDict[str, Account] = OrderedDict()

    def keep(self, account: Account) -> None:
        """Remembers it as the store would load it: with what is unfinished, and what that paid."""
        self._accounts[account.msisdn] = _unfinished(account)
        self._accounts.move_to_end(account.msisdn)
        if len(self._accounts) > self._known_max:
            self._accounts.popitem(last=False)

    def wrote(self, account: Account, commands: Iterable[Command]) -> None:
        """A unit with these commands is durable: the answer to a movement of money meets this account."""
        if any(isinstance(command, MoneyCommand) for command in commands):
            self.keep(account)

    def see(self, msisdn: str) -> Account | None:
        """What is known, and stays so."""
        return self._accounts.get(msisdn)

    def take(self, msisdn: str) -> Account | None:
        """What is known, for one try; what is written then comes through `wrote`."""
        return self._accounts.pop(msisdn, None)

    def __len__(self) -> int:
        return len(self._accounts)


def _unfinished(account: Account) -> Account:
    recoveries = tuple(r for r in account.recoveries if r.state in rec.UNFINISHED)
    paid = {share.advance for recovery in recoveries for share in recovery.shares}
    advances = tuple(a for a in account.advances if a.state in adv.UNFINISHED or a.id in paid)
    if len(advances) == len(account.advances) and len(recoveries) == len(account.recoveries):
        return account
    return replace(account, advances=advances, recoveries=recoveries)
