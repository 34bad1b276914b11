"""The ways in which a call-back is asked for by message and by a missed call, and who is turned away first."""

import pytest

from tectonics.domain import call as calls
from tectonics.domain.errors import Busy
from tectonics.domain.keywords import FAVOURITE, LAST, Call
from tectonics.domain.text import sms_style
from tectonics.engine.correspondence import EngineCorrespondence
from tectonics.engine.pace import Limits
from tectonics.ports import ShortMessage
from tests.engine.call_story import ANN, BOB, Calls
from tests.engine.world import run, settle
from tests.workflows.world import MSISDN

EVE = "33699000000"


class Phone(Calls):
    """Ann's telephone: she writes, and rings numbers of ours."""

    def __init__(self, folder, **more):
        super().__init__(folder, **more)
        self.count = 0
        self.open_desk()

    def open_desk(self):
        core = self.node.core
        self.desk = EngineCorrespondence(core.engine, core.enquiry, core.limits, sms_style(session_s=900), core.requests,
                                         core.movements)

    def post(self, text="", asks=None, id=""):
        self.count += 1
        channel = "did_sip" if asks is not None else "sms"
        message = ShortMessage(channel, id or f"m{self.count}", MSISDN, "144", text, self.node.core.engine.now(), asks)
        run(self.clock, self.desk.received(message))

    def rung(self):
        return [phone.number for phone in self.exchange.phones.values()]


@pytest.fixture
def phone(tmp_path):
    return Phone(tmp_path, talk=(calls.BY_A, 5))


@pytest.mark.parametrize("text", ["CALL 0612345678", "call +33 6 12 34 56 78", "Call: 06.12.34.56.78"])
def test_by_short_message(tmp_path, text):
    phone = Phone(tmp_path)
    phone.post(text)
    phone.wait(100)
    assert phone.rung() == [ANN, BOB] and phone.types() == ["callback.completed"]
    assert phone.tickets()[0]["channel"] == "sms"
    phone.over()


def test_the_same_message_again_rings_nobody(phone):
    for _ in range(2):
        phone.post("CALL 0612345678", id="same")
        phone.wait(60)
    assert phone.rung() == [ANN, BOB] and phone.types() == ["callback.completed"]


def test_a_refusal_is_answered_by_message(tmp_path):
    phone = Phone(tmp_path, balance_minor=1)
    phone.post("CALL 0612345678")
    phone.wait(5)
    assert phone.told() == ["callback.refused.credit"] and phone.types() == ["callback.refused"]


def test_who_names_nobody_is_asked(phone):
    phone.post("CALL")
    phone.post(asks=Call(""))
    phone.wait(3)
    assert phone.told() == ["reply.call_ask", "reply.call_ask"] and phone.rung() == []


def test_a_ring_calls_the_last_the_favourite_and_a_fixed_number(phone):
    phone.post(asks=Call(LAST))
    phone.wait(3)
    assert phone.told() == ["reply.call_ask"] and phone.rung() == []
    for number in (BOB, BOB, EVE):
        phone.post(asks=Call(f"+{number}"))
        phone.wait(60)
    phone.post(asks=Call(LAST))
    phone.wait(60)
    assert phone.rung()[-2:] == [ANN, EVE]
    phone.post(asks=Call(f"+{BOB}"))
    phone.wait(60)
    phone.post(asks=Call(FAVOURITE))
    phone.wait(60)
    assert phone.rung()[-2:] == [ANN, BOB]
    phone.over()


def test_advances_are_turned_away_before_call_backs(tmp_path):
    phone = Phone(tmp_path)
    phone.node.core.sessions._limits = Limits(dialogues_max=0)
    assert run(phone.clock, phone.node.dial()).text == "busy"
    assert phone.dial().text.startswith("callback.coming")
    assert phone.node.metrics.counts["tectonics_shed_total", ("dial",)] == 1
    settle(phone.node, 100)
    assert phone.types() == ["callback.completed"]


def test_a_ring_while_too_much_is_under_way_comes_again(phone):
    phone.desk._limits = Limits(dialogues_max=0)
    with pytest.raises(Busy):
        phone.post(asks=Call(LAST))
