"""What was seen a moment ago: spares reads, is as the store has it, and never decides against it."""

from dataclasses import replace

import pytest

from tectonics.domain.commands import Credit, Notify
from tectonics.domain.events import CreditAnswered
from tectonics.domain.outcome import NotFound
from tectonics.domain.subscriber import Bar
from tectonics.engine.known import KnownAccounts
from tectonics.ports import Unit
from tests.engine.world import Node, build, run, settle
from tests.workflows.world import MSISDN, subscriber


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def stored(node):
    return run(node.clock, node.files.store.load(MSISDN)).account


def known(node):
    return node.core.engine.known.see(MSISDN)


def conflicts(node):
    return node.metrics.counts.get(("tectonics_units_total", ("conflict",)), 0)


def test_it_is_what_the_store_would_load(node):
    for text in ("", "2"):
        run(node.clock, node.dial(text))
        assert known(node) == stored(node)
    for work in (lambda: node.dial("2*1"), lambda: node.recharge("r1", 100), lambda: node.recharge("r2", 500)):
        run(node.clock, work())
        settle(node, 3)
        assert known(node) is None  # nobody waits for anything
    assert stored(node).version > 4 and not stored(node).advances
    assert conflicts(node) == 0  # what was known between a unit and the billing system's answer was so too


def test_what_was_written_is_kept_for_the_billing_systems_answer():
    accounts, account = KnownAccounts(), subscriber()
    notify = Notify("TEC-1", MSISDN, "key", "text", "en")
    accounts.wrote(account, ())
    accounts.wrote(account, (notify,))
    assert accounts.see(MSISDN) is None
    accounts.wrote(account, (notify, Credit("TEC-2", MSISDN, 100, "EUR")))
    assert accounts.see(MSISDN) == account


def test_a_confirmation_reads_the_account_no_second_time(node):
    run(node.clock, node.dial())
    run(node.clock, node.dial("2"))
    asked, load = [], node.files.store.load
    node.files.store.load = lambda *args: asked.append(args) or load(*args)
    assert run(node.clock, node.dial("2*1")).text.startswith("result.granted 2.00")
    assert asked == []


def test_what_another_node_wrote_in_between_is_obeyed(node):
    run(node.clock, node.dial())
    run(node.clock, node.dial("2"))
    before = stored(node)
    barred = replace(before, profile=replace(before.profile, bar=Bar("admin", 1)), version=before.version + 1)
    other = Node(node.folder, node.clock, node.ledger, origin="n2", life=b"\2")
    run(node.clock, other.files.store.commit(Unit("elsewhere", 1, before.version, barred)))
    assert known(node) == before
    assert run(node.clock, node.dial("2*1")).text.startswith("refused.barred")
    assert conflicts(node) == 1


def test_what_a_person_resolves_is_decided_on_what_the_store_holds(node):
    """A credit of ours that another node has taken over: here it is still known as being sent."""
    run(node.clock, node.ledger.billing.set_faults(lose_requests=100))
    run(node.clock, node.dial("2"))
    confirmed = node.dial("2*1")
    while known(node) is None or not known(node).advances:
        node.clock.step()
    granting = known(node)
    assert run(node.clock, confirmed).text.startswith("result.pending")
    settle(node, 15)
    advance, = stored(node).advances
    assert (granting.advances[0].state, advance.state) == ("granting", "unknown")
    node.core.engine.known.keep(granting)
    never = CreditAnswered(MSISDN, node.core.engine.now(), advance.id, advance.op, NotFound(), "Ann")
    assert "not granted" in run(node.clock, node.core.desk.decide(never))
    assert not stored(node).advances and conflicts(node) == 0


def test_a_confirmation_that_another_node_has_served_gets_its_answer(node):
    other = Node(node.folder, node.clock, node.ledger, origin="n2", life=b"\2")
    run(node.clock, other.start())
    for one in (node, other):
        run(node.clock, one.dial())
        run(node.clock, one.dial("2"))
    first = run(node.clock, other.dial("2*1"))
    assert run(node.clock, node.dial("2*1")) == first
    assert stored(node).standing.advances_total == 1


def test_a_bound():
    accounts = KnownAccounts(2)
    for msisdn in ("33700000001", "33700000002", "33700000003"):
        accounts.keep(replace(subscriber(), msisdn=msisdn))
    assert len(accounts) == 2 and accounts.see("33700000001") is None
    assert accounts.take("33700000003").msisdn == "33700000003"
    assert accounts.take("33700000003") is None
