"""Reads share a snapshot, and nothing that fails in one of them spoils the next batch."""

import sqlite3

import pytest

from tectonics.domain.errors import OurFault
from tectonics.store.reader import Reader


@pytest.fixture
def connection(tmp_path):
    opened = sqlite3.connect(tmp_path / "some.db", isolation_level=None)
    opened.execute("CREATE TABLE t (n integer)")
    opened.execute("INSERT INTO t VALUES (1)")
    yield opened
    opened.close()


def count(connection):
    return connection.execute("SELECT count(*) FROM t").fetchone()[0]


def broken(connection):
    raise sqlite3.OperationalError("disk I/O error")


def broken_and_rolled_back(connection):
    connection.execute("ROLLBACK")  # as SQLite itself does after some errors of the disk
    raise sqlite3.OperationalError("disk I/O error")


@pytest.mark.parametrize("bad", [broken, broken_and_rolled_back])
def test_a_read_that_fails_fails_alone(connection, bad):
    reader = Reader(connection)
    first, failed, last = reader.run([count, bad, count])
    assert (first, last) == (1, 1) and isinstance(failed, OurFault)
    assert reader.run([count]) == [1] and not connection.in_transaction


def test_a_snapshot_that_could_not_be_given_back_is_given_back_next_time(connection):
    class Unlucky(sqlite3.Connection):
        fails = True

        def execute(self, sql, *arguments):
            if sql in ("COMMIT", "ROLLBACK") and self.fails:
                self.fails = False
                raise sqlite3.OperationalError("disk I/O error")
            return super().execute(sql, *arguments)

    path = connection.execute("PRAGMA database_list").fetchone()[2]
    reader = Reader(sqlite3.connect(path, isolation_level=None, factory=Unlucky))
    with pytest.raises(sqlite3.OperationalError):
        reader.run([count])
    assert reader.run([count]) == [1]
    reader.close()
