"""The administration: what it answers, what it hands to the Desk, and what it refuses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred, fail

from tectonics.domain.commands import Reserve, Settle
from tectonics.domain.errors import BadPolicy, Busy, OurFault, TheirFault
from tectonics.domain.events import (
    CreditAnswered,
    DebitAnswered,
    ProfileChanged,
    RefundAnswered,
    ReserveAnswered,
    SettleAnswered,
    Trigger,
    WrittenOff,
)
from tectonics.domain.outcome import Done, NotFound, Refused, Unavailable, Unknown
from tectonics.oam.admin import IN_FLIGHT_MAX, NotThere
from tectonics.oam.admin.status import ANSWER_S
from tectonics.ports import LOOK_UP, OutboxRow
from tectonics.wire import sample
from tests.oam.fakes import NOW, NUMBER, STRANGER, World

WHO = "cli:alice"


@pytest.fixture
def world():
    return World()


def ask(world, method, **params):
    """The answer; the fakes answer at once, so the Deferred has fired."""
    answers, failures = [], []
    world.administration.call(method, params, WHO).addCallbacks(answers.append, failures.append)
    if failures:
        failures[0].raiseException()
    return answers[0]


def test_status_tells_everything(world):
    world.alarms.raise_alarm("billing_down", "no answer for a minute")
    world.metrics.count("tectonics_requests_total", "advance", by=4)
    answer = ask(world, "status")
    assert (answer["version"], answer["node"], answer["origin"]) == ("0.1", "n1", "n1")
    assert (answer["state"], answer["uptime_s"], answer["policy_version"]) == ("serving", 5, 1)
    assert answer["started_at"] == "2025-11-24T15:59:55.000Z" and answer["accepting"] is True
    assert answer["listeners"] == [{"name": "ussd_http", "address": "tcp:127.0.0.1:8081"}]
    assert answer["debt"] == {"open_advances": 5, "outstanding": "11.00", "currency": "EUR", "overdue": 1,
                              "unknown": 2, "barred": 3}
    assert answer["backlog"] == {"outbox": 4, "dispatching": 0, "sessions": 0}
    assert answer["counters"]["tectonics_requests_total"] == {"advance": 4}
    assert answer["alarms"][0]["id"] == "billing_down" and answer["alarms"][0]["advice"]
    assert answer["consumers"] == [{"name": "mediation", "origin": "n1", "acknowledged": 25, "newest": 30,
                                    "lag": 5, "connected": True}]
    world.not_ready = "the database is locked"
    assert ask(world, "status")["state"] == "the database is locked"


def test_status_derives_channels_services_and_billing(world):
    metrics = world.metrics
    for _ in range(9):
        metrics.count("tectonics_channel_requests_total", "ussd_http", "ok")
        metrics.observe("tectonics_dialogue_step_seconds", 0.004, "ussd_http", "menu")
    metrics.observe("tectonics_dialogue_step_seconds", 60.0, "ussd_http", "result")
    metrics.count("tectonics_channel_requests_total", "ussd_http", "bad")
    metrics.count("tectonics_requests_total", "advance", by=4)
    metrics.count("tectonics_granted_total", "advance", by=2)
    metrics.count("tectonics_amount_granted_minor_total", "advance", by=300)
    metrics.count("tectonics_refused_total", "advance", "balance")
    metrics.count("tectonics_refused_total", "advance", "tenure")
    metrics.count("tectonics_billing_requests_total", "credit", "unavailable", by=3)
    metrics.count("tectonics_shed_total", "dial", by=2)
    answer = ask(world, "status")
    assert answer["channels"][0] == {"name": "ussd_http", "state": "up", "in": 10, "out": 0, "errors": 1, "sessions": 0,
                                     "p50_ms": 5.0, "p99_ms": 10_000.0}
    assert answer["channels"][1]["p99_ms"] is None
    assert answer["services"][0] == {"name": "advance", "requests": 4, "granted": 2, "refused": 2, "failed": 0, "unknown": 0,
                                     "amount": "3.00", "recovered": "0.00", "refusals": {"balance": 1, "tenure": 1}}
    assert answer["billing"] == [{"name": "embedded", "state": "up", "requests": 3, "errors": 0, "timeouts": 3, "unknown": 0,
                                  "p50_ms": None, "p99_ms": None}]
    assert answer["queues"] == [{"name": "store reads", "depth": 2, "bound": 9}] and answer["shed"] == {"dial": 2}
    assert answer["role"] == "single" and answer["tickets"]["newest"] == 30 and answer["versions"]["python"]


@pytest.mark.parametrize("database", ["silent", "failing"])
def test_status_comes_without_the_database(world, database):
    world.metrics.gauge("tectonics_open_advances", 7)
    world.metrics.gauge("tectonics_outstanding_minor", 1540)
    world.queries.debt = lambda: Deferred() if database == "silent" else fail(OurFault("gone"))
    world.tickets.span = lambda origin: Deferred() if database == "silent" else fail(OurFault("gone"))
    answers = []
    world.administration.call("status", {}, WHO).addCallback(answers.append)
    world.clock.pump([ANSWER_S] * 2)
    answer, = answers
    assert answer["debt"] == {"open_advances": 7, "outstanding": "15.40", "currency": "EUR", "overdue": 0, "unknown": 0,
                              "barred": 0, "stale": True}
    assert answer["tickets"]["newest"] is None and answer["state"] == "serving"


def test_a_sample_is_the_same_figures_and_asks_no_database(world):
    world.queries.debt = world.tickets.span = None
    world.alarms.raise_alarm("feed_lag", "silent", "tcp")
    world.alarms.acknowledge("feed_lag:tcp", "cli:bob")
    world.metrics.count("tectonics_refused_total", "advance", "balance", by=3)
    world.metrics.observe("tectonics_dialogue_step_seconds", 0.004, "ussd_http", "menu")
    world.metrics.count("tectonics_tickets_total", "advance.refused", by=3)
    world.metrics.gauge("tectonics_outstanding_minor", 1540)
    found = sample.decode(ask(world, "sample"))
    assert found.services[0].refused == {"balance": 3} and found.channels[0].spread.total == 1 and found.tickets == 3
    assert (found.state, found.node, found.role, found.owed) == ("serving", "n1", "single", "15.40")
    assert found.now_at - found.started_at == 5000
    assert [(one.id, one.acknowledged_by) for one in found.alarms] == [("feed_lag:tcp", "cli:bob")]
    assert [(one.name, one.lag, one.connected) for one in found.consumers] == [("mediation", 5, True)]


def test_a_subscriber_is_shown(world):
    answer = ask(world, "subscribers.show", msisdn="+33 6 00 00 00 01")
    assert (answer["msisdn"], answer["generation"], answer["kind"]) == (NUMBER, 2, "prepaid")
    assert answer["recharges_90d"] == {"count": 1, "amount": "5.00"}
    assert answer["tenure_days"] == 100 and answer["segment"] == "standard"
    assert answer["outstanding"] == "2.20" and answer["balance"] == "2.50"
    assert answer["bar"]["reason"] == "admin"
    assert [a["id"] for a in answer["advances"]] == ["ADV5", "ADV4", "ADV3", "ADV2", "ADV1"]
    assert answer["recoveries"][0]["shares"] == [{"advance": "ADV1", "principal": "2.00", "fee": "0.20"}]


def test_a_billing_that_is_silent_leaves_the_balance_open(world):
    world.billing.answer = Unavailable("no answer in 2 s")
    assert ask(world, "subscribers.show", msisdn=NUMBER)["balance"] is None
    with pytest.raises(TheirFault, match="no answer in 2 s"):
        ask(world, "billing.balance", msisdn=NUMBER)


def test_a_stranger_is_not_there(world):
    with pytest.raises(NotThere):
        ask(world, "subscribers.show", msisdn=STRANGER)


@pytest.mark.parametrize("change, value", [
    ("bar", {"text": "fraud"}), ("unbar", {}), ("allow", {}), ("deny", {}), ("unlist", {}),
    ("segment", {"segment": "gold"}), ("segment", {"segment": ""}), ("language", {"language": "fr"}), ("forget", {}),
])
def test_each_change_is_an_event_for_the_desk(world, change, value):
    assert ask(world, f"subscribers.{change}", msisdn=NUMBER, **value) == {"text": "it was done"}
    text = next(iter(value.values()), "")
    trigger = Trigger("admin", "ID000000000000000000000001")
    assert world.desk.events == [ProfileChanged(NUMBER, NOW, change, text, WHO, trigger)]


def test_the_desks_refusal_is_the_answer(world):
    world.desk.error = TheirFault("no subscriber has that number")
    with pytest.raises(TheirFault, match="no subscriber"):
        ask(world, "subscribers.unbar", msisdn=STRANGER)
    assert world.metrics.snapshot()["tectonics_admin_requests_total"] == {"subscribers.unbar,refused": 1}


def test_advances_come_in_pages_without_gap_or_repetition(world):
    seen, after = [], ""
    for _ in range(4):
        page = ask(world, "advances.list", msisdn=NUMBER, state="open", after=after, limit=2)
        seen += [a["id"] for a in page["advances"]]
        after = page["after"]
        if not after:
            break
    assert seen == ["ADV1", "ADV2", "ADV3", "ADV4", "ADV5"]


def test_an_advance_is_shown_with_its_money(world):
    answer = ask(world, "advances.show", id="ADV1")
    assert (answer["amount"], answer["fee"], answer["total"], answer["outstanding"]) == ("2.00", "0.20", "2.20", "2.20")
    assert answer["msisdn"] == NUMBER and answer["closed_at"] is None
    with pytest.raises(NotThere):
        ask(world, "advances.show", id="nobody")


def test_writing_off_goes_to_the_desk(world):
    assert ask(world, "advances.write_off", id="ADV1", text="goodwill")["text"] == "it was done"
    [event] = world.desk.events
    assert isinstance(event, WrittenOff)
    assert (event.msisdn, event.advance, event.who, event.text) == (NUMBER, "ADV1", WHO, "goodwill")


@pytest.mark.parametrize("op, kind, of", [
    ("TEC-9", CreditAnswered, "advance"), ("TEC-10", RefundAnswered, "recovery"), ("TEC-11", DebitAnswered, "recovery")])
@pytest.mark.parametrize("outcome, result", [("done", Done(ref="seen in CDR 7")), ("not_done", NotFound())])
def test_a_person_settles_an_unknown(world, op, kind, of, outcome, result):
    ask(world, "reconcile.resolve", op=op, outcome=outcome, text="seen in CDR 7")
    [event] = world.desk.events
    assert isinstance(event, kind) and event.op == op and event.outcome == result
    assert event.resolved_by == WHO and getattr(event, of)


def test_what_is_unknown_is_listed_and_looked_up(world):
    rows = ask(world, "reconcile.list")["unresolved"]
    assert [r["op"] for r in rows] == ["TEC-9", "TEC-10", "TEC-11"]
    assert [(r["type"], r["amount"]) for r in rows] == [("credit", "2.00"), ("credit", "0.50"), ("debit", "2.20")]
    assert ask(world, "reconcile.run")["results"][0]["result"] == "done"
    with pytest.raises(NotThere):
        ask(world, "reconcile.resolve", op="TEC-404", outcome="done", text="x")


def test_the_switch_adds_a_policy_version_once(world):
    answer = ask(world, "policy.switch", accepting=False)
    assert answer == {"text": "new advances are stopped", "version": 2}
    assert world.policies.versions[-1].document == {"currency": "EUR",
                                                    "lending": {"accepting": False, "tenure_days": 90}}
    assert world.policies.versions[-1].who == WHO
    assert world.policies.versions[0].document["lending"]["accepting"] is True
    assert ask(world, "policy.switch", accepting=False)["version"] == 2
    assert ask(world, "policy.switch", accepting=True)["version"] == 3
    assert [v["version"] for v in ask(world, "policy.history")["versions"]] == [3, 2, 1]


def test_a_policy_is_shown_and_loaded(world):
    assert ask(world, "policy.show")["document"]["currency"] == "EUR"
    assert ask(world, "policy.load", document={"currency": "EUR"}, note="new fees")["version"] == 2
    assert ask(world, "policy.show")["version"] == 2
    assert ask(world, "policy.show", version=1)["note"] == "from the file"
    with pytest.raises(NotThere):
        ask(world, "policy.show", version=77)
    with pytest.raises(BadPolicy, match="segments"):
        ask(world, "policy.load", document={"bad": 1}, note="x")
    with pytest.raises(TheirFault, match="larger"):
        ask(world, "policy.load", document={"x": "y" * 300_000}, note="x")


def test_pages_of_tickets_cover_each_once(world):
    lines, after = [], ""
    while True:
        page = ask(world, "tickets.page", limit=7, after=after)
        lines += page["lines"]
        after = page["after"]
        if not after:
            break
    assert lines == [line.line.decode() for line in world.tickets.lines]


def test_the_tail_is_the_newest_and_then_what_follows(world):
    answer = ask(world, "tickets.tail", limit=5)
    assert len(answer["lines"]) == 5 and answer["after_seq"] == 30
    assert ask(world, "tickets.tail", after_seq=30)["lines"] == []
    assert ask(world, "tickets.tail", after_seq=28)["after_seq"] == 30


def test_the_till_books_and_tells_the_balance(world):
    answer = ask(world, "recharge", msisdn=NUMBER, amount="5", id="r1")
    assert answer == {"id": "r1", "text": "5.00 EUR recharged, balance 7.50", "msisdn": NUMBER,
                      "balance": "7.50", "currency": "EUR"}
    assert ask(world, "billing.spend", msisdn=NUMBER, amount="0.25")["balance"] == "7.50"
    assert world.till.booked == [(NUMBER, 500, "voucher", "r1"), (NUMBER, -25)]
    world.till.answer = Refused("insufficient")
    with pytest.raises(TheirFault, match="too small"):
        ask(world, "billing.spend", msisdn=NUMBER, amount="100.00")
    world.till.answer = Unknown("the answer was lost")
    with pytest.raises(TheirFault, match="nobody can say"):
        ask(world, "recharge", msisdn=NUMBER, amount="5.00")


def test_faults_are_shown_and_ordered(world):
    assert ask(world, "billing.faults")["delay_s"] == 0
    answer = ask(world, "billing.faults", delay_s=1.5, refuse=2, hang_balance=True, lose_answers_percent=50)
    assert (answer["delay_s"], answer["refuse"], answer["lose_answers_percent"]) == (1.5, 2, 50)
    assert answer["hang_balance"] is True
    assert ask(world, "billing.faults", delay_s=0)["refuse"] == 2
    for wrong in ({"delay_s": -1}, {"refuse": 1.5}, {"hang_balance": 1}, {"seed": "x"}, {"refuse_percent": 101}, {"no_such": 1}):
        with pytest.raises(TheirFault):
            ask(world, "billing.faults", **wrong)


def test_without_a_till_there_is_nothing_to_recharge():
    world = World(till=False)
    with pytest.raises(NotThere):
        ask(world, "recharge", msisdn=NUMBER, amount="5.00")
    told = {"msisdn": NUMBER, "balance": "2.50", "currency": "EUR"}
    assert ask(world, "billing.balance", msisdn=NUMBER) == told


def test_a_balance_is_shown_with_what_calls_hold(world):
    assert ask(world, "billing.balance", msisdn=NUMBER)["held"] == "1.20"
    world.till.account = None
    assert "held" not in ask(world, "billing.balance", msisdn=NUMBER)


def test_messages_are_shown(world):
    assert ask(world, "messages", msisdn=NUMBER)["messages"][0]["text"] == "1.00 EUR credited."


@pytest.mark.parametrize("method, params, word", [
    ("subscribers.show", {}, "msisdn is missing"),
    ("subscribers.show", {"msisdn": 33600000001}, "as text"),
    ("subscribers.show", {"msisdn": "hello"}, "international form"),
    ("subscribers.show", {"msisdn": NUMBER, "extra": 1}, "no parameter 'extra'"),
    ("subscribers.bar", {"msisdn": NUMBER}, "text is missing"),
    ("subscribers.bar", {"msisdn": NUMBER, "text": "  "}, "empty"),
    ("subscribers.bar", {"msisdn": NUMBER, "text": "x" * 201}, "at most 200"),
    ("subscribers.bar", {"msisdn": NUMBER, "text": "a\nb"}, "printable"),
    ("advances.list", {"state": "lost"}, "one of granting"),
    ("advances.list", {"limit": 0}, "from 1 to 1000"),
    ("advances.list", {"limit": True}, "from 1 to 1000"),
    ("advances.list", {"after": "x"}, "of the page before"),
    ("advances.list", {"after": "1:2:3"}, "of the page before"),
    ("tickets.page", {"after": "1:n1:x"}, "of the page before"),
    ("tickets.page", {"since": "2026-11-22"}, "time with its zone"),
    ("tickets.page", {"since": "2026-11-22T08:00:00"}, "time with its zone"),
    ("recharge", {"msisdn": NUMBER, "amount": "-1"}, "above zero"),
    ("recharge", {"msisdn": NUMBER, "amount": "1.001"}, "more decimals"),
    ("recharge", {"msisdn": NUMBER, "amount": 5}, "as text"),
    ("recharge", {"msisdn": NUMBER, "amount": "9" * 15}, "beyond"),
    ("policy.switch", {"accepting": "yes"}, "true or false"),
    ("policy.load", {"document": [], "note": "x"}, "object"),
    ("reconcile.resolve", {"op": "TEC-9", "outcome": "maybe", "text": "x"}, "one of done, not_done"),
    ("no.such", {}, "no method"),
])
def test_what_is_wrong_is_said(world, method, params, word):
    with pytest.raises(TheirFault, match=word):
        ask(world, method, **params)
    assert not world.desk.events and not world.till.booked and len(world.policies.versions) == 1


def test_params_must_be_named(world):
    failures = []
    world.administration.call("status", ["x"], WHO).addErrback(failures.append)
    assert failures[0].check(TheirFault)


def test_calls_in_flight_are_bounded(world):
    from twisted.internet.defer import Deferred
    waiting = []
    world.queries.account = lambda msisdn: waiting.append(Deferred()) or waiting[-1]
    calls = [world.administration.call("subscribers.show", {"msisdn": NUMBER}, WHO) for _ in range(IN_FLIGHT_MAX)]
    with pytest.raises(Busy):
        ask(world, "status")
    answered = []
    for one, call in zip(waiting, calls, strict=True):
        call.addErrback(answered.append)
        one.callback(None)
    assert len(answered) == IN_FLIGHT_MAX and ask(world, "status")


_anything = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
                         lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3))
_names = ("msisdn", "text", "id", "limit", "after", "state", "amount", "since", "until", "after_seq", "op",
          "outcome", "version", "document", "note", "accepting", "segment", "language", "delay_s", "refuse")


@given(st.sampled_from(sorted(World().administration.methods())),
       st.dictionaries(st.sampled_from(_names), _anything, max_size=5))
def test_whatever_is_sent_the_answer_is_data_or_a_clear_fault(method, params):
    world, failures = World(), []
    world.administration.call(method, params, WHO).addErrback(failures.append)
    for failure in failures:
        assert failure.check(TheirFault), failure
        assert str(failure.value) and "\n" not in str(failure.value)


@pytest.mark.parametrize("method, after", [
    ("tickets.page", "1:\0:2"), ("tickets.page", "1:\ud800:2"), ("tickets.page", "1:n1\n:2"), ("advances.list", "1:\0")])
def test_a_cursor_that_no_database_could_compare(world, method, after):
    with pytest.raises(TheirFault, match="as it was"):
        ask(world, method, after=after)


@pytest.mark.parametrize("id, trigger", [("", "ID000000000000000000000001"), ("42", "cli:alice|42")])
def test_a_call_back_is_asked_for_at_the_desk(world, id, trigger):
    assert ask(world, "callbacks.ask", msisdn=NUMBER, number="06 12 34 56 78", id=id) == {
        "accepted": True, "text": "you are called"}
    assert world.desk.events == [(NUMBER, "06 12 34 56 78", Trigger("admin", trigger))]


def test_call_backs_are_shown(world):
    line, = ask(world, "callbacks.list")["callbacks"]
    assert (line["call"], line["msisdn"], line["state"]) == ("CALL1", NUMBER, "talking")
    shown = ask(world, "callbacks.show", msisdn=NUMBER)
    assert (shown["state"], shown["reserved"], shown["b"]["number"]) == ("talking", "0.65", "33612345678")
    with pytest.raises(NotThere):
        ask(world, "callbacks.show", msisdn=STRANGER)


def test_the_message_of_a_subscription_knows_the_balance(world):
    ask(world, "subscribers.callback", msisdn=NUMBER, value="on")
    event, = world.desk.events
    assert (event.change, event.value, event.balance) == ("call_back", "on", world.billing.answer)


@pytest.mark.parametrize("command, event", [
    (Reserve("TEC-1", NUMBER, 65, "EUR", "", "S", "CALL1", 60), ReserveAnswered),
    (Settle("TEC-1", NUMBER, 65, "EUR", "", "S", "CALL1"), SettleAnswered)])
def test_a_person_settles_the_money_of_a_call(world, command, event):
    world.queries.rows = [OutboxRow(command, LOOK_UP, NOW - 60_000, NOW, 3, NOW)]
    row, = ask(world, "reconcile.list")["unresolved"]
    assert (row["type"], row["call"], row["recovery"]) == (type(command).__name__.lower(), "CALL1", None)
    ask(world, "reconcile.resolve", op="TEC-1", outcome="done", text="seen")
    assert world.desk.events == [event(NUMBER, NOW, "CALL1", "TEC-1", Done("seen"), WHO)]


def test_services_are_switched_together_or_not_at_all(world):
    assert ask(world, "services.show") == {"advance": True, "call_back": True}
    answer = ask(world, "services.switch", advance=False, call_back=False)
    assert answer == {"text": "advance locked, call_back locked", "version": 2}
    assert ask(world, "services.show") == {"advance": False, "call_back": False}
    assert ask(world, "services.switch", advance=False)["text"] == "nothing changes"
    assert ask(world, "services.switch", advance=True) == {"text": "advance unlocked", "version": 3}
    with pytest.raises(TheirFault, match="true or false"):
        ask(world, "services.switch", advance="yes")
