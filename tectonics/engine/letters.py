"""The answers to short messages: each request of a subscriber leads to one event, whose unit has the answer in it.

SOS shows the offers, a number chooses one, YES agrees to the one that was shown last, which stands in the account.
The menu around it is in memory (conversations.py); where that is lost, a number shows its offer all the same.
YES counts only with the code of that offer, so only from who has read it; without it, or with another one, the offer
is shown again.
"""

from tectonics.domain.errors import Busy
from tectonics.domain.events import BorrowAsked, BorrowConfirmed, Event, ProfileChanged, Replied, Trigger
from tectonics.domain.keywords import (
    FAVOURITE,
    LAST,
    Call,
    Choice,
    Collect,
    Debt,
    Funds,
    History,
    Language,
    No,
    NoCollect,
    Request,
    Sos,
    Start,
    Stop,
    Yes,
)
from tectonics.domain.outcome import Balance
from tectonics.domain.screens import Style
from tectonics.domain.self_care import COLLECT_ALLOW, COLLECT_REFUSE
from tectonics.domain.subscriber import Account
from tectonics.domain.text import cut
from tectonics.domain.value import replace, value
from tectonics.engine.call_requests import CallRequests
from tectonics.engine.conversations import Conversations
from tectonics.engine.dispatch import Engine, Result
from tectonics.engine.enquiry import Enquiry
from tectonics.engine.manners import Manners
from tectonics.engine.movements import Movements
from tectonics.ports import ShortMessage
from tectonics.workflows import history_words
from tectonics.workflows.dialogue import Menus, Move
from tectonics.workflows.replies import code_of, language_of, wording
from tectonics.workflows.snapshot import AMOUNT, CONFIRM, OFFERS

ENQUIRY_S = 10.0  # the longest that a message waits for a balance
_KEYS = {OFFERS: "menu.title", AMOUNT: "amount.ask", CONFIRM: "reply.confirm"}


@value
class Letter:
    """A message that is being served: who wrote it, and the moment."""

    message: ShortMessage
    account: Account
    now: int

    @property
    def msisdn(self) -> str:
        return self.message.msisdn

    @property
    def trigger(self) -> Trigger:
        return Trigger(self.message.channel, self.message.id)


