"""The writer: one transaction for each batch, set-based, on the only connection of this process that writes.

The units of a batch go in waves (wave.py), then the outbox rows that are finished, then what is noted of
messages (messages.py), then every other write as it came; the tickets of all are numbered in the order in
which their writes were submitted.
All that is in a batch was submitted before anything of it was answered, so nobody can have relied on
another order.  When a write fails by its own fault (a constraint, a value that no column takes), the
batch is rolled back and replayed one by one behind savepoints, so that only the guilty one fails.

Two other things may go wrong, and both are tried again, a bounded number of times:
- the server put us behind another writer (deadlock, serialization failure): at once, on the same connection;
- the connection is lost, or the server cannot write (restart, fail-over, full disk): after PAUSES_S, on a
  new connection.  If COMMIT had been sent, the origin's row first tells what became of it (life.py).
After that the batch fails with DatabaseAway, which promises nothing; a doubt about its COMMIT is settled
before the next batch writes.  Answers and tickets leave this file only after COMMIT has returned or has
been proven.  If the process dies here, the batch is in the database whole or not at all.
"""

import time
from collections.abc import Callable, Sequence

import msgspec
import psycopg2
from psycopg2.extensions import TransactionRollbackError
from twisted.logger import Logger

from tectonics.database.postgres import JOIN_FREELY, Session, sentence
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.ports import TicketLine, Unit
from tectonics.store.origin import COMMITTED, Fenced, Life
from tectonics.store.outbox import Finish
from tectonics.store.postgres import life as lives
from tectonics.store.postgres import messages
from tectonics.store.postgres import statements as sql
from tectonics.store.postgres.script import Script
from tectonics.store.postgres.shards import Shards
from tectonics.store.postgres.wave import number_tickets, waves, write_usage, write_wave
from tectonics.store.unit import Audited, Ledger
from tectonics.store.writer import Batch, DatabaseAway, Job

TURNS_MAX = 5  # transactions for one batch that lose against other writers
PAUSES_S = (0.0, 0.1, 0.4, 1.0, 2.0)  # before each new connection for one batch
_OWN_FAULTS = (psycopg2.IntegrityError, psycopg2.DataError, psycopg2.ProgrammingError, psycopg2.NotSupportedError,
               TypeError, ValueError, LookupError, AttributeError, OverflowError, msgspec.MsgspecError)


