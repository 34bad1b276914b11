"""The ledger: every refusal moves nothing, every operation is whole, and the sums always agree."""

import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tectonics.billing import ledger_reads as reads
from tectonics.billing.entries import (
    CREDIT,
    DEBIT,
    FORGETTING,
    RECHARGE,
    REVERSAL,
    SPEND,
    Blocking,
    Entry,
    LookUp,
    Opening,
)
from tectonics.billing.ledger import apply, open_accounts
from tectonics.database.migrate import upgrade
from tectonics.database.sqlite import open_connection
from tectonics.domain.errors import OurFault
from tectonics.domain.outcome import Done, NotFound, Refused

A, B = "33600000001", "33600000002"
DAY = 86_400_000


def opened(path):
    connection = open_connection(path)
    upgrade(connection, "tectonics.billing.migrations", 0)
    return connection


@pytest.fixture
def ledger(tmp_path):
    connection = opened(tmp_path / "ledger.sqlite")
    apply(connection, [Opening(A, "EUR", 0, balance_minor=100), Opening(B, "EUR", 0)])
    yield connection
    connection.close()


def entry(kind, amount_minor=0, op="", msisdn=A, at=1000, source="lending", **more):
    return Entry(msisdn, op, kind, at, source, amount_minor, **more)


def main_minor(connection, msisdn=A):
    return reads.account(connection, msisdn, 1000).main_minor


def test_an_opening_happens_once(ledger):
    assert apply(ledger, [Opening(A, "USD", 5, balance_minor=900), Opening("33699999999", "EUR", 5)]) == [
        False,
        True,
    ]
    account = reads.account(ledger, A, 0)
    assert (account.currency, account.main_minor) == ("EUR", 100)
    assert [m.kind for m in reads.movements(ledger, A, 10)] == ["opening"]


def test_credit_debit_and_what_is_remembered(ledger):
    credit, debit = entry(CREDIT, 200, "c1"), entry(DEBIT, 250, "d1")
    assert apply(ledger, [credit, debit, credit, debit]) == [
        Done("L2", 300),
        Done("L3", 50),
        Done("L2", 300),
        Done("L3", 50),
    ]
    assert apply(ledger, [LookUp(A, "c1"), LookUp(A, "never")]) == [Done("L2", 300), NotFound()]
    assert main_minor(ledger) == 50


def test_one_that_forgets_does_it_again(ledger):
    credit = entry(CREDIT, 200, "c1", known_since_at=FORGETTING)
    assert apply(ledger, [credit, credit]) == [Done("L2", 300), Done("L3", 500)]
    debit = entry(DEBIT, 400, "d1", known_since_at=FORGETTING)
    assert [type(a) for a in apply(ledger, [debit, debit, LookUp(A, "d1")])] == [Done, Refused, Done]


def test_the_window_is_the_time_since_it_was_done(ledger):
    later = entry(CREDIT, 200, "c1", at=5000, known_since_at=1001)
    assert apply(ledger, [entry(CREDIT, 200, "c1", at=1000), later, later]) == [
        Done("L2", 300),
        Done("L3", 500),
        Done("L3", 500),
    ]


@pytest.mark.parametrize(
    "asked, reason",
    [
        (entry(DEBIT, 101), "insufficient"),
        (entry(SPEND, 101), "insufficient"),
        (entry(CREDIT, 1, msisdn="33677777777"), "unknown_subscriber"),
        (entry(CREDIT, 1, currency="USD"), "rejected"),
        (entry(CREDIT, 0), "rejected"),
        (entry(CREDIT, -5), "rejected"),
        (entry(CREDIT, 1, balance_type="gold"), "rejected"),
        (entry(DEBIT, 1, balance_type="data"), "rejected"),
        (entry(CREDIT, 10**15), "rejected"),
        (entry(REVERSAL, ref="tcp:none"), "unknown_recharge"),
    ],
)
def test_refusals_move_nothing(ledger, asked, reason):
    before = reads.movements_after(ledger, 0, 100)
    assert apply(ledger, [asked])[0].reason == reason
    assert reads.movements_after(ledger, 0, 100) == before


