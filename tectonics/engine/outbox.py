"""Carrying committed commands out, and never losing what became of them.

A command is born with its unit and leaves the outbox with the unit that its outcome causes.  Three
ways lead to an outcome:
- it was born in this life of the process and has never been sent: it is sent, if our lease on its row
  still holds just before the write;
- it was found after a crash or taken over from another node: it may have been sent.  It is sent again
  only if the billing system recognises the repetition and is still inside its window; otherwise its
  outcome is Unknown;
- its outcome is Unknown: it is sent again under the same condition, else read back where the billing
  system can be read; "not found" counts only after the row has been ours for the lease and the send deadline, by a
  clock that nobody sets (ages.py): then nobody can still be sending it.  What cannot be read back waits for a person
  (reconcile).
A connector may refuse by itself, without having asked the billing system (NOT_ASKED).  Somebody who
waits for credit, or to be called back, is told so; anything else is sent again for as long as its lease lasts, and has
then certainly not been done, unless another node has taken its row over meanwhile.  A settlement begins anew instead, until
it can be asked: nobody waits for it, and what the call cost stays held (the billing system's `hold` bounds that).  Of a command that
may have been sent before, it says nothing: Unknown.
A call-back's ring, connection and conversation last as long as people let them (calls.py): their rows are kept by renewing
their leases, and what may have been asked before is asked as such.
A short message is repeated at most MESSAGE_TRIES_MAX times, then given up and counted; one that found no message
centre, and so was not sent, waits for one MESSAGE_WAITS_MAX times.
"""

from collections.abc import Awaitable, Callable

from twisted.internet.defer import Deferred, succeed
from twisted.python.failure import Failure

from tectonics.domain.commands import (
    CallCommand,
    Command,
    Credit,
    Debit,
    MoneyCommand,
    Notify,
    Reserve,
    Settle,
)
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.domain.events import (
    CreditAnswered,
    DebitAnswered,
    Event,
    RefundAnswered,
    ReserveAnswered,
    SettleAnswered,
)
from tectonics.domain.outcome import Done, NotFound, Outcome, Refused, Unknown
from tectonics.engine import outbox_lines as lines
from tectonics.engine.ages import Ages
from tectonics.engine.calls import CallRunner
from tectonics.engine.dispatch import Engine
from tectonics.engine.enquiry import Enquiry
from tectonics.engine.pace import OutboxPace
from tectonics.engine.running import start
from tectonics.ports import LOOK_UP, Billing, Messenger, Outbox, OutboxRow
from tectonics.workflows.decision import Decision

MESSAGE_TRIES_MAX = 8
MESSAGE_WAITS_MAX = 250  # most of a day at the longest pause
ANSWERED = (CreditAnswered, DebitAnswered, RefundAnswered, ReserveAnswered, SettleAnswered)
NOT_ASKED = frozenset({"busy", "unreachable", "late"})  # reasons of a connector: this sending did nothing
ADOPT_MAX = 500


