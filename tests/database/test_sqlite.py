"""Connections: durable settings, owner-only files, readers that cannot write."""

import sqlite3

import pytest

from tectonics.database.sqlite import open_connection, open_reader


def _setting(connection, name):
    return connection.execute(f"PRAGMA {name}").fetchone()[0]


def test_a_commit_waits_for_the_disk_and_readers_do_not_block(tmp_path):
    writer = open_connection(tmp_path / "a.db")
    assert _setting(writer, "journal_mode") == "wal"
    assert _setting(writer, "synchronous") == 2  # FULL
    writer.execute("CREATE TABLE t (n integer)")
    reader = open_reader(tmp_path / "a.db")
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t VALUES (1)")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (0,)
    writer.execute("COMMIT")
    assert reader.execute("SELECT count(*) FROM t").fetchone() == (1,)


def test_a_reader_cannot_write(tmp_path):
    open_connection(tmp_path / "a.db").execute("CREATE TABLE t (n integer)")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        open_reader(tmp_path / "a.db").execute("INSERT INTO t VALUES (1)")


def test_a_reader_needs_a_file_and_takes_any_name(tmp_path):
    with pytest.raises(sqlite3.OperationalError):
        open_reader(tmp_path / "none.db")
    odd = tmp_path / "a ?b#c%20.db"
    open_connection(odd).execute("CREATE TABLE t (n integer)")
    assert open_reader(odd).execute("SELECT count(*) FROM t").fetchone() == (0,)


def test_only_the_owner_may_read_the_files(tmp_path):
    connection = open_connection(tmp_path / "a.db")
    connection.execute("CREATE TABLE t (n integer)")
    for name in ("a.db", "a.db-wal"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0