def test_a_refused_operation_of_lending_stays_refused_and_a_feeds_does_not(ledger):
    lending, feed = (
        entry(DEBIT, 500, "d"),
        entry(RECHARGE, 500, "tcp:1", source="feed:tcp", msisdn="33677777777"),
    )
    assert [a.reason for a in apply(ledger, [lending, feed])] == ["insufficient", "unknown_subscriber"]
    apply(ledger, [entry(CREDIT, 900, "c"), Opening("33677777777", "EUR", 0)])
    again = apply(ledger, [lending, feed, LookUp(A, "d")])
    assert [type(a) for a in again] == [Refused, Done, Refused]


def test_a_blocked_account_only_takes_reversals(ledger):
    apply(ledger, [entry(RECHARGE, 50, "till:1", source="till")])
    assert apply(ledger, [Blocking(A, True), Blocking(A, True)]) == [True, False]
    kinds = [entry(CREDIT, 1), entry(DEBIT, 1), entry(SPEND, 1), entry(RECHARGE, 1)]
    assert {a.reason for a in apply(ledger, kinds)} == {"blocked"}
    assert isinstance(apply(ledger, [entry(REVERSAL, op="r", ref="till:1")])[0], Done)
    assert apply(ledger, [Blocking(A, False), entry(CREDIT, 1)])[1] == Done("L4", 101)


def test_a_reversal_happens_once_and_may_make_the_balance_negative(ledger):
    apply(ledger, [entry(RECHARGE, 50, "tcp:1"), entry(SPEND, 150)])
    reversal = entry(REVERSAL, op="tcp:2", ref="tcp:1")
    assert apply(ledger, [reversal, reversal]) == [Done("L4", -50)] * 2
    again = apply(ledger, [entry(REVERSAL, op="tcp:3", ref="tcp:1")])[0]
    assert again == Refused("rejected", "the recharge is taken back already")
    assert apply(ledger, [entry(REVERSAL, op="x", ref="tcp:2")])[0].reason == "unknown_recharge"
    assert apply(ledger, [entry(REVERSAL, op="x", ref="tcp:1", msisdn=B)])[0].reason == "unknown_recharge"
    assert main_minor(ledger) == -50


def test_a_bonus_expires_and_main_does_not(ledger):
    bonus = entry(CREDIT, 70, "b", balance_type="data", expires_at=2000)
    assert apply(ledger, [bonus, entry(CREDIT, 1, "m", expires_at=2000)]) == [
        Done("L2", None),
        Done("L3", 101),
    ]
    shown = {b.balance_type: b.amount_minor for b in reads.account(ledger, A, 1999).balances}
    assert shown == {"main": 101, "data": 70}
    assert {b.balance_type: b.amount_minor for b in reads.account(ledger, A, 2000).balances} == {
        "main": 101,
        "data": 0,
    }
    apply(ledger, [entry(CREDIT, 5, "b2", at=3000, balance_type="data", expires_at=9000)])
    assert [(m.kind, m.amount_minor) for m in reads.movements(ledger, A, 2)] == [
        ("credit", 5),
        ("expiry", -70),
    ]
    assert reads.audit(ledger) == []


def test_a_bonus_that_is_topped_up_lives_as_long_as_the_newest(ledger):
    for op, expires_at in (("b1", 9000), ("b2", 5000)):
        apply(ledger, [entry(CREDIT, 10, op, balance_type="sms", expires_at=expires_at)])
    assert [
        (b.amount_minor, b.expires_at)
        for b in reads.account(ledger, A, 6000).balances
        if b.balance_type == "sms"
    ] == [(20, 9000)]


def test_an_item_that_fails_does_not_take_its_neighbours_down(ledger):
    ledger.execute(
        "CREATE TRIGGER sabotage BEFORE INSERT ON movement WHEN new.op = 'bad'"
        " BEGIN SELECT raise(ABORT, 'sabotage'); END"
    )
    answers = apply(ledger, [entry(CREDIT, 1, "a"), entry(CREDIT, 10, "bad"), entry(CREDIT, 100, "b")])
    assert [type(a) for a in answers] == [Done, OurFault, Done]
    assert main_minor(ledger) == 201
    assert reads.audit(ledger) == []
    assert not ledger.in_transaction


