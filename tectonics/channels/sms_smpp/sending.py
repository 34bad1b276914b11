"""A command of the outbox becomes submits, and what may be at the message centre is never forgotten.

    begin in the log ──▶ first part ──▶ the others, over the same account ──▶ note each answer in the log

The mark is durable before the first octet leaves.  So what a crash leaves is one of three: no mark, it was never
sent; a part with an answer, it is never sent again; a mark without an answer, the centre may have it, and it is sent
again, logged and counted as repeated.  With the last answer the command leaves the outbox in the same transaction; if
the process dies before that, the next life finds all parts `sent` and has nothing to send.

An answer that the log could not take is kept until the command is tried again; an answer that comes after its time
is noted when it comes, so that the part is not sent again.

Bounds: UNWRITTEN_MAX commands with such answers (the oldest is forgotten: it would be sent again, as after a
crash); LOST_MAX parts whose late answers would be recognised.
"""

from collections import OrderedDict
from collections.abc import Mapping
from functools import partial
from itertools import count

from msgspec.structs import replace
from twisted.internet.defer import Deferred, gatherResults
from twisted.logger import Logger

from tectonics.channels.sms_smpp.failing import Failing
from tectonics.channels.sms_smpp.receipts import Receipts
from tectonics.channels.sms_smpp.submits import Submits, for_now, outcome_of, state_after
from tectonics.domain.commands import Notify
from tectonics.domain.delivery import FAILED, LOST, OPEN, SENT, WAITING, Begun, Part, Sent
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.msisdn import mask
from tectonics.domain.outcome import Done, Outcome, Refused
from tectonics.links.smpp.binds import Binds
from tectonics.links.smpp.outcome import Accepted, Lost, Rejected, Submission, Unsent
from tectonics.ports import Alarms, Clock, MessageLog, Metrics
from tectonics.wire.smpp.pdus import Request, SubmitSm

UNWRITTEN_MAX = 10_000
LOST_MAX = 10_000
log = Logger()


class Sender:
    """Fills ports.Messenger. What is not sent `deadline_s` after it was asked is not sent this time.

    What another node has marked is left to it for `quiet_s`; `centres` tells under which name the ids of each account
    are kept, which is an account of the same message centre.
    """

    def __init__(self, binds: Binds, submits: Submits, receipts: Receipts, messages: MessageLog, clock: Clock,
                 metrics: Metrics, alarms: Alarms, failing: Failing, deadline_s: float, quiet_s: float,
                 centres: Mapping[str, str]) -> None:
        self.centres = centres
        self.binds, self.receipts, self.metrics, self.failing = binds, receipts, metrics, failing
        self._submits, self._messages, self._clock, self._alarms = submits, messages, clock, alarms
        self._deadline_s, self._quiet_ms = deadline_s, round(quiet_s * 1000)
        self._references = count(int(clock.seconds()))
        self._unwritten: OrderedDict[str, list[tuple[Part, bool]]] = OrderedDict()
        self._lost: OrderedDict[Request, Sent] = OrderedDict()

    def send(self, command: Notify) -> Deferred[Outcome]:
        """Done when the centre has all of it; Refused for good, or with a reason of engine.outbox.NOT_ASKED
        when nothing of it was sent; Unknown when it should be tried again a few times. Never fails."""
        return Deferred.fromCoroutine(self._send(command)).addErrback(self._not_written, command)

    async def _send(self, command: Notify) -> Outcome:
        now = self._now()
        if not self.binds.bound:
            return Refused("unreachable", "no message centre is bound")
        await self._write_what_is_left(command)
        reference = next(self._references) & 0xFFFF
        pdus = self._submits.of(command, reference, now)
        begun = await self._messages.begin(command.msisdn, command.op, len(pdus), reference, now, self._quiet_ms)
        if begun.elsewhere:
            return Refused("busy", "another node may be sending it")
        if begun.repeated:
            self.metrics.count("tectonics_sms_repeated_total")
            log.warn("SMS {op} to {to} is sent again: nobody knows whether the message centre has it already",  # noqa: G010
                     op=command.op, to=mask(command.msisdn), trace=command.trace)
        if begun.reference != reference:
            pdus = self._submits.of(command, begun.reference, now)
        left_s = min(self._deadline_s, (command.expires_at - now) / 1000) if command.expires_at else self._deadline_s
        return await _Message(self, command, pdus, begun, self._clock.seconds() + left_s).send()

    def _not_written(self, failure, command: Notify) -> Outcome:
        """The log could not be asked or written, so nothing was sent; what else fails is a fault of ours."""
        if failure.check(TheirFault, OurFault) is None:
            log.failure("A message could not be sent: a fault of ours", failure, trace=command.trace)
            self._alarms.raise_alarm("internal_fault", f"a message could not be sent: {failure.type.__name__}", "sms")
        return Refused("busy", failure.getErrorMessage())

    # --- the log

    def note(self, command: Notify, part: Part, finished: bool) -> Deferred[None]:
        """Writes what became of a part, or keeps it until the command is tried again. Never fails."""
        writing = self._messages.note(command.msisdn, command.op, part, self._now(), finished)
        return writing.addErrback(self._unnoted, command, part, finished)

    def _unnoted(self, failure, command: Notify, part: Part, finished: bool) -> None:
        log.error("What became of SMS {op} could not be written: {why}", op=command.op, why=failure.getErrorMessage(),
                  trace=command.trace)
        self._unwritten.setdefault(command.op, []).append((part, finished))
        if len(self._unwritten) > UNWRITTEN_MAX:
            self._unwritten.popitem(last=False)

    async def _write_what_is_left(self, command: Notify) -> None:
        left = self._unwritten.get(command.op, ())
        for part, finished in left:
            await self._messages.note(command.msisdn, command.op, part, self._now(), finished)
        self._unwritten.pop(command.op, None)

    def taken(self, account: str, message_id: str, sent: Sent) -> Part:
        """The part, once the message centre has it."""
        centre = self.centres.get(account, account)
        return Part(sent.number, SENT, centre, self.receipts.accepted(centre, message_id, sent))

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)

    # --- answers that come late

    def lost(self, pdu: SubmitSm, sent: Sent) -> None:
        """The answer to `pdu` did not come in time; it may still come."""
        self._lost[pdu] = sent
        if len(self._lost) > LOST_MAX:
            self._lost.popitem(last=False)

    def late(self, request: Request, account: str, message_id: str) -> None:
        """Hook of Binds: the answer has come. Of two messages with the same words to the same number, either will do."""
        sent = self._lost.pop(replace(request, sequence=0), None)
        if sent is None:
            return
        part = self.taken(account, message_id, sent)
        writing = self._messages.note(sent.msisdn, sent.op, part, self._now())
        writing.addErrback(lambda failure: log.error(  # it may then be sent again, as if no answer had come
            "A late answer could not be written: {why}", why=failure.getErrorMessage()))