class OutboxRunner:
    """Sends, looks up, retries. `engine.on_decided` starts what units bring."""

    def __init__(self, engine: Engine, outbox: Outbox, billing: Billing, messenger: Messenger,
                 enquiry: Enquiry, pace: OutboxPace, calls: CallRunner, monotonic_s: Callable[[], float]) -> None:
        self._engine, self._outbox, self._billing = engine, outbox, billing
        self._messenger, self._enquiry, self._pace = messenger, enquiry, pace
        self.calls = calls
        self._at_work: set[str] = set()
        self._ages = Ages(monotonic_s)
        self._stopping = False
        engine.on_decided.append(self.heard)

    @property
    def at_work(self) -> int:
        """Commands that are being carried out now, but those that wait for people."""
        return len(self._at_work) - len(self.calls)

    def stop(self) -> None:
        """Starts nothing more; what is under way finishes, but for calls, which go on."""
        self._stopping = True
        self.calls.stop()

    # --- what starts work

    def heard(self, event: Event, decision: Decision, now: int) -> None:
        """Engine hook: the unit is durable, so its commands may be carried out."""
        if isinstance(event, ANSWERED) and not isinstance(event.outcome, Unknown):
            self._ages.end(event.op)
        for command in decision.commands:
            if isinstance(command, MoneyCommand):
                self._ages.begin(command.op)
            self._begin(command, lambda command=command: self._first(command, now))

    async def adopt(self) -> int:
        """Takes over what earlier lives and silent nodes left behind; how many rows."""
        rows = await self._outbox.adopt(self._engine.now(), ADOPT_MAX)
        for row in rows:
            lines.taken_up(row)
            if isinstance(row.command, MoneyCommand):
                self._ages.begin(row.command.op)
            self._begin(row.command, lambda row=row: self._again(row))
        return len(rows)

    async def poll(self) -> None:
        """Carries on with the rows whose time has come, and keeps those of calls."""
        await self.calls.keep()
        rows = await self._outbox.due(self._engine.now(), self._pace.poll_max)
        for row in rows:
            self._begin(row.command, lambda row=row: self._again(row))

    async def look_up_now(self, row: OutboxRow) -> Outcome | NotFound | None:
        """Reads one unresolved command back at once; None when it is being worked on already."""
        if row.command.op in self._at_work:
            return None
        self._at_work.add(row.command.op)
        try:
            return await self._resolve(row)
        finally:
            self._at_work.discard(row.command.op)

    def _begin(self, command: Command, work: Callable) -> None:
        if command.op in self._at_work or self._stopping:
            return
        self._at_work.add(command.op)
        start(work(), lambda result: self._ended(command, result))

    def _ended(self, command: Command, result) -> None:
        self._at_work.discard(command.op)
        if isinstance(result, Failure):
            lines.left(command, result)

    # --- one command

    async def _first(self, command: Command, committed_at: int) -> None:
        if isinstance(command, Notify):
            await self._tell(command, 1)
            return
        until = committed_at + self._pace.lease_s * 1000
        if isinstance(command, CallCommand):
            await self._call(command, again=self._engine.now() >= until)
            return
        outcome = await self._send_first(command, until)
        if outcome is not None:
            await self._settle(command, outcome)

    async def _send_first(self, command: MoneyCommand, until: float) -> Outcome | NotFound | None:
        """Sends what has never been sent; None where it must be left to a look-up."""
        while True:
            tries = 0
            while self._leased(command, until) and not self._stopping:
                outcome = await self._send(command)
                if not _not_asked(outcome) or self._somebody_waits(command):
                    return outcome
                await self._pause(self._pace.delay_s(tries))
                tries += 1
            now = self._engine.now()
            if not tries or self._stopping or not await self._still_ours(command):
                return None
            if not isinstance(command, Settle):
                return NotFound()
            until = now + self._pace.lease_s * 1000

    def _leased(self, command: MoneyCommand, until: float) -> bool:
        """Whether our lease on its row holds, by the time of day and by the clock that nobody sets."""
        return self._engine.now() < until and self._ages.age_s(command.op) < self._pace.lease_s

    def _somebody_waits(self, command: MoneyCommand) -> bool:
        """For credit, or for his telephone to ring; who talks already has some time left."""
        match command:
            case Credit():
                return bool(command.advance)
            case Reserve():
                return not self.calls.talks.watches(command.call)
        return False

    async def _still_ours(self, command: MoneyCommand) -> bool:
        """Whether nobody else can have sent it.  It begins anew: nobody will, nor take "not found" for certain, until that is told."""
        ours = await self._outbox.begin_anew(command.msisdn, command.op, self._engine.now())
        if ours:
            self._ages.begin(command.op)
        return ours

    async def _again(self, row: OutboxRow) -> None:
        if isinstance(row.command, Notify):
            if await self._renew(row):
                await self._tell(row.command, row.attempts + 1)
        elif isinstance(row.command, CallCommand):
            if await self._renew(row):
                await self._call(row.command, True, row.attempts)
        elif row.state == LOOK_UP or self._may_repeat(row):
            await self._resolve(row)
        else:
            await self._settle(row.command, Unknown("it may have been sent before a restart"))

    def _may_repeat(self, row: OutboxRow) -> bool:
        """Only in the first half of the window: times of day may be wrong by the other half, ours or another node's."""
        can = self._billing.capabilities
        return can.deduplicates and 2 * abs(self._engine.now() - row.created_at) < can.window_s * 1000

    async def _resolve(self, row: OutboxRow) -> Outcome | NotFound:
        """Sends again, or reads back; an outcome that is still Unknown waits for the next time."""
        if not await self._renew(row):
            return Unknown("another node has taken it over")
        command = row.command
        if self._may_repeat(row):
            self._engine.metrics.count("tectonics_retries_total", type(command).__name__.lower())
            outcome = await self._send(command, "sent again")
            if _not_asked(outcome) or isinstance(outcome, Refused) and not self._certain(row):
                outcome = Unknown(f"it may have been sent before, and now: {outcome.text or outcome.reason}")
        else:
            lines.sent(command, "looked up")
            outcome = await self._billing.look_up(command.op, command.msisdn, command.node)
            lines.answered(command, outcome)
            self._engine.metrics.count("tectonics_retries_total", "look_up")
            if isinstance(outcome, NotFound) and not self._certain(row):
                outcome = Unknown("not there, but it may still be on its way")
        if not isinstance(outcome, Unknown):
            await self._settle(command, outcome, resolved_by="look-up")
        elif row.state != LOOK_UP:
            await self._settle(command, outcome)
        return outcome

    def _certain(self, row: OutboxRow) -> bool:
        """Whether nobody can still be sending it."""
        return self._ages.age_s(row.command.op) >= self._pace.lease_s + self._pace.send_deadline_s

    async def _renew(self, row: OutboxRow) -> bool:
        now = self._engine.now()
        due_at = now + self._pace.delay_s(row.attempts) * 1000
        ours = await self._outbox.reschedule(row.command.msisdn, row.command.op, int(due_at), row.attempts + 1, now)
        if not ours:
            self._ages.end(row.command.op)
        return ours

    async def _send(self, command: MoneyCommand, how: str = "sent") -> Outcome:
        lines.sent(command, how)
        outcome = await self._ask(command)
        lines.answered(command, outcome)
        return outcome

    def _ask(self, command: MoneyCommand) -> Deferred[Outcome]:
        match command:
            case Credit():
                return self._billing.credit(command)
            case Debit():
                return self._billing.debit(command)
            case Reserve():
                return self._billing.reserve(command)
            case Settle():
                return self._billing.settle(command)

    async def _call(self, command: CallCommand, again: bool, attempts: int = 0) -> None:
        lines.sent(command, "sent again" if again else "sent")
        event = await self.calls.answer(command, again, attempts)
        if event is not None:
            await self._commit(command, lambda: succeed(event))

    async def _settle(self, command: MoneyCommand, outcome: Outcome | NotFound, resolved_by: str = "") -> None:
        await self._commit(command, lambda: self._event(command, outcome, resolved_by))

    async def _commit(self, command: Command, ask_event: Callable[[], Awaitable[Event]]) -> None:
        """Commits what the outcome causes, however long that takes; the row stays until then."""
        for attempt in range(self._pace.settle_tries_max):
            event = await ask_event()
            try:
                await self._engine.dispatch(event)
                return
            except (TheirFault, OurFault):  # the store is slow or down, or the subscriber busy
                await self._pause(self._pace.delay_s(attempt))
        lines.unwritten(command)

    async def _event(self, command: MoneyCommand, outcome: Outcome | NotFound, resolved_by: str) -> Event:
        now, msisdn, op = self._engine.now(), command.msisdn, command.op
        if isinstance(command, Reserve):
            return ReserveAnswered(msisdn, now, command.call, op, outcome, resolved_by)
        if isinstance(command, Settle):
            return SettleAnswered(msisdn, now, command.call, op, outcome, resolved_by)
        if isinstance(command, Debit):
            available = None
            if isinstance(outcome, Refused) and outcome.reason == "insufficient":
                available = await self._enquiry.available(msisdn, command.node)
            return DebitAnswered(msisdn, now, command.recovery, op, outcome, available, resolved_by)
        if command.recovery:
            return RefundAnswered(msisdn, now, command.recovery, op, outcome, resolved_by)
        return CreditAnswered(msisdn, now, command.advance, op, outcome, resolved_by)

    async def _tell(self, command: Notify, attempt: int) -> None:
        if 0 < command.expires_at <= self._engine.now():
            self._engine.metrics.count("tectonics_messages_total", "expired")
            await self._outbox.finish(command.msisdn, command.op)
            return
        lines.sent(command, "sent" if attempt == 1 else "sent again")
        outcome = await self._messenger.send(command)
        lines.answered(command, outcome)
        waits = _not_asked(outcome)
        told = isinstance(outcome, (Done, Refused)) and not waits
        if told or attempt >= (MESSAGE_WAITS_MAX if waits else MESSAGE_TRIES_MAX):
            result = "sent" if isinstance(outcome, Done) else "given_up"
            self._engine.metrics.count("tectonics_messages_total", result)
            await self._outbox.finish(command.msisdn, command.op)
            return
        self._engine.metrics.count("tectonics_messages_total", "retried")
        now = self._engine.now()
        await self._outbox.reschedule(command.msisdn, command.op,
                                      int(now + self._pace.delay_s(attempt) * 1000), attempt, now)

    def _pause(self, delay_s: float) -> Deferred[None]:
        pause = Deferred()
        self._engine.clock.callLater(delay_s, pause.callback, None)
        return pause


def _not_asked(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.reason in NOT_ASKED
