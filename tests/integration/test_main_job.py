"""The main job over sockets, and what a stop in the middle of it costs: a redial, never money."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.clients import (
    ANN,
    balance,
    dial,
    feed,
    form,
    gateway,
    owed,
    post,
    recharge,
    tickets,
    until,
)


def types(daemon):
    return [one["type"] for one in tickets(daemon)]


def test_dial_choose_confirm_recharge(daemon):
    assert dial(daemon, ANN, "2", "1")[1].startswith("You have received 2.00 EUR")
    assert (balance(daemon), owed(daemon)) == ("2.00", "2.20")
    assert len(until(lambda: daemon.ask("messages", msisdn=ANN)["messages"])) == 1
    assert feed(daemon, recharge("r1"), recharge("r1"), recharge("r1", msisdn="33699999999")) == [
        "OK r1", "DUP r1", "ERR r1 unknown subscriber"]
    until(lambda: owed(daemon) == "0.00")
    assert balance(daemon) == "4.80"
    assert types(daemon) == ["advance.granted", "recovery.full"]


def test_the_same_post_five_times_in_parallel(daemon):
    address = daemon.address("ussd_http")
    for text in ("", "2"):
        post(address, "/ussd", form("s", text))
    with ThreadPoolExecutor(5) as pool:
        answers = set(pool.map(lambda _: post(address, "/ussd", form("s", "2*1")), range(5)))
    assert len(answers) == 1 and answers.pop()[1].startswith(b"END You have received 2.00")
    assert balance(daemon) == "2.00" and types(daemon) == ["advance.granted"]


def test_two_sessions_of_one_subscriber_borrow_once(daemon):
    address = daemon.address("ussd_http")
    for session in "ab":
        post(address, "/ussd", form(session, ""))
        post(address, "/ussd", form(session, "2"))
    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(lambda session: post(address, "/ussd", form(session, "2*1"))[1], "ab"))
    assert sum(answer.startswith(b"END You have received 2.00") for answer in answers) == 1
    assert balance(daemon) == "2.00"
    assert sorted(types(daemon)) == ["advance.granted", "advance.refused"]


def test_an_unknown_number_is_told_so_and_leaves_a_ticket(daemon):
    assert dial(daemon, "33699999999") == (False, "We do not know your number. Please call customer care.")
    refused, = tickets(daemon)
    assert (refused["type"], refused["reason"]) == ("advance.refused", "unknown_subscriber")


def test_the_same_confirmation_after_a_restart_gets_the_same_bytes(daemon):
    for text in ("", "2"):
        post(daemon.address("ussd_http"), "/ussd", form("s", text))
    answer = post(daemon.address("ussd_http"), "/ussd", form("s", "2*1"))
    assert daemon.stop() == 0
    daemon.start()
    assert post(daemon.address("ussd_http"), "/ussd", form("s", "2*1")) == answer
    assert balance(daemon) == "2.00" and types(daemon) == ["advance.granted"]


def test_a_restart_before_the_confirmation_asks_again_and_lends_once(daemon):
    for text in ("", "2"):
        post(daemon.address("ussd_http"), "/ussd", form("s", text))
    assert daemon.stop() == 0
    daemon.start()
    _, asked = post(daemon.address("ussd_http"), "/ussd", form("s", "2*1"))
    assert asked.startswith(b"CON You get 2.00") and balance(daemon) == "0.00"
    _, given = post(daemon.address("ussd_http"), "/ussd", form("s", "2*1*1"))
    assert given.startswith(b"END You have received 2.00") and balance(daemon) == "2.00"


@pytest.mark.parametrize("settings", [{"mode": "last"}, {"mode": "last", "step_field": "step"}],
                         ids=["without a counter", "with a counter"])
def test_the_mode_in_which_only_the_newest_input_arrives(start, settings):
    daemon = start({"channels": {"ussd_http": settings}})
    network = gateway(daemon, **settings)
    assert "2. 2.00" in network.dial(ANN)[1]
    more, text = network.send("2")
    assert more and "\n99. Accept" in text
    assert network.send("99")[1].startswith("You have received 2.00 EUR")
    assert balance(daemon) == "2.00"
    network.close()


def test_a_hanging_billing_is_answered_within_the_budget(start):
    daemon = start({"channels": {"ussd_http": {"budget_s": 1}}})
    for text in ("", "2"):
        post(daemon.address("ussd_http"), "/ussd", form("s", text))
    daemon.ask("billing.faults", hang_balance=True)
    status, body = post(daemon.address("ussd_http"), "/ussd", form("s", "2*1"), timeout_s=10)
    assert status == 200 and body.startswith(b"END ")
    daemon.ask("billing.faults", hang_balance=False, lose_answers=1)
    status, body = post(daemon.address("ussd_http"), "/ussd", form("t", "2"), timeout_s=10)
    status, body = post(daemon.address("ussd_http"), "/ussd", form("t", "2*1"), timeout_s=10)
    assert (status, body) == (200, b"END Your request is being processed. You will get an SMS.")
    assert post(daemon.address("ussd_http"), "/ussd", form("t", "2*1")) == (status, body)
