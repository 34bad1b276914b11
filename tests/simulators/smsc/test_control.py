"""Orders, a line each: what they do, and a clear word where they cannot be understood; the command as a process."""

import json
import subprocess
import sys
from functools import partial

import pytest
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from tectonics.simulators.orders import Orders
from tectonics.simulators.smsc import faults as wrong
from tectonics.simulators.smsc.centre import MessageCentre
from tectonics.simulators.smsc.control import ORDERS, order
from tectonics.wire.smpp.receipts import receipt_of
from tests.simulators.smsc.esme import EsmeInMemory


class Console:
    """A centre, an ESME and somebody who gives orders."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.centre = MessageCentre(self.clock)
        self.esme = EsmeInMemory(self.centre, self.clock)
        self.orders, self.transport = Orders(partial(order, self.centre)), StringTransport()
        self.orders.makeConnection(self.transport)

    def order(self, line: str) -> dict:
        self.orders.dataReceived(line.encode() + b"\n")
        self.esme.exchange()
        answer = json.loads(self.transport.value())
        self.transport.clear()
        return answer


@pytest.fixture
def console():
    return Console()


def test_a_subscriber_writes(console):
    assert console.order("mo 33600000001 133 BAL now") == {"statuses": [0]}
    assert console.esme.heard[0].short_message == b"BAL now"
    assert console.order("mo 33600000001 133 way=sar data_sm=yes reference=9 " + "x" * 300) == {"statuses": [0, 0]}
    assert console.order("mo 33600000001 133 alphabet=gsm7 Ж")["error"].startswith("TheirFault: mo: gsm7")


def test_faults_fates_styles_and_receipts(console):
    assert console.order("fault throttle 1") == {"fault": "throttle", "times": 1, "percent": 0.0}
    console.esme.submit("put off")
    assert console.order("fate EXPIRED") == {"fate": "EXPIRED"}
    assert console.order("style receipted=padded long_words=yes") == {
        "style": {"receipted": "padded", "long_words": True}}
    console.esme.submit("hello", registered_delivery=1)
    console.esme.pass_time(1)
    assert (receipt_of(console.esme.heard[0]).id, receipt_of(console.esme.heard[0]).state) == ("0000000001", "expired")
    assert console.order("receipt 1 DELIVRD") == {"status": 0}
    assert receipt_of(console.esme.heard[1]).state == "delivered"
    assert console.order("submitted")["submitted"] == [{
        "id": "1", "by": "me", "source": "133", "to": "33600000001", "text": "hello", "part": "", "registered": 1}]
    assert console.order("stats") == {"bound": ["me"], "faults": {wrong.THROTTLE: 1}, "counts": {
        "connected": 1, "bound": 1, "RTHROTTLED": 1, "submitted": 1, "receipts": 2, "delivered": 2}}


def test_ends_sessions(console):
    assert console.order("unbind") == {"unbound": 1} and console.centre.sessions == []
    console.esme = EsmeInMemory(console.centre, console.clock)
    assert console.order("cut") == {"cut": 1} and console.centre.sessions == []


@pytest.mark.parametrize("line", ["nonsense", "mo", "mo 1", "fault", "fault typo 1", "fault throttle x", "fate GOOD",
                                  "style receipted=roman", "style typo=1", "style x", "receipt 99 DELIVRD", "submitted x",
                                  "cut now", "stats 1 2"])
def test_what_cannot_be_understood_gets_a_word(console, line):
    assert set(console.order(line)) == {"error"}
    assert console.order("stats")["bound"] == ["me"]


def test_every_order_is_in_the_manual():
    manual = sys.modules["tectonics.simulators.smsc.control"].__doc__
    assert [kind for kind in ORDERS if f"\n    {kind}" not in manual] == []


def test_the_command_serves_until_its_orders_end():
    process = subprocess.Popen(
        [sys.executable, "-m", "tectonics.simulators.smsc", "--listen", "tcp:0:interface=127.0.0.1", "--esme", "a:b"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert json.loads(process.stdout.readline())["port"] > 0
    rest, _ = process.communicate("stats\n", timeout=20)
    assert json.loads(rest) == {"bound": [], "counts": {}, "faults": {}} and process.returncode == 0
