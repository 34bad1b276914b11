"""A ring in the engine: an offer by message, never a debt; told twice it is one ring; refusals are told too."""

import pytest

from tests.channels.did_sip.house import House, invite
from tests.engine.test_correspondence import Pen
from tests.engine.world import build, drain, run
from tests.workflows.world import MSISDN


@pytest.fixture
def pen(tmp_path):
    return Pen(build(tmp_path))


def ring(pen, call_id="c1", msisdn=MSISDN):
    """The texts that come back on a ring."""
    house, before = House(repeat_s=0), len(pen.node.inbox.sent)
    house.ring(invite(call_id, more=f"P-Asserted-Identity: <tel:+{msisdn}>\r\n"))
    house.pass_s(9)
    message, = house.engine.messages
    run(pen.node.clock, pen.desk.received(message))
    drain(pen.node.clock, pen.node.clock.seconds() + 10)
    return [command.text for command in pen.node.inbox.sent[before:]]


def test_a_ring_is_an_offer_and_no_consent(pen):
    [menu] = ring(pen)
    assert menu.startswith("menu.title") and menu.endswith("reply.choose")
    for n in range(5):
        ring(pen, f"again{n}")
    assert pen.lent() == []
    pen.write("2")
    assert ring(pen, "and again")[0].startswith("menu.title") and pen.lent() == []
    pen.write("2")
    pen.write(pen.yes())
    assert pen.lent() == [200]


def test_the_same_call_is_answered_once(pen):
    assert len(ring(pen)) == 1 and ring(pen) == [] and len(ring(pen, "c2")) == 1


def test_a_refusal_is_told_with_its_ticket(pen):
    told = ring(pen, msisdn="33699999999")
    assert len(told) == 1 and told[0].startswith("refused.unknown_subscriber")
    ticket, = pen.tickets()
    assert (ticket["type"], ticket["channel"], ticket["trigger"]) == ("advance.refused", "did_sip", "c1")
