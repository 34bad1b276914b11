"""Migrations on PostgreSQL: in order, all or nothing, side by side, two versions on one schema."""

import threading
from contextlib import closing

import psycopg2
import pytest

from tectonics.database.migrate_postgres import check, upgrade
from tectonics.database.postgres import CHANGING, Address, connect
from tectonics.domain.errors import TheirFault
from tests.database.test_migrate import package  # noqa: F401 the fixture

FIRST = "-- a comment; with a semicolon and 100 %\nCREATE TABLE a (n integer);\nINSERT INTO a VALUES (1);\n"
WIDER = "-- usable from schema 1\nALTER TABLE a ADD COLUMN m integer NOT NULL DEFAULT 7;\n"
NARROWER = "ALTER TABLE a DROP COLUMN n;\n"


@pytest.fixture
def address(postgres_server):
    return Address(postgres_server.url(postgres_server.new_database()))


@pytest.fixture
def session(address):
    with closing(connect(address, CHANGING)) as opened:
        yield opened


def test_a_fresh_database_gets_everything_once(session, package):  # noqa: F811
    name = package("pg_one", f0001_first=FIRST, f0002_more=WIDER)
    assert check(session, name) == 0
    assert upgrade(session, name, 5) == upgrade(session, name, 6) == check(session, name) == 2
    assert session.execute("SELECT * FROM a").fetchall() == [(1, 7)]
    assert session.execute("SELECT * FROM schema_version ORDER BY version").fetchall() == [
        (1, "0001_first.sql", 1, 5), (2, "0002_more.sql", 1, 5)]


def test_a_migration_that_fails_leaves_the_version_before(session, package):  # noqa: F811
    name = package("pg_two", f0001_first=FIRST, f0002_bad="CREATE TABLE b (n integer); INSERT INTO none VALUES (1);")
    with pytest.raises(psycopg2.Error, match="none"):
        upgrade(session, name, 5)
    assert not session.in_transaction
    assert session.execute("SELECT to_regclass('b'), max(version) FROM schema_version").fetchone() == (None, 1)


def test_an_older_program_works_on_a_schema_that_only_got_wider(session, package):  # noqa: F811
    name = package("pg_three", f0001_first=FIRST)
    newer = package("pg_four", f0001_first=FIRST, f0002_more=WIDER)
    assert upgrade(session, newer, 5) == 2
    assert check(session, name) == upgrade(session, name, 6) == 2


def test_an_older_program_refuses_a_schema_that_lost_something(session, package):  # noqa: F811
    name = package("pg_five", f0001_first=FIRST)
    newer = package("pg_six", f0001_first=FIRST, f0002_less=NARROWER, f0003_more="-- usable from schema 2\nSELECT 1;")
    upgrade(session, newer, 5)
    with pytest.raises(TheirFault, match="has schema 3, which needs a tectonics that knows schema 2; this one knows"
                                         " up to 1"):
        upgrade(session, name, 6)


def test_another_kind_of_database_is_refused(session, package):  # noqa: F811
    ours, theirs = package("pg_seven", f0001_first=FIRST), package("pg_eight", f0001_ledger=FIRST)
    upgrade(session, theirs, 5)
    with pytest.raises(TheirFault, match="another kind"):
        upgrade(session, ours, 5)


def test_a_database_of_something_else_is_refused(session, package):  # noqa: F811
    session.send("CREATE TABLE notes (n integer)")
    with pytest.raises(TheirFault, match="something else"):
        upgrade(session, package("pg_nine", f0001_first=FIRST), 5)


def test_daemons_that_start_at_once_do_not_collide(address, package):  # noqa: F811
    name = package("pg_ten", f0001_first=FIRST, f0002_more=WIDER)
    versions = []

    def start():
        with closing(connect(address, CHANGING)) as opened:
            versions.append(upgrade(opened, name, 5))

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert versions == [2] * 6
    with closing(connect(address)) as session:
        assert session.execute("SELECT * FROM a").fetchall() == [(1, 7)]
