"""The main job through the real engine, store and embedded billing, on the virtual clock."""

import pytest
from twisted.internet.defer import Deferred, gatherResults

from tectonics.domain.screens import Style
from tectonics.ports import Capabilities
from tests.engine.world import build, drain, run, settle
from tests.workflows.world import MSISDN, policy, subscriber


@pytest.fixture
def node(tmp_path):
    return build(tmp_path)


def tickets(node):
    lines = run(node.clock, node.files.tickets.read("n1", 0, 1000))
    import json
    records = [json.loads(line.line) for line in lines]
    assert [r["seq"] for r in records] == list(range(1, len(records) + 1))
    return records


def types(node):
    return [r["type"] for r in tickets(node)]


def balance(node, msisdn=MSISDN):
    return run(node.clock, node.ledger.billing.balance(msisdn)).amount_minor


def account(node, msisdn=MSISDN):
    return run(node.clock, node.files.store.load(msisdn)).account


def step(node, text="", **more):
    return run(node.clock, node.dial(text, **more))


def test_dial_choose_confirm_recharge(node):
    assert step(node).text.startswith("menu.title")
    assert step(node, "2").text.startswith("confirm 2.00")
    granted = step(node, "2*1")
    assert granted.text.startswith("result.granted 2.00") and not granted.more
    assert balance(node) == 200
    assert types(node) == ["advance.granted"]
    settle(node, 3)
    assert [m.key for m in node.inbox.sent] == ["sms.granted"]
    assert run(node.clock, node.recharge()) == "OK"
    settle(node, 3)
    assert types(node) == ["advance.granted", "recovery.full"]
    assert balance(node) == 200 + 500 - 220
    assert run(node.clock, node.recharge()) == "DUP"
    assert run(node.clock, node.files.outbox.due(2**50, 100)) == []


def test_the_same_post_five_times_in_parallel_moves_money_once(node):
    step(node)
    step(node, "2")
    answers = run(node.clock, gatherResults([node.dial("2*1") for _ in range(5)]))
    assert len(set(answers)) == 1 and answers[0].text.startswith("result.granted")
    assert balance(node) == 200 and types(node) == ["advance.granted"]
    assert step(node, "2*1") == answers[0]


def test_the_same_confirmation_after_a_restart_gets_the_same_bytes(node, tmp_path):
    step(node)
    step(node, "2")
    answer = step(node, "2*1")
    from tests.engine.world import Node
    again = Node(tmp_path, node.clock, node.ledger, life=b"\2")
    run(again.clock, again.start())
    assert step(again, "2*1") == answer
    assert balance(again) == 200


def test_a_lost_snapshot_costs_another_confirmation_never_money(node, tmp_path):
    step(node)
    step(node, "2")
    from tests.engine.world import Node
    again = Node(tmp_path, node.clock, node.ledger, life=b"\2")
    run(again.clock, again.start())
    assert step(again, "2*1").text.startswith("confirm 2.00")
    assert balance(again) == 0
    assert step(again, "2*1*1").text.startswith("result.granted")


def test_a_direct_code_leads_to_the_confirmation(node):
    assert step(node, "1").text.startswith("confirm 1.00")
    assert step(node, "1*1").text.startswith("result.granted 1.00")


def test_what_i_owe_and_a_refusal_with_its_ticket(node):
    assert step(node, "0").text == "owe.none"
    step(node, "2", session="a")
    step(node, "2*1", session="a")
    assert "2.20" in step(node, "0", session="b").text
    refused = step(node, session="c")
    assert refused.text.startswith("refused.balance") or refused.text.startswith("refused.open_advance")
    assert tickets(node)[-1]["reason"] == "open_advance"
    count = len(tickets(node))
    assert step(node, session="c") == refused and len(tickets(node)) == count


def test_an_unknown_number_is_refused_and_leaves_a_ticket(node):
    assert step(node, msisdn="33699999999").text == "refused.unknown_subscriber"
    assert tickets(node)[-1]["reason"] == "unknown_subscriber"


@pytest.mark.parametrize("style", [Style(septets_max=2000, mode="last"),
                                   Style(septets_max=2000, mode="last", counted=True)])
def test_the_mode_in_which_only_the_newest_input_arrives(node, style):
    yes = "99"
    assert step(node, style=style, step=1).text.startswith("menu.title")
    assert step(node, "2", style=style, step=2).text.startswith("confirm 2.00")
    assert step(node, "2", style=style, step=2).text.startswith("confirm 2.00")
    granted = step(node, yes, style=style, step=3)
    assert granted.text.startswith("result.granted")
    assert step(node, yes, style=style, step=3) == granted
    assert balance(node) == 200


def test_wrong_inputs_and_a_step_that_does_not_continue(node):
    step(node)
    assert step(node, "9").text.startswith("wrong.again")
    assert step(node, "9*8").text.startswith("wrong.again")
    assert step(node, "9*8*7").text == "wrong.end"
    assert step(node, "9*8*7*1").text == "session.gone"


def test_the_budget_holds_when_the_billing_hangs(node):
    step(node)
    step(node, "2")
    node.ledger.billing.set_faults(delay_s=60)
    begun = node.clock.seconds()
    waiting = node.dial("2*1")
    screens = []
    waiting.addCallback(screens.append)
    drain(node.clock, begun + 9)
    assert screens and node.clock.seconds() - begun < 10
    assert screens[0].text in ("result.pending", "refused.billing_unavailable")


