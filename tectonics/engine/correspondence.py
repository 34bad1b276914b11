"""What subscribers write: from a short message to its answer, committed before the message is acknowledged.

A conversation is a menu session in which nobody waits: SOS shows the offers, a number chooses one, YES agrees to the
one that was shown last, and each answer is a message of its own.  Agreeing is what it is on a screen: the offer
that was shown, examined again, lent as shown or not at all; the result is told by message when it is there,
so that no message waits for the billing system's credit.

What if the process dies here?  A message's id is its trigger.  Before its unit is committed nothing has happened, the
message has not been acknowledged and comes again; afterwards it is a Duplicate, which does and says nothing.
What was shown stands in the account, so a YES means the same to another node, and after a restart.

Bounds: `dialogues_max` messages under way, else Busy (the sender's network keeps the message and tries again);
one at a time per number, 64 waiting (lanes.py); manners.py says how often a number is answered.
"""

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from tectonics.domain.errors import BadNumber, Busy, OurFault, TheirFault
from tectonics.domain.events import Trigger
from tectonics.domain.keywords import Keywords, Request, Stop
from tectonics.domain.msisdn import mask, parse_msisdn
from tectonics.domain.screens import Style
from tectonics.domain.subscriber import Account
from tectonics.domain.trace import trace_of
from tectonics.engine.call_requests import CallRequests
from tectonics.engine.conversations import TALKS_MAX, Conversations
from tectonics.engine.counting import count_step
from tectonics.engine.dispatch import Engine
from tectonics.engine.enquiry import Enquiry
from tectonics.engine.lanes import Lanes
from tectonics.engine.letters import Letter, Letters
from tectonics.engine.manners import NUMBERS_MAX, Manners
from tectonics.engine.movements import Movements
from tectonics.engine.pace import Limits
from tectonics.engine.running import start
from tectonics.ports import ShortMessage
from tectonics.ports.areas import area

log = Logger()
detail = area(__name__)


class EngineCorrespondence:
    """Fills ports.Correspondence. An offer may be answered for the style's `session_s`."""

    def __init__(self, engine: Engine, enquiry: Enquiry, limits: Limits, style: Style, requests: CallRequests,
                 movements: Movements, help_every_s: float = 3600) -> None:
        self._engine, self._limits = engine, limits
        self._keywords = Keywords(engine.catalogue.texts)
        self._talks, self._manners, self._lanes = Conversations(style.session_s), Manners(help_every_s), Lanes()
        self._letters = Letters(engine, enquiry, style, self._talks, self._manners, requests, movements)
        self.at_work = 0

    def loads(self) -> list[tuple[str, int, int]]:
        """(what is kept or waits, how much, its bound)."""
        return [("messages at work", self.at_work, self._limits.dialogues_max),
                ("conversations", len(self._talks), TALKS_MAX), ("numbers answered", len(self._manners), NUMBERS_MAX)]

    def received(self, message: ShortMessage) -> Deferred[None]:
        """Fires when what it asks for is committed; fails with Busy when it should be sent again."""
        told: Deferred[None] = Deferred()
        start(self._received(message), lambda result: self._done(result, told, message))
        return told

    def _done(self, result, told: Deferred, message: ShortMessage) -> None:
        if not isinstance(result, Failure):
            told.callback(None)
            return
        if not result.check(Busy):
            log.failure("a message failed", result, trace=trace_of(message.channel, message.id))
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
        request, result = message.asks or self._keywords.read(message.text), "failed"
        if detail.debug:
            log.debug("{msisdn} asks by {channel}: {request}", msisdn=mask(message.msisdn), channel=message.channel,
                      request=type(request).__name__, trace=trace_of(message.channel, message.id))
        try:
            result = await self._serve(message, request)
        except OurFault as fault:
            result = "busy"
            raise Busy("it could not be written, send it again") from fault
        except Busy:
            result = "busy"
            raise
        except TheirFault as fault:
            log.info("a message from {msisdn} cannot be served: {why}", msisdn=mask(message.msisdn), why=str(fault),
                     trace=trace_of(message.channel, message.id))
        finally:
            self._count(type(request).__name__.lower(), result)
            count_step(self._engine.metrics, message.channel, type(request).__name__.lower(),
                       self._engine.clock.seconds() - message.at / 1000)

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
        done = await self._letters.answer(letter, request)
        if done is None:
            return "silent"
        return "duplicate" if done.duplicate else "answered"


def _from_a_person(message: ShortMessage) -> bool:
    """Short codes, names and we ourselves are no subscribers; to answer them is how loops begin."""
    try:
        return parse_msisdn(message.msisdn) == message.msisdn and message.msisdn != message.to.lstrip("+")
    except BadNumber:
        return False
