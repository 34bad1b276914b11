"""The embedded prepaid billing: the ports.Billing of a deployment without one, and of every proof.

It keeps its own ledger in its own file, so that a credit here and the unit there are two
transactions, as with a real system.  What it declares (`capabilities`) it also does: one that does
not deduplicate gives the same credit again when it is asked again, one that cannot be read back
answers Unknown to every look-up, so that the engine's discipline is proven before any real
connector exists.

If the process dies here, a write that was not answered is in the ledger or it is not; `look_up` goes
through the writers' queue, so it sees everything that was asked before it.
Bounds: Questions (pending, deadlines) and the batch queues (waiting); at either a write is Refused
as `busy` and certainly did not happen, an enquiry is Unavailable.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from twisted.internet.defer import Deferred, execute, gatherResults, succeed
from twisted.internet.task import deferLater
from twisted.logger import Logger

from tectonics.billing import ledger_reads as reads
from tectonics.billing.entries import (
    CREDIT,
    DEBIT,
    FORGETTING,
    LENDING,
    RECHARGE,
    REVERSAL,
    SPEND,
    TILL,
    Blocking,
    Entry,
    Hold,
    LedgerAccount,
    LookUp,
    Movement,
    Opening,
    Settlement,
)
from tectonics.billing.faults import LOSE_ANSWER, LOSE_REQUEST, REFUSE, FaultPlan, Faults
from tectonics.billing.ledger import apply
from tectonics.billing.questions import (
    BUSY,
    BUSY_ENQUIRY,
    LATE,
    LATE_ENQUIRY,
    NO_SESSIONS,
    Questions,
    Uncounted,
)
from tectonics.billing.till import sale, spending, taken_back
from tectonics.database.batch import BatchQueue
from tectonics.database.disk import DISK, Disk
from tectonics.database.migrate import upgrade
from tectonics.domain.commands import Credit, Debit, Reserve, Settle
from tectonics.domain.outcome import Balance, NotFound, Outcome, Refused, Unavailable, Unknown
from tectonics.ports import Capabilities, Clock, Metrics

READ_DEADLINE_S = 2.0
SEND_DEADLINE_S = 10.0
OPENLY = Capabilities(deduplicates=True, window_s=86_400, readable_back=True, tells_balance=True,
                      sessions=True)

Write = Entry | Hold | Settlement

ON_DEMAND = Refused("rejected", "refused on demand")
UNREADABLE = Unknown("this billing system cannot be read back")
UNTOLD = Unavailable("this billing system does not tell balances")


@dataclass(frozen=True, slots=True)
class Deadlines:
    """How long an enquiry and a write may take before they are answered as not answered."""

    read_s: float = READ_DEADLINE_S
    send_s: float = SEND_DEADLINE_S


DEADLINES = Deadlines()


class EmbeddedBilling:
    """ports.Billing over the ledger in the file `path`, and the till of that ledger.

    `executor_factory()` gives an executor of database.executors for the writers' and one for the
    readers' queue.  Writes never fail; the till's and the ledger's own enquiries fail with Busy or
    OurFault.
    """

    log = Logger()

    def __init__(self, path: str | os.PathLike, clock: Clock, executor_factory: Callable[[], object],
                 metrics: Metrics | None = None, capabilities: Capabilities = OPENLY,
                 deadlines: Deadlines = DEADLINES, disk: Disk = DISK):
        self.capabilities = capabilities
        self._clock = clock
        self._deadlines = deadlines
        self._plan = FaultPlan()
        self._questions = Questions(clock, metrics or Uncounted())
        self._watchers: list[Callable[[], None]] = []  # one for each feed over this ledger
        self._writer = disk.database(path)
        upgrade(self._writer, "tectonics.billing.migrations", self._now())
        self._reader = disk.reader(path)
        self._writes = BatchQueue(self._apply, executor_factory())
        self._reads = BatchQueue(self._read, executor_factory())

    # --- ports.Billing

    def balance(self, msisdn: str, node: str = "") -> Deferred[Balance | Unavailable]:
        """What is available of the main balance; Unavailable where there is no such account."""
        if not self.capabilities.tells_balance:
            return succeed(UNTOLD)
        return self._enquire("balance", lambda: self._main(msisdn))

    def covers(self, msisdn: str, amount_minor: int, node: str = "") -> Deferred[bool | Unavailable]:
        """Whether at least that much of the main balance is available."""
        return self._enquire("covers", lambda: self._main(msisdn).addCallback(
            lambda found: found.amount_minor >= amount_minor if isinstance(found, Balance) else found))

    def credit(self, command: Credit) -> Deferred[Outcome]:
        """Adds to a balance; a bonus with `valid_s` lives at least that long, main never expires."""
        now = self._now()
        return self._write("credit", Entry(
            command.msisdn, command.op, CREDIT, now, LENDING, command.amount_minor, command.currency,
            command.balance_type, expires_at=now + command.valid_s * 1000 if command.valid_s else 0,
            known_since_at=self._known_since(now)))

    def debit(self, command: Debit) -> Deferred[Outcome]:
        """Takes from the main balance, or refuses as `insufficient`."""
        now = self._now()
        return self._write("debit", Entry(
            command.msisdn, command.op, DEBIT, now, LENDING, command.amount_minor, command.currency,
            known_since_at=self._known_since(now)))

    def reserve(self, command: Reserve) -> Deferred[Outcome]:
        """Holds an amount for a session, for `valid_s` from now, or refuses as `insufficient`."""
        now = self._now()
        return self._in_session("reserve", Hold(
            command.msisdn, command.op, command.session, now, command.amount_minor, command.currency,
            now + command.valid_s * 1000, self._known_since(now)))

    def settle(self, command: Settle) -> Deferred[Outcome]:
        """Takes an amount out of what the session holds, lets the rest go and closes it."""
        now = self._now()
        return self._in_session("settle", Settlement(
            command.msisdn, command.op, command.session, now, command.amount_minor, command.currency,
            self._known_since(now)))

    def look_up(self, op: str, msisdn: str, node: str = "") -> Deferred[Outcome | NotFound]:
        """What became of an operation."""
        if not self.capabilities.readable_back:
            return succeed(UNREADABLE)
        return self._questions.ask("look_up", lambda: self._slowly(self._writes.submit(LookUp(msisdn, op))),
                                   self._deadlines.read_s, LATE, Unknown(BUSY_ENQUIRY.text))

    # --- the till

    def recharge(self, msisdn: str, amount_minor: int, kind: str, id: str) -> Deferred[Outcome]:
        """Sells credit of a class (voucher, etopup...); the same `id` again is answered, not repeated."""
        return self.post(sale(msisdn, amount_minor, kind, id, self._now()))

    def reverse(self, msisdn: str, recharge_id: str, id: str) -> Deferred[Outcome]:
        """Takes a recharge of this till back, whatever has been spent of it."""
        return self.post(taken_back(msisdn, recharge_id, id, self._now()))

    def spend(self, msisdn: str, amount_minor: int) -> Deferred[Outcome]:
        """What a call or a message costs; never below zero."""
        return self.post(spending(msisdn, amount_minor, self._now()))

    def post(self, entry: Entry) -> Deferred[Outcome]:
        """Books an entry as it is, without faults; the till's feed is woken when it is the till's."""
        answer = self._questions.ask("post", lambda: self._writes.submit(entry), self._deadlines.send_s,
                                     LATE, BUSY)
        if entry.source == TILL and entry.kind in (RECHARGE, REVERSAL, SPEND):
            answer.addCallback(self._wake)
        return answer

    def open_account(self, opening: Opening) -> Deferred[bool]:
        """Opens an account; False when there is one already, which is left as it is."""
        return self._writes.submit(opening)

    def set_blocked(self, msisdn: str, blocked: bool) -> Deferred[bool]:
        """Blocks or unblocks; False when it changed nothing."""
        return self._writes.submit(Blocking(msisdn, blocked))

    # --- what the ledger shows

    def balances(self, msisdn: str) -> Deferred[LedgerAccount | None]:
        """The account with all its balances; None: unknown to the ledger."""
        now = self._now()
        return self._reads.submit(lambda connection: reads.account(connection, msisdn, now))

    def movements(self, msisdn: str, limit: int = 100) -> Deferred[list[Movement]]:
        """The newest movements, newest first; at most 1000."""
        return self._reads.submit(lambda connection: reads.movements(connection, msisdn, limit))

    def movements_after(self, position: int, limit: int) -> Deferred[list[Movement]]:
        """Everybody's movements after a position, in order; at most 1000."""
        return self._reads.submit(lambda connection: reads.movements_after(connection, position, limit))

    def till_after(self, position: int, limit: int) -> Deferred[list[Movement]]:
        """What the till booked after a position, in order; at most 1000."""
        return self._reads.submit(lambda connection: reads.till_after(connection, position, limit))

    def audit(self) -> Deferred[list[tuple[str, str, int, int]]]:
        """Where a balance is not the sum of its movements; reads the whole ledger. [] is right."""
        return self._reads.submit(reads.audit)

    def watch_till(self, callback: Callable[[], None]) -> None:
        """`callback` is called after each booking at the till."""
        self._watchers.append(callback)

    # --- faults, and the end

    def faults(self) -> Deferred[Faults]:
        """The faults in force, counts as they stand now."""
        return succeed(self._plan.current)

    def set_faults(self, **changes) -> Deferred[Faults]:
        """Changes the named faults; fails with TheirFault when a name or value is none."""
        return execute(self._plan.change, changes)

    def close(self) -> Deferred[None]:
        """Answers what was asked, then closes the file."""
        return gatherResults([self._writes.close(), self._reads.close()]).addCallback(self._closed)

    def _closed(self, _):
        self._reader.close()
        self._writer.close()

    def _now(self) -> int:
        return int(self._clock.seconds() * 1000)

    def _known_since(self, now: int) -> int:
        if not self.capabilities.deduplicates:
            return FORGETTING
        return max(0, now - self.capabilities.window_s * 1000)

    def _apply(self, items: list) -> list:
        return apply(self._writer, items)

    def _read(self, questions: list) -> list:
        return [question(self._reader) for question in questions]

    def _main(self, msisdn: str) -> Deferred[Balance | Unavailable]:
        if self._plan.current.hang_balance:
            return Deferred()
        return self._slowly(self.balances(msisdn).addCallback(
            lambda account: Unavailable("the ledger has no such account") if account is None
            else Balance(account.available_minor, self._now())))

    def _enquire(self, operation: str, question: Callable[[], Deferred]) -> Deferred:
        return self._questions.ask(operation, question, self._deadlines.read_s, LATE_ENQUIRY, BUSY_ENQUIRY)

    def _in_session(self, operation: str, item: Hold | Settlement) -> Deferred[Outcome]:
        return self._write(operation, item) if self.capabilities.sessions else succeed(NO_SESSIONS)

    def _write(self, operation: str, entry: Write) -> Deferred[Outcome]:
        return self._questions.ask(operation, lambda: self._meet(self._plan.next_write(), entry),
                                   self._deadlines.send_s, LATE, BUSY)

    def _meet(self, fault: str, entry: Write) -> Deferred[Outcome]:
        if fault == REFUSE:
            return self._slowly(self._refuse(entry))
        if fault == LOSE_REQUEST:
            return Deferred()
        answer = self._writes.submit(entry)
        if fault == LOSE_ANSWER:
            answer.addErrback(lambda failure: self.log.failure("A write with a lost answer failed", failure))
            return Deferred()
        return self._slowly(answer)

    def _refuse(self, entry: Write) -> Deferred[Outcome]:
        """ON_DEMAND; but what it has done it never refuses when it is asked again."""
        if not self.capabilities.deduplicates:
            return succeed(ON_DEMAND)
        known = self._writes.submit(LookUp(entry.msisdn, entry.op))
        return known.addCallback(lambda answer: ON_DEMAND if isinstance(answer, NotFound) else answer)

    def _slowly(self, answer: Deferred) -> Deferred:
        delay_s = self._plan.current.delay_s
        if delay_s:
            answer.addCallback(lambda value: deferLater(self._clock, delay_s, lambda: value))
        return answer

    def _wake(self, outcome: Outcome) -> Outcome:
        for callback in self._watchers:
            callback()
        return outcome