class Writer:
    """Applies batches; called by one thread at a time. `connect` opens the session that writes."""

    log = Logger()

    def __init__(self, connect: Callable[[], Session], life: Life, lease_ms: int, session: Session | None = None,
                 pauses_s: Sequence[float] = PAUSES_S, sleep: Callable[[float], None] = time.sleep,
                 shards: Shards | None = None):
        self._connect = connect
        self._session = session
        self._life = life
        self._lease_ms = lease_ms
        self._pauses_s = pauses_s
        self._sleep = sleep
        self._shards = shards  # of a cluster
        self._doubt: tuple[Ledger, list] | None = None  # of a batch whose COMMIT was interrupted: its answers

    def run(self, items: list[Unit | Audited | Job]) -> Batch:
        """One transaction. Answers: as ports.Store says or what the job returned; OurFault, DatabaseAway."""
        lines: list[TicketLine] = []
        try:
            return self._persist(items, lines)
        except Fenced as fault:
            self.close()
            return Batch([fault] * len(items), lines, fenced=True)
        except (psycopg2.Error, TheirFault) as error:
            self.log.error("A batch of {count} failed: {error}", count=len(items), error=sentence(error))
            return Batch([DatabaseAway()] * len(items), lines, fault=sentence(error))

    def close(self) -> None:
        """Closes the connection; what was not committed is rolled back."""
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def _persist(self, items, lines) -> Batch:
        """Tries until the batch is in the database, or the pauses are used up."""
        pauses = iter(self._pauses_s)
        if self._doubt is not None:
            self._settle_older(pauses, lines)
        while True:
            try:
                self._open()
                if self._doubt is not None and (answers := self._settled(lines)) is not None:
                    return Batch(answers, lines)
                if self._session.freshen() and self._shards is not None:
                    self._shards.refresh(self._session)
                answers, ledger = self._write_in_turn(items)
                self._commit(ledger, answers)
                return Batch(answers, lines + ledger.lines)
            except (psycopg2.Error, TheirFault) as error:
                self._lost(error, pauses)

    def _settle_older(self, pauses, lines) -> None:
        """What became of the batch before, which was answered with DatabaseAway already."""
        while True:
            try:
                self._open()
                self._settled(lines)
                return
            except (psycopg2.Error, TheirFault) as error:
                self._lost(error, pauses)

    def _lost(self, error, pauses) -> None:
        """Drops the connection and waits; raises the error when there is no pause left."""
        self.close()
        pause_s = next(pauses, None)
        if pause_s is None:
            raise error
        self.log.warn("The database is away, trying again in {pause} s: {error}",  # noqa: G010
                      pause=pause_s, error=sentence(error))
        self._sleep(pause_s)

    def _open(self) -> None:
        if self._session is None:
            self._session = self._connect()

    def _settled(self, lines) -> list | None:
        """The answers of the doubtful batch if it happened, with its tickets in `lines`; else None."""
        ledger, answers = self._doubt
        happened = lives.settle(self._session, self._life)
        self._doubt = None
        if not happened:
            return None
        lines += ledger.lines
        return answers

    # --- one transaction

    def _write_in_turn(self, items):
        for _ in range(TURNS_MAX - 1):
            try:
                return self._write(items)
            except TransactionRollbackError as error:
                self._session.send("ROLLBACK")
                self.log.debug("Another writer went first: {error}", error=sentence(error))
        return self._write(items)

    def _write(self, items):
        try:
            return self._write_together(items)
        except _OWN_FAULTS:
            if self._session.in_transaction:
                self._session.send("ROLLBACK")
            return self._write_alone(items)

    def _write_together(self, items):
        ledger = self._ledger()
        script = Script(self._session)
        answers = self._apply(script, ledger, items)
        write_usage(script, ledger)
        self._end(script, ledger)
        return answers, ledger

    def _write_alone(self, items):
        ledger = self._ledger()
        script = Script(self._session)
        answers = [self._apply_alone(script, ledger, item) for item in items]
        write_usage(script, ledger)
        self._end(script, ledger)
        return answers, ledger

    def _apply_alone(self, script, ledger, item):
        before = ledger.next, len(ledger.lines), dict(ledger.usage)
        script.add("SAVEPOINT alone")
        script.flush()
        try:
            answer, = self._apply(script, ledger, [item])
            script.flush()
        except _OWN_FAULTS as error:
            script.drop()
            self._session.send("ROLLBACK TO alone")
            ledger.next, ledger.usage = before[0], before[2]
            del ledger.lines[before[1]:]
            about = f"unit {item.id}" if isinstance(item, Unit) else "a write"
            self.log.error("{about} cannot be stored: {error!r}", about=about, error=error)
            answer = OurFault(f"{about} cannot be stored: {sentence(error)}")
        self._session.send("RELEASE alone")
        return answer

    def _apply(self, script, ledger, items) -> list:
        """Every item of the batch; the tickets last, in the order of the items."""
        answers: list = [None] * len(items)
        units = [(place, item) for place, item in enumerate(items) if isinstance(item, Unit)]
        lost: dict = {}
        for wave in waves(units):
            lost |= write_wave(script, ledger, wave)
        numbered = {place: unit.tickets for place, unit in units if place not in lost}
        finished = [(item.msisdn, item.op) for item in items if isinstance(item, Finish)]
        script.say(sql.FINISHED, finished)
        if len(units) + len(finished) < len(items):
            script.flush()  # what follows may change nothing, and only a last statement's rows are counted
        for place, answer in messages.write_messages(script, items):
            answers[place] = answer
        for place, item in enumerate(items):
            if not isinstance(item, (Unit, Finish, *messages.KINDS)):
                answers[place] = _do(script, item)
                if isinstance(item, Audited) and answers[place] is not None:
                    numbered[place] = item.tickets
        committed = number_tickets(script, ledger, [numbered[place] for place in sorted(numbered)])
        given = dict(zip(sorted(numbered), committed, strict=True))
        for place, _ in units:
            answers[place] = lost.get(place) or given[place]
        return answers

    def _ledger(self) -> Ledger:
        life = self._life
        return Ledger(life.name, life.epoch, self._lease_ms, life.next, self._session.total_changes)

    def _end(self, script, ledger) -> None:
        """The last statement of a transaction that has written something."""
        if self._session.total_changes == ledger.changes:
            script.flush()
        if self._session.total_changes != ledger.changes:
            lives.advance(script, self._life, ledger.next)

    def _commit(self, ledger, answers) -> None:
        """A batch that wrote nothing needs no disk."""
        if self._session.total_changes == ledger.changes:
            self._session.send("ROLLBACK")
            return
        self._doubt = ledger, answers
        self._session.send("COMMIT")
        self._doubt = None
        self._life.next, self._life.batch = ledger.next, self._life.batch + COMMITTED


def _do(script: Script, item: Audited | Job) -> object:
    script.add(JOIN_FREELY)
    script.flush()
    return item.job(script.session) if isinstance(item, Audited) else item(script.session)
