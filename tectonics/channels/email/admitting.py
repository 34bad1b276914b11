"""A mail becomes a request of the engine, is answered by mail, or is refused with a reason: what its sender's server is told.

    cannot be read ──▶ 550      nobody wrote it ──▶ 250, and nothing     not registered, or not proved ──▶ 550
    cannot be told now, or the engine is busy ──▶ 451: his server brings it again, and it is the same mail then
    else ──▶ 250 once the engine has committed what it asks for; the engine answers by SMS

What if the process dies here?  Before the commit the sender's server has had no answer and brings the mail again;
afterwards it is a trigger that is known.  The one thing that is answered by mail is what he owes, which changes nothing:
if that answer is lost, he asks again.

What he owes goes by SMS where no mail can go out, or too many did.  An offer always goes by SMS, and only an SMS or a menu
agrees to it; From can be forged, and a mailbox can be read by others than who has the telephone.
"""

from collections.abc import Callable
from hashlib import blake2b
from typing import Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger

from tectonics.channels.email.keys import NotNow
from tectonics.channels.email.limits import Hourly
from tectonics.channels.email.proving import Proved, Proving
from tectonics.channels.email.reading import Written, read
from tectonics.channels.email.requests import BALANCE, SERVICES, request
from tectonics.channels.email.screening import ignored
from tectonics.config.email import Email as Section
from tectonics.domain.errors import BadMessage, Busy, OurFault
from tectonics.domain.mailbox import Mailbox, mask_address
from tectonics.domain.msisdn import mask
from tectonics.domain.trace import trace_of
from tectonics.ports import Addresses, Alarms, Clock, Correspondence, Metrics, ShortMessage
from tectonics.wire.smtp.server import Mail
from tectonics.wire.smtp.syntax import Reply

CHANNEL = "email"
ID_CHARS_MAX = 80
RECEIVED, REPLY_SECONDS = "tectonics_email_received_total", "tectonics_email_reply_seconds"
TAKEN = Reply(250, "2.0.0 taken")
LATER = Reply(451, "4.3.0 not now, come again")
STRANGER = Reply(550, "5.7.1 not from a registered address, or not proved; nothing was done")
TOO_MANY = Reply(550, "5.7.1 too many from this address within an hour; nothing was done")
NOT_HERE = Reply(550, "5.1.1 there is no such address here")
log = Logger()


class Answers(Protocol):
    """Takes answers that go out by mail."""

    def answer(self, mail: Written, recipient: str, text: str) -> bool:
        """Whether it will be tried to deliver it."""


class Admitting:
    """`owed(msisdn)` gives the sentence that says what he owes; without `answers` it goes by SMS."""

    def __init__(self, section: Section, correspondence: Correspondence, addresses: Addresses, proving: Proving, *,
                 owed: Callable[[str], Deferred[str]], answers: Answers | None, clock: Clock, metrics: Metrics,
                 alarms: Alarms) -> None:
        self._domain = section.domain.lower()
        self._services = {f"{one}@{self._domain}": one for one in SERVICES}
        self._correspondence, self._addresses, self._proving = correspondence, addresses, proving
        self._owed, self._answers = owed, answers
        self._clock, self._metrics, self._alarms = clock, metrics, alarms
        self.senders = Hourly(section.sender_per_hour)

    def accepts(self, recipient: str) -> Reply | None:
        """None for an address of ours."""
        return None if recipient.lower() in self._services else NOT_HERE

    def take(self, mail: Mail, host: str) -> Deferred[Reply]:
        """What its sender's server is told; never fails, "later" when it is cancelled. `host` delivers it."""
        service, began_s = self._services[mail.recipient.lower()], self._clock.seconds()
        taking = Deferred.fromCoroutine(self._take(mail, host, service))
        return taking.addErrback(self._our_fault).addCallback(self._told, service, began_s)

    def _our_fault(self, failure) -> tuple[str, Reply]:
        """Whatever a mail brings about stays with that mail."""
        log.failure("A mail failed: a fault of ours", failure)
        self._alarms.raise_alarm("internal_fault", f"a mail: {failure.getErrorMessage()}", "email")
        return "failed", LATER

    def _told(self, judged: tuple[str, Reply], service: str, began_s: float) -> Reply:
        self._metrics.count(RECEIVED, service, judged[0])
        self._metrics.observe(REPLY_SECONDS, max(0.0, self._clock.seconds() - began_s), service)
        return judged[1]

    async def _take(self, mail: Mail, host: str, service: str) -> tuple[str, Reply]:
        try:
            return await self._judge(mail, host, service)
        except (NotNow, Busy, OurFault, CancelledError) as error:
            log.info("A mail has to come again: {why}", why=str(error) or "it took too long")
            return "later", LATER

    async def _judge(self, mail: Mail, host: str, service: str) -> tuple[str, Reply]:
        """(a word for the counter, what is told)."""
        try:
            written = read(mail.content)
        except BadMessage as error:
            return "unreadable", Reply(550, f"5.6.0 {error}; nothing was done")
        why = ignored(written, mail.sender, (self._domain,))
        if why:
            return why, TAKEN
        mailbox = await self._addresses.find(written.sender)
        proved = await self._proving.prove(written, mailbox, host)
        if mailbox is None or proved is None:
            return "stranger" if mailbox is None else "unproved", STRANGER
        if not self.senders.may(mailbox.address, self._clock.seconds()):
            return "limited", TOO_MANY
        log.info("{sender}, {way}, asks {service} for {msisdn}", sender=mask_address(mailbox.address), way=proved.way,
                 service=service, msisdn=mask(mailbox.msisdn), trace=trace_of(CHANNEL, _id(service, proved.id)))
        result = await self._serve(written, mailbox, proved, service)
        self.senders.note(mailbox.address, self._clock.seconds())
        return result, TAKEN

    async def _serve(self, written: Written, mailbox: Mailbox, proved: Proved, service: str) -> str:
        recipient = f"{service}@{self._domain}"
        if service == BALANCE and self._answers is not None:
            text = await self._owed(mailbox.msisdn)
            if self._answers.answer(written, recipient, text):
                return "answered"
        asks = request(service, written.subject, written.line)
        await self._correspondence.received(ShortMessage(
            CHANNEL, _id(service, proved.id), mailbox.msisdn, recipient, "", int(self._clock.seconds() * 1000), asks))
        return "taken"


def _id(service: str, known_by: str) -> str:
    """The trigger: a mail to two of our addresses is two; one that is long stands as its digest."""
    plain = f"{service}:{known_by}"
    return plain if len(plain) <= ID_CHARS_MAX else f"{service}:{blake2b(known_by.encode(), digest_size=16).hexdigest()}"
