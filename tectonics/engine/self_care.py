"""Self-care: what a subscriber does on his pages, by the ways that serve him everywhere else.

A code that he asks for and a code that he enters are events like all others, so they count across nodes.  Borrowing is
a session of the dialogue in which each page is dialled anew: offers as `*133#`, one of them as `*133*1#`, and agreeing
as the input after that.  So all that makes a menu safe holds here: what was not shown here is not agreed to here, the
trigger of the confirming request keeps its answer, and at the budget's end "you will get an SMS" is the answer.

Who visits is the holder of the number who got the code: no other generation, and no other SIM card since.
"""

import re
from collections.abc import Callable

from twisted.internet.defer import Deferred

from tectonics.domain import advance as adv
from tectonics.domain import login
from tectonics.domain.advance import Advance, Offer
from tectonics.domain.call import CallMark
from tectonics.domain.errors import TheirFault
from tectonics.domain.events import CodeAsked, CodeEntered, ProfileChanged, Trigger
from tectonics.domain.outcome import Balance
from tectonics.domain.recharge import Recovery
from tectonics.domain.screens import Dialled, Screen, Style, keys
from tectonics.domain.self_care import AGREE, CHANGES, Entry, Line, Menu, Overview, Visitor
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import rfc3339
from tectonics.engine.dispatch import Engine
from tectonics.engine.enquiry import Enquiry
from tectonics.engine.movements import NEWEST
from tectonics.engine.running import deferred
from tectonics.engine.sessions import Sessions
from tectonics.ports import Queries
from tectonics.workflows import call_words
from tectonics.workflows.decision import Context
from tectonics.workflows.lending import Choice
from tectonics.workflows.self_care import is_used
from tectonics.workflows.snapshot import AMOUNT, CONFIRM, Snapshot

CHANNEL = "web"
STYLE = Style(CHANNEL, septets_max=5000, ucs2_max=5000, transliterate=False, session_s=600)
BALANCE_S = 2.5  # a page waits no longer for a balance
PAGE = 20  # entries of a page of history
CALLED = "0"  # the id of a call-back in marks: there is one at a time
SALT_OCTETS, CODE_OCTETS = 16, 16
_CHOICE = re.compile(r"[1-9]|1[0-2]", re.ASCII)  # a tier; other keys of the menu have pages of their own
_AMOUNT = re.compile(r"[0-9]{1,9}([.,][0-9]{1,4})?", re.ASCII)
_MARK = re.compile(r"([0-9]{1,15})\.([0-9A-Za-z-]{1,64})", re.ASCII)


