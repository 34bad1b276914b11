"""What a row means for the account that is there, or for the one that is not: pure.

The daemon knows better than the file.  Of an existing account only what nobody has told yet is
filled in; with `delta` the profile that the file gives wins, for that is what a daily delta is for.
What the daemon found out itself is never taken back: not a recharge, not an advance, not a bar for
bad debt.  So a row may be imported again, after a crash or by mistake, and changes nothing.

Recharges.  The file tells counts and sums of the 90 days before its date.  What the daemon has seen
of them itself is part of them; the rest becomes marks of equal worth, spread evenly over the
window, the newest at `last`; their sum is exact to the minor unit.  Of all marks the newest
RECHARGE_MARKS_MAX are kept, as everywhere.

Advances.  Each becomes an open advance of policy version 0, paid down to what is outstanding; one
whose due date had passed is overdue already and counted as such, so that the first day does not
send as many messages as there are debtors.

A number that has begun a new generation belongs to somebody else than the file may mean: only a row
that tells an activation not before the one known is about him.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from tectonics.domain import advance as adv
from tectonics.domain.advance import Advance, Offer
from tectonics.domain.recharge import RechargeMark
from tectonics.domain.subscriber import RECHARGE_MARKS_MAX, Account, Bar, Profile, Standing
from tectonics.store.importing_columns import (
    CLEARED,
    WINDOW_MS,
    ForeignAdvance,
    History,
    Record,
    Terms,
)
from tectonics.store.importing_lines import BadRow

DATE_MS = 86_400_000  # a file may tell a date where the daemon knows the hour
CHANNEL = "import"
SUSPENDED = "suspended"  # the text of a bar that `state` set, and lifts again


@dataclass(frozen=True, slots=True)
class Change:
    """An account to be written where its version is `expected` (0: where there is none)."""

    expected: int
    account: Account
    advances: tuple[Advance, ...]  # new ones


def change_of(record: Record, account: Account, known_advances: Collection[str], terms: Terms,
              delta: bool) -> Change | None:
    """What the row changes of `account` (a blank one where there is none); None: nothing.

    `known_advances` are the ids of all advances that the number has ever had here.
    BadRow when the row is about somebody else.
    """
    if account.generation > 1:
        _check_holder(record, account)
    profile = _profile(record.profile, account.profile, terms, delta) if record.profile else account.profile
    advances = tuple(_advance(foreign, account.generation, profile.segment, terms)
                     for foreign in record.advances if foreign.id not in known_advances)
    standing = _standing(record.history, advances, account.standing, terms)
    if account.version and not advances and profile == account.profile and standing == account.standing:
        return None
    return Change(account.version, Account(account.msisdn, account.generation, account.version, profile,
                                           standing), advances)


def _check_holder(record: Record, account: Account) -> None:
    known, told = account.profile.activated_at, record.profile.get("activated")
    if known is None or told is None or told < known - DATE_MS:
        raise BadRow("msisdn: the number has a new holder; only a row with his activation, or a later one,"
                     " can be about him")


# --- profile

_WORDS = ("language", "node", "segment", "listed")


def _profile(told: dict, known: Profile, terms: Terms, delta: bool) -> Profile:
    kind, activated_at = told.get("kind"), told.get("activated")
    if known.kind != "unknown" and not delta:
        kind = None
    if activated_at is not None and known.activated_at is not None and not delta:
        activated_at = min(activated_at, known.activated_at)  # the first recharge seen was a guess
    words = {name: _word(told.get(name), getattr(known, name), delta) for name in _WORDS}
    return replace(known, kind=kind or known.kind, bar=_bar(told, known.bar, terms, delta), **words,
                   activated_at=known.activated_at if activated_at is None else activated_at)


def _word(told: str | None, known: str, delta: bool) -> str:
    if told is None or known and not delta:
        return known
    return "" if told == CLEARED else told


def _bar(told: dict, known: Bar | None, terms: Terms, delta: bool) -> Bar | None:
    state, text = told.get("state"), told.get("bar")
    if known is not None and not (delta and known.reason == "admin"):
        return known
    if known is not None and (text == CLEARED or state == "active" and known.text == SUSPENDED):
        known = None
    if text == CLEARED or text is None:
        text = SUSPENDED if state == "suspended" else ""
    if not text or known is not None and (known.text == text or text == SUSPENDED):
        return known
    return Bar("admin", terms.as_of, text)


# --- what he has done

def _standing(told: tuple[History, ...], advances: tuple[Advance, ...], known: Standing,
              terms: Terms) -> Standing:
    marks = [mark for history in told for mark in _missing_marks(history, known.recharges, terms.as_of)]
    if not marks and not advances:
        return known
    recharges = tuple(sorted((*known.recharges, *marks), key=_mark_at)[-RECHARGE_MARKS_MAX:])
    if not advances:
        return replace(known, recharges=recharges)
    granted_at = max(advance.granted_at for advance in advances)
    return replace(known, recharges=recharges,
                   late_count=known.late_count + sum(advance.was_late for advance in advances),
                   last_advance_at=max(known.last_advance_at or 0, granted_at),
                   advances_total=known.advances_total + len(advances))


def _mark_at(mark: RechargeMark) -> int:
    return mark.at


def _missing_marks(history: History, known: tuple[RechargeMark, ...], as_of: int) -> list[RechargeMark]:
    """Marks for what the file tells and the daemon has not seen itself."""
    count, sum_minor, since = history.count, history.sum_minor, as_of - WINDOW_MS
    for mark in known:
        if mark.kind == history.kind and since < mark.at <= as_of:
            count, sum_minor = count - 1, sum_minor - mark.amount_minor
    if count < 1 or sum_minor < count or len(known) == RECHARGE_MARKS_MAX:  # then it forgot some, not missed
        return []
    return list(islice(spread(history.kind, count, sum_minor, history.last_at, since), RECHARGE_MARKS_MAX))


def spread(kind: str, count: int, sum_minor: int, last_at: int, since: int) -> Iterator[RechargeMark]:
    """`count` marks worth `sum_minor` together, newest first, evenly from `last_at` back to `since`.

    Where the sum can't be shared evenly the newest are worth one minor unit more.
    """
    each, larger = divmod(sum_minor, count)
    length = last_at - since
    for age in range(count):
        yield RechargeMark(last_at - length * age // count, each + (age < larger), kind, 0)


def _advance(foreign: ForeignAdvance, generation: int, segment: str, terms: Terms) -> Advance:
    paid = foreign.amount_minor + foreign.fee_minor - foreign.outstanding_minor
    principal_paid, fee_paid = _split(foreign, paid, terms.fee_first)
    due_s = (foreign.due_at - foreign.granted_at) // 1000
    late = foreign.due_at <= terms.as_of
    offer = Offer(CHANNEL, segment, 0, foreign.amount_minor, foreign.fee_minor, terms.currency, "main",
                  due_s, due_s)
    return Advance(
        foreign.id, generation, adv.OVERDUE if late else adv.OPEN, offer, f"{CHANNEL}:{foreign.id}", CHANNEL,
        f"{CHANNEL}:{foreign.id}", requested_at=foreign.granted_at, due_at=foreign.due_at,
        credit_expires_at=foreign.due_at, granted_at=foreign.granted_at, principal_paid_minor=principal_paid,
        fee_paid_minor=fee_paid, was_late=late)


def _split(foreign: ForeignAdvance, paid_minor: int, fee_first: bool) -> tuple[int, int]:
    """(principal, fee) of what had been paid before."""
    if fee_first:
        fee = min(foreign.fee_minor, paid_minor)
        return paid_minor - fee, fee
    principal = min(foreign.amount_minor, paid_minor)
    return principal, paid_minor - principal
