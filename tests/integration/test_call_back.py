"""A call-back between real processes: a daemon, a switch full of telephones, the embedded billing; kills and stops."""

import json
import socket

import pytest

from tectonics.domain.money import parse_minor
from tectonics.simulators.phones.process import PhonesProcess
from tectonics.simulators.ussd_gateway import BlockingGateway
from tests.integration.clients import until

RICH, BOB = "33600000003", "33612345678"
OPENED_MINOR = 1200


def free_port():
    """The phones remember where the daemon is, so another life must be there too."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Calls:
    """The daemon and the telephones."""

    def __init__(self, make_daemon, phones, **policy):
        self.phones = phones
        rate = {"name": "france", "prefixes": ["33"], "minute": "0.60", "first": "1s", "then": "1s"}
        sip = {"endpoint": f"udp:{free_port()}:interface=127.0.0.1",
               "trunks": [{"name": "switch", "address": phones.address}]}
        self.daemon = make_daemon({"call_server": {"kind": "sip", "sip": sip},
                                   "policy": {"call_back": {"destinations": [rate], **policy}}}).start()

    def dial(self, number="0612345678"):
        gateway = BlockingGateway(*self.daemon.address("ussd_http"))
        try:
            return gateway.dial(RICH, f"*144*{number}#")
        finally:
            gateway.close()

    def states(self):
        return [one["state"] for one in self.daemon.ask("callbacks.list", limit=10)["callbacks"]]

    def until(self, *states):
        until(lambda: self.states() == list(states))

    def end(self):
        """The last ticket, when the call is over and settled; nobody was rung twice."""
        until(lambda: any(t["type"] in ("callback.completed", "callback.failed") for t in self.tickets()))
        stats = self.phones.order("stats")
        assert stats["twice"] == [] and set(stats["states"]) == {"over"}
        ticket = self.tickets()[-1]
        charged = parse_minor(ticket["amount"], "EUR")
        told = self.daemon.ask("billing.balance", msisdn=RICH)
        assert (parse_minor(told["balance"], "EUR"), told["held"]) == (OPENED_MINOR - charged, "0.00")
        return ticket

    def tickets(self):
        return [json.loads(line) for line in self.daemon.ask("tickets.tail", limit=20)["lines"]]


@pytest.fixture
def phones():
    switch = PhonesProcess("ring=0.05 answer=0.1").start()
    yield switch
    switch.close()


def test_two_people_talk_and_it_is_charged(make_daemon, phones):
    calls = Calls(make_daemon, phones)
    more, text = calls.dial()
    assert not more and f"+{BOB}" in text
    calls.until("talking")
    assert [one["number"] for one in phones.calls()] == [RICH, BOB]
    phones.order(f"hang_up {BOB}")
    ticket = calls.end()
    assert ticket["type"] == "callback.completed" and parse_minor(ticket["amount"], "EUR") == ticket["duration_s"]


def test_busy_costs_nothing(make_daemon, phones):
    phones.order(f"script {BOB} status=486")
    calls = Calls(make_daemon, phones)
    calls.dial()
    ticket = calls.end()
    assert (ticket["type"], ticket["reason"], ticket["cause"]) == ("callback.failed", "b_busy", 17)


def test_the_call_ends_when_the_talk_time_does(make_daemon, phones):
    calls = Calls(make_daemon, phones, talk_most="3s", talk_least="1s", talk_first="2s", talk_more="2s", extend_before="1s")
    calls.dial()
    ticket = calls.end()
    assert (ticket["type"], ticket["duration_s"], ticket["amount"]) == ("callback.completed", 3, "0.03")


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_who_talks_talks_on_while_the_daemon_is_away(make_daemon, phones, end):
    calls = Calls(make_daemon, phones)
    calls.dial()
    calls.until("talking")
    getattr(calls.daemon, end)()
    assert {one["state"] for one in phones.calls()} == {"connected"}
    calls.daemon.start()
    calls.until("talking")
    assert {one["state"] for one in phones.calls()} == {"connected"}
    phones.order(f"hang_up {RICH}")
    ticket = calls.end()
    assert ticket["type"] == "callback.completed" and ticket["duration_s"] >= 1


@pytest.mark.parametrize("who", [RICH, BOB])
def test_who_rings_when_the_daemon_dies_is_rung_no_more(make_daemon, phones, who):
    phones.order(f"script {who} ring=0.05 answer=never")
    calls = Calls(make_daemon, phones)
    calls.dial()
    until(lambda: any(one["number"] == who and one["state"] == "ringing" for one in phones.calls()))
    calls.daemon.kill()
    calls.daemon.start()
    ticket = calls.end()
    assert (ticket["type"], ticket["reason"]) == ("callback.failed", "a_gone" if who == RICH else "b_gone")