def test_a_slow_credit_is_told_by_sms(node):
    step(node)
    step(node, "2")
    plan = node.ledger.billing
    real = plan.credit

    def slow(command):
        plan.set_faults(delay_s=9.5)
        answer = real(command)
        plan.set_faults(delay_s=0)
        return answer

    plan.credit = slow
    begun, screens = node.clock.seconds(), []
    node.dial("2*1").addCallback(screens.append)
    drain(node.clock, begun + 8.7)
    assert screens and screens[0].text == "result.pending"
    settle(node, 30)
    assert types(node)[0] in ("advance.granted", "advance.unknown")
    assert types(node)[-1] == "advance.granted"
    assert [m.key for m in node.inbox.sent] == ["sms.granted"]
    assert balance(node) == 200
    assert step(node, "2*1").text == "result.pending"


@pytest.mark.parametrize("capabilities", [
    Capabilities(True, 86400, True), Capabilities(False, 0, True), Capabilities(True, 86400, False)])
def test_a_lost_answer_is_resolved_without_giving_twice(tmp_path, capabilities):
    node = build(tmp_path, capabilities)
    step(node)
    step(node, "2")
    node.ledger.billing.set_faults(lose_answers=1)
    assert step(node, "2*1").text == "result.pending"
    settle(node, 120)
    assert types(node) == ["advance.unknown", "reconcile.resolved", "advance.granted"]
    assert balance(node) == 200


def test_a_request_still_on_its_way_is_not_taken_for_one_that_never_came(tmp_path):
    """The daemon dies just after sending; the request reaches the billing system 20 s later."""
    from tests.engine.world import Node
    node = build(tmp_path, Capabilities(False, 86400, True))
    step(node)
    step(node, "2")
    ledger, real = node.ledger, node.ledger.billing.credit

    def slow(command):
        answer = Deferred()
        ledger.clock.callLater(20, lambda: real(command).addCallback(answer.callback))
        return answer

    ledger.billing.credit = slow
    node.dial("2*1")
    drain(node.clock, node.clock.seconds() + 0.5)
    node.process.kill()
    again = Node(tmp_path, node.clock, ledger, life=b"\2")
    run(again.clock, again.start())
    settle(again, 15)
    assert types(again) == ["advance.unknown"]
    settle(again, 120)
    assert types(again) == ["advance.unknown", "reconcile.resolved", "advance.granted"]
    assert balance(again) == 200


def test_a_policy_change_and_its_audit_ticket_are_one_write(node):
    changed = node.core.policies.replace({"x": 1}, "Ann", "lower fees")
    assert run(node.clock, changed).version == 2
    ticket, = tickets(node)
    assert (ticket["type"], ticket["policy"]) == ("admin.change", 2)
    assert "Ann" in ticket["text"] and "lower fees" in ticket["text"]


def test_what_cannot_be_read_back_waits_for_a_person(tmp_path):
    from tectonics.domain.events import CreditAnswered
    from tectonics.domain.outcome import Done
    node = build(tmp_path, Capabilities(False, 0, False))
    step(node)
    step(node, "2")
    node.ledger.billing.set_faults(lose_answers=1)
    step(node, "2*1")
    settle(node, 600)
    assert types(node) == ["advance.unknown"]
    results = run(node.clock, node.core.desk.reconcile())
    assert [r["result"] for r in results] == ["unknown"]
    row, = run(node.clock, node.files.queries.unresolved(10))
    event = CreditAnswered(MSISDN, node.core.engine.now(), row.command.advance, row.command.op, Done(),
                           "Ann")
    run(node.clock, node.core.desk.decide(event))
    assert types(node) == ["advance.unknown", "reconcile.resolved", "advance.granted"]
    assert run(node.clock, node.files.queries.unresolved(10)) == []


def test_the_caps_of_the_services_day_hold_under_concurrency(tmp_path):
    people = [subscriber() for _ in range(1)]
    from dataclasses import replace
    people = [replace(people[0], msisdn=f"3360000010{n}") for n in range(8)]
    node = build(tmp_path, policy=policy(service_day_count_max=3), accounts=people)
    for person in people:
        step(node, "1", session=person.msisdn, msisdn=person.msisdn)
    answers = run(node.clock, gatherResults(
        [node.dial("1*1", session=p.msisdn, msisdn=p.msisdn) for p in people]))
    granted = [a for a in answers if a.text.startswith("result.granted")]
    assert len(granted) == 3
    assert {a.text for a in answers if a not in granted} == {"refused.limit"}


def test_two_nodes_over_one_database_grant_once(tmp_path):
    from tests.engine.world import Node
    one = build(tmp_path)
    two = Node(tmp_path, one.clock, one.ledger, origin="n2", life=b"\2")
    run(two.clock, two.start())
    for node, session in ((one, "a"), (two, "b")):
        step(node, "2", session=session)
    answers = run(one.clock, gatherResults([one.dial("2*1", "a"), two.dial("2*1", "b")]))
    assert sorted(a.text.split()[0] for a in answers) in (
        ["refused.open_advance", "result.granted"], ["refused.balance", "result.granted"])
    assert balance(one) == 200
