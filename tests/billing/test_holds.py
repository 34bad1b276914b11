"""Session credit control in the ledger: what is held is not there for anybody else, and is taken once or let go."""

import sqlite3
from importlib.resources import files

import pytest

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
    Hold,
    LookUp,
    Opening,
    Settlement,
)
from tectonics.billing.holds import HELD_MS_MAX, KEPT_MS, SWEPT
from tectonics.billing.ledger import apply
from tectonics.database.migrate import upgrade
from tectonics.domain.errors import OurFault
from tectonics.domain.money import AMOUNT_MINOR_MAX
from tectonics.domain.outcome import Done, NotFound, Refused

from .test_ledger import FailingCommit, opened

A, B, NOBODY = "33600000001", "33600000002", "33677777777"
UNTIL = 10_000


@pytest.fixture
def ledger(tmp_path):
    connection = opened(tmp_path / "ledger.sqlite")
    apply(connection, [Opening(A, "EUR", 0, balance_minor=100), Opening(B, "EUR", 0)])
    yield connection
    assert reads.audit(connection) == []
    connection.close()


def hold(op, amount_minor=60, session="s1", at=1000, expires_at=UNTIL, msisdn=A, currency="EUR", **more):
    return Hold(msisdn, op, session, at, amount_minor, currency, expires_at, **more)


def settlement(op, amount_minor=0, session="s1", at=2000, msisdn=A, currency="EUR", **more):
    return Settlement(msisdn, op, session, at, amount_minor, currency, **more)


def entry(kind, amount_minor=0, op="", at=1000, **more):
    return Entry(A, op, kind, at, more.pop("source", "lending"), amount_minor, **more)


def shown(connection, at=1000, msisdn=A):
    account = reads.account(connection, msisdn, at)
    return account.main_minor, account.held_minor, account.available_minor


def moved(connection):
    return [(m.kind, m.amount_minor, m.source) for m in reads.movements_after(connection, 1, 100)]


def test_what_is_held_is_not_there_and_moves_nothing(ledger):
    assert apply(ledger, [hold("r1")]) == [Done("", 40)]
    assert shown(ledger) == (100, 60, 40)
    assert moved(ledger) == []
    for kind in (DEBIT, SPEND):
        assert apply(ledger, [entry(kind, 41)])[0].reason == "insufficient"
    assert apply(ledger, [entry(DEBIT, 30), entry(SPEND, 10)]) == [Done("L2", 10), Done("L3", 0)]
    assert shown(ledger) == (60, 60, 0)


def test_a_recharge_does_not_touch_what_is_held(ledger):
    apply(ledger, [hold("r1", 100)])
    assert apply(ledger, [entry(RECHARGE, 500, "till:1"), entry(CREDIT, 7, "c")]) == [Done("L2", 500), Done("L3", 507)]
    assert shown(ledger) == (607, 100, 507)


def test_more_of_it_is_held_while_there_is_more(ledger):
    assert apply(ledger, [hold("r1", 60), hold("r2", 41), hold("r3", 40), hold("r4", 1)]) == [
        Done("", 40), Refused("insufficient", "the balance is too low"), Done("", 0),
        Refused("insufficient", "the balance is too low")]
    assert shown(ledger) == (100, 100, 0)


def test_a_settlement_takes_one_movement_and_lets_the_rest_go(ledger):
    apply(ledger, [hold("r1", 60), hold("r2", 30)])
    assert apply(ledger, [settlement("f", 75)]) == [Done("L2", 25)]
    assert shown(ledger) == (25, 0, 25)
    movement, = reads.movements(ledger, A, 1)
    assert (movement.kind, movement.amount_minor, movement.op, movement.source, movement.ref) == (
        "call", -75, "f", "calls", "s1")
    assert reads.till_after(ledger, 0, 10) == []


def test_a_settlement_of_nothing_only_lets_go(ledger):
    apply(ledger, [hold("r1", 60)])
    assert apply(ledger, [settlement("f", 0)]) == [Done("", 100)]
    assert (shown(ledger), moved(ledger)) == ((100, 0, 100), [])