class EngineSelfCare:
    """Fills ports.SelfCare. `codes`: what is dialled for an advance and a call-back; `random(n)` gives n octets."""

    def __init__(self, engine: Engine, sessions: Sessions, enquiry: Enquiry, queries: Queries, codes: tuple[str, str],
                 calls_offered: Callable[[], bool], random: Callable[[int], bytes]) -> None:
        self._engine, self._sessions, self._enquiry, self._queries = engine, sessions, enquiry, queries
        self._advance, self._call = codes
        self._calls_offered, self._random = calls_offered, random

    # --- who it is

    def send_code(self, msisdn: str, id: str) -> Deferred[str]:
        """Sends a code; what became of it: sent, stranger, limited."""
        return deferred(self._send_code(msisdn, id))

    async def _send_code(self, msisdn: str, id: str) -> str:
        code, salt = login.digits_of(self._random(CODE_OCTETS)), self._random(SALT_OCTETS).hex()
        asked = CodeAsked(msisdn, Trigger(CHANNEL, f"{id}|code"), self._engine.now(), code, salt)
        return (await self._engine.dispatch(asked)).silence or "sent"

    def enter(self, msisdn: str, code: str) -> Deferred[Visitor | None]:
        """Who he is, if this is the code."""
        return deferred(self._enter(msisdn, code))

    async def _enter(self, msisdn: str, code: str) -> Visitor | None:
        now = self._engine.now()
        decision = (await self._engine.dispatch(CodeEntered(msisdn, now, code))).decision
        if decision is None or not is_used(decision.account.standing.login):
            return None
        return Visitor(msisdn, decision.account.generation, now)

    async def _holder(self, visitor: Visitor) -> Account | None:
        """His account; None when the number is not his any more, or in another SIM card."""
        account = (await self._engine.store.load(visitor.msisdn)).account
        if account is None or account.generation != visitor.generation:
            return None
        swapped_at = account.profile.sim_swapped_at
        return None if swapped_at is not None and swapped_at > visitor.since_at else account

    # --- what he sees

    def overview(self, visitor: Visitor) -> Deferred[Overview | None]:
        """His account, with the balance if the billing system tells it in time."""
        return deferred(self._overview(visitor))

    async def _overview(self, visitor: Visitor) -> Overview | None:
        account = await self._holder(visitor)
        if account is None:
            return None
        profile, context = account.profile, self._engine.context()
        balance = await self._enquiry.available(account.msisdn, profile.node, BALANCE_S)
        owes = account.exposed_minor
        return Overview(account.msisdn, profile.language, context.policy.currency,
                        context.money(balance.amount_minor) if isinstance(balance, Balance) else "",
                        context.money(owes) if owes else "",
                        context.date(min(one.due_at for one in account.mine)) if owes else "",
                        profile.adverts_stopped_at is None, profile.collect_refused_at is None, self._calls_offered())

    def history(self, visitor: Visitor, before: str = "") -> Deferred[tuple[list[Entry], str] | None]:
        """A page of what he borrowed, paid back and was called back for, and the mark of the next."""
        return deferred(self._history(visitor, before))

    async def _history(self, visitor: Visitor, before: str) -> tuple[list[Entry], str] | None:
        found = _MARK.fullmatch(before)
        if before and found is None:
            raise TheirFault("that is no mark of a page")
        account = await self._holder(visitor)
        if account is None:
            return None
        since = (int(found[1]), found[2]) if found else NEWEST
        lent, paid = await self._queries.past(visitor.msisdn, visitor.generation, since, PAGE + 1)
        context = self._engine.context()
        rows = [((one.requested_at, one.id), _lent(one, context)) for one in lent]
        rows += [((one.created_at, one.id), _paid(one, context)) for one in paid]
        rows += [((one.at, CALLED), _talked(one, context)) for one in account.standing.calls
                 if one.charged_minor is not None and (one.at, CALLED) < since]
        rows.sort(key=lambda row: row[0], reverse=True)
        shown = rows[:PAGE]
        mark = "{}.{}".format(*shown[-1][0]) if len(rows) > PAGE else ""
        return [entry for _, entry in shown], mark

    # --- what he does

    def borrow(self, visitor: Visitor, id: str, *typed: str) -> Deferred[Menu | None]:
        """A step of the menu, as dialled with what was typed."""
        return deferred(self._borrow(visitor, id, typed))

    async def _borrow(self, visitor: Visitor, id: str, typed: tuple[str, ...]) -> Menu | None:
        inputs = [keys(STYLE).yes if text == AGREE else text for text in typed]
        if typed and not _CHOICE.fullmatch(typed[0]) or len(typed) > 3 or not all(map(_AMOUNT.fullmatch, inputs)):
            raise TheirFault("that is no choice of the menu")
        if await self._holder(visitor) is None:
            return None
        screen = await self._step(visitor, id, self._advance, "*".join(inputs))
        snapshot = self._sessions.place(CHANNEL, id, visitor.msisdn) if screen.more else None
        return Menu(screen.text, False) if snapshot is None else _menu(screen, snapshot, self._engine.context())

    def _step(self, visitor: Visitor, id: str, code: str, text: str) -> Deferred[Screen]:
        return self._sessions.step(STYLE, Dialled(id, visitor.msisdn, code, text, self._engine.now()))

    def change(self, visitor: Visitor, id: str, change: str, value: str = "") -> Deferred[bool | None]:
        """Changes something for himself, with an audit ticket."""
        return deferred(self._change(visitor, id, change, value))

    async def _change(self, visitor: Visitor, id: str, change: str, value: str) -> bool | None:
        if change not in CHANGES:
            raise TheirFault("that cannot be changed here")
        if await self._holder(visitor) is None:
            return None
        await self._engine.dispatch(ProfileChanged(visitor.msisdn, self._engine.now(), change, value, "the subscriber",
                                                   Trigger(CHANNEL, f"{id}|{change}|{value}")))
        return True

    def call_back(self, visitor: Visitor, id: str, number: str) -> Deferred[str | None]:
        """Asks for a call-back, as if its code had been dialled with the number."""
        return deferred(self._call_back(visitor, id, number))

    async def _call_back(self, visitor: Visitor, id: str, number: str) -> str | None:
        if not number:
            raise TheirFault("a number to call is expected")
        if await self._holder(visitor) is None:
            return None
        return (await self._step(visitor, id, self._call, number)).text


def _menu(screen: Screen, snapshot: Snapshot, context: Context) -> Menu:
    currency = snapshot.policy.currency
    if snapshot.place == CONFIRM:
        return Menu(screen.text, True, currency, offer=_offered("", snapshot.offer, context))
    if snapshot.place == AMOUNT:
        return Menu(screen.text, True, currency, typing=_line(snapshot.typing, context))
    return Menu(screen.text, True, currency, offers=tuple(_line(one, context) for one in snapshot.choices))


def _line(choice: Choice, context: Context) -> Line:
    if choice.offer is not None:
        return _offered(str(choice.number), choice.offer, context)
    return Line(str(choice.number), low=context.money(choice.min_minor), high=context.money(choice.max_minor))


def _offered(number: str, offer: Offer, context: Context) -> Line:
    return Line(number, context.money(offer.amount_minor), context.money(offer.fee_minor),
                context.money(offer.total_minor), context.date(context.now + offer.due_s * 1000))


def _day(at: int, context: Context) -> str:
    return rfc3339(at + context.policy.utc_offset_minutes * 60_000)[:10]


def _lent(one: Advance, context: Context) -> Entry:
    state = "pending" if one.state in adv.PENDING else one.state
    owed = context.money(one.outstanding_minor) if one.outstanding_minor else ""
    return Entry(_day(one.requested_at, context), "advance", context.money(one.offer.amount_minor), one.offer.currency,
                 context.money(one.offer.fee_minor), owed, context.date(one.due_at), state)


def _paid(one: Recovery, context: Context) -> Entry:
    took = sum(share.principal_minor + share.fee_minor for share in one.shares)
    return Entry(_day(one.created_at, context), "payment", context.money(took), context.policy.currency)


def _talked(one: CallMark, context: Context) -> Entry:
    return Entry(_day(one.at, context), "callback", context.money(one.charged_minor), context.policy.currency,
                 number=call_words.shown(one.number))
