"""The channel over the real engine, store and billing on the virtual clock: in time whatever the billing does."""

import pytest

from tests.channels.ussd_gsup.network import Network
from tests.engine.world import build, drain, run, settle
from tests.wire.gsup.octets import CONTINUE, REQUEST, answered, ss, unpacked
from tests.workflows.world import MSISDN

SEPTETS = "04010f04"


class Telephone:
    """A handset, whose network stands on the node's clock."""

    def __init__(self, folder, **section):
        self.node = build(folder)
        self.clock = self.node.clock
        self.network = Network(self.node.core.sessions, clock=self.clock, **section)

    def reads(self, within_s, payloads=()):
        """(type of the message, text) of the one screen that comes within that time, or has come."""
        end = self.clock.seconds() + within_s
        while not payloads and self.clock.seconds() < end:
            drain(self.clock, min(end, self.clock.seconds() + 0.1))
            payloads = self.network.heard()
        if not payloads:
            return None
        [payload] = payloads
        text = unpacked(bytes.fromhex(payload.rpartition(SEPTETS)[2][2:]))
        return payload[2:4], text.replace("\x11", "_")  # as GSM 7-bit has it

    def dial(self, code="*133#", within_s=1.0):
        return self.reads(within_s, self.network.dial(code))

    def type(self, digit, invoke, within_s=1.0):
        return self.reads(within_s, self.network.type(digit, invoke=invoke))

    def balance(self):
        return run(self.clock, self.node.ledger.billing.balance(MSISDN)).amount_minor


@pytest.fixture
def telephone(tmp_path):
    return Telephone(tmp_path)


def test_borrows_once_however_often_the_network_says_it(telephone):
    kind, text = telephone.dial()
    assert kind == "20" and text.startswith("menu.title")
    kind, text = telephone.type("2", 1)
    assert kind == "20" and text.startswith("confirm 2.00")
    confirming = ss(REQUEST, CONTINUE, answered("1", 2))
    telephone.network.wire.hear(confirming * 3)
    kind, text = telephone.reads(2.0)
    assert kind == "22" and text.startswith("result.granted 2.00")
    telephone.network.wire.hear(confirming)
    assert telephone.reads(5.0) is None and telephone.balance() == 200


def test_a_billing_that_hangs_from_the_beginning(telephone):
    telephone.node.ledger.billing.set_faults(hang_balance=True)
    kind, text = telephone.dial(within_s=10.0)
    assert kind == "22" and text == "refused.billing_unavailable"


def test_a_credit_that_is_not_answered_is_an_honest_screen_and_then_an_sms(telephone):
    telephone.dial("*133*2#")
    telephone.node.ledger.billing.set_faults(lose_answers=1)
    began = telephone.clock.seconds()
    assert telephone.type("1", 1, within_s=10.0) == ("22", "result.pending")
    assert telephone.clock.seconds() - began < 10
    settle(telephone.node)
    assert [sent.key for sent in telephone.node.inbox.sent] == ["sms.granted"] and telephone.balance() == 200