def test_more_than_is_held_takes_nothing_and_leaves_it_open(ledger):
    apply(ledger, [hold("r1", 60)])
    assert apply(ledger, [settlement("f", 61)]) == [Refused("rejected", "the session holds less than that")]
    assert (shown(ledger), moved(ledger)) == ((100, 60, 40), [])
    assert apply(ledger, [settlement("f2", 60)]) == [Done("L2", 40)]


def test_the_same_operation_gets_the_same_answer(ledger):
    asked = [hold("r1", 60), hold("r2", 60), settlement("f", 61), settlement("g", 50)]
    first = apply(ledger, asked)
    assert [type(a) for a in first] == [Done, Refused, Refused, Done]
    apply(ledger, [entry(CREDIT, 1000)])
    assert apply(ledger, asked) == first
    assert apply(ledger, [LookUp(A, one.op) for one in asked]) == first
    assert apply(ledger, [LookUp(A, "never"), LookUp(B, "r1")]) == [NotFound(), NotFound()]
    assert shown(ledger) == (1050, 0, 1050)


def test_a_closed_session_stays_closed(ledger):
    apply(ledger, [hold("r1", 60), settlement("f", 10)])
    closed = Refused("rejected", "the session is closed")
    assert apply(ledger, [hold("r2", 1), settlement("g", 1), settlement("h", 0)]) == [closed, closed, Done("", 90)]
    assert shown(ledger) == (90, 0, 90)


def test_a_reservation_that_comes_after_its_settlement_holds_nothing(ledger):
    assert apply(ledger, [settlement("f", 0), hold("late", 60)]) == [
        Done("", 100), Refused("rejected", "the session is closed")]
    assert shown(ledger) == (100, 0, 100)


def test_a_session_that_never_was(ledger):
    assert apply(ledger, [settlement("f", 1, "s9"), settlement("g", 0, "s9")]) == [
        Refused("unknown_session", "the ledger knows no such session"), Done("", 100)]


def test_a_session_that_has_expired_holds_nothing_and_pays_nothing(ledger):
    apply(ledger, [hold("r1", 60)])
    assert [shown(ledger, at) for at in (UNTIL - 1, UNTIL)] == [(100, 60, 40), (100, 0, 100)]
    late = apply(ledger, [settlement("f", 1, at=UNTIL), entry(SPEND, 100, at=UNTIL), settlement("g", 0, at=UNTIL)])
    assert late == [Refused("expired", "what the session held has expired and is his again"), Done("L2", 0), Done("", 0)]


def test_at_its_last_moment_it_is_held_and_pays(ledger):
    apply(ledger, [hold("r1", 60)])
    assert apply(ledger, [entry(SPEND, 41, at=UNTIL - 1)])[0].reason == "insufficient"
    assert apply(ledger, [settlement("f", 60, at=UNTIL - 1)]) == [Done("L2", 40)]


def test_a_later_reservation_keeps_the_earlier_ones_as_long_and_none_shortens_it(ledger):
    apply(ledger, [hold("r1", 60), hold("r2", 10, expires_at=UNTIL + 500), hold("r3", 10, expires_at=UNTIL - 500)])
    assert [shown(ledger, at)[1] for at in (UNTIL, UNTIL + 499, UNTIL + 500)] == [80, 80, 0]


def test_an_extension_that_comes_too_late_holds_only_itself(ledger):
    apply(ledger, [hold("r1", 60), hold("r2", 25, at=UNTIL, expires_at=2 * UNTIL)])
    assert shown(ledger, UNTIL) == (100, 25, 75)
    assert [type(a) for a in apply(ledger, [settlement("f", 26, at=UNTIL), settlement("g", 25, at=UNTIL)])] == [
        Refused, Done]


def test_two_sessions_at_once_share_what_there_is(ledger):
    asked = [hold("a1", 50, "a"), hold("b1", 50, "b"), hold("a2", 1, "a"), settlement("af", 20, "a"),
             hold("b2", 31, "b"), hold("b3", 30, "b"), settlement("bf", 80, "b")]
    answers = apply(ledger, asked)
    assert answers == [Done("", 50), Done("", 0), Refused("insufficient", "the balance is too low"), Done("L2", 30),
                       Refused("insufficient", "the balance is too low"), Done("", 0), Done("L3", 0)]
    assert (shown(ledger), moved(ledger)) == ((0, 0, 0), [("call", -20, "calls"), ("call", -80, "calls")])


