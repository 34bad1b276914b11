"""What an operator is told of his server, and a cluster that is not one."""

from contextlib import closing

import pytest

from tectonics.database.postgres import LISTING, connect
from tectonics.domain.errors import TheirFault
from tectonics.store.postgres.inspection import distribute, inspect
from tectonics.store.postgres.opening import MIGRATIONS


@pytest.fixture
def session(postgres_address):
    with closing(connect(postgres_address(), LISTING)) as opened:
        yield opened


def test_the_schema_and_the_months_are_told(session):
    found = inspect(session, MIGRATIONS)
    assert found["schema"] == found["newest"] >= 1 and found["citus"] == "not installed"
    assert found["months"][-1] == "ticket_other" and len(found["months"]) == 4


def test_settings_that_lose_money_are_wrong(session):
    verdicts = {one["name"]: one["verdict"] for one in inspect(session, MIGRATIONS)["settings"]}
    assert verdicts["fsync"] == "wrong"  # the server of the tests
    assert verdicts["full_page_writes"] == verdicts["synchronous_commit"] == "good"
    assert verdicts["synchronous_standby_names"] == "advice"
    session.send("SET synchronous_commit = local")
    verdicts = {one["name"]: one["verdict"] for one in inspect(session, MIGRATIONS)["settings"]}
    assert verdicts["synchronous_commit"] == "wrong"


def test_a_server_without_citus_says_what_to_do(session):
    with pytest.raises(TheirFault, match="has no Citus: put citus into shared_preload_libraries"):
        distribute(session, MIGRATIONS)


def test_a_cluster_gets_the_statements_of_the_file_once(session):
    """A stand-in for the session of a Citus coordinator."""
    sent = []

    class Coordinator:
        def __getattr__(self, name):
            return getattr(session, name)

        def execute(self, statement, values=()):
            if "pg_extension" in statement:
                return session.execute("SELECT '13.2'")
            if "pg_dist_partition" in statement:
                return session.execute("SELECT 1 WHERE ?", (bool(sent),))
            return session.execute(statement, values)

        def send(self, text, values=()):
            sent.append(text)

    statements = distribute(Coordinator(), MIGRATIONS)
    assert sent == statements and len(statements) == 8
    assert all("'msisdn'" in one for one in statements[:-1])
    assert [one.partition("('")[2].partition("'")[0] for one in statements] == [
        "account", "advance", "recovery", "trigger_seen", "outbox", "message", "ticket", "origin"]
    with pytest.raises(TheirFault, match="distributed already"):
        distribute(Coordinator(), MIGRATIONS)
