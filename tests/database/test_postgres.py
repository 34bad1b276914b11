"""Sessions of PostgreSQL that behave as SQLite's, and addresses that cannot be used."""

from contextlib import closing

import psycopg2
import pytest

from tectonics.database.postgres import CHANGING, LISTING, READING, WRITING, Address, connect
from tectonics.domain.errors import TheirFault


@pytest.fixture
def address(postgres_address):
    return postgres_address()


def test_parameters_are_written_as_for_sqlite(address):
    with closing(connect(address)) as session:
        assert session.execute("SELECT ?, ?", (1, "a%?")).fetchone() == (1, "a%?")
        assert session.execute("SELECT :n + :n, :t", {"n": 2, "t": "x"}).fetchone() == (4, "x")
        assert session.execute("SELECT 1 WHERE 'abc' LIKE 'a%'").fetchall() == [(1,)]
        assert session.execute("SELECT 5 % ?", (3,)).fetchone() == (2,)


def test_sums_are_whole_numbers_and_blobs_are_bytes(address):
    with closing(connect(address)) as session:
        assert session.execute("SELECT sum(n::bigint) FROM generate_series(1, 3) n").fetchone() == (6,)
        assert type(session.execute("SELECT sum(1::bigint)").fetchone()[0]) is int
        assert session.execute("SELECT ?::bytea, NULL::bytea, NULL::numeric", (b"\0\xff",)).fetchone() == (
            b"\0\xff", None, None)


def test_changed_rows_are_counted_as_sqlite_does(address):
    with closing(connect(address, CHANGING)) as session:
        before = session.total_changes
        session.execute("INSERT INTO bookmark VALUES ('a', '1'), ('b', '2')")
        session.execute("UPDATE bookmark SET value = '3'")
        session.execute("SELECT * FROM bookmark")
        assert session.execute("DELETE FROM bookmark WHERE name = ?", ("none",)).rowcount == 0
        assert session.total_changes == before + 4


@pytest.mark.parametrize("settings", [READING, LISTING])
def test_readers_cannot_write(address, settings):
    with closing(connect(address, settings)) as session, pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        session.execute("INSERT INTO bookmark VALUES ('a', '1')")


def test_waits_have_a_bound(address):
    with closing(connect(address, {**LISTING, "statement_timeout": "50ms"})) as session, \
            pytest.raises(psycopg2.errors.QueryCanceled):
        session.execute("SELECT pg_sleep(5)")
    with closing(connect(address, CHANGING)) as holder, \
            closing(connect(address, {**WRITING, "lock_timeout": "50ms"})) as waiter:
        holder.send("BEGIN; LOCK TABLE bookmark")
        with pytest.raises(psycopg2.errors.LockNotAvailable):
            waiter.execute("INSERT INTO bookmark VALUES ('a', '1')")


def test_a_server_that_does_not_wait_for_the_disk_is_made_to(address, postgres_server):
    database = address.url.partition("///")[2].partition("?")[0]
    postgres_server.execute(f"ALTER DATABASE {database} SET synchronous_commit = off")
    with closing(connect(address, WRITING)) as session:
        assert session.execute("SHOW synchronous_commit").fetchone() == ("on",)
    postgres_server.execute(f"ALTER DATABASE {database} SET synchronous_commit = remote_apply")
    with closing(connect(address, WRITING)) as session:
        assert session.execute("SHOW synchronous_commit").fetchone() == ("remote_apply",)


def test_the_next_host_is_taken_when_the_first_is_away(address):
    where = address.url.partition("host=")[2].partition("&")[0]
    url = address.url.replace(f"host={where}", f"host=/nowhere,{where}")
    with closing(connect(Address(url))) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_only_reads_is_not_taken(address, postgres_server):
    database = address.url.partition("///")[2].partition("?")[0]
    postgres_server.execute(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    with pytest.raises(psycopg2.OperationalError, match="read-only"):
        connect(address)


def test_the_password_comes_from_its_file_at_each_connection(address, tmp_path):
    file = tmp_path / "password"
    with pytest.raises(TheirFault, match="password cannot be read"):
        connect(Address(address.url, file))
    file.write_text("secret\n")
    with closing(connect(Address(address.url, file))) as session:
        assert session.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.parametrize("url", ["postgresql:///x?no_such=1", "postgresql://[::1/x"])
def test_an_address_that_is_none_is_one_sentence(url):
    with pytest.raises(TheirFault, match="cannot be read"):
        connect(Address(url))


def test_the_parameters_of_the_url_win(address):
    with closing(connect(Address(address.url + "&application_name=mine"))) as session:
        assert session.execute("SHOW application_name").fetchone() == ("mine",)
    with closing(connect(Address(address.url, name="tectonics n1"))) as session:
        assert session.execute("SHOW application_name").fetchone() == ("tectonics n1",)
