"""Call-backs through the real engine, store and embedded billing, with a call server that outlives the node."""

from contextlib import closing

import pytest
from twisted.internet.defer import succeed

from tectonics.database.sqlite import open_connection
from tectonics.domain import call as calls
from tectonics.domain.commands import Talk
from tectonics.domain.outcome import Refused
from tectonics.ports import Capabilities
from tests.engine.call_story import ANN, BOB, Calls
from tests.engine.world import build, run, settle


def test_a_is_rung_then_b_and_what_they_talk_is_charged(tmp_path):
    story = Calls(tmp_path)
    screen = story.dial()
    assert screen.text.startswith("callback.coming") and not screen.more
    story.wait(8)
    assert [phone.number for phone in story.exchange.phones.values()] == [ANN, BOB]
    assert story.call().state == calls.CONNECTING and story.balance() == 1000 - 65
    story.wait(100)
    assert story.types() == ["callback.completed"]
    done, = story.tickets()
    assert (done["amount"], done["duration_s"], done["b_number"]) == ("0.65", 60, BOB)
    assert story.balance() == 1000 - 65
    assert story.told() == []
    story.over()


def test_the_code_alone_asks_for_the_number(tmp_path):
    story = Calls(tmp_path)
    screen = story.dial("")
    assert screen.text.startswith("callback.ask") and screen.more
    assert story.dial("0612345678").text.startswith("callback.coming")
    story.wait(200)
    assert story.types() == ["callback.completed"]


def test_the_same_request_again_gets_the_same_answer_and_rings_nobody_again(tmp_path):
    story = Calls(tmp_path)
    screen = story.dial()
    story.another()
    assert story.dial() == screen
    story.wait(200)
    assert story.dial() == screen
    assert story.types() == ["callback.completed"]
    story.over()


def test_more_is_held_while_they_talk_and_the_call_server_is_told(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_B, 200))
    story.dial()
    story.wait(15)
    ends = [story.call().until_at]
    story.wait(130)
    assert len(story.exchange.extended) >= 2
    ends += [until for _, until in story.exchange.extended]
    assert ends == sorted(ends) and ends[1] - ends[0] == 60_000
    story.wait(120)
    assert [(t["type"], t["duration_s"], t["amount"]) for t in story.tickets()] == [("callback.completed", 200, "2.05")]
    assert story.balance() == 1000 - 205
    story.over()


def test_the_call_ends_with_the_credit(tmp_path):
    story = Calls(tmp_path, balance_minor=105, talk=(calls.BY_B, 5000))
    story.dial()
    story.wait(300)
    done, = story.tickets()
    assert (done["type"], done["amount"]) == ("callback.completed", "1.05") and 90 < done["duration_s"] <= 100
    assert story.balance() == 0
    story.over()


@pytest.mark.parametrize("script, reason", [
    ({"a": (calls.BUSY, 2)}, "a_busy"), ({"a": ("answers", 500)}, "a_no_answer"),
    ({"b": (calls.BUSY, 2)}, "b_busy"), ({"b": ("answers", 500)}, "b_no_answer")])
def test_who_is_not_reached_costs_nothing(tmp_path, script, reason):
    story = Calls(tmp_path, **script)
    story.dial()
    story.wait(200)
    failed, = story.tickets()
    assert (failed["type"], failed["reason"], failed["amount"]) == ("callback.failed", reason, "0.00")
    assert story.balance() == 1000
    story.over()


def test_a_subscriber_with_a_bill_has_nothing_reserved(tmp_path):
    story = Calls(tmp_path, kind="postpaid")
    account = story.account()
    assert account.profile.kind == "postpaid"
    assert story.dial().text.startswith("callback.refused.not_subscribed")
    story.wait(5)
    assert story.types() == ["callback.refused"] and story.exchange.phones == {}


def test_what_the_billing_system_promises_when_it_is_connected_counts(tmp_path):
    story = Calls(tmp_path)
    billing = story.node.ledger.billing
    can, billing.capabilities = billing.capabilities, Capabilities()
    assert story.dial().text.startswith("callback.refused.not_offered")
    billing.capabilities = can
    assert story.dial(session="c2").text.startswith("callback.coming")


def test_a_billing_system_that_was_never_connected_is_away_and_no_reason_to_say_that_there_are_no_call_backs(tmp_path):
    story = Calls(tmp_path)
    story.node.ledger.billing.capabilities = Capabilities(tells_balance=False, told=False)
    assert story.dial().text.startswith("callback.refused.billing_unavailable")
    assert story.types() == ["callback.refused"] and story.exchange.phones == {}


def test_without_a_call_server_it_is_not_offered(tmp_path):
    node = build(tmp_path)
    assert run(node.clock, node.dial("0612345678", code="*144#")).text.startswith("callback.refused.not_offered")


def test_the_lease_of_a_call_is_kept_so_that_no_other_node_takes_it(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_A, 150), balance_minor=10_000)
    story.dial()
    story.wait(20)
    talk = next(c for c in story.outbox() if isinstance(c, Talk))
    mine = story.node
    other = story.another("n2", kill=False)
    for _ in range(12):
        settle(mine, 5)
        assert run(story.clock, other.files.outbox.adopt(other.core.engine.now(), 100)) == []
    assert talk.op in [c.op for c in story.outbox_of(mine)]
    story.node = mine
    story.wait(200)
    assert story.types() == ["callback.completed"]
    story.over()


