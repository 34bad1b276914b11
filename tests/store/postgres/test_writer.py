"""Batches on a server that fails, is slow to say so, or puts others first: whole or not at all, and never a false answer."""

from functools import partial

import psycopg2
import pytest

from tectonics.database.postgres import CHANGING, WRITING, connect
from tectonics.domain.errors import OurFault
from tectonics.ports import Committed, Conflict, Duplicate
from tectonics.store import origin as origins
from tectonics.store.origin import Fenced
from tectonics.store.postgres import life as lives
from tectonics.store.postgres import statements
from tectonics.store.postgres.writer import PAUSES_S, TURNS_MAX, Writer
from tectonics.store.writer import DatabaseAway
from tests.store.building import credit, ticket, trigger, unit


class Faulty:
    """A session whose statements fail on demand, before or after the server has done them.

    `faults` holds (what the text contains, "before" | "after", how often, the error), shared by all sessions.
    """

    def __init__(self, address, faults):
        self._real = connect(address, WRITING, statements.ALL)
        self._faults = faults

    def send(self, text, values=()):
        for number, (part, when, times, error) in enumerate(self._faults):
            if part in text and times:
                self._faults[number] = part, when, times - 1, error
                if when == "after":
                    self._real.send(text, values)
                if isinstance(error, psycopg2.OperationalError):
                    self._real.close()
                raise error
        return self._real.send(text, values)

    def execute(self, statement, values=()):
        return self._real.execute(statement, values)

    def __getattr__(self, name):
        return getattr(self._real, name)


class Bench:
    """A writer on a faulty server; `faults` to come, `slept` what it has waited."""

    def __init__(self, address, pauses_s=PAUSES_S):
        self.address, self.faults, self.slept = address, [], []
        self.session = connect(address, CHANGING)
        self.life = lives.claim(self.session, "n1")
        self.writer = Writer(partial(Faulty, address, self.faults), self.life, 30_000, pauses_s=pauses_s,
                             sleep=self.slept.append)

    def fail(self, part, when="before", times=1, error=None):
        self.faults.append((part, when, times, error or psycopg2.OperationalError("server closed the connection")))

    def run(self, *items):
        return self.writer.run(list(items))

    def count(self, table):
        return self.session.execute(f"SELECT count(*) FROM {table}").fetchone()[0]

    @property
    def numbers(self):
        return [seq for seq, in self.session.execute("SELECT seq FROM ticket WHERE origin = 'n1' ORDER BY seq")]


@pytest.fixture
def bench(postgres_address):
    return Bench(postgres_address())


def _unit(number, **changes):
    return unit(number, msisdn=f"3360000{number:04d}", trigger=trigger(number), commands=(
        credit(number, f"3360000{number:04d}"),), tickets=(ticket(number),), **changes)