def test_the_same_session_of_somebody_else_is_another(ledger):
    apply(ledger, [hold("r1", 60), settlement("f", 0, msisdn=B)])
    assert apply(ledger, [settlement("g", 60)]) == [Done("L2", 40)]


@pytest.mark.parametrize(
    "asked, reason",
    [
        (hold("r", 101), "insufficient"),
        (hold("r", 1, msisdn=B), "insufficient"),
        (hold("r", 1, msisdn=NOBODY), "unknown_subscriber"),
        (hold("r", 1, currency="USD"), "rejected"),
        (hold("r", 0), "rejected"),
        (hold("r", -1), "rejected"),
        (hold("r", 1, ""), "rejected"),
        (hold("r", 1, expires_at=1000), "rejected"),
        (hold("r", 1, expires_at=1001 + HELD_MS_MAX), "rejected"),
        (settlement("f", -1), "rejected"),
        (settlement("f", 1, currency="USD"), "rejected"),
        (settlement("f", 1, msisdn=NOBODY), "unknown_subscriber"),
    ],
)
def test_refusals_change_nothing(ledger, asked, reason):
    apply(ledger, [hold("before", 5, "s0")])
    assert apply(ledger, [asked])[0].reason == reason
    assert (shown(ledger), moved(ledger)) == ((100, 5, 95), [])


def test_a_blocked_account_reserves_nothing_and_pays_what_it_has_promised(ledger):
    apply(ledger, [hold("r1", 60), Blocking(A, True)])
    assert apply(ledger, [hold("r2", 1), settlement("f", 40)]) == [
        Refused("blocked", "the account is blocked"), Done("L2", 60)]


def test_giving_back_is_never_refused(ledger):
    assert apply(ledger, [settlement("f", 0, msisdn=NOBODY), settlement("g", 0, currency="USD")]) == [
        Done("", None), Done("", 100)]


def test_a_recharge_taken_back_meanwhile_and_a_call_end_at_the_same_balance_in_either_order(ledger):
    recharge, reversal = entry(RECHARGE, 50, "tcp:1"), entry(REVERSAL, op="tcp:2", ref="tcp:1")
    apply(ledger, [recharge, hold("r1", 150), reversal])
    assert shown(ledger) == (100, 150, -50)
    assert apply(ledger, [hold("r2", 1)])[0].reason == "insufficient"
    assert apply(ledger, [settlement("f", 150)]) == [Done("L4", -50)]


def test_no_settlement_takes_a_balance_beyond_any_account(ledger):
    apply(ledger, [hold("r1", 60)])
    ledger.execute("INSERT INTO movement SELECT 99, msisdn, '', 'reversal', ?, 'main', ?, 0, 'till', '', 'x' FROM account"
                   " WHERE msisdn = ?", (-AMOUNT_MINOR_MAX - 100, -AMOUNT_MINOR_MAX, int(A)))
    ledger.execute("UPDATE balance SET amount_minor = ?", (-AMOUNT_MINOR_MAX,))
    assert apply(ledger, [settlement("f", 60)]) == [Refused("rejected", "the balance would be beyond any account")]


def test_one_that_forgets_holds_again_and_never_charges_again(ledger):
    reserve, end = hold("r1", 30, known_since_at=FORGETTING), settlement("f", 40, known_since_at=FORGETTING)
    assert apply(ledger, [reserve, reserve, end, end]) == [
        Done("", 70), Done("", 40), Done("L2", 60), Refused("rejected", "the session is closed")]
    assert apply(ledger, [LookUp(A, "f"), LookUp(A, "r1")]) == [Done("L2", 60), Done("", 40)]


def test_after_the_window_a_settlement_is_not_done_again(ledger):
    apply(ledger, [hold("r1", 60), settlement("f", 40)])
    assert apply(ledger, [settlement("f", 40, at=9000, known_since_at=8000)])[0].reason == "rejected"
    assert apply(ledger, [LookUp(A, "f")]) == [Done("L2", 60)]


def test_an_operation_without_identity_is_done_and_not_remembered(ledger):
    assert apply(ledger, [hold("", 10), hold("", 10), settlement("", 20)]) == [Done("", 90), Done("", 80), Done("L2", 80)]
    assert apply(ledger, [LookUp(A, "")]) == [NotFound()]


