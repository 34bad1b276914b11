"""What the auditor reads: the order in which tickets were committed, and nothing that could be written."""

from contextlib import closing

import psycopg2
import pytest

from tectonics.simulators.soak.books import read_store, tickets_as_committed

INSERT = "INSERT INTO ticket (msisdn, origin, seq, at, type, body) VALUES (1, %s, %s, 0, 'x', '{}')"


def test_tickets_of_two_origins_come_as_their_transactions_began(postgres_address):
    url = postgres_address().url
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        for units in ([("n2", 1)], [("n1", 1), ("n1", 2)], [("n2", 2)], [("n1", 3)]):
            for unit in units:
                cursor.execute(INSERT, unit)
            connection.commit()
    with read_store(url) as rows:
        assert [(origin, seq) for origin, seq, _ in rows(tickets_as_committed(url))] == [
            ("n2", 1), ("n1", 1), ("n1", 2), ("n2", 2), ("n1", 3)]
        with pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
            rows("DELETE FROM ticket")
