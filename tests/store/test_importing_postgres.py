"""What only PostgreSQL does: COPY's own escapes, waiting for locks, a connection that is cut."""

from contextlib import closing
from dataclasses import replace

import psycopg2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg2 import errors

from tectonics.database.postgres import CHANGING, connect
from tectonics.domain.subscriber import Account, Bar, Profile
from tectonics.store import importing_postgres
from tectonics.store.importing import position_of
from tectonics.store.importing_merge import Change
from tectonics.store.importing_postgres import open_postgres_target
from tests.store.building import NOW
from tests.store.importing import run

BASE = 33_700_000_000
ROWS = "msisdn,kind\n" + "".join(f"{BASE + number},prepaid\n" for number in range(8))


@pytest.fixture
def target(server_world):
    target = open_postgres_target(server_world.address, NOW)
    target.chunk_rows = 4
    yield target
    target.close()


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30) | st.sampled_from(
    ["\\", "\\N", "\\.", "\\t", '"', "'", "a\\\"b", "{}", "%s", "é😀"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TEXTS, TEXTS, st.data())
def test_every_text_comes_back_as_it_was(target, text, node, data):
    number = data.draw(st.integers(10**10, 10**11))
    profile = Profile("prepaid", node=node, bar=Bar("admin", NOW, text))
    known = target.read([number]).get(number)
    version = known.version if known else 0
    account = Account(str(number), version=version, profile=profile)
    target.write([Change(version, account, ())], lambda lost: None, "b")
    assert target.read([number]) == {number: replace(account, version=version + 1)}


def test_a_row_that_stays_locked_stops_the_import_and_nothing_is_lost(server_world, target, monkeypatch):
    monkeypatch.setattr(importing_postgres, "WRITING", {**importing_postgres.WRITING, "lock_timeout": "20ms"})
    impatient = importing_postgres.open_postgres_reader(server_world.address)
    impatient.chunk_rows = 4
    with closing(connect(server_world.address, CHANGING)) as daemon, closing(impatient):
        daemon.send("BEGIN")
        daemon.send("INSERT INTO account VALUES (%s, 1, 1, 'daemon', 0, '{}', '{}')", (BASE + 5,))
        with pytest.raises(errors.LockNotAvailable):
            run(impatient, ROWS)
        assert position_of(target.bookmark("import:f"), "f").inserted == 4
        daemon.send("ROLLBACK")
    position, _ = run(target, ROWS)
    assert (position.read, position.inserted, position.rejected) == (8, 8, 0)


def test_a_connection_that_is_cut_is_no_harm(server_world, target):
    class Cut:
        chunk_rows = 4
        read, advance_ids, bookmark, forget = target.read, target.advance_ids, target.bookmark, target.forget
        chunks = 0

        def write(self, changes, settle, bookmark):
            def settle_and_cut(lost):
                self.chunks += 1
                if self.chunks == 2:
                    server_world.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                                       " WHERE pid <> pg_backend_pid() AND datname = current_database()")
                return settle(lost)
            target.write(changes, settle_and_cut, bookmark)

    with pytest.raises(psycopg2.OperationalError):
        run(Cut(), ROWS)
    with closing(open_postgres_target(server_world.address, NOW)) as again:
        position, _ = run(again, ROWS)
    assert (position.read, position.inserted) == (8, 8)
