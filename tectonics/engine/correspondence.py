"""What subscribers write: from a short message to its answer, committed before the message is acknowledged.

A conversation is a menu session in which nobody waits: SOS shows the offers, a number chooses one, YES agrees to the
one that was shown last, and each answer is a message of its own.  Agreeing is what it is on a screen: the offer
that was shown, examined again, lent as shown or not at all; the result is told by message when it is there,
so that no message waits for the billing system's credit.

What if the process dies here?  A message's id is its trigger.  Before its unit is committed nothing has happened, the
message has not been acknowledged and comes again; afterwards it is a Duplicate, which does and says nothing.
What was shown is in memory (conversations.py): after a restart a YES shows the offers again.

YES counts only for what a person can have read: one that was written within READ_S of the offer's message, as when
two messages were sent in a row, shows the offer again.

Bounds: `dialogues_max` messages under way, else Busy (the sender's network keeps the message and tries again);
one at a time per number, 64 waiting (lanes.py); manners.py says how often a number is answered.
"""

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tectonics.domain.errors import BadNumber, Busy, OurFault, TheirFault
from tectonics.domain.events import BorrowAsked, BorrowConfirmed, Event, ProfileChanged, Replied, Trigger
from tectonics.domain.keywords import (
    Choice,
    Debt,
    Keywords,
    Language,
    No,
    Request,
    Sos,
    Start,
    Stop,
    Yes,
)
from tectonics.domain.msisdn import mask, parse_msisdn
from tectonics.domain.screens import Style
from tectonics.domain.subscriber import Account
from tectonics.domain.text import SMS_SEPTETS_PART, SMS_UCS2_PART, cut
from tectonics.domain.value import replace, value
from tectonics.engine.conversations import TALKS_MAX, Conversations
from tectonics.engine.dispatch import Engine, Result
from tectonics.engine.enquiry import Enquiry
from tectonics.engine.lanes import Lanes
from tectonics.engine.manners import NUMBERS_MAX, Manners
from tectonics.engine.pace import Limits
from tectonics.engine.running import start
from tectonics.ports import ShortMessage
from tectonics.workflows.dialogue import Menus, Move
from tectonics.workflows.replies import wording
from tectonics.workflows.snapshot import AMOUNT, CONFIRM, OFFERS

READ_S = 3.0  # nobody gets, reads and answers a message in less
ENQUIRY_S = 10.0  # the longest that a message waits for a balance
_KEYS = {OFFERS: "menu.title", AMOUNT: "amount.ask", CONFIRM: "reply.confirm"}
log = Logger()


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


def style_of(offer_s: int, parts: int = 3, transliterate: bool = False) -> Style:
    """Answers of at most so many parts; `transliterate` where the channel spells what it sends in GSM 7-bit."""
    return Style("sms", "last", False, parts * SMS_SEPTETS_PART, parts * SMS_UCS2_PART, transliterate,
                 ENQUIRY_S, offer_s, by_message=True)


