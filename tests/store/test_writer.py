"""Batches, deaths and failing disks: whole or not at all, gapless, fenced, and never a false answer."""

import sqlite3
from functools import partial

import pytest

from tectonics.database.migrate import upgrade
from tectonics.database.sqlite import open_connection
from tectonics.domain.errors import OurFault, TheirFault
from tectonics.ports import Committed, Conflict
from tectonics.store import origin as origins
from tectonics.store.origin import Fenced
from tectonics.store.sqlite_store import MIGRATIONS
from tectonics.store.writer import DatabaseAway, Writer
from tests.store.building import MSISDN, NOW, credit, ticket, trigger, unit


class Faulty:
    """A connection whose statements fail on demand: `at` names the one, `before` or `after` doing it."""

    def __init__(self, path, faults):
        self._real = open_connection(path)
        self._faults = faults  # shared list of (statement, "before" | "after")

    def execute(self, statement, *values):
        fault = next((f for f in self._faults if statement.startswith(f[0])), None)
        if fault is not None:
            self._faults.remove(fault)
            if fault[1] == "after":
                self._real.execute(statement, *values)
            raise sqlite3.OperationalError("disk I/O error")
        return self._real.execute(statement, *values)

    def __getattr__(self, name):
        return getattr(self._real, name)


@pytest.fixture
def faulty(tmp_path):
    path, faults = tmp_path / "store.db", []
    connection = open_connection(path)
    upgrade(connection, MIGRATIONS, NOW)
    writer = Writer(partial(Faulty, path, faults), origins.claim(connection, "n1"), 30_000)
    return writer, faults, connection


def _unit(number):
    return unit(number, msisdn=f"3360000{number:04d}", trigger=trigger(number), commands=(
        credit(number, f"3360000{number:04d}"),), tickets=(ticket(number),))


def _count(connection, table):
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def _numbers(connection, origin="n1"):
    return [seq for seq, in connection.execute("SELECT seq FROM ticket WHERE origin = ? ORDER BY seq", (origin,))]


