"""Hot statements and gauges use an index: none reads a table that grows with the subscribers."""

import pytest

from tectonics.database.migrate import upgrade
from tectonics.database.sqlite import open_connection
from tectonics.store import accounts, messages, outbox, policy_log, queries, retention, ticket_log, unit
from tectonics.store.sqlite_store import MIGRATIONS

STATEMENTS = {f"{module.__name__}.{name}": text
              for module in (accounts, messages, outbox, policy_log, queries, retention, ticket_log, unit)
              for name, text in vars(module).items()
              if isinstance(text, str) and text.startswith(("SELECT", "UPDATE", "DELETE", "INSERT"))}
SMALL = ("policy_version", "consumer_cursor", "origin", "service_usage", "outbox")


@pytest.fixture
def connection(tmp_path):
    opened = open_connection(tmp_path / "store.db")
    upgrade(opened, MIGRATIONS, 1)
    return opened


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_no_statement_scans_a_large_table(connection, name):
    text = STATEMENTS[name]
    values = {key: 1 for key in ("me", "epoch", "now", "limit", "lease_until")} if ":me" in text else (
        [1] * text.count("?"))
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", values)]
    scans = [step for step in plan if step.startswith("SCAN") and not step.startswith(tuple(
        f"SCAN {table}" for table in SMALL)) and "USING COVERING INDEX" not in step and "CONSTANT" not in step]
    assert scans == [], plan


def test_the_gauges_read_only_the_partial_indexes(connection):
    for text, index in ((queries._OWED, "advance_due"), (queries._BARRED, "account_barred")):
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}")]
        assert any(f"USING COVERING INDEX {index}" in step for step in plan), plan


def test_loading_reads_only_what_is_unfinished(connection):
    for text, index in ((accounts._ADVANCES, "advance_unfinished"), (accounts._RECOVERIES, "recovery_unfinished")):
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", (1,))]
        assert any(index in step for step in plan), plan
