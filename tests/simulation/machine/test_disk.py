"""What is left after a crash: everything that was synced, of the rest whatever the seed leaves."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tectonics.simulation.machine.process import Process
from tectonics.simulation.machine.timeline import Killed
from tests.simulation.machine.machines import Pair


class Desk:
    """A process and its disk; `again` is the next life."""

    def __init__(self, folder, seed=1):
        self.folder, self.pair = folder, Pair(seed)
        self.process = self.pair.a
        self.platter = self.process.machine.platter

    @property
    def disk(self):
        return self.process.disk

    def again(self, power=True):
        self.process.kill(power)
        self.process = Process(self.process.machine, self.process.life + 1)

    def table(self):
        connection = self.disk.database(self.folder / "x.db")
        connection.execute("CREATE TABLE IF NOT EXISTS t (n integer)")
        return connection

    def rows(self):
        with sqlite3.connect(self.folder / "x.db") as connection:
            return [n for n, in connection.execute("SELECT n FROM t ORDER BY n")]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def write(desk, name, data, sync=True):
    with desk.disk.create(desk.folder / name) as file:
        file.write(data)
        if sync:
            desk.disk.sync(file)


def test_what_was_synced_survives(desk):
    write(desk, "x", b"durable")
    desk.disk.sync_directory(desk.folder)
    desk.again()
    assert (desk.folder / "x").read_bytes() == b"durable"


def outcomes(tmp_path, prepare):
    """What a crash leaves in the folder, for many seeds."""
    found = []
    for seed in range(40):
        folder = tmp_path / str(seed)
        folder.mkdir()
        desk = Desk(folder, seed)
        prepare(desk)
        desk.again()
        found.append({path.name: path.read_bytes() for path in folder.iterdir()})
    return found


def test_what_was_not_synced_is_torn_somewhere(tmp_path):
    def prepare(desk):
        file = desk.disk.create(desk.folder / "x")
        file.write(b"safe")
        desk.disk.sync(file)
        desk.disk.sync_directory(desk.folder)
        file.write(b"lost")
        file.flush()

    left = {one["x"] for one in outcomes(tmp_path, prepare)}
    assert b"safe" in left and len(left) > 3
    assert all(data.startswith(b"safe") and len(data) <= 8 for data in left)
    assert any(b"\0" in data for data in left)


def test_a_new_name_may_be_forgotten(tmp_path):
    def prepare(desk):
        write(desk, "x.part", b"whole")
        desk.disk.sync_directory(desk.folder)
        desk.disk.rename(desk.folder / "x.part", desk.folder / "x")

    left = {tuple(one) for one in outcomes(tmp_path, prepare)}
    assert left == {("x.part",), ("x",)}


def test_the_newest_changes_of_names_are_forgotten_first(tmp_path):
    def prepare(desk):
        write(desk, "old", b"old")
        desk.disk.sync_directory(desk.folder)
        write(desk, "new", b"new")
        desk.disk.rename(desk.folder / "new", desk.folder / "old")
        desk.disk.remove(desk.folder / "old")

    left = [tuple(sorted(one.items())) for one in outcomes(tmp_path, prepare)]
    assert set(left) == {(("old", b"old"),), (("new", b"new"), ("old", b"old")), (("old", b"new"),), ()}


def test_a_process_that_dies_alone_loses_what_it_held_itself(desk):
    file = desk.disk.create(desk.folder / "x")
    file.write(b"handed over ")
    file.flush()
    file.write(b"held")
    desk.again(power=False)
    assert (desk.folder / "x").read_bytes() == b"handed over "


def test_a_dead_process_writes_nothing(desk):
    disk, file = desk.disk, desk.disk.create(desk.folder / "x")
    connection = desk.table()
    desk.again()
    file.write(b"ghost")
    for ghost in (file.flush, lambda: disk.create(desk.folder / "y"), lambda: disk.lock(desk.folder / "l"),
                  lambda: connection.execute("INSERT INTO t VALUES (1)")):
        with pytest.raises(Killed):
            ghost()


def test_a_lock_dies_with_its_holder(desk):
    desk.disk.lock(desk.folder / "l")
    with pytest.raises(BlockingIOError):
        desk.disk.lock(desk.folder / "l")
    desk.again()
    held = desk.disk.lock(desk.folder / "l")
    held.release()
    desk.disk.lock(desk.folder / "l")


def test_a_full_disk(desk):
    file = desk.disk.create(desk.folder / "x")
    connection = desk.table()
    desk.platter.full = True
    assert desk.disk.free_bytes(desk.folder) == 0
    file.write(b"x")
    with pytest.raises(OSError, match="No space"):
        file.flush()
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (1)")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        connection.execute("COMMIT")
    connection.execute("ROLLBACK")
    desk.platter.calm()
    connection.execute("INSERT INTO t VALUES (2)")
    assert desk.rows() == [2]


@pytest.mark.parametrize("how, left", [("before", []), ("after", [1])])
def test_a_commit_that_fails_before_or_after_it_has_happened(desk, how, left):
    connection = desk.table()
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (1)")
    desk.platter.commit_fails = how
    with pytest.raises(sqlite3.OperationalError):
        connection.execute("COMMIT")
    desk.again()
    assert desk.rows() == left
    desk.table().execute("COMMIT" if desk.table().in_transaction else "INSERT INTO t VALUES (3)")
    assert desk.rows() == [*left, 3]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 9), st.booleans())
def test_death_at_any_statement_leaves_whole_transactions(tmp_path_factory, statement, after):
    desk = Desk(tmp_path_factory.mktemp("x"))
    connection = desk.table()
    desk.disk.last_statement, desk.disk.after = statement, after

    def work():
        for batch in (10, 20):
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("INSERT INTO t VALUES (?)", (batch,))
            connection.execute("INSERT INTO t VALUES (?)", (batch + 1,))
            connection.execute("COMMIT")

    desk.process.call(0, work)
    desk.pair.run(1)
    done = statement if after else statement - 1
    assert desk.rows() == [10, 11, 20, 21][:2 * min(2, done // 4)]
    assert desk.process.alive == (statement == 9)


def test_a_connection_that_does_not_wait_for_the_disk_forgets(desk):
    connection = desk.table()
    connection.execute("INSERT INTO t VALUES (1)")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("INSERT INTO t VALUES (2)")
    watching = sqlite3.connect(desk.folder / "x.db")
    assert watching.execute("SELECT n FROM t").fetchall() == [(1,), (2,)]
    desk.again()
    assert desk.rows() == [1]
    assert watching.execute("SELECT n FROM t").fetchall() == [(1,)]
    desk.table().execute("INSERT INTO t VALUES (3)")
    assert watching.execute("SELECT n FROM t").fetchall() == [(1,), (3,)]
    watching.close()


def test_one_that_waits_forgets_nothing_but_what_is_open(desk):
    connection = desk.table()
    connection.execute("INSERT INTO t VALUES (1)")
    connection.execute("BEGIN")
    connection.execute("INSERT INTO t VALUES (2)")
    desk.again()
    assert desk.rows() == [1]


def test_a_file_may_stand_elsewhere(desk, tmp_path):
    (tmp_path / "shared").mkdir()
    desk.platter.folders["x.db"] = tmp_path / "shared"
    desk.table()
    assert (tmp_path / "shared" / "x.db").exists() and not (tmp_path / "x.db").exists()


def test_reading_needs_no_room_and_no_commit(desk):
    connection = desk.table()
    connection.execute("INSERT INTO t VALUES (1)")
    reader = desk.disk.reader(desk.folder / "x.db")
    desk.platter.full, desk.platter.commit_fails = True, "before"
    reader.execute("BEGIN")
    assert reader.execute("SELECT n FROM t").fetchall() == [(1,)]
    reader.execute("COMMIT")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("COMMIT")
    with pytest.raises(sqlite3.OperationalError, match="full"):
        connection.execute("INSERT INTO t VALUES (2)")
    desk.platter.full = False
    with pytest.raises(sqlite3.OperationalError, match="I/O"):
        connection.execute("INSERT INTO t VALUES (3)")
    assert desk.rows() == [1]
