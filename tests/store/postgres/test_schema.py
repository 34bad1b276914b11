"""The schema: the same numbers on both engines, every hot statement by index, old dumps upgraded to the same thing."""

import re
from contextlib import closing
from pathlib import Path

import pytest

from tectonics.database.arrays import Prepared
from tectonics.database.migrate import read_scripts
from tectonics.database.postgres import CHANGING, READING, WRITING, Address, connect
from tectonics.store import messages, sqlite_store
from tectonics.store.postgres import loads, opening, statements
from tests.store.building import NOW

DUMPS = sorted((Path(__file__).parent / "dumps").glob("*.sql"))
CATALOGUE = {
    "columns": """SELECT table_name, column_name, data_type, collation_name, is_nullable, column_default
        FROM information_schema.columns WHERE table_schema = 'public'
            AND table_name !~ '^ticket_2' ORDER BY 1, 2""",
    "indexes": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename !~ '^ticket_2' ORDER BY 1",
    "constraints": """SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint
        WHERE conrelid::regclass::text !~ '^(ticket_2|pg_|information_schema|-)' AND conrelid <> 0 ORDER BY 1, 2""",
    "storage": "SELECT relname::text, reloptions FROM pg_class WHERE relnamespace = 'public'::regnamespace"
               " AND relname !~ '^ticket_2' ORDER BY 1"}
PER_SUBSCRIBER = ("account", "advance", "recovery", "trigger_seen", "outbox", "message", "ticket")


def catalogue(address):
    with closing(connect(address)) as session:
        return {name: session.execute(text).fetchall() for name, text in CATALOGUE.items()}


def test_both_engines_have_the_same_migrations():
    assert [name for name, _ in read_scripts(sqlite_store.MIGRATIONS)] == [
        name for name, _ in read_scripts(opening.MIGRATIONS)]


def test_both_engines_have_the_same_columns(world, server_world):
    world.open()
    found = {(table, column) for table, column, *_ in catalogue(server_world.address)["columns"]}
    tables = {table for table, _ in found} - {"ticket_other", "schema_version"}
    if hasattr(world, "path"):
        there = {(table, row[1]) for table in tables for row in world.query(f"PRAGMA table_info({table})")}
        assert there == {(table, column) for table, column in found if table in tables}


@pytest.mark.parametrize("dump", DUMPS, ids=lambda path: path.stem)
def test_an_old_dump_upgraded_is_a_fresh_schema(postgres_server, postgres_address, dump):
    old = Address(postgres_server.url(postgres_server.new_database()))
    text = "\n".join(line for line in dump.read_text().splitlines() if not line.startswith("\\"))
    with closing(connect(old, CHANGING)) as session:
        session.send(text)
        session.send("SET search_path = public")
        before = session.execute("SELECT count(*) FROM account").fetchone()[0]
    assert opening.upgrade(old, NOW) == len(read_scripts(opening.MIGRATIONS))
    assert catalogue(old) == catalogue(postgres_address())
    with closing(connect(old)) as session:
        assert session.execute("SELECT count(*) FROM account").fetchone()[0] == before > 0


@pytest.mark.parametrize("table", PER_SUBSCRIBER)
def test_keys_of_what_belongs_to_a_subscriber_begin_with_his_number(server_world, table):
    keys = [definition for name, definition in catalogue(server_world.address)["constraints"]
            if name == table and definition.startswith(("PRIMARY", "UNIQUE"))]
    assert keys and all(re.match(r"PRIMARY KEY \(msisdn\b", key) for key in keys)


def test_nothing_is_asked_of_the_database_that_a_cluster_cannot_do():
    texts = [text for _, text in read_scripts(opening.MIGRATIONS)] + [one.text for one in (*statements.ALL, *loads.ALL)]
    code = re.sub(r"--.*", "", "\n".join(texts)).lower()
    for word in ("now()", "clock_timestamp", "random", "serial", "nextval", "deferr", "create trigger", "current_time",
                 "skip locked", "for update"):
        assert word not in code, word


@pytest.fixture(scope="module")
def filled(postgres_server):
    """A database in which reading a whole table would be noticed."""
    address = Address(postgres_server.url(postgres_server.new_database("empty_store")))
    with closing(connect(address, CHANGING)) as session:
        session.send("INSERT INTO account SELECT n, 1, 1, 'u', 0, '{}', '{}' FROM generate_series(1, 3000) n")
        session.send("INSERT INTO advance SELECT n, 'A' || n, 1, 'open', 1, 'c', 't', n, n, NULL, 1, 1, 1, '{}'"
                     " FROM generate_series(1, 3000) n")
        session.send("INSERT INTO recovery SELECT n, 'R' || n, 1, 'waiting', 1, 'f', 'r', n, 1, '{}'"
                     " FROM generate_series(1, 3000) n")
        session.send("INSERT INTO trigger_seen SELECT n, 'c', 't' || n, n, NULL FROM generate_series(1, 3000) n")
        session.send("INSERT INTO outbox SELECT n, 'o' || n, 'credit', 'send', 'n1', 1, n, n, n, 0, '{}'"
                     " FROM generate_series(1, 3000) n")
        session.send("INSERT INTO message SELECT n, 'o' || n, 1, 1, 1, 'n1', 'sent', 's', 'i' || n, 1, 0, n, n"
                     " FROM generate_series(1, 3000) n")
        session.send("ANALYZE")  # as autovacuum does
    return address


@pytest.mark.parametrize(("prepared", "settings"), [
    *((one, WRITING) for one in statements.ALL), *((one, READING) for one in loads.ALL)],
    ids=lambda value: value.name if isinstance(value, Prepared) else "")
def test_no_hot_statement_reads_a_whole_table_or_index(filled, prepared, settings):
    samples = {"bigint[]": [1, 2], "text[]": ["a", "b"], "bytea[]": [b"a", b"b"], "text": "n1", "bigint": 1}
    with closing(connect(filled, {**settings, "default_transaction_read_only": "off"}, (prepared,))) as session:
        session.send("BEGIN")
        values = prepared.values([samples[kind] for kind in prepared.types])
        plan = [line for line, in session.send(f"EXPLAIN {prepared.call}", values)]
        session.send("ROLLBACK")
    for number, line in enumerate(plan):
        assert "Seq Scan" not in line, plan
        if re.search(r"(Index|Index Only|Bitmap Index) Scan", line):
            assert "Index Cond: " in plan[number + 1] and "msisdn" in plan[number + 1], plan


@pytest.mark.parametrize("analyzed", [False, True])
def test_a_receipt_is_looked_up_by_the_centres_id(server_world, analyzed):
    server_world.open()
    server_world.query("INSERT INTO message SELECT n, 'o' || n, 1, 1, 1, 'n1', 'sent', 's', 'i' || n, 1, 0, n, n"
                       " FROM generate_series(1, 3000) n RETURNING 1")
    with closing(connect(server_world.address, {**READING, "default_transaction_read_only": "off"})) as session:
        if analyzed:
            session.send("ANALYZE message")
        plan = [line for line, in session.execute(f"EXPLAIN {messages._FIND}", ("s", "i7")).fetchall()]
    assert any("message_id" in line for line in plan), plan
