"""Subscribers that came by the bulk import, through the whole daemon: they qualify and owe on the first day."""

from contextlib import closing

import pytest

from tectonics.store.importing_sqlite import open_sqlite_target
from tests.engine.test_main_job import account, balance, step, tickets, types
from tests.engine.world import build, opening, run, settle
from tests.store.importing import ADVANCE, HISTORY
from tests.store.importing import run as import_rows
from tests.workflows.world import DAY, MSISDN, NOW

NEW = "33700000001"
PROFILE = ",kind,activated"


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def load(node, header, *lines, delta=False):
    with closing(open_sqlite_target(node.folder / "store.db", NOW)) as target:
        position, rejects = import_rows(target, "\n".join((header, *lines)) + "\n", delta=delta)
    assert rejects.reasons == {}
    return position


def someone(node, msisdn=NEW):
    run(node.clock, node.ledger.billing.open_account(opening(msisdn)))


def test_they_qualify_and_pay_back(node):
    load(node, HISTORY + PROFILE, f"{NEW},6,35.00,,prepaid,2020-01-02")
    someone(node)
    assert step(node, msisdn=NEW).text.startswith("menu.title")
    step(node, "2", msisdn=NEW)
    assert step(node, "2*1", msisdn=NEW).text.startswith("result.granted 2.00")
    settle(node, 3)
    assert run(node.clock, node.recharge(msisdn=NEW)) == "OK"
    settle(node, 3)
    assert types(node) == ["advance.granted", "recovery.full"] and balance(node, NEW) == 200 + 500 - 220


def test_they_owe_what_they_owed_the_replaced_system(node):
    due, late = "2026-12-24", "2026-09-20"
    load(node, ADVANCE + PROFILE, f"{NEW},X1,2.00,0.20,1.70,2026-09-19,{due},prepaid,2020-01-02",
         f"{MSISDN},X2,5.00,0.50,5.50,2026-09-10,{late},prepaid,2020-01-02")
    someone(node)
    assert account(node, NEW).outstanding_minor == 170
    assert run(node.clock, node.recharge(msisdn=NEW)) == run(node.clock, node.recharge("r2", 100)) == "OK"
    settle(node, 3)
    full, partial = sorted((t for t in tickets(node) if t["type"].startswith("recovery")),
                           key=lambda t: t["msisdn"], reverse=True)
    assert (full["type"], full["advance"], full["amount"], full["channel"]) == ("recovery.full", "X1", "1.70", "feed:tcp")
    assert (partial["type"], partial["advance"], partial["outstanding"]) == ("recovery.partial", "X2", "4.50")
    assert balance(node, NEW) == 500 - 170 and account(node, NEW).outstanding_minor == 0
    assert account(node).standing.late_count == 1 and "advance.overdue" not in types(node)


def test_what_is_due_later_becomes_overdue_as_usual(node):
    load(node, ADVANCE, f"{NEW},X1,2.00,0.20,2.20,2026-09-19,2026-09-23")
    node.clock.rightNow += 3 * DAY / 1000
    settle(node, 3)
    assert [(t["type"], t["advance"]) for t in tickets(node)] == [("advance.overdue", "X1")]


def test_an_import_between_menu_and_confirmation_is_seen_by_the_confirmation(node):
    assert step(node).text.startswith("menu.title")
    step(node, "2")
    assert load(node, "msisdn,listed", f"{MSISDN},black", delta=True).updated == 1
    assert "granted" not in step(node, "2*1").text
    settle(node, 3)
    assert balance(node) == 0 and types(node) == ["advance.refused"]
    assert tickets(node)[0]["reason"] == "black_list"