@pytest.mark.parametrize("statement", ["EXECUTE triggers ", "EXECUTE accounts_new", "EXECUTE tickets", "UPDATE origin"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_lost_before_the_commit_is_opened_anew_and_the_batch_written_once(bench, statement, when):
    bench.fail(statement, when)
    batch = bench.run(_unit(1), _unit(2))
    assert batch.answers == [Committed(1, 1), Committed(2, 1)] and batch.fault == ""
    assert [line.seq for line in batch.lines] == [1, 2] == bench.numbers
    assert bench.count("account") == bench.count("outbox") == bench.count("trigger_seen") == 2
    assert bench.slept == [PAUSES_S[0]]


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupted_commit_is_settled_before_anybody_is_answered(bench, when):
    bench.fail("COMMIT", when)
    batch = bench.run(_unit(1), _unit(2))
    assert batch.answers == [Committed(1, 1), Committed(2, 1)]
    assert [line.seq for line in batch.lines] == [1, 2] == bench.numbers
    assert bench.count("account") == 2
    assert bench.run(_unit(1), _unit(3)).answers == [Duplicate(None), Committed(3, 1)]


def test_after_the_last_pause_the_batch_fails_and_promises_nothing(bench):
    bench.fail("EXECUTE triggers ", times=len(PAUSES_S) + 1)
    batch = bench.run(_unit(1), _unit(2))
    assert [type(answer) for answer in batch.answers] == [DatabaseAway, DatabaseAway]
    assert batch.lines == [] and "server closed the connection" in batch.fault
    assert bench.slept == list(PAUSES_S)
    assert bench.count("account") == 0
    batch = bench.run(_unit(1), _unit(2))
    assert batch.answers == [Committed(1, 1), Committed(2, 1)] and batch.fault == ""


@pytest.mark.parametrize("happened", ["after", "before"])
def test_a_doubt_that_cannot_be_settled_at_once_is_settled_before_the_next_batch(postgres_address, happened):
    bench = Bench(postgres_address(), pauses_s=())
    bench.fail("COMMIT", happened)
    batch = bench.run(_unit(1))
    assert isinstance(batch.answers[0], DatabaseAway) and batch.lines == []
    batch = bench.run(_unit(1), _unit(2))
    if happened == "after":
        assert batch.answers == [Duplicate(None), Committed(2, 1)]
    else:
        assert batch.answers == [Committed(1, 1), Committed(2, 1)]
    assert [line.seq for line in batch.lines] == [1, 2] == bench.numbers


def test_a_settled_doubt_stays_settled(bench):
    """Whoever was told "failed" must never see the batch appear: its count has been used up."""
    before = bench.life.batch
    bench.writer = Writer(partial(Faulty, bench.address, bench.faults), bench.life, 30_000, pauses_s=())
    bench.fail("COMMIT", "before")
    bench.run(_unit(1))
    bench.run(lambda session: None)
    assert bench.session.execute("SELECT batch FROM origin").fetchone()[0] == before + origins.KILLED


def test_a_commit_that_the_server_still_works_on_is_waited_for(bench):
    """The old backend holds the origin's row; settling must not take for undone what is only late."""
    other = connect(bench.address, WRITING)
    other.send("BEGIN")
    other.execute("UPDATE origin SET next = 7, batch = batch + 1 WHERE name = 'n1'")
    settling = connect(bench.address, {**WRITING, "lock_timeout": "100ms"})
    with pytest.raises(psycopg2.errors.LockNotAvailable):
        lives.settle(settling, bench.life)
    other.send("COMMIT")
    assert lives.settle(settling, bench.life) is True
    assert bench.life.next == 7


@pytest.mark.parametrize("error", [psycopg2.errors.DeadlockDetected, psycopg2.errors.SerializationFailure])
def test_who_loses_against_another_writer_tries_again_at_once(bench, error):
    class Lost(error):
        pgcode = "40P01"

    class Losing(Faulty):
        def send(self, text, values=()):
            if "EXECUTE accounts_new" in text and self._faults:
                self._faults.pop()
                raise Lost("deadlock detected")
            return self._real.send(text, values)

    turns = [1] * (TURNS_MAX - 1)
    writer = Writer(partial(Losing, bench.address, turns), bench.life, 30_000, sleep=bench.slept.append)
    assert writer.run([_unit(1)]).answers == [Committed(1, 1)]
    assert turns == [] and bench.slept == []
    assert bench.numbers == [1]


def test_only_the_guilty_unit_of_a_batch_fails_and_its_numbers_are_used_again(bench):
    bench.run(_unit(1))
    again = unit(9, msisdn="33600000001", expected=1, trigger=trigger(9), tickets=(ticket(9),),
                 commands=(credit(1, "33600000001"),))
    batch = bench.run(_unit(2), again, _unit(3), lambda session: session.execute("nonsense"),
                      _unit(4, expected=4))
    assert [type(answer) for answer in batch.answers] == [Committed, OurFault, Committed, OurFault, Conflict]
    assert [line.seq for line in batch.lines] == [2, 3] and bench.numbers == [1, 2, 3]
    assert bench.count("trigger_seen") == 3


def test_a_newer_life_fences_the_older(bench):
    lives.claim(bench.session, "n1")
    batch = bench.run(_unit(1))
    assert batch.fenced and isinstance(batch.answers[0], Fenced)
    assert bench.count("account") == bench.count("ticket") == 0
    assert bench.run(_unit(1)).fenced


def test_a_batch_costs_few_round_trips_however_many_units_it_holds(bench):
    sent = []

    class Counting(Faulty):
        def send(self, text, values=()):
            sent.append(text)
            return self._real.send(text, values)

    writer = Writer(partial(Counting, bench.address, []), bench.life, 30_000)
    writer.run([_unit(n) for n in range(200)])
    assert len(sent) == 4
    sent.clear()
    writer.run([unit(n, msisdn=f"3360000{n:04d}", expected=1, finished=(f"TEC-{n}",), tickets=(ticket(n),))
                for n in range(200)])
    assert len(sent) == 3


def test_a_fault_is_told_once_and_so_is_its_end(server_world):
    told = []
    opened = server_world.open(on_fault=told.append)
    writer = opened._workers[0]
    writer._pauses_s, real = (), writer._connect
    writer._connect = lambda: (_ for _ in ()).throw(psycopg2.OperationalError("no route to host"))
    server_world.cut()
    for number in range(3):
        with pytest.raises(DatabaseAway, match="^the database is away, try again in a moment$"):
            server_world.wait(opened.store.commit(_unit(number)))
    writer._connect = real
    assert server_world.wait(opened.store.commit(_unit(9))) == Committed(1, 1)
    assert told[-2:] == ["no route to host", ""] and len(told) <= 3


def test_a_full_server_fails_the_batch_and_works_again_when_there_is_room(bench):
    bench.fail("EXECUTE tickets", times=99, error=psycopg2.errors.DiskFull("could not extend file: No space left"))
    batch = bench.run(_unit(1))
    assert isinstance(batch.answers[0], DatabaseAway) and "No space left" in batch.fault
    bench.faults.clear()
    assert bench.run(_unit(1)).answers == [Committed(1, 1)]