def test_another_node_takes_a_conversation_over_when_its_own_is_gone(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_A, 150), balance_minor=10_000)
    story.dial()
    story.wait(20)
    story.another("n2")
    story.wait(300)
    done, = story.tickets("n2")
    assert (done["type"], done["duration_s"], done["amount"]) == ("callback.completed", 150, "1.55")
    assert story.balance() == 10_000 - 155
    story.over()


def test_a_stop_lets_calls_go_on_and_the_next_life_finds_them(tmp_path):
    story = Calls(tmp_path, talk=(calls.BY_A, 150))
    story.dial()
    story.wait(20)
    assert story.node.core.outbox.at_work == 0 and len(story.node.core.calls) == 1
    story.node.core.outbox.stop()
    story.another()
    assert story.exchange.hung_up == [] and len(story.exchange.up()) == 2
    story.wait(300)
    done, = story.tickets()
    assert (done["type"], done["duration_s"]) == ("callback.completed", 150)
    story.over()


def test_a_request_too_many_is_told_so(tmp_path):
    story = Calls(tmp_path)
    story.node.core.requests._limits = type("Few", (), {"calls_max": 0, "dispatch_max": 10})()
    assert story.dial().text.startswith("callback.refused.busy")
    assert story.node.metrics.counts["tectonics_shed_total", ("call_back",)] == 1
    story.wait(5)
    assert story.exchange.phones == {}


def test_what_is_counted(tmp_path):
    story = Calls(tmp_path)
    story.dial()
    story.wait(10)
    assert story.node.core.calls.by_kind() == {"ring": 0, "connect": 1, "talk": 0, "hangup": 0}
    story.wait(100)
    story.dial("nobody", "c2")
    story.exchange.a = (calls.FAILED, 1)
    for n in range(5):
        story.dial(session=f"f{n}")
        story.wait(10)
    counts = story.node.metrics.counts
    assert counts["tectonics_call_legs_total", ("a", "answered")] == 1
    assert counts["tectonics_call_legs_total", ("a", "failed")] == 5
    assert counts["tectonics_call_legs_total", ("b", "answered")] == 1
    assert counts["tectonics_refused_total", ("call_back", "bad_number")] == 1
    assert counts["tectonics_calls_ended_total", ("by_a",)] == 1
    assert counts["tectonics_granted_total", ("call_back",)] == 1
    assert counts["tectonics_amount_charged_minor_total", ("call_back",)] == 65
    assert counts["tectonics_failed_total", ("call_back",)] == 5
    assert list(story.node.metrics.raised) == [("call_server_down", "calls")]
    story.exchange.a = (calls.BUSY, 1)
    story.dial(session="there again")
    story.wait(10)
    assert story.node.metrics.raised == {}


def test_a_settlement_without_an_answer_is_counted_and_looked_up(tmp_path):
    story = Calls(tmp_path)
    story.dial()
    story.wait(60)
    run(story.clock, story.node.ledger.billing.set_faults(lose_answers=1))
    story.wait(120)
    assert story.types() == ["callback.unknown", "reconcile.resolved", "callback.completed"]
    assert story.node.metrics.counts["tectonics_unknown_total", ("call_back",)] == 1
    assert story.balance() == 1000 - 65
    story.over()


class Away:
    """Stands before the billing system's settlements: nobody is there."""

    def __init__(self):
        self.asked = []

    def __call__(self, command):
        self.asked.append(command)
        return succeed(Refused("unreachable", "nobody is there"))


@pytest.mark.parametrize("away_s", [100, 3000])
def test_a_settlement_that_cannot_be_asked_waits_until_it_can_be(tmp_path, away_s):
    story = Calls(tmp_path)
    story.dial()
    billing = story.node.ledger.billing
    settle_it, billing.settle = billing.settle, Away()
    story.wait(80 + away_s)
    assert story.call().state == calls.SETTLING and story.types() == []
    with closing(open_connection(tmp_path / "store.db")) as store:
        [(created_at,)] = store.execute("SELECT created_at FROM outbox WHERE kind = 'settle'").fetchall()
    assert story.node.core.engine.now() - created_at < 60_000, "what is looked up would be certain though it is on its way"
    [settlement] = set(billing.settle.asked)
    assert len(billing.settle.asked) > away_s / 10 and settlement.amount_minor == 65
    billing.settle = settle_it
    story.wait(40)
    assert [(one["type"], one["amount"]) for one in story.tickets()] == [("callback.completed", "0.65")]
    assert story.balance() == 1000 - 65
    story.over()


def test_a_settlement_that_another_node_has_taken_over_is_for_that_node(tmp_path):
    story = Calls(tmp_path)
    story.dial()
    story.node.ledger.billing.settle = away = Away()
    story.wait(100)
    with closing(open_connection(tmp_path / "store.db")) as store:
        store.execute("UPDATE outbox SET owner = 'n2', lease_until = ?", (2**50,))
    story.wait(40)
    asked = len(away.asked)
    story.wait(300)
    assert len(away.asked) == asked and story.call().state == calls.SETTLING and story.types() == []