class Letters:
    """Answers letters, one at a time of each number."""

    def __init__(self, engine: Engine, enquiry: Enquiry, style: Style, talks: Conversations,
                 manners: Manners, requests: CallRequests, movements: Movements) -> None:
        self._engine, self._enquiry, self._style = engine, enquiry, style
        self._talks, self._manners, self._requests, self._movements = talks, manners, requests, movements

    async def answer(self, letter: Letter, request: Request) -> Result | None:
        """Does what is asked and commits the answer; None where nobody is answered."""
        match request:
            case Sos(choice):
                return await self._offer(letter, choice)
            case Choice(text):
                return await self._choose(letter, text)
            case Yes(code):
                return await self._agree(letter, code)
            case No():
                return await self._decline(letter)
            case Debt():
                return await self._owe(letter)
            case Stop():
                return await self._change(letter, "advert_stop")
            case Start():
                return await self._change(letter, "advert_start")
            case NoCollect():
                return await self._change(letter, COLLECT_REFUSE)
            case Collect():
                return await self._change(letter, COLLECT_ALLOW)
            case Funds():
                return await self._account(letter)
            case History():
                return await self._history(letter)
            case Language(code):
                return await self._speak(letter, code)
            case Call(number):
                return await self._call(letter, number)
        return await self._help(letter)

    # --- an advance

    async def _offer(self, letter: Letter, choice: str, before: str = "") -> Result:
        """Shows what he may have; with a choice the offer that he names."""
        context = self._engine.context(letter.now)
        self._engine.metrics.count("tectonics_requests_total", "advance")
        choices, balance = await self._enquiry.may_borrow(letter.account, context, ENQUIRY_S)
        if not choices:
            return await self._refuse(letter, BorrowAsked(letter.msisdn, letter.trigger, letter.now, balance))
        menus = Menus(context, self._style, letter.account)
        named = [choice] if any(str(one.number) == choice for one in choices) else []
        return await self._show(letter, menus.replay(menus.open(letter.account, choices), named), before)

    async def _refuse(self, letter: Letter, asked: BorrowAsked) -> Result:
        result = await self._dispatch(letter, asked)
        if result.decision is None and not result.duplicate:
            raise Busy("he may borrow after all, ask again")
        self._talks.show(letter.msisdn, None, letter.now)
        return result

    async def _choose(self, letter: Letter, text: str) -> Result:
        talk = self._talks.get(letter.msisdn, letter.now)
        if talk is None:
            return await self._offer(letter, text)
        snapshot, menus = talk.snapshot, self._menus(letter)
        if snapshot.place == OFFERS and text == menus.keys.owe:
            return await self._owe(letter)
        if snapshot.place == CONFIRM and text != menus.keys.back:  # a number chooses, also another offer
            snapshot = replace(snapshot, place=OFFERS, offer=None, page=0)
        return await self._show(letter, menus.enter(snapshot, text))

    async def _agree(self, letter: Letter, code: str) -> Result:
        shown = letter.account.standing.shown
        if shown is None or letter.now >= shown.until_at:
            return await self._nothing_shown(letter)
        if code != shown.code:
            return await self._show_again(letter)
        balance = await self._enquiry.balance(letter.account, self._engine.policies.current, ENQUIRY_S)
        result = await self._dispatch(letter, BorrowConfirmed(letter.msisdn, letter.trigger, letter.now,
                                                              shown.offer, balance))
        self._talks.show(letter.msisdn, None, letter.now)
        return result

    async def _show_again(self, letter: Letter) -> Result:
        """He has perhaps not read what he agrees to."""
        talk = self._talks.get(letter.msisdn, letter.now)
        if talk is None:
            return await self._offer(letter, "")
        return await self._show(letter, self._menus(letter).again(talk.snapshot))

    async def _nothing_shown(self, letter: Letter) -> Result:
        """YES, but to what?"""
        talk = self._talks.get(letter.msisdn, letter.now)
        if talk is not None and talk.snapshot.place != CONFIRM:
            return await self._show(letter, self._menus(letter).again(talk.snapshot))
        if letter.account.profile.adverts_stopped_at is not None:
            return await self._change(letter, "advert_start")
        return await self._offer(letter, "", self._text(letter, "reply.expired"))

    async def _decline(self, letter: Letter) -> Result | None:
        if letter.account.standing.shown is None and self._talks.get(letter.msisdn, letter.now) is None:
            return await self._help(letter)
        result = await self._reply(letter, "reply.declined", self._text(letter, "reply.declined"), closes=True)
        self._talks.show(letter.msisdn, None, letter.now)
        return result

    async def _show(self, letter: Letter, move: Move, before: str = "") -> Result:
        """Sends what the menu shows; from then on it may be answered."""
        key = _KEYS[move.snapshot.place] if move.snapshot else "wrong.end"
        text = f"{before}\n{move.screen.text}" if before else move.screen.text
        offer = move.snapshot.offer if move.snapshot and move.snapshot.place == CONFIRM else None
        result = await self._reply(letter, key, text, expires_at=letter.now + self._style.session_s * 1000,
                                   offer=offer, code=code_of(letter.account, offer) if offer else "", closes=True)
        if result.decision is None and not result.duplicate:
            raise Busy("another node has shown him something else, ask again")
        if not result.duplicate:
            self._talks.show(letter.msisdn, move.snapshot, letter.now)
        return result

    # --- a call-back

    async def _call(self, letter: Letter, number: str) -> Result:
        """Asks for it; who names nobody is asked for a number."""
        if not number or number in (LAST, FAVOURITE) and not letter.account.standing.calls:
            return await self._reply(letter, "reply.call_ask", self._text(letter, "reply.call_ask"))
        result = await self._requests.ask(letter.msisdn, letter.trigger, number, ENQUIRY_S)
        if result.decision is not None:
            self._manners.answered(letter.msisdn, letter.now)
        return result

    # --- everything else

    async def _owe(self, letter: Letter) -> Result:
        return await self._reply(letter, "owe.total", self._menus(letter).owed(letter.account).text)

    async def _account(self, letter: Letter) -> Result | None:
        """His balance, and what he owes; told to subscribers alone."""
        if not letter.account.version:
            return await self._help(letter)
        balance = await self._enquiry.available(letter.msisdn, letter.account.profile.node, ENQUIRY_S)
        if isinstance(balance, Balance):
            context = self._engine.context(letter.now)
            text = self._text(letter, "reply.account", balance=context.money(balance.amount_minor),
                              currency=context.policy.currency)
        else:
            text = self._text(letter, "reply.account_unknown")
        owed = self._menus(letter).owed(letter.account).text
        return await self._reply(letter, "reply.account", f"{text}\n{owed}")

    async def _history(self, letter: Letter) -> Result | None:
        """His newest movements, as many as one message holds; told to subscribers alone."""
        if not letter.account.version:
            return await self._help(letter)
        context, found = self._engine.context(letter.now), await self._movements.newest(letter.account)
        text = history_words.message(found, language_of(letter.account, context), context, self._style)
        return await self._reply(letter, "history.title" if found else "history.none", text)

    async def _speak(self, letter: Letter, language: str) -> Result | None:
        if not letter.account.version:
            return await self._help(letter)
        if not language:
            named = ", ".join(self._engine.catalogue.languages)
            return await self._reply(letter, "reply.languages", self._text(letter, "reply.languages", languages=named))
        result = await self._change(letter, "language", language)
        self._talks.translate(letter.msisdn, language)
        return result

    async def _change(self, letter: Letter, change: str, value: str = "") -> Result:
        return await self._dispatch(letter, ProfileChanged(letter.msisdn, letter.now, change, value, "the subscriber",
                                                           letter.trigger))

    async def _help(self, letter: Letter) -> Result | None:
        """What can be written, told to subscribers alone and not too often."""
        if not letter.account.version or not self._manners.may_help(letter.msisdn, letter.now):
            return None
        result = await self._reply(letter, "reply.help", self._text(letter, "reply.help"))
        self._manners.helped(letter.msisdn, letter.now)
        return result

    def _menus(self, letter: Letter) -> Menus:
        return Menus(self._engine.context(letter.now), self._style, letter.account)

    def _text(self, letter: Letter, key: str, **variables: str) -> str:
        return wording(letter.account, self._engine.context(letter.now), key, **variables)

    async def _reply(self, letter: Letter, key: str, text: str, **shown) -> Result:
        return await self._dispatch(letter, Replied(letter.msisdn, letter.trigger, letter.now, key,
                                                    cut(text, self._style), **shown))

    async def _dispatch(self, letter: Letter, event: Event) -> Result:
        result = await self._engine.dispatch(event)
        if result.decision is not None:
            self._manners.answered(letter.msisdn, letter.now)
        return result