class EngineCorrespondence:
    """Fills ports.Correspondence. An offer may be answered for the style's `session_s`."""

    def __init__(self, engine: Engine, enquiry: Enquiry, limits: Limits, style: Style, help_every_s: float = 3600,
                 read_s: float = READ_S) -> None:
        self._engine, self._enquiry, self._limits, self._style = engine, enquiry, limits, style
        self._read_ms = int(read_s * 1000)
        self._keywords = Keywords(engine.catalogue.texts)
        self._talks, self._manners, self._lanes = Conversations(style.session_s), Manners(help_every_s), Lanes()
        self.at_work = 0

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("messages at work", self.at_work, self._limits.dialogues_max),
                ("conversations", len(self._talks), TALKS_MAX), ("numbers answered", len(self._manners), NUMBERS_MAX)]

    def received(self, message: ShortMessage) -> Deferred[None]:
        """Fires when what it asks for is committed; fails with Busy when it should be sent again."""
        told: Deferred[None] = Deferred()
        start(self._received(message), lambda result: self._done(result, told))
        return told

    def _done(self, result, told: Deferred) -> None:
        if not isinstance(result, Failure):
            told.callback(None)
            return
        if not result.check(Busy):
            log.failure("a message failed", result)
            self._engine.alarms.raise_alarm("internal_fault", f"messages: {result.getErrorMessage()}", "messages")
        told.errback(result)

    async def _received(self, message: ShortMessage) -> None:
        if not _from_a_person(message):
            self._count("none", "stranger")
            return
        if max(self.at_work, self._engine.dispatching) >= self._limits.dialogues_max:
            self._engine.metrics.count("tectonics_shed_total", "message")
            raise Busy("too many messages at once, send it again")
        self.at_work += 1
        try:
            turn = self._lanes.enter(message.msisdn)
            if turn is not None:
                await turn
            try:
                await self._read(message)
            finally:
                self._lanes.leave(message.msisdn)
        finally:
            self.at_work -= 1

    async def _read(self, message: ShortMessage) -> None:
        request, result = self._keywords.read(message.text), "failed"
        try:
            result = await self._serve(message, request)
        except OurFault as fault:
            result = "busy"
            raise Busy("it could not be written, send it again") from fault
        except Busy:
            result = "busy"
            raise
        except TheirFault as fault:
            log.info("a message from {msisdn} cannot be served: {why}", msisdn=mask(message.msisdn), why=str(fault))
        finally:
            self._count(type(request).__name__.lower(), result)

    def _count(self, request: str, result: str) -> None:
        self._engine.metrics.count("tectonics_correspondence_total", request, result)

    async def _serve(self, message: ShortMessage, request: Request) -> str:
        """What became of it: a word for the counter."""
        trigger = Trigger(message.channel, message.id)
        loaded = await self._engine.store.load(message.msisdn, (trigger,))
        if trigger in loaded.answers:
            return "duplicate"
        letter = Letter(message, loaded.account or Account(message.msisdn), self._engine.now())
        if not self._manners.may_answer(letter.msisdn, letter.now) \
                and not (isinstance(request, Stop) and letter.account.profile.adverts_stopped_at is None):
            return "silent"
        done = await self._answer(letter, request)
        if done is None:
            return "silent"
        return "duplicate" if done.duplicate else "answered"

    async def _answer(self, letter: Letter, request: Request) -> Result | None:
        """Does what is asked and commits the answer; None where nobody is answered."""
        match request:
            case Sos(choice):
                return await self._offer(letter, choice)
            case Choice(text):
                return await self._choose(letter, text)
            case Yes():
                return await self._agree(letter)
            case No():
                return await self._decline(letter)
            case Debt():
                return await self._owe(letter)
            case Stop():
                return await self._change(letter, "advert_stop")
            case Start():
                return await self._change(letter, "advert_start")
            case Language(code):
                return await self._speak(letter, code)
        return await self._help(letter)

    # --- an advance

    async def _offer(self, letter: Letter, choice: str, before: str = "") -> Result:
        """Shows what he may have; with a choice the offer that he names."""
        context = self._engine.context(letter.now)
        self._engine.metrics.count("tectonics_requests_total", "advance")
        choices, balance = await self._enquiry.may_borrow(letter.account, context, self._style.budget_s)
        if not choices:
            return await self._refuse(letter, BorrowAsked(letter.msisdn, letter.trigger, letter.now, balance))
        menus = Menus(context, self._style)
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
            return await self._offer(letter, text, self._text(letter, "reply.expired"))
        snapshot, menus = talk.snapshot, self._menus(letter)
        if snapshot.place == OFFERS and text == menus.keys.owe:
            return await self._owe(letter)
        if snapshot.place == CONFIRM and text != menus.keys.back:  # a number chooses, also another offer
            snapshot = replace(snapshot, place=OFFERS, offer=None, page=0)
        return await self._show(letter, menus.enter(snapshot, text))

    async def _agree(self, letter: Letter) -> Result:
        talk = self._talks.get(letter.msisdn, letter.now)
        if talk is None and letter.account.profile.adverts_stopped_at is not None:
            return await self._change(letter, "advert_start")
        if talk is None:
            return await self._offer(letter, "", self._text(letter, "reply.expired"))
        if talk.snapshot.place != CONFIRM or letter.message.at < talk.shown_at + self._read_ms:
            return await self._show(letter, self._menus(letter).again(talk.snapshot))
        balance = await self._enquiry.balance(letter.account, self._engine.policies.current, self._style.budget_s)
        result = await self._dispatch(letter, BorrowConfirmed(letter.msisdn, letter.trigger, letter.now,
                                                              talk.snapshot.offer, balance))
        self._talks.show(letter.msisdn, None, letter.now)
        return result

    async def _decline(self, letter: Letter) -> Result | None:
        if self._talks.get(letter.msisdn, letter.now) is None:
            return await self._help(letter)
        result = await self._reply(letter, "reply.declined", self._text(letter, "reply.declined"))
        self._talks.show(letter.msisdn, None, letter.now)
        return result

    async def _show(self, letter: Letter, move: Move, before: str = "") -> Result:
        """Sends what the menu shows; from then on it may be answered."""
        key = _KEYS[move.snapshot.place] if move.snapshot else "wrong.end"
        text = f"{before}\n{move.screen.text}" if before else move.screen.text
        result = await self._reply(letter, key, text, letter.now + self._style.session_s * 1000)
        if not result.duplicate:
            self._talks.show(letter.msisdn, move.snapshot, letter.now)
        return result

    # --- everything else

    async def _owe(self, letter: Letter) -> Result:
        return await self._reply(letter, "owe.total", self._menus(letter).owed(letter.account).text)

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
        return Menus(self._engine.context(letter.now), self._style)

    def _text(self, letter: Letter, key: str, **variables: str) -> str:
        return wording(letter.account, self._engine.context(letter.now), key, **variables)

    async def _reply(self, letter: Letter, key: str, text: str, expires_at: int = 0) -> Result:
        return await self._dispatch(letter, Replied(letter.msisdn, letter.trigger, letter.now, key,
                                                    cut(text, self._style), expires_at))

    async def _dispatch(self, letter: Letter, event: Event) -> Result:
        result = await self._engine.dispatch(event)
        if result.decision is not None:
            self._manners.answered(letter.msisdn, letter.now)
        return result


def _from_a_person(message: ShortMessage) -> bool:
    """Short codes, names and we ourselves are no subscribers; to answer them is how loops begin."""
    try:
        return parse_msisdn(message.msisdn) == message.msisdn and message.msisdn != message.to.lstrip("+")
    except BadNumber:
        return False