def rows(connection, table):
    return connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]


def test_what_is_long_past_is_deleted_a_few_at_a_time(ledger):
    apply(ledger, [hold(f"r{n}", 1, f"s{n}") for n in range(10)] + [settlement(f"f{n}", 0, f"t{n}") for n in range(10)])
    soon = UNTIL + KEPT_MS
    apply(ledger, [hold("x", 1, "x", at=soon, expires_at=soon + 9), settlement("y", 0, "y", at=2000 + KEPT_MS)])
    assert (rows(ledger, "hold"), rows(ledger, "closed_session")) == (11, 11)
    for later in range(1, 9):
        apply(ledger, [hold(f"x{later}", 1, "x", at=soon + later, expires_at=soon + 99),
                       settlement(f"y{later}", 0, f"y{later}", at=2000 + KEPT_MS + later)])
        assert rows(ledger, "hold") == max(1, 11 - later * SWEPT)
    assert rows(ledger, "closed_session") == 9
    assert apply(ledger, [settlement("z", 1, "s1", at=soon)])[0].reason == "unknown_session"


def test_the_till_of_a_subscriber_reads_few_rows_however_many_hold(ledger):
    plan = " ".join(row[3] for row in ledger.execute(
        "EXPLAIN QUERY PLAN SELECT coalesce(sum(h.amount_minor), 0) FROM hold h WHERE h.msisdn = 1 AND h.expires_at > 5"))
    assert "SEARCH h USING PRIMARY KEY (msisdn=?)" in plan


def test_a_settlement_that_the_database_stops_takes_nothing_and_holds_on(ledger):
    apply(ledger, [hold("r1", 60)])
    ledger.execute("CREATE TRIGGER sabotage BEFORE INSERT ON operation WHEN new.op = 'bad'"
                   " BEGIN SELECT raise(ABORT, 'sabotage'); END")
    answers = apply(ledger, [hold("r2", 5), settlement("bad", 60), hold("bad", 7), entry(CREDIT, 1, "c")])
    assert [type(a) for a in answers] == [Done, OurFault, OurFault, Done]
    assert shown(ledger) == (101, 65, 36)
    assert not ledger.in_transaction


@pytest.mark.parametrize("happens", [True, False])
@pytest.mark.parametrize("asked", [hold("x", 30), settlement("x", 30)])
def test_an_ambiguous_commit_is_looked_up(ledger, asked, happens):
    apply(ledger, [hold("r1", 60)])
    with pytest.raises(OurFault):
        apply(FailingCommit(ledger, happens), [asked])
    found, = apply(ledger, [LookUp(A, "x")])
    assert isinstance(found, Done) is happens and isinstance(found, NotFound) is not happens
    assert isinstance(apply(ledger, [asked])[0], Done)
    assert shown(ledger) == ((100, 90, 10) if isinstance(asked, Hold) else (70, 0, 70))


def test_a_ledger_of_before_is_brought_up_to_date_and_answers_what_it_remembers(tmp_path):
    old = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    script = files("tectonics.billing.migrations").joinpath("0001_ledger.sql").read_text()
    old.executescript(script + """
        CREATE TABLE schema_version (version integer PRIMARY KEY, name text NOT NULL, at integer NOT NULL);
        INSERT INTO schema_version VALUES (1, '0001_ledger.sql', 0);
        INSERT INTO account VALUES (33600000001, 'prepaid', 'EUR', 0, 0);
        INSERT INTO balance VALUES (33600000001, 'main', 100, 0);
        INSERT INTO movement VALUES (1, 33600000001, 'c', 'credit', 100, 'main', 100, 5, 'lending', '', '');
        INSERT INTO operation VALUES (33600000001, 'c', 5, 1, 100, '', '');
        INSERT INTO operation VALUES (33600000001, 'd', 5, NULL, NULL, 'insufficient', 'the balance is too low');""")
    old.close()
    connection = opened(tmp_path / "ledger.sqlite")
    assert upgrade(connection, "tectonics.billing.migrations", 0) == 2
    assert apply(connection, [LookUp(A, "c"), LookUp(A, "d"), hold("r", 60)]) == [
        Done("L1", 100), Refused("insufficient", "the balance is too low"), Done("", 40)]
    assert reads.audit(connection) == []
    connection.close()