@pytest.mark.parametrize("statement", ["BEGIN", "INSERT INTO account", "INSERT INTO ticket", "UPDATE origin"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_disk_that_fails_before_the_commit_undoes_the_batch(faulty, statement, when):
    writer, faults, connection = faulty
    assert writer.run([_unit(1)]).answers == [Committed(1, 1)]
    faults.append((statement, when))
    batch = writer.run([_unit(2), _unit(3)])
    assert [type(answer) for answer in batch.answers] == [DatabaseAway, DatabaseAway] and batch.lines == []
    assert _count(connection, "account") == _count(connection, "outbox") == 1
    assert writer.run([_unit(2), _unit(3)]).answers == [Committed(2, 1), Committed(3, 1)]
    assert _numbers(connection) == [1, 2, 3]


def test_a_commit_that_happened_although_it_failed_is_told_as_done(faulty):
    writer, faults, connection = faulty
    faults.append(("COMMIT", "after"))
    batch = writer.run([_unit(1), _unit(2)])
    assert batch.answers == [Committed(1, 1), Committed(2, 1)]
    assert [line.seq for line in batch.lines] == [1, 2]
    assert writer.run([_unit(3)]).answers == [Committed(3, 1)]
    assert _numbers(connection) == [1, 2, 3]


def test_a_commit_that_did_not_happen_is_told_as_failed_and_its_numbers_are_used_again(faulty):
    writer, faults, connection = faulty
    faults.append(("COMMIT", "before"))
    batch = writer.run([_unit(1)])
    assert isinstance(batch.answers[0], DatabaseAway) and batch.lines == []
    assert _count(connection, "account") == _count(connection, "trigger_seen") == 0
    assert writer.run([_unit(1)]).answers == [Committed(1, 1)]


@pytest.mark.parametrize("happened", ["after", "before"])
def test_a_doubt_that_cannot_be_settled_at_once_is_settled_before_the_next_batch(faulty, happened):
    writer, faults, connection = faulty
    faults.append(("COMMIT", happened))
    real = writer._settle
    calls = []

    def settle():
        calls.append(1)
        if len(calls) == 2:
            raise sqlite3.OperationalError("still broken")
        return real()

    writer._settle = settle
    batch = writer.run([_unit(1)])
    assert isinstance(batch.answers[0], DatabaseAway) and batch.lines == []
    batch = writer.run([_unit(1), _unit(2)])
    numbers = [line.seq for line in batch.lines]
    if happened == "after":
        assert [type(answer).__name__ for answer in batch.answers] == ["Duplicate", "Committed"]
    else:
        assert batch.answers == [Committed(1, 1), Committed(2, 1)]
    assert numbers == [1, 2] == _numbers(connection)


def test_a_settled_doubt_stays_settled(faulty):
    """Whoever was told "failed" must never see the batch appear: its count has been used up."""
    writer, faults, connection = faulty
    before = connection.execute("SELECT batch FROM origin").fetchone()[0]
    faults.append(("COMMIT", "before"))
    writer.run([_unit(1)])
    assert connection.execute("SELECT batch FROM origin").fetchone()[0] == before + origins.KILLED


def test_a_full_disk_fails_the_batch_and_the_store_works_again_when_there_is_room(tmp_path):
    path = tmp_path / "store.db"
    connection = open_connection(path)
    upgrade(connection, MIGRATIONS, NOW)
    limit = [2**30]

    def connect():
        opened = open_connection(path)
        opened.execute(f"PRAGMA max_page_count = {limit[0]}")
        return opened

    writer = Writer(connect, origins.claim(connection, "n1"), 30_000)
    assert writer.run([_unit(1)]).answers == [Committed(1, 1)]
    writer.close()
    limit[0] = 1  # the size that the file has now
    batch = writer.run([_unit(number) for number in range(2, 200)])
    assert {type(answer) for answer in batch.answers} == {DatabaseAway}
    assert "full" in batch.fault and "full" not in str(batch.answers[0])  # peers read the second
    limit[0] = 2**30
    writer.close()
    assert [type(a) for a in writer.run([_unit(2), _unit(3)]).answers] == [Committed, Committed]
    assert _numbers(connection) == [1, 2, 3]


def test_numbers_stay_gapless_over_conflicts_failures_and_restarts(world):
    for life in range(3):
        opened = world.open()
        base = life * 10
        world.wait_all([opened.store.commit(u) for u in (
            unit(base, msisdn=f"336000010{base:02d}", tickets=(ticket(1), ticket(2))),
            unit(base, msisdn=f"336000010{base:02d}", tickets=(ticket(3),)),
            unit(base + 1, msisdn="bad", tickets=(ticket(4),)),
            unit(base + 2, msisdn=f"336000020{base:02d}", tickets=(ticket(5),)))])
    lines = world.wait(opened.tickets.read("n1", 0, 100))
    assert [line.seq for line in lines] == list(range(1, 10))


def test_a_killed_process_leaves_what_was_committed_and_nothing_else(file_world):
    world = file_world
    killed = world.open()
    world.wait(killed.store.commit(unit(1, commands=(credit(1),))))
    killed.store.commit(unit(2, expected=1, msisdn=MSISDN))  # submitted, never run
    connection = sqlite3.connect(world.path, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("DELETE FROM account")
    connection.close()  # dies in the middle of a transaction
    opened = world.open()
    assert world.wait(opened.store.load(MSISDN)).account.version == 1


def test_a_process_whose_origin_has_a_newer_life_is_fenced(world):
    told = []
    zombie = world.open(on_fenced=lambda: told.append("fenced"))
    world.wait(zombie.store.commit(unit(1, tickets=(ticket(1),))))
    successor = world.open()
    assert successor.epoch == zombie.epoch + 1
    answers = world.wait_all([zombie.store.commit(unit(2, 1, tickets=(ticket(2),))),
                              zombie.store.commit(unit(3, msisdn="33600000003"))])
    assert all(isinstance(answer, Fenced) for answer in answers)
    assert told == ["fenced"]
    with pytest.raises(OurFault, match="taken over"):
        world.wait(zombie.bookmarks.write("feed", "7"))
    assert told == ["fenced"]
    assert world.wait(successor.store.commit(unit(2, 1, tickets=(ticket(2),)))) == Committed(2, 1)
    assert world.wait(successor.bookmarks.read("feed")) is None


def test_another_origin_over_the_same_file_is_not_fenced(world):
    first, second = world.open("n1"), world.open("n2")
    assert world.wait(first.store.commit(unit(1, tickets=(ticket(1),)))) == Committed(1, 1)
    assert world.wait(second.store.commit(unit(2, tickets=(ticket(2),)))) == Conflict()
    assert world.wait(second.store.commit(unit(2, 1, tickets=(ticket(2),)))) == Committed(1, 1)


def test_a_newer_schema_is_refused(file_world):
    world = file_world
    world.wait(world.open().close())
    connection = open_connection(world.path)
    connection.execute("INSERT INTO schema_version VALUES (99, '0099_future.sql', 1)")
    with pytest.raises(TheirFault):
        world.open()


def test_a_batch_that_writes_nothing_leaves_the_file_alone(world):
    opened = world.open()
    world.wait(opened.store.commit(unit(1)))
    before = world.query("SELECT batch FROM origin")
    assert world.wait(opened.store.commit(unit(2))) == Conflict()
    assert world.query("SELECT batch FROM origin") == before


def test_closing_answers_what_was_taken(world):
    opened = world.open()
    got = []
    opened.store.commit(unit(1)).addBoth(got.append)
    opened.close().addCallback(lambda _: got.append("closed"))
    world.clock.advance(0)
    assert got == [Committed(), "closed"]
