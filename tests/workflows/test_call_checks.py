"""Who may not be called back, and why: a ticket and one answer for each reason, and nobody is rung."""

import pytest

from tectonics.domain.call import CallMark
from tectonics.domain.commands import Notify, Reserve
from tectonics.domain.events import Trigger
from tectonics.domain.numbers import Number
from tectonics.domain.outcome import Balance, Unavailable
from tectonics.domain.policy import DAY_MS
from tectonics.domain.subscriber import CALL_MARKS_MAX
from tectonics.domain.value import replace
from tectonics.workflows.call_checks import HOUR_MS, favourite_number, last_number
from tests.workflows.call_world import DEAR, B, Life, policy
from tests.workflows.world import MSISDN, NOW, subscriber


def number(digits, kind="mobile", country="FR"):
    return Number(digits, country, kind)


def marked(*marks, **profile):
    account = subscriber(**profile)
    return replace(account, standing=replace(account.standing, calls=marks))


def marks(count, ago_ms=0, **more):
    return tuple(CallMark(NOW - ago_ms, B.digits, **more) for _ in range(count))


POSTPAID = {"kind": "postpaid", "call_back": True}


@pytest.mark.parametrize(("reason", "account", "asked", "rules"), [
    ("not_offered", subscriber(), {"refused": "not_offered"}, {}),
    ("busy", subscriber(), {"refused": "busy"}, {}),
    ("billing_unavailable", subscriber(), {"refused": "billing_unavailable"}, {}),
    ("not_offered", subscriber(), {}, {"enabled": False}),
    ("unknown_subscriber", subscriber(kind="unknown"), {}, {}),
    ("black_list", subscriber(listed="black"), {}, {}),
    ("not_subscribed", subscriber(kind="postpaid"), {}, {}),
    ("not_subscribed", subscriber(call_back=False), {}, {}),
    ("not_subscribed", subscriber(), {}, {"subscription": ("prepaid",)}),
    ("bad_number", subscriber(), {"b": None, "number": "hello"}, {}),
    ("own_number", subscriber(), {"b": number(MSISDN)}, {}),
    ("destination", subscriber(), {"b": number("442079460958", "fixed", "GB")}, {}),
    ("destination", subscriber(), {"b": number("33899123456", "premium")}, {}),
    ("destination", subscriber(), {"b": number("33810123456", "shared_cost")}, {}),
    ("destination", subscriber(), {"b": number("33600000000", "unknown")}, {}),
    ("destination", subscriber(), {"b": number("3631", "short")}, {"refused_kinds": ()}),
    ("emergency", subscriber(), {"b": number("112", "emergency")}, {}),
    ("emergency", subscriber(listed="black"), {"b": number("112", "emergency"), "refused": "busy"}, {"enabled": False}),
    ("call_limit", marked(*marks(10, HOUR_MS - 1)), {}, {}),
    ("call_limit", marked(*marks(CALL_MARKS_MAX, DAY_MS - 1)), {}, {}),
    ("call_limit", marked(*marks(2, DAY_MS - 1, high_cost=True)), {"b": DEAR}, {}),
    ("destination_limit", subscriber(), {"b_recent": 10}, {}),
    ("destination_limit", subscriber(), {"range_recent": 30}, {}),
    ("billing_unavailable", subscriber(), {"balance": Unavailable("late")}, {}),
    ("credit", subscriber(), {"balance": Balance(10, NOW)}, {}),
    ("credit", subscriber(), {"balance": Balance(0, NOW)}, {"talk_least_s": 0}),
    ("credit", subscriber(), {"balance": Balance(-50, NOW)}, {}),
    ("credit", subscriber(), {"balance": Balance(89, NOW), "b": DEAR}, {}),
], ids=lambda value: value if isinstance(value, str) else "")
def test_refused(reason, account, asked, rules):
    life = Life(account, policy(**rules))
    refused = life.ask(**asked)
    record, = (t.record() for t in refused.tickets)
    assert (record["type"], record["reason"], record["trigger"], record["a_number"]) \
        == ("callback.refused", reason, "s|1", MSISDN)
    assert record["text"] and record["policy"] == 3
    assert refused.answer.text.startswith(f"callback.refused.{reason}") and not refused.answer.more
    assert refused.commands == () and life.call is None  # the screen has told him
    assert life.account.standing.calls == account.standing.calls


@pytest.mark.parametrize(("account", "asked", "rules"), [
    (subscriber(), {"b_recent": 9, "range_recent": 29}, {}),
    (marked(*marks(9, HOUR_MS - 1)), {}, {}),
    (marked(*marks(10, HOUR_MS)), {}, {}),
    (marked(*marks(CALL_MARKS_MAX, DAY_MS)), {}, {}),
    (marked(*marks(2, 0, high_cost=True)), {}, {}),
    (marked(*marks(2, DAY_MS, high_cost=True)), {"b": DEAR}, {}),
    (marked(*marks(1, 0, high_cost=True)), {"b": DEAR}, {}),
    (subscriber(), {"balance": Balance(11, NOW)}, {}),
    (subscriber(call_back=True), {}, {"subscription": ("prepaid",)}),
    (subscriber(), {"b": number("33899123456", "premium")}, {"refused_kinds": ()}),
    (subscriber(**POSTPAID), {"balance": None}, {}),
    (subscriber(), {"balance": None}, {}),
])
def test_not_refused(account, asked, rules):
    life = Life(account, policy(**rules))
    assert life.ask(**asked).tickets == () and life.call is not None
    assert life.account.standing.calls[-1].number == life.call.b.number
    assert len(life.account.standing.calls) <= CALL_MARKS_MAX


def test_one_attempt_at_a_time():
    life = Life()
    life.ask()
    call = life.call
    assert life.ask(trigger=Trigger("ussd_http", "s|2")).tickets[0].fields["reason"] == "call_in_progress"
    assert life.call == call and life.count(Reserve) == 1


@pytest.mark.parametrize("channel", ["sms_smpp", "did_sip", "email"])
def test_where_no_screen_is_seen_a_refusal_comes_by_short_message(channel):
    life = Life(subscriber(listed="black"))
    refused = life.ask(trigger=Trigger(channel, "m1"))
    assert [c.key for c in refused.commands] == ["callback.refused.black_list"]
    assert isinstance(refused.commands[0], Notify)


def test_who_is_called_back_is_not_told_that_by_short_message():
    assert Life().ask(trigger=Trigger("did_sip", "c1")).commands[1:] == ()


def test_dear_destinations_are_capped():
    life = Life()
    life.ask(b=DEAR, balance=Balance(100_000, NOW))
    assert (life.call.most_s, life.call.high_cost, life.account.standing.calls[-1].high_cost) == (300, True, True)
    assert life.call.rate.name == "far"


def test_last_and_favourite():
    assert last_number(subscriber()) == favourite_number(subscriber()) == ""
    account = marked(*(CallMark(NOW, digits) for digits in ["1", "2", "1", "3", "3", "4"]))
    assert (last_number(account), favourite_number(account)) == ("4", "3")
    assert favourite_number(marked(*(CallMark(NOW, digits) for digits in ["1", "3", "3", "1"]))) == "1"


def test_old_calls_are_forgotten():
    life = Life(marked(*marks(5, 30 * DAY_MS), *marks(1, 30 * DAY_MS - 1)))
    life.ask()
    assert len(life.account.standing.calls) == 2
