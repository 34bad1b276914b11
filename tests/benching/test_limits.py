"""What pgbench printed, and the books of a store and a ledger that were filled by hand."""

from contextlib import closing

import pgbench
import pytest
from books import Books
from engines import fill_file
from people import FIRST_MSISDN, configure, fill_ledger, numbers

from tectonics.billing.entries import CREDIT, LENDING, Entry
from tectonics.billing.ledger import apply
from tectonics.database.sqlite import open_connection

NOW = 1_700_000_000_000
PRINTED = """transaction type: session.pgbench
number of transactions actually processed: 18840
number of failed transactions: 0 (0.000%)
latency average = 106.157 ms
initial connection time = 201.010 ms
tps = 1884.0 (without initial connection time)
"""


def test_what_pgbench_printed():
    assert pgbench.result(PRINTED) == {"sessions": 18840, "seconds": 10.0}


@pytest.fixture
def files(tmp_path):
    """(a connection to a store, its path, a ledger's path), with three subscribers and nothing lent."""
    settings = configure(tmp_path)
    store, ledger = tmp_path / "store/tectonics.db", tmp_path / "store/ledger.db"
    fill_file(store, settings, 3, NOW)
    fill_ledger(ledger, settings, numbers(3), NOW)
    with closing(open_connection(store)) as connection:
        yield connection, ledger


def ticket(connection, seq, type, at, origin="n1"):
    connection.execute("INSERT INTO ticket (origin, seq, at, type, msisdn, body) VALUES (?, ?, ?, ?, 1, '{}')",
                       (origin, seq, at, type))


def test_books_of_a_store_in_which_nothing_happened(files):
    books = Books(files[0], files[1:])
    assert books.check() == [] and books.advances((0, NOW)) == 0 and books.recoveries(0) == (0, 0.0)


def test_tickets_are_counted_within_the_window(files):
    for seq, (type, at) in enumerate([("advance.granted", 999), ("advance.granted", 1000), ("advance.granted", 2000),
                                      ("recovery.full", 2500), ("recovery.full", 4000), ("advance.granted", 2001)], 1):
        ticket(files[0], seq, type, at)
    books = Books(files[0], files[1:])
    assert books.advances((999.6, 2000.4)) == 2
    assert books.recoveries(2000.0) == (2, 1.5)
    assert books.check() == []


def test_a_gap_in_the_numbers_is_found_and_pgbench_may_have_gaps(files):
    for seq in (1, 2, 4):
        ticket(files[0], seq, "advance.granted", NOW)
        ticket(files[0], seq, "advance.granted", NOW, "pgbench7")
    assert Books(files[0], files[1:]).check() == ["3 tickets of n1 have 4 numbers"]


def test_credit_that_the_store_does_not_know_is_found(files):
    with closing(open_connection(files[1])) as ledger:
        apply(ledger, [Entry(str(FIRST_MSISDN), "op1", CREDIT, NOW, LENDING, 200, "EUR")])
    assert Books(files[0], files[1:]).check() == ["the store has lent 0, the ledger has credited 200"]