class _Message:
    """One command under way."""

    def __init__(self, sender: Sender, command: Notify, pdus: list[SubmitSm], begun: Begun, until_s: float) -> None:
        self._sender, self._command, self._pdus, self._until_s = sender, command, pdus, until_s
        self._before = {part.number: part for part in begun.before}
        self._taken = {number for number, part in self._before.items() if part.state not in OPEN}
        self._account = next((part.account for part in begun.before if part.number in self._taken
                              and part.account in sender.centres), "")  # it may not be configured any more

    async def send(self) -> Outcome:
        if any(part.state == FAILED and not part.id for part in self._before.values()):
            return Refused("rejected", "a part of it was refused before")
        unsent = [number for number in range(1, len(self._pdus) + 1) if number not in self._taken]
        if not unsent:
            return Done(",".join(part.id for part in self._before.values()))
        first, *others = unsent
        submissions = [await self._submit(first)]
        if isinstance(submissions[0], Accepted):
            self._account = submissions[0].account
            submissions += await gatherResults([Deferred.fromCoroutine(self._submit(number)) for number in others])
        else:
            await gatherResults([self._sender.note(self._command, Part(number, WAITING), False) for number in others])
        return outcome_of(submissions)

    async def _submit(self, number: int) -> Submission:
        pdu = self._pdus[number - 1]
        submission = await self._sender.binds.submit(pdu, self._command.priority, self._until_s, self._account)
        self._count(submission)
        part = self._part(number, pdu, submission)
        if part.state not in OPEN:
            self._taken.add(number)
        finished = part.state == FAILED or len(self._taken) == len(self._pdus)
        await self._sender.note(self._command, part, finished)
        return submission

    def _part(self, number: int, pdu: SubmitSm, submission: Submission) -> Part:
        sent, state = Sent(self._command.msisdn, self._command.op, number), state_after(submission)
        if isinstance(submission, Accepted):
            return self._sender.taken(submission.account, submission.message_id, sent)
        if state == LOST:
            self._sender.lost(pdu, sent)
        return Part(number, state, "" if isinstance(submission, Unsent) else submission.account)

    def _count(self, submission: Submission) -> None:
        metrics, failing = self._sender.metrics, self._sender.failing
        say = partial(metrics.count, "tectonics_sms_parts_total")
        match submission:
            case Accepted(account):
                say(account, "accepted")
                failing.succeeded()
            case Rejected(account):
                say(account, "deferred" if for_now(submission) else "rejected")
                failing.failed("the message centre refused it")
            case Lost(account, why):
                say(account, "lost")
                failing.failed(why)
            case Unsent(why):
                say(self._account or "-", "unsent")
                failing.failed(why)