class FailingCommit:
    """A connection whose COMMIT reports an error after or before it took place."""

    def __init__(self, connection, happens):
        self.connection, self.happens = connection, happens

    in_transaction = property(lambda self: self.connection.in_transaction)

    def execute(self, text, *values):
        if text == "COMMIT":
            if self.happens:
                self.connection.execute(text)
            raise sqlite3.OperationalError("disk I/O error")
        return self.connection.execute(text, *values)


@pytest.mark.parametrize("happens", [True, False])
def test_an_ambiguous_commit_is_our_fault_and_never_tried_again(ledger, happens):
    with pytest.raises(OurFault):
        apply(FailingCommit(ledger, happens), [entry(CREDIT, 10, "c", known_since_at=FORGETTING)])
    assert main_minor(ledger) == (110 if happens else 100)
    assert apply(ledger, [LookUp(A, "c")]) == [Done("L2", 110) if happens else NotFound()]


def test_what_was_committed_survives_a_kill_and_what_was_not_does_not(tmp_path):
    path = tmp_path / "ledger.sqlite"
    killed = opened(path)
    apply(killed, [Opening(A, "EUR", 0), entry(CREDIT, 10, "done")])
    killed.execute("BEGIN IMMEDIATE")
    killed.execute("UPDATE balance SET amount_minor = 0")
    killed.close()
    again = opened(path)
    assert apply(again, [LookUp(A, "done"), LookUp(A, "other")]) == [Done("L1", 10), NotFound()]
    assert main_minor(again) == 10
    again.close()


def test_many_accounts_are_opened_in_bounded_transactions(tmp_path):
    connection = opened(tmp_path / "ledger.sqlite")
    openings = [Opening(str(33600000000 + n), "EUR", 0, balance_minor=n % 3) for n in range(25_000)]
    assert open_accounts(connection, iter(openings)) == 25_000
    assert open_accounts(connection, openings[:10]) == 0
    assert reads.audit(connection) == []
    connection.close()


def test_cursors_tell_everything_once_in_order(ledger):
    apply(ledger, [entry(RECHARGE, 5, f"till:{n}", source="till" if n % 2 else "feed:tcp") for n in range(9)])
    assert [m.op for m in reads.till_after(ledger, 0, 100)] == ["till:1", "till:3", "till:5", "till:7"]
    seen, position = [], 0
    while page := reads.movements_after(ledger, position, 2):
        seen += [m.position for m in page]
        position = page[-1].position
    assert seen == list(range(1, 11))


ENTRIES = st.builds(
    entry,
    st.sampled_from([CREDIT, DEBIT, RECHARGE, SPEND, REVERSAL]),
    st.integers(-1, 60),
    st.sampled_from(["", "a", "b", "c", "d"]),
    st.sampled_from([A, B, "33677777777"]),
    st.integers(0, 3000),
    st.sampled_from(["lending", "till"]),
    ref=st.sampled_from(["a", "b"]),
    balance_type=st.sampled_from(["main", "main", "data"]),
    expires_at=st.integers(0, 3000),
    known_since_at=st.sampled_from([0, 0, 1500, FORGETTING]),
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(ENTRIES, max_size=8), max_size=6))
def test_sums_agree_and_only_a_reversal_goes_below_zero(tmp_path_factory, batches):
    connection = opened(tmp_path_factory.mktemp("ledger") / "ledger.sqlite")
    apply(connection, [Opening(A, "EUR", 0, balance_minor=40), Opening(B, "EUR", 0)])
    for batch in batches:
        for answer in apply(connection, batch):
            assert isinstance(answer, Done | Refused)
    assert reads.audit(connection) == []
    for movement in reads.movements_after(connection, 0, 1000):
        if movement.balance_minor < 0 and movement.amount_minor < 0:
            assert movement.kind == REVERSAL
    connection.close()


def test_the_audit_sees_a_cent(ledger):
    ledger.execute("UPDATE balance SET amount_minor = amount_minor + 1")
    assert reads.audit(ledger) == [(A, "main", 101, 100)]
