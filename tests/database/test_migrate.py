"""The migration runner: in order, all or nothing, backed up, and refusing what it does not know."""

import sqlite3
import sys

import pytest

from tectonics.database.migrate import current_version, newest_version, upgrade
from tectonics.database.sqlite import open_connection
from tectonics.domain.errors import OurFault, TheirFault

FIRST = "-- a comment; with a semicolon\nCREATE TABLE a (n integer);\nINSERT INTO a VALUES (1);\n"
SECOND = "ALTER TABLE a ADD COLUMN m integer NOT NULL DEFAULT 7;\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Writes SQL files into a package of their own and gives its name."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name, **scripts):
        folder = tmp_path / name
        folder.mkdir(exist_ok=True)
        (folder / "__init__.py").touch()
        for script, text in scripts.items():
            (folder / f"{script.removeprefix('f')}.sql").write_text(text)
        sys.modules.pop(name, None)
        return name

    return write


def test_a_fresh_database_gets_everything_once(tmp_path, package):
    name = package("one", f0001_first=FIRST, f0002_more=SECOND)
    connection = open_connection(tmp_path / "a.db")
    assert upgrade(connection, name, 5) == 2 == newest_version(name)
    assert upgrade(connection, name, 6) == 2
    assert connection.execute("SELECT * FROM a").fetchall() == [(1, 7)]
    assert connection.execute("SELECT version, name, at FROM schema_version").fetchall() == [
        (1, "0001_first.sql", 5), (2, "0002_more.sql", 5)]
    assert not list(tmp_path.glob("*.backup"))


def test_an_upgrade_backs_up_first_and_leads_to_the_same_schema(tmp_path, package):
    name = package("two", f0001_first=FIRST)
    connection = open_connection(tmp_path / "a.db")
    upgrade(connection, name, 5)
    package("two", f0002_more=SECOND)
    assert upgrade(connection, name, 9) == 2
    backup = sqlite3.connect(tmp_path / "a.db.v1.backup")
    assert current_version(backup) == 1
    assert backup.execute("SELECT * FROM a").fetchall() == [(1,)]
    fresh = open_connection(tmp_path / "b.db")
    upgrade(fresh, name, 9)
    schema = "SELECT name, sql FROM sqlite_master ORDER BY name"
    assert fresh.execute(schema).fetchall() == connection.execute(schema).fetchall()


def test_a_migration_that_fails_leaves_the_version_before(tmp_path, package):
    name = package("three", f0001_first=FIRST, f0002_bad="CREATE TABLE b (n integer);\nINSERT INTO nowhere VALUES (1);\n")
    connection = open_connection(tmp_path / "a.db")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        upgrade(connection, name, 5)
    assert current_version(connection) == 1
    assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'b'").fetchone() is None
    assert not connection.in_transaction


def test_a_newer_schema_is_refused_and_untouched(tmp_path, package):
    name = package("four", f0001_first=FIRST)
    connection = open_connection(tmp_path / "a.db")
    upgrade(connection, name, 5)
    connection.execute("INSERT INTO schema_version VALUES (2, '0002_future.sql', 6)")
    with pytest.raises(TheirFault, match="has schema 2 and this program knows up to 1"):
        upgrade(connection, name, 7)
    assert current_version(connection) == 2


def test_another_kind_of_database_is_refused(tmp_path, package):
    ours, theirs = package("five", f0001_first=FIRST), package("six", f0001_ledger=FIRST)
    connection = open_connection(tmp_path / "a.db")
    upgrade(connection, theirs, 5)
    with pytest.raises(TheirFault, match="another kind"):
        upgrade(connection, ours, 5)
    foreign = open_connection(tmp_path / "b.db")
    foreign.execute("CREATE TABLE notes (n integer)")
    with pytest.raises(TheirFault, match="something else"):
        upgrade(foreign, ours, 5)


def test_two_processes_that_upgrade_at_once(tmp_path, package):
    name = package("seven", f0001_first=FIRST)
    first, second = open_connection(tmp_path / "a.db"), open_connection(tmp_path / "a.db")
    assert upgrade(first, name, 5) == upgrade(second, name, 6) == 1
    assert second.execute("SELECT * FROM a").fetchall() == [(1,)]


@pytest.mark.parametrize("scripts", [{}, {"f0002_x": FIRST}, {"f0001_x": FIRST, "f0003_y": SECOND}])
def test_a_gap_in_the_numbers_is_our_fault(package, scripts):
    with pytest.raises(OurFault):
        newest_version(package("gap", **scripts))


def test_a_script_without_its_last_semicolon_is_our_fault(tmp_path, package):
    name = package("eight", f0001_first="CREATE TABLE a (n integer)")
    with pytest.raises(OurFault, match="whole statement"):
        upgrade(open_connection(tmp_path / "a.db"), name, 1)
